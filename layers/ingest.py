"""From a file to a published version: the one road, for vectors, tables and rasters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from layers.files import looked_at, raster_file
from layers.files.limits import stream_bytes
from layers.files.sniff import RASTERS
from layers.files.stream import FORMATS
from layers.healing import heal
from layers.kinds import Kind
from layers.large import read_large
from layers.layer import Layer
from layers.poverty.door import COUNTS, guard
from layers.quality import examine
from layers.reading import digest_of, read
from layers.store import Store, Version
from spatial.crs import INDONESIA, Bounds, check_extent
from spatial.errors import LayerNotFoundError, LimitError
from spatial.notes import Note

__all__ = ["ingest_file"]

#: Defects kept one by one with a version; the totals count all.
_KEPT = 100


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
    name : str
        Of the layer in the workspace.
    within : (west, south, east, north)
        Degrees; coordinates outside are an error.
    kind, layer, source_crs, encoding, strict
        As `layers.read` takes them.
    heal_m : float, optional
        Widest sliver that healing may give to one feature, in metres; without, nothing is
        healed. At most the CE90 of the map.
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
    how: dict[str, Any] = {"valid_from": valid_from, "valid_to": valid_to, "legal": legal}
    reading: dict[str, Any] = {
        "kind": kind,
        "layer": layer,
        "source_crs": source_crs,
        "within": within,
        "strict": strict,
        "encoding": encoding,
    }
    found_format, size = looked_at(path)
    if found_format in RASTERS:
        with raster_file(path, crs=source_crs, nodata=nodata) as (file, facts):
            check_extent(tuple(facts["bounds"]), facts["crs"], within=within, what=Path(path).name)
            origin = facts | {"file": Path(path).name, "sha256": digest_of(path)}
            version = store.publish(
                file, name=name, kind=kind or "raster", provenance=origin, **how
            )
        return version, ()
    if found_format in FORMATS and size > stream_bytes() and kind not in COUNTS:
        return _ingest_large(store, path, name, reading, how, heal_m=heal_m, private=private)
    found = read(path, **reading)
    frame, guarded, withheld = (
        (found.frame, (), {}) if private else guard(found, earlier=_earlier(store, name))
    )
    healed: dict[str, Any] = {}
    healing_notes: tuple[Note, ...] = ()
    if heal_m is not None:
        frame, healed, healing_notes = _healed(frame, found, heal_m)
    unsaid = _unsaid(found.kind, {**(legal or {}), "valid_from": valid_from})
    notes = (*found.report, *guarded, *healing_notes, *unsaid)
    version = store.publish(
        frame,
        name=name,
        kind=found.kind.name if found.kind else "",
        provenance=found.provenance.to_dict()
        | withheld
        | healed
        | _quality(replace(found, frame=frame)),
        report=[note.to_dict() for note in notes],
        **how,
    )
    return version, notes


def _ingest_large(
    store: Store,
    path: Path | str,
    name: str,
    reading: Mapping[str, Any],
    how: Mapping[str, Any],
    *,
    heal_m: float | None,
    private: bool,
) -> tuple[Version, tuple[Note, ...]]:
    """Publish a file that is too large to be read whole."""
    if heal_m is not None:
        raise LimitError(
            "{file} is too large to be healed: that needs all outlines in memory",
            code="healing_too_large",
            hint="Ingest it without --heal, cut it into pieces, or raise TATARUANG_STREAM_MB "
            "above {limit}",
            file=Path(path).name,
            limit=stream_bytes() >> 20,
        )
    look: dict[str, Any] = {} if private else {"look": lambda part: guard(part)[0]}
    with read_large(path, **reading, **look) as found:
        law = {**(how["legal"] or {}), "valid_from": how["valid_from"]}
        notes = (*found.report, *_unsaid(found.kind, law))
        version = store.publish(
            found.parts,
            name=name,
            kind=found.kind.name if found.kind else "",
            provenance=found.provenance.to_dict() | found.quality,
            report=[note.to_dict() for note in notes],
            **how,
        )
    return version, notes


def _healed(
    frame: gpd.GeoDataFrame | pd.DataFrame, found: Layer, heal_m: float
) -> tuple[gpd.GeoDataFrame, dict[str, Any], tuple[Note, ...]]:
    """Heal a layer, and tell how much ground went from one feature to another."""
    if not isinstance(frame, gpd.GeoDataFrame):
        frame = found.features  # refuses a table
    done = heal(frame, sliver_width_m=heal_m)
    record = done.to_dict()
    left = done.left["overlap"]["count"] + done.left["gap"]["count"]
    note = Note(
        "layer_healed",
        "{count} slivers up to {width} m wide, {area} m2 together, went to one feature each; "
        "{left} wider overlaps and gaps are left",
        "warning",
        {
            "count": record["slivers"],
            "width": heal_m,
            "area": record["slivers_m2"],
            "left": left,
            "features": len(done.areas),
        },
    )
    return done.frame, {"healing": {"sliver_width_m": heal_m, **record}}, (note,)


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
