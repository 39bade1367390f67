"""True areas of grid cells on the equal-area plane, for rasters in any CRS."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from spatial.crs import AREA_CRS, operation, parse_crs, same_crs
from spatial.errors import RasterError
from spatial.zonal.grid import Grid

__all__ = ["cell_areas"]

#: Cells between the places where the area is computed; the scale of a projection is smooth.
STEP: Final = 64
MIN_NODES: Final = 6


def cell_areas(
    grid: Grid, rows: tuple[int, int] | None = None, cols: tuple[int, int] | None = None
) -> NDArray[np.float64]:
    """Return the area in m² of the cells of a window, on ESRI:54034.

    Shape (rows, 1) where all cells of a row are equal (degrees, or the plane itself), else
    (rows, cols). In projected grids the area is computed at every 64th cell and carried
    between by a cubic spline; the scale factor is so smooth that nothing above 1e-11 of
    a cell is lost.

    Examples
    --------
    >>> from spatial.zonal.grid import grid_from_array
    >>> grid = grid_from_array(np.zeros((2, 2)), crs="EPSG:9489", origin=(430000, 9230000),
    ...                        cell=(30, -30))
    >>> cell_areas(grid)[0].round(2).tolist()
    [900.61, 900.61]
    """
    (r0, r1), (c0, c1) = rows or (0, grid.height), cols or (0, grid.width)
    if same_crs(grid.crs, AREA_CRS):
        return np.full((r1 - r0, 1), abs(grid.dx * grid.dy))
    if grid.crs.is_geographic and same_datum_axes(grid):
        return _area_at(grid, np.arange(r0, r1), np.array([0]))
    # Loading it takes half a second, which whoever never measures a projected raster is spared.
    from scipy.interpolate import RectBivariateSpline

    node_rows, node_cols = _nodes(r0, r1), _nodes(c0, c1)
    spline = RectBivariateSpline(
        node_rows, node_cols, _area_at(grid, node_rows, node_cols), kx=3, ky=3, s=0
    )
    areas: NDArray[np.float64] = spline(np.arange(r0, r1), np.arange(c0, c1))
    return areas


def same_datum_axes(grid: Grid) -> bool:
    """Say whether the parallels of the grid are those of the plane: no shift of the datum."""
    shift = operation(grid.crs, parse_crs(AREA_CRS)).transformer.definition
    return not any(word in shift for word in ("helmert", "molodensky", "hgridshift"))


def _nodes(begin: int, end: int) -> NDArray[np.float64]:
    count = max(MIN_NODES, (end - begin) // STEP + 2)
    return np.linspace(begin, max(end - 1, begin + 1), count)


def _area_at(
    grid: Grid,
    rows: NDArray[np.float64] | NDArray[np.int64],
    cols: NDArray[np.float64] | NDArray[np.int64],
) -> NDArray[np.float64]:
    """Area of the quadrilateral that each cell becomes on the plane, shape (rows, cols)."""
    move = operation(grid.crs, parse_crs(AREA_CRS))
    corners = []
    for down, right in ((0, 0), (0, 1), (1, 1), (1, 0)):
        y, x = np.meshgrid(
            grid.y0 + (rows + down) * grid.dy, grid.x0 + (cols + right) * grid.dx, indexing="ij"
        )
        moved = move(np.column_stack((x.ravel(), y.ravel())))
        corners.append(moved.reshape(*x.shape, 2))
    a, b, c, d = corners
    first, second = c - a, d - b
    area: NDArray[np.float64] = (
        np.abs(first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]) / 2
    )
    if not np.isfinite(area).all():
        raise RasterError(
            "{name}: some cells have no place on the equal-area plane",
            code="raster_outside_plane",
            hint="The CRS of the raster is probably wrong",
            name=grid.name,
        )
    return area
