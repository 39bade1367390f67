"""Open a raster file for reading by windows; refuse one that leaves something open.

Nothing is opened whose kind the first bytes do not show, and only by that kind's driver.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Final

import pyproj
import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from spatial.crs import parse_crs
from spatial.errors import LayerNotFoundError, LimitError, RasterError
from spatial.zonal.grid import Grid

__all__ = ["MAX_CELLS", "open_grid"]

#: The largest raster accepted; 60,000 x 60,000 cells fit in a file of 442 kB.
MAX_CELLS: Final = 2_000_000_000
#: First bytes of a file -> the one driver that may read it.
MAGIC: Final[dict[bytes, str]] = {
    b"II*\0": "GTiff",
    b"MM\0*": "GTiff",
    b"II+\0": "GTiff",
    b"MM\0+": "GTiff",
    b"ncols": "AAIGrid",
    b"NCOLS": "AAIGrid",
}


def open_grid(path: Path | str, *, crs: Any = None, nodata: float | None = None) -> Grid:
    """Open a GeoTIFF or ASCII grid for reading by windows, refusing what cannot be trusted.

    Parameters
    ----------
    path : path of a file on this machine
    crs : CRS, optional
        For a file that states none. Must not contradict the file.
    nodata : float, optional
        For a file that states none; NaN says that every cell is data.

    Raises
    ------
    LayerNotFoundError
        If there is no such file.
    RasterError
        `raster_kind`, `raster_rotated`, `raster_no_nodata`, `raster_not_georeferenced`,
        `raster_scaled`, `raster_unreadable`.
    CrsError
        If neither file nor caller states a CRS.
    LimitError
        If it has more than `MAX_CELLS` cells.
    """
    path = Path(path)
    driver = _driver(path)
    try:
        with warnings.catch_warnings():
            # A raster without a place is refused below, with a hint.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path, driver=driver) as source:
                return _describe(source, path, driver, crs, nodata)
    except RasterioError as error:
        raise RasterError(
            "{name} cannot be read as a raster ({reason})",
            code="raster_damaged",
            name=path.name,
            reason=str(error)[:200],
        ) from error


def _driver(path: Path) -> str:
    if not path.is_file():
        raise LayerNotFoundError(
            "there is no raster file {name}", code="raster_not_found", name=str(path)
        )
    with path.open("rb") as stream:
        head = stream.read(5)
    for magic, driver in MAGIC.items():
        if head.startswith(magic):
            return driver
    raise RasterError(
        "{name} is neither a GeoTIFF nor an ASCII grid",
        code="raster_kind",
        hint="Convert it: gdal_translate -of COG source.img target.tif",
        name=path.name,
    )


def _describe(source: Any, path: Path, driver: str, crs: Any, nodata: float | None) -> Grid:
    """Turn an open file into a Grid, or say why it cannot be one."""
    t = source.transform
    if source.width * source.height > MAX_CELLS:
        raise LimitError(
            "{name} has {width} x {height} cells; at most {limit} are accepted",
            code="raster_too_large",
            hint="Cut it to the area of work first",
            name=path.name,
            width=source.width,
            height=source.height,
            limit=MAX_CELLS,
        )
    if t.is_identity:
        raise RasterError(
            "{name} does not say where it lies", code="raster_not_georeferenced", name=path.name
        )
    if t.b or t.d:
        raise RasterError(
            "{name} is rotated or sheared: its rows are not parallel to the axes",
            code="raster_rotated",
            hint="Warp it first: gdalwarp -r near (classes) or -r bilinear (depths)",
            name=path.name,
        )
    if any(scale != 1 for scale in source.scales) or any(source.offsets):
        raise RasterError(
            "{name} stores its values scaled ({scales}, {offsets})",
            code="raster_scaled",
            hint="Write the values themselves: gdal_translate -unscale -ot Float32",
            name=path.name,
            scales=", ".join(map(str, source.scales)),
            offsets=", ".join(map(str, source.offsets)),
        )
    stated = source.crs.to_wkt() if source.crs else None
    return Grid(
        path.name,
        _agreed_crs(stated, crs, path.name),
        t.c,
        t.f,
        t.a,
        t.e,
        source.height,
        source.width,
        source.count,
        _agreed_nodata(source.nodata, nodata, path.name),
        source.dtypes[0],
        path=path,
        driver=driver,
        unit=(source.units[0] or "") if source.units else "",
    )


def _agreed_crs(stated: str | None, given: Any, name: str) -> pyproj.CRS:
    crs = parse_crs(stated if stated is not None else given, what=name)
    if given is not None and not crs.equals(parse_crs(given), ignore_axis_order=True):
        raise RasterError(
            "{name} states {stated}, not {given}",
            code="raster_crs_differs",
            hint="Leave the CRS out, or correct the file",
            name=name,
            stated=crs.name,
            given=parse_crs(given).name,
        )
    return crs


def _agreed_nodata(stated: float | None, given: float | None, name: str) -> float:
    """No data must be said: a missing cell counted as zero hazard is the worst error there is."""
    agreed = stated if given is None else given
    if agreed is None:
        raise RasterError(
            "{name} does not say which value means no data",
            code="raster_no_nodata",
            hint="Say it: --nodata -9999, or --nodata nan if every cell is data",
            name=name,
        )
    return float(agreed)
