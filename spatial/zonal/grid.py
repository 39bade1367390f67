"""A raster as the engine reads it: axis-parallel cells, one CRS, a stated no-data value.

`Grid` stands for an array in memory or a file read by windows; both give the same
numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyproj
import rasterio
from numpy.typing import ArrayLike, NDArray
from rasterio.errors import RasterioError
from rasterio.transform import Affine
from rasterio.windows import Window

from spatial.crs import parse_crs
from spatial.errors import RasterError

__all__ = ["Grid", "grid_from_array", "stack_grids"]

Bounds: TypeAlias = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells of equal size, rows parallel to the axes of the CRS.

    Cell (row, col) covers x from `x0 + col * dx` to `x0 + (col + 1) * dx`, and y in the
    same way from `y0` by `dy`, which is negative where north is up. `nodata` is NaN where
    only NaN means no data. Cells are read by `read`; `array` is None for a file. `unit` is
    what the file calls the unit of its first band; values are read times `factor`.
    """

    name: str
    crs: pyproj.CRS
    x0: float
    y0: float
    dx: float
    dy: float
    height: int
    width: int
    count: int
    nodata: float
    dtype: str
    array: NDArray[Any] | None = field(default=None, repr=False, compare=False)
    path: Path | None = None
    driver: str = ""
    bands: tuple[Grid, ...] = field(default=(), repr=False, compare=False)
    unit: str = ""
    factor: float = 1.0

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.height, self.width

    @property
    def transform(self) -> Affine:
        """The affine transform from (col, row) to (x, y)."""
        return Affine(self.dx, 0.0, self.x0, 0.0, self.dy, self.y0)

    @property
    def bounds(self) -> Bounds:
        """(xmin, ymin, xmax, ymax) in the CRS of the grid."""
        x1, y1 = self.x0 + self.width * self.dx, self.y0 + self.height * self.dy
        return min(self.x0, x1), min(self.y0, y1), max(self.x0, x1), max(self.y0, y1)

    def read(
        self,
        rows: tuple[int, int] | None = None,
        cols: tuple[int, int] | None = None,
        bands: tuple[int, ...] = (1,),
    ) -> NDArray[Any]:
        """Read cells of a window, shape (bands, rows, cols); no-data cells as stored.

        Where they are read times a factor, cells without data are NaN.

        Raises
        ------
        RasterError
            `raster_unreadable`, if the file ends or is damaged inside the window.
        """
        raw = self._stored(rows or (0, self.height), cols or (0, self.width), bands)
        return raw if self.factor == 1 else np.where(self.valid(raw), raw * self.factor, np.nan)

    def _stored(
        self, rows: tuple[int, int], cols: tuple[int, int], bands: tuple[int, ...]
    ) -> NDArray[Any]:
        (r0, r1), (c0, c1) = rows, cols
        if self.bands:
            parts = [self.bands[band - 1].read((r0, r1), (c0, c1)) for band in bands]
            return np.concatenate(parts)
        if self.array is not None:
            first = bands[0] - 1
            row = bands == tuple(range(first + 1, first + 1 + len(bands)))
            # Bands in a row are a view, which costs nothing where the window is as wide.
            chosen = slice(first, first + len(bands)) if row else [band - 1 for band in bands]
            return np.ascontiguousarray(self.array[chosen, r0:r1, c0:c1])
        try:
            with rasterio.open(self.path, driver=self.driver) as source:
                values: NDArray[Any] = source.read(
                    list(bands), window=Window(c0, r0, c1 - c0, r1 - r0)
                )
        except (RasterioError, OSError) as error:
            raise RasterError(
                "{name}: rows {first} to {last} cannot be read",
                code="raster_unreadable",
                hint="The file is truncated or damaged; fetch it again",
                name=self.name,
                first=r0,
                last=r1 - 1,
            ) from error
        return values

    def valid(self, values: NDArray[Any]) -> NDArray[np.bool_]:
        """Say which of the values are data."""
        missing = np.isnan(values) if values.dtype.kind == "f" else np.zeros(values.shape, bool)
        if not math.isnan(self.nodata):
            missing |= values == self.nodata
        return np.asarray(~missing)

    def values(self, band: int = 1) -> NDArray[np.float64]:
        """Read one band whole, as float64 with NaN for no data."""
        raw = self.read(bands=(band,))[0]
        return np.where(self.valid(raw), raw, np.nan).astype(np.float64)

    def with_values(self, values: ArrayLike, nodata: float = math.nan, name: str = "") -> Grid:
        """Return a grid of the same cells that holds other values in memory."""
        return replace(
            grid_from_array(
                values,
                crs=self.crs,
                origin=(self.x0, self.y0),
                cell=(self.dx, self.dy),
                nodata=nodata,
            ),
            name=name or self.name,
        )

    def same_cells(self, other: Grid) -> bool:
        """Say whether both grids have the very same cells."""
        here = np.array([self.x0, self.y0, self.dx, self.dy])
        there = np.array([other.x0, other.y0, other.dx, other.dy])
        close = bool((np.abs(here - there) <= 1e-6 * abs(self.dx)).all())
        return close and self.shape == other.shape and self.crs.equals(other.crs, True)


