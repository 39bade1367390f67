"""What every backend shares: questions are answered from the log, content from the backend."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import pandas as pd

from layers.store.base import Event, StoredLayer, Version
from layers.store.catalogue import Catalogue
from layers.store.chain import Entry, Head
from layers.store.content import Content, Frame, canonical
from layers.store.indexes import kept_index, shelve
from layers.store.parts import Parts
from spatial.errors import CorruptError, StoreError
from spatial.index import Shelf, ZoneIndex
from spatial.notes import Note

__all__ = ["LoggedStore", "corrupt"]

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")


class LoggedStore(ABC):
    """A store whose truth is a chained log; backends say how content is kept and read."""

    _folded: tuple[Head, Catalogue] | None = None

    def publish(
        self,
        content: Frame | Parts | Path,
        *,
        name: str,
        kind: str = "",
        legal: Mapping[str, Any] | None = None,
        provenance: Mapping[str, Any] | None = None,
        report: Sequence[Mapping[str, Any]] = (),
        valid_from: date | None = None,
        valid_to: date | None = None,
    ) -> Version:
        """Store a version and make it the newest of its name, in one step.

        Parameters
        ----------
        content : GeoDataFrame, DataFrame, `Parts` that do not fit memory, or path of a GeoTIFF
        name : str
            Small letters, digits and underscores.

        Raises
        ------
        StoreError
            `layer_name`, `valid_range`, `valid_from_missing`, or `store_unwritable` where the
            disk or database refuses; the store is then as it was.
        SchemaError
            If a column cannot be stored.
        CrsError
            If a GeoDataFrame states no CRS.
        """
        _check_name(name)
        _check_validity(name, valid_from, valid_to, self.catalogue().in_force(name))
        made = canonical(content)
        entry = self._store(
            made,
            {
                "event": "publish",
                "name": name,
                "version": made.id,
                "kind": kind,
                "form": made.form,
                "rows": made.rows,
                "crs": made.crs,
                "valid_from": valid_from and valid_from.isoformat(),
                "valid_to": valid_to and valid_to.isoformat(),
                "legal": dict(legal or {}),
                "provenance": dict(provenance or {}),
                "report": [dict(note) for note in report] + [n.to_dict() for n in made.notes],
            },
        )
        version = next(one for one in self.history(name) if one.seq == entry.seq)
        if (frame := made.frame) is not None:
            # What came in parts may be larger than memory: its index waits for a question.
            shelve(self.shelf(version), version, lambda: frame)
        return version

    def get(
        self,
        name: str,
        *,
        on: date | None = None,
        known_at: str | None = None,
        version: str | None = None,
    ) -> StoredLayer:
        """Return the version of a layer that is law on a day, as known at an instant.

        Without a day, the newest version. With `version`, the one whose id begins so, also
        where it was rolled back: what was once decided on can always be read again.

        Raises
        ------
        LayerNotFoundError
            `layer_unknown`, `layer_not_valid_on` or `version_unknown`.
        CorruptError
            If its bytes are not what they were.
        """
        catalogue = self.catalogue()
        return self._load(catalogue.choose(name, on, known_at, version), catalogue)

    def find(
        self,
        name: str,
        *,
        on: date | None = None,
        known_at: str | None = None,
        version: str | None = None,
    ) -> Version:
        """Return which version `get` would read, without reading it.

        Raises
        ------
        LayerNotFoundError
            As `get`.
        """
        return self.catalogue().choose(name, on, known_at, version)

    def index(
        self,
        name: str,
        *,
        by: str,
        crs: Any = None,
        on: date | None = None,
        known_at: str | None = None,
        version: str | None = None,
    ) -> ZoneIndex:
        """Return the index of a version by a column of codes, the version itself unread.

        Parameters
        ----------
        name, on, known_at, version
            As `get`.
        by : str
            Column with the code of the zone.
        crs : CRS, optional
            Plane of the index; ESRI:54034 (equal-area) without.

        Raises
        ------
        LayerNotFoundError
            As `get`.
        SchemaError
            `column_missing`, or `version_no_areas` where the version is a table.
        """
        chosen = self.find(name, on=on, known_at=known_at, version=version)

        def frame() -> Frame:
            found = self._load(chosen, self.catalogue()).frame
            return pd.DataFrame() if found is None else found

        return kept_index(self.shelf(chosen), chosen, by, crs, frame)

    def shelf(self, version: Version) -> Shelf:
        """Return where the indexes of a version are kept; a backend may keep none."""
        return Shelf(None)

    def layers(self) -> list[Version]:
        """Return the newest version of every layer, by name."""
        return self.catalogue().newest()

    def history(self, name: str) -> list[Version]:
        """Return every version of a layer that was ever published, oldest first."""
        return list(self.catalogue().published.get(name, []))

    def events(self, name: str) -> list[Event]:
        """Return what happened to a layer, publications and rollbacks, oldest first."""
        return list(self.catalogue().events.get(name, []))

    def rollback(self, name: str, version: str, *, reason: str = "") -> Version:
        """Let a layer stand again as it stood right after a version was published.

        The log keeps everything; `version` is the beginning of its id.

        Raises
        ------
        LayerNotFoundError
            If the layer has no such version.
        """
        chosen = self.catalogue().named(name, version)
        self._append(
            {"event": "rollback", "name": name, "to_seq": chosen.seq, "reason": reason}, chosen
        )
        return chosen

    def head(self) -> Head:
        """Return position and hash of the last entry of the log, to be kept elsewhere."""
        entries = self._entries()
        return Head(entries[-1].seq, entries[-1].hash) if entries else Head(0, "0" * 64)

    def catalogue(self) -> Catalogue:
        """Return what the log says now."""
        entries = self._entries()
        head = Head(entries[-1].seq, entries[-1].hash) if entries else Head(0, "")
        folded = self._folded
        if folded is None or folded[0] != head:
            folded = self._folded = (head, Catalogue.of(entries))
        return folded[1]

    @abstractmethod
    def verify(self, head: Head | None = None) -> list[Note]:
        """Return a note for every byte or log entry that is not what it was."""

    @abstractmethod
    def _entries(self) -> list[Entry]:
        """Return the log, its chain checked."""

    @abstractmethod
    def _store(self, content: Content, body: dict[str, Any]) -> Entry:
        """Keep content and append its entry (with a `seal`), both or neither."""

    @abstractmethod
    def _append(self, body: dict[str, Any], newest: Version) -> None:
        """Append an entry that makes a version the newest of its layer."""

    @abstractmethod
    def _load(self, version: Version, catalogue: Catalogue) -> StoredLayer:
        """Return a version, checked against its hash."""


def corrupt(version: Version, reason: str) -> CorruptError:
    """Return the error of a version that is not what it was."""
    return CorruptError(
        "version {version} of layer {name} is not served: {reason}",
        code="version_corrupt",
        hint="Restore it from a backup, or publish the layer again",
        version=version.id[:12],
        name=version.name,
        reason=reason,
    )


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise StoreError(
            "{name!r} is no name for a layer",
            code="layer_name",
            hint="Use small letters, digits and underscores, a letter first: rdtr, banjir_100",
            name=name[:80],
        )


def _check_validity(
    name: str, valid_from: date | None, valid_to: date | None, known: Sequence[Version]
) -> None:
    if valid_from and valid_to and valid_to <= valid_from:
        raise StoreError(
            "layer {name} would end ({valid_to}) before it begins ({valid_from})",
            code="valid_range",
            name=name,
            valid_from=str(valid_from),
            valid_to=str(valid_to),
        )
    dated = [one for one in known if one.valid_from is not None]
    if valid_from is None and dated:
        raise StoreError(
            "layer {name} has versions with a first day of validity; this one states none",
            code="valid_from_missing",
            hint="Give it: --valid-from {example}; without it, it would count as older than all",
            name=name,
            example=str(dated[-1].valid_from),
        )
