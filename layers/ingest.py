"""From a file or a service to a published version: the one road, for vectors, tables, rasters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import pandas as pd

from layers.files import looked_at, raster_file
from layers.files.limits import stream_bytes
from layers.files.sniff import RASTERS
from layers.files.stream import FORMATS
from layers.healed import healed
from layers.kinds import Kind
from layers.large import read_large
from layers.layer import Layer
from layers.poverty.door import COUNTS, guard
from layers.quality import examine
from layers.reading import digest_of, read
from layers.remote import fetched, is_service
from layers.store import Store, Version
from spatial.crs import INDONESIA, Bounds, check_extent
from spatial.errors import LayerNotFoundError, LimitError
from spatial.notes import Note

__all__ = ["ingest_file"]

#: Defects kept one by one with a version; the totals count all.
_KEPT: Final = 100
#: End of the name of the table that holds every healed piece of a layer.
RECORD: Final = "_perapian"
_LONGEST: Final = 63 - len(RECORD)


def ingest_file(
    store: Store,
    path: Path | str,
    *,
    name: str,
    within: Bounds = INDONESIA,
    kind: str | None = None,
    layer: str | None = None,
    source_crs: Any = None,
    encoding: str | None = None,
    strict: bool = False,
    heal_m: float | None = None,
    nodata: float | None = None,
    valid_from: date | None = None,
    valid_to: date | None = None,
    legal: Mapping[str, Any] | None = None,
    private: bool = False,
) -> tuple[Version, tuple[Note, ...]]:
    """Read a file and publish it as the newest version of a layer.

    Parameters
    ----------
    store : Store
    path : path
        Of a file; or the address of a WFS or an OGC API Features, whose host must stand in
        TATARUANG_SOURCES.
    name : str
        Of the layer in the workspace.
    within : (west, south, east, north)
        Degrees; coordinates outside are an error.
    kind, layer, source_crs, encoding, strict
        As `layers.read` takes them.
    heal_m : float, optional
        Widest sliver that healing may give to one feature, in metres; without, nothing is
        healed. At most the CE90 of the map, which `legal` says (`ce90_m`, or `scale`). Every
        piece is published as the table NAME_perapian.
    nodata : float, optional
        Of a raster that states none.
    valid_from, valid_to : date, optional
        Days on which it is law.
    legal : mapping, optional
        Instrument, scale, licence.
    private : bool
        True in a private workspace, where data of persons and small counts may be kept.

    Returns
    -------
    version : Version
    notes : tuple of Note
        What was met; kept with the version too.

    Raises
    ------
    EngineError
        Whatever is wrong with the file; nothing is then published.
    """
    task = _Ingest(
        store,
        name,
        {
            "kind": kind,
            "source_crs": source_crs,
            "within": within,
            "strict": strict,
            "encoding": encoding,
        },
        {"valid_from": valid_from, "valid_to": valid_to, "legal": legal},
        heal_m,
        nodata,
        private,
    )
    if not is_service(str(path)):
        return task(path, layer)
    with fetched(str(path), layer=layer) as found:
        return replace(task, source={"source": found.source})(found.path, None)


@dataclass(frozen=True, slots=True)
class _Ingest:
    """What is to be done with a file: how it is read, and as what it is published."""

    store: Store
    name: str
    reading: dict[str, Any]
    how: dict[str, Any]
    heal_m: float | None
    nodata: float | None
    private: bool
    source: dict[str, Any] = field(default_factory=dict)

    def __call__(self, path: Path | str, layer: str | None) -> tuple[Version, tuple[Note, ...]]:
        """Take the road that the file needs."""
        found, size = looked_at(path)
        if found in RASTERS:
            return self._raster(path)
        large = found in FORMATS and size > stream_bytes()
        if large and self.reading["kind"] not in COUNTS:
            return self._large(path, layer)
        return self._whole(path, layer)

    def _raster(self, path: Path | str) -> tuple[Version, tuple[Note, ...]]:
        crs, within = self.reading["source_crs"], self.reading["within"]
        with raster_file(path, crs=crs, nodata=self.nodata) as (file, facts):
            check_extent(tuple(facts["bounds"]), facts["crs"], within=within, what=Path(path).name)
            origin = facts | {"file": Path(path).name, "sha256": digest_of(path)}
            kind = self.reading["kind"] or "raster"
            return self.store.publish(
                file, name=self.name, kind=kind, provenance=origin, **self.how
            ), ()

    def _whole(self, path: Path | str, layer: str | None) -> tuple[Version, tuple[Note, ...]]:
        found = read(path, layer=layer, **self.reading)
        earlier = _earlier(self.store, self.name)
        frame, guarded, withheld = (
            (found.frame, (), {}) if self.private else guard(found, earlier=earlier)
        )
        notes = (*found.report, *guarded)
        if self.heal_m is not None:
            done = healed(frame, found, self.heal_m, self.how["legal"] or {})
            frame, notes = done.frame, (*notes, done.note)
            withheld = withheld | {"healing": done.facts | self._recorded(done.record)}
        more = withheld | _quality(replace(found, frame=frame))
        return self._published(frame, found.kind, found.provenance.to_dict() | more, notes)

    def _recorded(self, record: pd.DataFrame) -> dict[str, Any]:
        """Publish the table of every healed piece, before the layer that rests on it."""
        name = f"{self.name[:_LONGEST]}{RECORD}"
        version = self.store.publish(
            record,
            name=name,
            provenance={"healing_of": self.name},
            valid_from=self.how["valid_from"],
            valid_to=self.how["valid_to"],
        )
        return {"record": {"layer": name, "version": version.id}}

    def _large(self, path: Path | str, layer: str | None) -> tuple[Version, tuple[Note, ...]]:
        """Publish a file that is too large to be read whole."""
        if self.heal_m is not None:
            raise LimitError(
                "{file} is too large to be healed: that needs all outlines in memory",
                code="healing_too_large",
                hint="Ingest it without --heal, cut it into pieces, or raise TATARUANG_STREAM_MB "
                "above {limit}",
                file=Path(path).name,
                limit=stream_bytes() >> 20,
            )
        look: dict[str, Any] = {} if self.private else {"look": lambda part: guard(part)[0]}
        with read_large(path, layer=layer, **self.reading, **look) as found:
            origin = found.provenance.to_dict() | found.quality
            return self._published(found.parts, found.kind, origin, found.report)

    def _published(
        self,
        content: Any,
        kind: Kind | None,
        origin: dict[str, Any],
        notes: tuple[Note, ...],
    ) -> tuple[Version, tuple[Note, ...]]:
        law = {**(self.how["legal"] or {}), "valid_from": self.how["valid_from"]}
        said = (*notes, *_unsaid(kind, law))
        version = self.store.publish(
            content,
            name=self.name,
            kind=kind.name if kind else "",
            provenance=origin | self.source,
            report=[note.to_dict() for note in said],
            **self.how,
        )
        return version, said


def _unsaid(kind: Kind | None, legal: Mapping[str, Any]) -> tuple[Note, ...]:
    """Tell which facts of law the kind needs and nobody gave."""
    missing = [name for name in (kind.legal if kind else ()) if not legal.get(name)]
    if kind is None or not missing:
        return ()
    text = "nobody said of this {kind}: {missing}"
    return (Note("legal_unsaid", text, "info",
                 {"kind": kind.name, "missing": ", ".join(missing)}),)  # fmt: skip


def _quality(found: Layer) -> dict[str, Any]:
    """Examine a layer whose features must tile a plane; its report is kept with the version."""
    if found.kind is None or not found.kind.partition:
        return {}
    told = examine(found)
    return {
        "quality": {
            "coverage": told.coverage,
            "defects": [defect.to_dict() for defect in told.defects[:_KEPT]],
            "duplicates": told.duplicates[:_KEPT],
            "areas": told.areas[:_KEPT],
        }
    }


def _earlier(store: Store, name: str) -> Mapping[str, Any]:
    """Provenance of the version before, or nothing where this is the first."""
    try:
        return store.find(name).provenance
    except LayerNotFoundError:
        return {}
