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
from layers.reading import read
from layers.store import Store, Version
from spatial.crs import INDONESIA, Bounds, check_extent, parse_crs
from spatial.errors import RasterError
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
    version = store.publish(
        found.frame,
        name=name,
        kind=found.kind.name if found.kind else "",
        legal=legal,
        provenance=found.provenance.to_dict(),
        report=[note.to_dict() for note in found.report],
        valid_from=valid_from,
        valid_to=valid_to,
    )
    return version, found.report


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
