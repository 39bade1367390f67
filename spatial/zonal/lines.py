"""Lines and points over a raster: the length in each cell, the cell under each point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from spatial.crs import lonlat_bounds, operation, parse_crs, project, same_crs
from spatial.errors import GeometryError
from spatial.jit import kernel
from spatial.planes import metric_plane
from spatial.zonal.grid import Grid
from spatial.zonal.shapes import in_cells

__all__ = ["line_cells", "point_cells", "values_at"]

LINES: Final = (1, 2, 5)
#: Row and column of what lies outside the grid.
OUTSIDE: Final = -1
WINDOW_ROWS: Final = 512


def line_cells(lines: gpd.GeoSeries, grid: Grid) -> pd.DataFrame:
    """Measure the length of each line in each cell.

    Lengths are those on SRGI2013 / UTM 49S (EPSG:9489), whatever CRS the raster is in;
    the pieces of a line add up to it.

    Parameters
    ----------
    lines : GeoSeries of lines, shape (n,)

    Returns
    -------
    DataFrame
        Columns `line` (position in `lines`), `row`, `col`, `length_m`; row and col are -1
        for the part outside the grid. Where a line runs along an edge of cells, the cell
        below or to the right of it counts.

    Raises
    ------
    GeometryError
        `not_line`, naming the first row that is none.

    Examples
    --------
    >>> from spatial.zonal.grid import grid_from_array
    >>> grid = grid_from_array(np.zeros((1, 2)), crs="EPSG:9489", origin=(430000, 9230000),
    ...                        cell=(10, -10))
    >>> road = gpd.GeoSeries([shapely.LineString([(430005, 9229995), (430025, 9229995)])],
    ...                      crs="EPSG:9489")
    >>> line_cells(road, grid)
       line  row  col  length_m
    0     0   -1   -1       5.0
    1     0    0    0       5.0
    2     0    0    1      10.0
    """
    start, stop, owner, length = _segments(lines, grid)
    segment, row, col, begin, end = _walk(start, stop, grid.height, grid.width)
    part = _metres(grid, start, stop, segment, begin, end)
    line = owner[segment]
    # Two paths between datums differ by less than a millimetre; the line's own length stands.
    part *= (length / np.maximum(np.bincount(line, part, minlength=len(length)), 1e-300))[line]
    table = pd.DataFrame({"line": line, "row": row, "col": col, "length_m": part})
    return table.groupby(["line", "row", "col"], as_index=False)[["length_m"]].sum()


def point_cells(points: gpd.GeoSeries, grid: Grid) -> pd.DataFrame:
    """Find the cell under each point.

    Returns
    -------
    DataFrame, index of `points`
        Columns `row` and `col`, -1 outside the grid and for missing or empty points.

    Raises
    ------
    GeometryError
        `not_point`, naming the first row that is none.
    """
    geometries = in_cells(points, grid, what="points")
    wrong = _first_other(geometries, (0,))
    if wrong is not None:
        raise GeometryError(
            "row {row} is a {kind}, not a point",
            code="not_point",
            row=str(points.index[wrong]),
            kind=geometries[wrong].geom_type,
        )
    x, y = shapely.get_x(geometries), shapely.get_y(geometries)
    col = np.floor((x - grid.x0) / grid.dx)
    row = np.floor((y - grid.y0) / grid.dy)
    inside = (col >= 0) & (col < grid.width) & (row >= 0) & (row < grid.height)
    cells = np.where(inside, np.vstack((row, col)), OUTSIDE).astype(np.int64)
    return pd.DataFrame({"row": cells[0], "col": cells[1]}, index=points.index)


def values_at(
    grid: Grid, rows: NDArray[np.int64], cols: NDArray[np.int64], bands: Sequence[int] = (1,)
) -> NDArray[Any]:
    """Read the values of listed cells, window by window, shape (bands, n); as stored.

    All rows and columns must lie inside the grid.
    """
    out: NDArray[Any] = np.empty((len(bands), len(rows)), grid.dtype)
    window = rows // WINDOW_ROWS
    for at in np.unique(window):
        here = np.flatnonzero(window == at)
        r0, c0 = int(at) * WINDOW_ROWS, int(cols[here].min())
        r1, c1 = min(r0 + WINDOW_ROWS, grid.height), int(cols[here].max()) + 1
        values = grid.read((r0, r1), (c0, c1), tuple(bands))
        out[:, here] = values[:, rows[here] - r0, cols[here] - c0]
    return out


def _first_other(geometries: NDArray[np.object_], types: tuple[int, ...]) -> int | None:
    """Position of the first geometry that is neither missing nor of these types."""
    wrong = ~np.isin(shapely.get_type_id(geometries), types) & ~shapely.is_missing(geometries)
    return int(np.argmax(wrong)) if wrong.any() else None


def _segments(lines: gpd.GeoSeries, grid: Grid) -> tuple[Any, Any, Any, Any]:
    """Return the ends of each segment in cells and its line, and the metres of each line."""
    raw: NDArray[np.object_] = np.asarray(shapely.force_2d(np.asarray(lines.array)), dtype=object)
    wrong = _first_other(raw, LINES)
    if wrong is not None:
        raise GeometryError(
            "row {row} is a {kind}, not a line",
            code="not_line",
            row=str(lines.index[wrong]),
            kind=raw[wrong].geom_type,
        )
    cells = in_cells(lines, grid, what="lines")
    parts, owner = shapely.get_parts(cells, return_index=True)
    xy, part = shapely.get_coordinates(parts, return_index=True)
    column_row = np.column_stack(((xy[:, 0] - grid.x0) / grid.dx, (xy[:, 1] - grid.y0) / grid.dy))
    joined = part[1:] == part[:-1]
    return (
        np.ascontiguousarray(column_row[:-1][joined]),
        np.ascontiguousarray(column_row[1:][joined]),
        owner[part[:-1][joined]],
        shapely.length(project(raw, parse_crs(lines.crs), _plane(grid))),
    )


def _plane(grid: Grid) -> str:
    """Return the plane on which lengths over a grid are measured."""
    return metric_plane(lonlat_bounds(grid.bounds, grid.crs))


@kernel
def _cuts(ax: float, ay: float, bx: float, by: float) -> Any:
    """Return where along a segment (0..1) it passes into another cell, in order, with both ends."""
    cols = abs(int(np.floor(bx)) - int(np.floor(ax)))
    rows = abs(int(np.floor(by)) - int(np.floor(ay)))
    at = np.empty(cols + rows + 4)
    at[0] = 0.0
    used = 1
    for low, high in ((ax, bx), (ay, by)):
        if low == high:
            continue
        for line in range(int(np.ceil(min(low, high))), int(np.floor(max(low, high))) + 1):
            position = (line - low) / (high - low)
            if 0.0 < position < 1.0:
                at[used] = position
                used += 1
    at[used] = 1.0
    return np.sort(at[: used + 1])


@kernel
def _cut_segments(start: Any, stop: Any, height: int, width: int) -> Any:
    out = np.empty((max(4, 4 * start.shape[0]), 5))
    used = 0
    for i in range(start.shape[0]):
        ax, ay, bx, by = start[i, 0], start[i, 1], stop[i, 0], stop[i, 1]
        at = _cuts(ax, ay, bx, by)
        if used + at.shape[0] > out.shape[0]:
            larger = np.empty((2 * (used + at.shape[0]), 5))
            larger[:used] = out[:used]
            out = larger
        for k in range(at.shape[0] - 1):
            middle = (at[k] + at[k + 1]) / 2
            col, row = np.floor(ax + (bx - ax) * middle), np.floor(ay + (by - ay) * middle)
            inside = 0 <= col < width and 0 <= row < height
            out[used, 0] = i
            out[used, 1], out[used, 2] = (row, col) if inside else (-1.0, -1.0)
            out[used, 3], out[used, 4] = at[k], at[k + 1]
            used += 1
    return out[:used]


def _walk(
    start: NDArray[np.float64], stop: NDArray[np.float64], height: int, width: int
) -> tuple[Any, Any, Any, Any, Any]:
    """Divide segments among cells: (segment, row, col, begin and end along it in 0..1)."""
    cut = cast("Callable[..., NDArray[np.float64]]", _cut_segments)(start, stop, height, width)
    segment, row, col = cut[:, :3].astype(np.int64).T
    return segment, row, col, cut[:, 3], cut[:, 4]


def _metres(
    grid: Grid,
    start: NDArray[np.float64],
    stop: NDArray[np.float64],
    segment: NDArray[np.int64],
    begin: NDArray[np.float64],
    end: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Measure each piece of a segment in metres, from place to place."""
    a, step = start[segment], (stop - start)[segment]
    origin, cell = np.array([grid.x0, grid.y0]), np.array([grid.dx, grid.dy])
    ends = [origin + (a + step * at[:, None]) * cell for at in (begin, end)]
    plane = _plane(grid)
    if not same_crs(grid.crs, plane):
        move = operation(grid.crs, plane)
        ends = [move(xy) for xy in ends]
    length: NDArray[np.float64] = np.hypot(*(ends[1] - ends[0]).T)
    return length
