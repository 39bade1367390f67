"""Read a file that was looked at, whatever its format, and describe a raster."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from layers.files.opener import Opened, open_file
from layers.files.raw import Raw
from layers.files.sniff import RASTERS
from layers.files.tables import read_table
from layers.files.vectors import read_parquet, read_vector
from spatial.errors import LayerError

__all__ = ["read_opened", "read_path"]


def read_path(path: Path, folder: Path, layer: str | None, encoding: str | None) -> Raw:
    """Look at a file and read it; `folder` is an empty one for what has to be unpacked."""
    return read_opened(open_file(path, folder), layer, encoding)


def read_opened(file: Opened, layer: str | None, encoding: str | None) -> Raw:
    """Read a file that was looked at.

    Raises
    ------
    LayerError
        `raster_not_layer`, or whatever is wrong with it.
    """
    if file.format in RASTERS:
        raise LayerError(
            "{name} is a raster, not a layer of features",
            code="raster_not_layer",
            hint="tataruang ingest stores rasters; tataruang exposure measures with them",
            name=file.name,
        )
    if file.format == "parquet":
        raw = read_parquet(file)
    elif file.format in ("csv", "xlsx"):
        raw = read_table(file, layer, encoding)
    else:
        raw = read_vector(file, layer, encoding)
    return replace(raw, name=file.name, format=file.format)
