"""A raster of a stranger: checked as it is, and an ASCII grid made a GeoTIFF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rasterio
from rasterio.errors import RasterioError
from rasterio.shutil import copy as copy_raster

from layers.files.opener import Opened
from layers.files.sniff import RASTERS
from spatial.errors import RasterError
from spatial.zonal.files import open_grid

__all__ = ["check_raster"]

_CACHE_BYTES = 256 << 20


def check_raster(
    file: Opened, folder: Path, crs: Any = None, nodata: float | None = None
) -> dict[str, Any]:
    """Look at a raster before it is stored: CRS, no-data, place, and whether all can be read.

    Parameters
    ----------
    file : Opened
    folder : Path
        Where the GeoTIFF goes that an ASCII grid, or a raster without its CRS, becomes.
    crs, nodata
        For a file that states none.

    Returns
    -------
    dict
        `crs`, `bounds`, `nodata`, `width`, `height`, `bands`, `format`, and `made`: the name of
        the GeoTIFF in `folder`, or "" where the file itself is one that says all this.

    Raises
    ------
    RasterError, CrsError, LimitError
    """
    if file.format not in RASTERS:
        raise RasterError(
            "{name} is neither a GeoTIFF nor an ASCII grid",
            code="raster_kind",
            hint="Convert it: gdal_translate -of COG source.img target.tif",
            name=file.name,
        )
    grid = open_grid(file.path, crs=crs, nodata=nodata)
    try:
        with (
            rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES),
            rasterio.open(file.path, driver=grid.driver) as source,
        ):
            for _, window in source.block_windows(1):
                source.read(1, window=window)
            states_all = source.crs is not None and source.nodata is not None
        made = "" if grid.driver == "GTiff" and states_all else "raster.tif"
        if made:
            _as_geotiff(file.path, grid, folder / made)
    except RasterioError as error:
        raise RasterError(
            "{name} cannot be read as a raster ({reason})",
            code="raster_damaged",
            name=file.name,
            reason=str(error)[:200],
        ) from error
    return {
        "made": made,
        "format": file.format,
        "crs": grid.crs.to_string(),
        "bounds": [float(value) for value in grid.bounds],
        "nodata": grid.nodata,
        "width": grid.width,
        "height": grid.height,
        "bands": grid.count,
    }


def _as_geotiff(path: Path, grid: Any, target: Path) -> None:
    """Copy the cells as they are, with CRS and no-data said."""
    with rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES):
        with rasterio.open(path, driver=grid.driver) as source:
            copy_raster(source, target, driver="GTiff", compress="DEFLATE", tiled=True)
        with rasterio.open(target, "r+", driver="GTiff") as made:
            made.crs = grid.crs.to_wkt()
            made.nodata = grid.nodata
