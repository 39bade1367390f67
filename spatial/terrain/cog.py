"""Write a raster as a cloud-optimised GeoTIFF, window by window, and only when it is whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.shutil import copy as copy_raster
from rasterio.windows import Window

from spatial.zonal import Grid

__all__ = ["in_windows", "write_cog"]

#: GDAL would take a twentieth of the memory of the machine.
CACHE_BYTES = 256 * 2**20
WINDOW_ROWS = 512


def in_windows(values: NDArray[Any], rows: int = WINDOW_ROWS) -> Iterator[tuple[int, NDArray[Any]]]:
    """Yield an array by windows of rows, as `write_cog` takes them.

    Examples
    --------
    >>> [first for first, _ in in_windows(np.zeros((5, 2)), rows=2)]
    [0, 2, 4]
    """
    for first in range(0, len(values), rows):
        yield first, np.asarray(values[first : first + rows])


def write_cog(
    target: Path,
    like: Grid,
    windows: Iterable[tuple[int, NDArray[Any]]],
    *,
    dtype: str = "float32",
    nodata: float = float("nan"),
    tags: dict[str, str] | None = None,
) -> Path:
    """Write windows of rows to a COG with the cells of a grid.

    Parameters
    ----------
    target : Path
        Replaced at once, when everything is written; until then `<name>.partial.tif` and
        `<name>.cog.tif` stand beside it.
    windows : iterable of (first row, values of shape (rows, cols))
    nodata : float
        Written into the file; NaN in the values becomes it.
    tags : dict, optional
        What the numbers mean and how they were made.
    """
    plain = target.with_name(f".{target.stem}.partial.tif")
    cog = target.with_name(f".{target.stem}.cog.tif")
    try:
        with (
            rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES),
            rasterio.open(
                plain,
                "w",
                driver="GTiff",
                height=like.height,
                width=like.width,
                count=1,
                dtype=dtype,
                crs=like.crs.to_wkt(),
                transform=like.transform,
                nodata=nodata,
                tiled=True,
                blockxsize=512,
                blockysize=512,
                BIGTIFF="IF_SAFER",
            ) as sink,
        ):
            sink.update_tags(**(tags or {}))
            for first, values in windows:
                filled = values if np.isnan(nodata) else _fill(values, nodata)
                window = Window(0, first, values.shape[1], values.shape[0])
                sink.write(filled.astype(dtype), 1, window=window)
        with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES):
            copy_raster(
                plain,
                cog,
                driver="COG",
                compress="DEFLATE",
                level="1",
                predictor="YES",
                num_threads="2",
            )
        cog.replace(target)
    finally:
        plain.unlink(missing_ok=True)
        cog.unlink(missing_ok=True)
    return target


def _fill(values: NDArray[Any], nodata: float) -> NDArray[Any]:
    if values.dtype.kind != "f":
        return values
    return np.where(np.isnan(values), nodata, values)
