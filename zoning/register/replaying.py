"""Judge a recorded application again, by its own rules and layers, and compare the bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import orjson

from layers.store.base import Store, StoredLayer
from spatial.errors import EngineError, LayerNotFoundError
from spatial.notes import Note
from zoning.check import check_permits
from zoning.plan import Plan
from zoning.register.archive import PlanArchive
from zoning.register.entry import Decision
from zoning.register.request import frame_of
from zoning.release import ENGINE

__all__ = ["Difference", "Replay", "replay"]

MOST_DIFFERENCES: Final = 50


@dataclass(frozen=True, slots=True)
class Difference:
    """One place of the answer that is not the same, as path in its JSON."""

    path: str
    then: Any
    now: Any

    def to_dict(self) -> dict[str, Any]:
        """Return the difference as JSON-ready dictionary."""
        return {"path": self.path, "then": self.then, "now": self.now}


@dataclass(frozen=True, slots=True)
class Replay:
    """What judging again gave.

    Parameters
    ----------
    same : bool
        Whether the bytes are equal.
    answer : bytes or None
        The new answer; None where it could not be judged again.
    differences : tuple of Difference
    causes : tuple of Note
        What is not as it was: engine, plans, layers.
    """

    decision: Decision
    same: bool
    answer: bytes | None
    differences: tuple[Difference, ...] = ()
    causes: tuple[Note, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the replay as JSON-ready dictionary."""
        return {
            "id": self.decision.id,
            "same": self.same,
            "judged": self.answer is not None,
            "differences": [one.to_dict() for one in self.differences],
            "causes": [note.to_dict() for note in self.causes],
        }


def replay(decision: Decision, archive: PlanArchive, store: Store, meter: Any = None) -> Replay:
    """Judge a decision again by the plans and layers it rested on.

    Parameters
    ----------
    archive : PlanArchive
        Holds the rule files by their hash.
    store : Store
        Holds the layers' versions.
    meter : Meter, optional
        Measures parcels against hazard maps, as it did then.

    Returns
    -------
    Replay
        `same` is true only where every byte is equal; else `causes` and `differences` say
        what is not.
    """
    entry = decision.entry
    source = PinnedLayers(store, entry["layers"], str(entry["recorded_at"]))
    causes = [_engine_note(str(entry["engine"]))] if entry["engine"] != ENGINE else []
    try:
        plans = [
            archive.load(name, version, source, meter) for name, version in entry["plans"].items()
        ]
        answer = _judge(decision, plans)
    except EngineError as error:
        return Replay(decision, False, None, (), (*causes, *source.notes, Note.of(error)))
    if answer == decision.answer:
        return Replay(decision, True, answer)
    found = _differences(decision.verdict, orjson.loads(answer))
    return Replay(
        decision, False, answer, tuple(found)[:MOST_DIFFERENCES], (*causes, *source.notes)
    )


def _judge(decision: Decision, plans: list[Plan]) -> bytes:
    request, evidence = decision.application, decision.verdict["evidence"]
    frame = frame_of(request)
    asked = date.fromisoformat(request["on"]) if request["on"] else None
    if asked is None and frame["tanggal"].iloc[0] is None:
        # Nobody named a day: it was judged by the law of the day it was sent. A day of
        # application is set only where no plan held then, because a date starts a clock.
        sent = date.fromisoformat(evidence["on"])
        if any(plan.meta.in_force(sent) for plan in plans):
            asked = sent
        else:
            frame["tanggal"] = [sent]
    [verdict] = check_permits(
        frame, plans, on=asked, known_at=evidence["known_at"], policy=request["policy"]
    )
    return orjson.dumps(verdict.to_dict())


class PinnedLayers:
    """The layers of a store in the versions that a decision rested on.

    A layer that the decision did without is asked for as it was known when the decision was
    recorded, so that it is missing for the same reason.
    """

    def __init__(self, store: Store, versions: Mapping[str, str], known_at: str) -> None:
        self._store = store
        self._versions = versions
        self._known_at = known_at
        self.notes: list[Note] = []

    def get(self, name: str, *, on: date | None = None, known_at: str | None = None) -> StoredLayer:
        """Return a layer in its pinned version.

        Raises
        ------
        LayerNotFoundError
            `layer_version_gone`, if the store no longer gives it.
        """
        wanted = self._versions.get(name)
        if wanted is None:
            return self._store.get(name, on=on, known_at=known_at or self._known_at)
        for instant in self._instants(name, wanted, known_at):
            with suppress(LayerNotFoundError):
                layer = self._store.get(name, on=on, known_at=instant)
                if layer.version.id == wanted:
                    return layer
        text = "layer {layer} of version {version} is no longer in the store"
        details = {"layer": name, "version": wanted[:12]}
        self.notes.append(Note("layer_version_gone", text, "warning", details))
        raise LayerNotFoundError(text, code="layer_version_gone", **details)

    def _instants(self, name: str, wanted: str, known_at: str | None) -> Iterator[str | None]:
        """Yield instants at which the version may have been the newest."""
        yield known_at or self._known_at
        yield None
        for version in self._store.history(name):
            if version.id == wanted:
                yield version.known_from


def _engine_note(then: str) -> Note:
    text = "the decision was made by {then}; this is {now}"
    return Note("engine_differs", text, "warning", {"then": then, "now": ENGINE})


def _differences(then: Any, now: Any, path: str = "") -> Iterator[Difference]:
    """Yield every leaf that is not the same."""
    if isinstance(then, dict) and isinstance(now, dict):
        for key in [*then, *(key for key in now if key not in then)]:
            yield from _differences(then.get(key), now.get(key), f"{path}/{key}")
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for index, (one, other) in enumerate(zip(then, now, strict=True)):
            yield from _differences(one, other, f"{path}/{index}")
    elif then != now:
        yield Difference(path or "/", then, now)