def grid_from_array(
    values: ArrayLike,
    *,
    crs: Any,
    origin: tuple[float, float],
    cell: tuple[float, float],
    nodata: float = math.nan,
    name: str = "array",
) -> Grid:
    """Make a grid of an array.

    Parameters
    ----------
    values : array, shape (rows, cols) or (bands, rows, cols)
    crs : CRS of the cells
    origin : (x, y)
        Outer corner of the first cell of the first row.
    cell : (dx, dy)
        Step to the next column and to the next row; dy is negative where north is up.
    nodata : float
        The value that means no data; NaN (default) if only NaN does.

    Examples
    --------
    >>> grid = grid_from_array([[1, 2], [3, 255]], crs="ESRI:54034", origin=(0, 20),
    ...                        cell=(10, -10), nodata=255)
    >>> grid.bounds, grid.values()
    ((0.0, 0.0, 20.0, 20.0), array([[ 1.,  2.], [ 3., nan]]))
    """
    array = np.asarray(values)
    array = array[np.newaxis] if array.ndim == 2 else array
    bands, height, width = array.shape
    return Grid(
        name,
        parse_crs(crs, what=name),
        float(origin[0]),
        float(origin[1]),
        float(cell[0]),
        float(cell[1]),
        height,
        width,
        bands,
        float(nodata),
        str(array.dtype),
        array,
    )


def stack_grids(grids: Sequence[Grid], *, name: str = "") -> Grid:
    """Make one grid of several of one band each: scenarios that come in a file each.

    Nothing is read; windows are read from all files when they are asked for.

    Parameters
    ----------
    grids : sequence of Grid
        With the very same cells, the same type and the same no-data value.

    Raises
    ------
    RasterError
        `grids_differ`, `grids_nodata_differ`.

    Examples
    --------
    >>> one = grid_from_array([[1.0]], crs="ESRI:54034", origin=(0, 10), cell=(10, -10))
    >>> two = one.with_values([[2.0]])
    >>> stack_grids([one, two]).read(bands=(2, 1)).ravel().tolist()
    [2.0, 1.0]
    """
    first = grids[0]
    for grid in grids[1:]:
        if not grid.same_cells(first):
            raise RasterError(
                "{one} and {other} do not have the same cells",
                code="grids_differ",
                hint="Warp one to the cells of the other: gdalwarp -r near (classes) -tr -te",
                one=first.name,
                other=grid.name,
            )
        same = grid.nodata == first.nodata or (math.isnan(grid.nodata) and math.isnan(first.nodata))
        if not same or grid.dtype != first.dtype:
            raise RasterError(
                "{one} holds {one_type} without data at {one_nodata}, {other} {other_type} at "
                "{other_nodata}",
                code="grids_nodata_differ",
                hint="Bring both to one type and one no-data value: gdal_translate -ot -a_nodata",
                one=first.name,
                other=grid.name,
                one_type=first.dtype,
                other_type=grid.dtype,
                one_nodata=first.nodata,
                other_nodata=grid.nodata,
            )
    return replace(
        first, name=name or first.name, count=len(grids), array=None, path=None, bands=tuple(grids)
    )
