"""From a file to a published version: the one road, for vectors, tables and rasters."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import rasterio
from rasterio.errors import RasterioError

from layers.opener import opened
from layers.poverty.door import guard
from layers.reading import read
from layers.store import Store, Version
from spatial.crs import INDONESIA, Bounds, check_extent, parse_crs
from spatial.errors import LayerNotFoundError, RasterError
from spatial.notes import Note

__all__ = ["ingest_file"]


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
    with opened(path) as file:
        if file.format == "raster":
            provenance = _raster_provenance(file.path, within)
            version = store.publish(
                file.path,
                name=name,
                kind=kind or "raster",
                legal=legal,
                provenance=provenance,
                valid_from=valid_from,
                valid_to=valid_to,
            )
            return version, ()
    found = read(
        path,
        kind=kind,
        layer=layer,
        source_crs=source_crs,
        within=within,
        strict=strict,
        encoding=encoding,
    )
    frame, guarded, withheld = (
        (found.frame, (), {}) if private else guard(found, earlier=_earlier(store, name))
    )
    notes = (*found.report, *guarded)
    version = store.publish(
        frame,
        name=name,
        kind=found.kind.name if found.kind else "",
        legal=legal,
        provenance=found.provenance.to_dict() | withheld,
        report=[note.to_dict() for note in notes],
        valid_from=valid_from,
        valid_to=valid_to,
    )
    return version, notes


def _earlier(store: Store, name: str) -> Mapping[str, Any]:
    """Provenance of the version before, or nothing where this is the first."""
    try:
        return store.get(name).version.provenance
    except LayerNotFoundError:
        return {}


def _raster_provenance(path: Path, within: Bounds) -> dict[str, Any]:
    """Look at a raster before it is stored: CRS, no-data, place, and whether it can be read."""
    try:
        with rasterio.open(path, driver="GTiff") as source:
            crs = parse_crs(source.crs.to_wkt() if source.crs else None, what=path.name)
            if source.nodata is None:
                raise RasterError(
                    "{name} states no value that means no data",
                    code="raster_nodata_missing",
                    hint="Set it: gdal_edit.py -a_nodata -9999 {name}",
                    name=path.name,
                )
            check_extent(tuple(source.bounds), crs, within=within, what=path.name)
            source.read(1, window=((source.height - 1, source.height), (0, source.width)))
            size = {"width": source.width, "height": source.height, "bands": source.count}
            nodata = float(source.nodata)
    except RasterioError as error:
        raise RasterError(
            "{name} cannot be read as a raster: {reason}",
            code="raster_not_readable",
            hint="The file is cut off or damaged; fetch it again",
            name=path.name,
            reason=str(error).splitlines()[0][:160],
        ) from error
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {
        "file": path.name,
        "sha256": digest,
        "format": "raster",
        "crs": crs.to_string(),
        "nodata": nodata,
        **size,
    }
