"""The contract of every store: versions that never change, named by content, for any day."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import geopandas as gpd
import pandas as pd

from layers.store.chain import Head
from layers.store.parts import Parts
from spatial.index import ZoneIndex
from spatial.notes import Note

__all__ = ["Event", "LayerSource", "Store", "StoredLayer", "Version"]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a layer: what it holds, from when to when it is law, since when it is known.

    Parameters
    ----------
    name : str
        The layer's name in its workspace.
    id : str
        SHA-256 of its content: the same data have the same id in every store, on every machine.
    seq : int
        Position in the log of the store.
    kind : str
        Kind of layer, or "" where it is of none.
    form : {"vector", "table", "raster"}
    rows : int or None
        None for rasters.
    crs : str or None
        Code of the stored CRS; None for tables.
    valid_from, valid_to : date or None
        Days on which it is law: from the first, before the last. None = open.
    known_from : str
        Instant at which the store learnt of it (ISO 8601, UTC).
    legal : mapping
        Instrument, number, scale, CE90, licence, source: as they were given.
    provenance : mapping
        Of the file it was read from.
    report : tuple of mapping
        Notes of the reading.
    """

    name: str
    id: str
    seq: int
    kind: str
    form: str
    rows: int | None
    crs: str | None
    valid_from: date | None
    valid_to: date | None
    known_from: str
    legal: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    report: tuple[Mapping[str, Any], ...] = ()

    def holds(self, on: date) -> bool:
        """Say whether the version is law on a day."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_to is None or on < self.valid_to
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the version as JSON-ready dictionary."""
        return {
            "name": self.name,
            "version": self.id,
            "seq": self.seq,
            "kind": self.kind,
            "form": self.form,
            "rows": self.rows,
            "crs": self.crs,
            "valid_from": self.valid_from and self.valid_from.isoformat(),
            "valid_to": self.valid_to and self.valid_to.isoformat(),
            "known_from": self.known_from,
            "legal": dict(self.legal),
            "provenance": dict(self.provenance),
            "report": [dict(note) for note in self.report],
        }


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a layer: position in the log, `publish` or `rollback`, instant.

    `version` is the id of the version that was the newest from then on.
    """

    seq: int
    event: str
    name: str
    version: str
    at: str
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return the event as JSON-ready dictionary."""
        return asdict(self)


class StoredLayer:
    """A version with its content, which is read when it is first asked for.

    `frame` for vectors and tables, rows in the order in which they were published; `path` of
    the file where there is one, and for rasters of the GeoTIFF.

    Parameters
    ----------
    version : Version
    frame : GeoDataFrame or DataFrame, optional
    path : Path, optional
    read : callable, optional
        Reads the frame, where it is not given.

    Examples
    --------
    >>> version = Version("a", "0" * 64, 1, "", "table", 1, None, None, None, "")
    >>> layer = StoredLayer(version, read=lambda: pd.DataFrame({"x": [1]}))
    >>> layer.frame["x"].tolist(), layer.frame is layer.frame
    ([1], True)
    """

    def __init__(
        self,
        version: Version,
        frame: gpd.GeoDataFrame | pd.DataFrame | None = None,
        path: Path | None = None,
        *,
        read: Callable[[], gpd.GeoDataFrame | pd.DataFrame] | None = None,
    ) -> None:
        self.version = version
        self.path = path
        self._frame = frame
        self._read = read
        self._reading = threading.Lock()

    @property
    def frame(self) -> gpd.GeoDataFrame | pd.DataFrame | None:
        """Its rows, or None for a raster.

        Raises
        ------
        CorruptError
            If its bytes changed since the version was found.
        """
        if self._frame is None and self._read is not None:
            with self._reading:
                if self._frame is None:
                    self._frame = self._read()
        return self._frame

    def again(self, version: Version) -> StoredLayer:
        """Return the same content for another reader, who may add columns to the frame.

        Parameters
        ----------
        version : Version
            Of the same content, as this reader knows it.
        """
        if self._frame is None and self._read is None:
            return StoredLayer(version, path=self.path)
        return StoredLayer(version, path=self.path, read=self._copied)

    def _copied(self) -> gpd.GeoDataFrame | pd.DataFrame:
        frame: Any = self.frame
        copy: gpd.GeoDataFrame | pd.DataFrame = frame.copy(deep=False)
        return copy


class LayerSource(Protocol):
    """Anything that plans and hazards can take layers from."""

    def get(self, name: str, *, on: date | None = None, known_at: str | None = None) -> StoredLayer:
        """Return the version of a layer that is law on a day, as known at an instant."""


class Store(Protocol):
    """What every backend keeps: nothing acknowledged is lost, nothing half is seen."""

    def publish(
        self,
        content: gpd.GeoDataFrame | pd.DataFrame | Parts | Path,
        *,
        name: str,
        kind: str = "",
        legal: Mapping[str, Any] | None = None,
        provenance: Mapping[str, Any] | None = None,
        report: Sequence[Mapping[str, Any]] = (),
        valid_from: date | None = None,
        valid_to: date | None = None,
    ) -> Version:
        """Store a version and make it the newest of its name, in one step."""

    def get(
        self,
        name: str,
        *,
        on: date | None = None,
        known_at: str | None = None,
        version: str | None = None,
    ) -> StoredLayer:
        """Return the version of a layer that is law on a day, as known at an instant.

        Or the one of an id, which is there for ever.
        """

    def find(
        self,
        name: str,
        *,
        on: date | None = None,
        known_at: str | None = None,
        version: str | None = None,
    ) -> Version:
        """Return which version `get` would read, without reading it."""

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
        """Return the index of a version by a column of codes, kept where the store can."""

    def layers(self) -> list[Version]:
        """Return the newest version of every layer, by name."""

    def history(self, name: str) -> list[Version]:
        """Return every version of a layer that was ever published, oldest first."""

    def events(self, name: str) -> list[Event]:
        """Return what happened to a layer, publications and rollbacks, oldest first."""

    def rollback(self, name: str, version: str, *, reason: str = "") -> Version:
        """Let a layer stand again as right after a version was published; the log keeps all."""

    def head(self) -> Head:
        """Return position and hash of the last entry of the log, to be kept elsewhere."""

    def verify(self, head: Head | None = None) -> list[Note]:
        """Return a note for every byte or log entry that is not what it was."""
