"""What a log of publications and rollbacks means: which versions there are, and which hold.

Pure: the same entries mean the same in every backend.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final

from layers.store.base import Event, Version
from layers.store.chain import Entry
from spatial.errors import LayerNotFoundError, StoreError

__all__ = ["Catalogue", "instant"]


@dataclass(frozen=True, slots=True)
class _Moment:
    """What of a layer was in force from one entry of the log on."""

    at: datetime
    versions: tuple[Version, ...]


@dataclass(frozen=True)
class Catalogue:
    """The layers of a store as its log tells them.

    Parameters
    ----------
    published : mapping of name to every version ever published, oldest first
    events : mapping of name to what happened to it, oldest first
    seals : mapping of version id to what its backend wrote down to check it
    """

    published: Mapping[str, list[Version]] = field(default_factory=dict)
    events: Mapping[str, list[Event]] = field(default_factory=dict)
    seals: Mapping[str, str] = field(default_factory=dict)
    _moments: Mapping[str, list[_Moment]] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Catalogue:
        """Read a log from its beginning."""
        published: dict[str, list[Version]] = {}
        events: dict[str, list[Event]] = {}
        seals: dict[str, str] = {}
        moments: dict[str, list[_Moment]] = {}
        after: dict[int, tuple[Version, ...]] = {}
        for entry in entries:
            body = entry.body
            if body["event"] not in _EVENTS:
                continue
            name, at = body["name"], datetime.fromisoformat(entry.at)
            before = moments[name][-1].versions if name in moments else ()
            if body["event"] == "publish":
                version = _version(entry)
                published.setdefault(name, []).append(version)
                seals[version.id] = body["seal"]
                after[entry.seq] = (*before, version)
                event = Event(entry.seq, "publish", name, version.id, entry.at, "")
            else:
                # The layer stands again as it stood right after that publication.
                after[entry.seq] = after[body["to_seq"]]
                version = after[entry.seq][-1]
                event = Event(entry.seq, "rollback", name, version.id, entry.at, body["reason"])
            moments.setdefault(name, []).append(_Moment(at, after[entry.seq]))
            events.setdefault(name, []).append(event)
        return cls(published, events, seals, moments)

    def in_force(self, name: str, known_at: str | None = None) -> tuple[Version, ...]:
        """Return the versions of a layer that the store held good at an instant."""
        moments = self._moments.get(name, [])
        if known_at is not None:
            until = instant(known_at)
            moments = [one for one in moments if one.at <= until]
        return moments[-1].versions if moments else ()

    def newest(self) -> list[Version]:
        """Return the newest version of every layer, by name."""
        return [moments[-1].versions[-1] for _, moments in sorted(self._moments.items())]

    def choose(
        self, name: str, on: date | None, known_at: str | None, version: str | None
    ) -> Version:
        """Return the one version that a question means.

        Of several that hold on a day, the one whose validity begins last; of these, the one
        published last: an amendment comes before what it amends, however late the older text
        was corrected.

        Raises
        ------
        LayerNotFoundError
            `layer_unknown`, `layer_not_valid_on` or `version_unknown`.
        """
        if version is not None:
            return self.named(name, version)
        known = self.in_force(name, known_at)
        if not known:
            raise LayerNotFoundError(
                "there is no layer {name!r}",
                code="layer_unknown",
                hint="The workspace has: {known}",
                name=name,
                known=", ".join(sorted(n for n in self._moments if self.in_force(n, known_at)))
                or "-",
            )
        if on is None:
            return known[-1]
        holding = [one for one in known if one.holds(on)]
        if not holding:
            raise LayerNotFoundError(
                "no version of layer {name!r} is law on {on}",
                code="layer_not_valid_on",
                hint="Its versions: {known}",
                name=name,
                on=str(on),
                known="; ".join(f"{v.valid_from or ''}..{v.valid_to or ''}" for v in known),
            )
        return max(holding, key=lambda one: (one.valid_from or date.min, one.seq))

    def named(self, name: str, version: str) -> Version:
        """Return the version of a layer whose id begins so, published last.

        Raises
        ------
        LayerNotFoundError
            `version_unknown`, also where the beginning fits several.
        """
        found = {one.id: one for one in self.published.get(name, []) if one.id.startswith(version)}
        if len(found) != 1 or not version:
            raise LayerNotFoundError(
                "layer {name!r} has no one version {version!r}",
                code="version_unknown",
                hint="Its versions: {known}",
                name=name,
                version=version,
                known=", ".join(dict.fromkeys(one.id[:12] for one in self.published.get(name, [])))
                or "-",
            )
        return next(iter(found.values()))


_EVENTS: Final = frozenset({"publish", "rollback"})


def instant(text: str) -> datetime:
    """Read an instant of ISO 8601; one that does not say its time zone is refused.

    Raises
    ------
    StoreError
        `instant_unclear`.

    Examples
    --------
    >>> instant("2026-11-24T07:00:00+07:00").isoformat()
    '2026-11-24T00:00:00+00:00'
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise StoreError(
            "{text!r} is no instant",
            code="instant_unclear",
            hint="Write day, time and zone: 2026-11-24T17:00:00+07:00",
            text=str(text)[:80],
        )
    return found.astimezone(UTC)


def _version(entry: Entry) -> Version:
    body = entry.body
    return Version(
        name=body["name"],
        id=body["version"],
        seq=entry.seq,
        kind=body["kind"],
        form=body["form"],
        rows=body["rows"],
        crs=body["crs"],
        valid_from=_day(body["valid_from"]),
        valid_to=_day(body["valid_to"]),
        known_from=entry.at,
        legal=body["legal"],
        provenance=body["provenance"],
        report=tuple(body["report"]),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
