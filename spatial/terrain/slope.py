"""Slope and curvature from the eight neighbours of a cell; the edge has no answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from spatial.errors import RasterError
from spatial.zonal import Grid

__all__ = ["check_heights", "curvature", "slope_deg", "slope_percent", "terrain_windows"]

Heights = NDArray[np.float64]
WINDOW_ROWS = 512
#: Puncak Jaya is 4,884 m high; open pits and sea beds reach some hundred metres down.
LOWEST_M, HIGHEST_M = -500.0, 5000.0


def slope_percent(heights: Heights, dx: float, dy: float) -> Heights:
    """Return the slope in percent (100 is 45 degrees) after Horn.

    Parameters
    ----------
    heights : array, shape (rows, cols), in metres
        NaN where there is no data; a cell with a neighbour without data has no slope.
    dx, dy : float
        Size of a cell in metres.

    Returns
    -------
    array, shape (rows, cols)
        NaN along the edge.

    References
    ----------
    Horn, B.K.P. (1981). Hill shading and the reflectance map. Proceedings of the IEEE
    69(1), 14-47.

    Examples
    --------
    >>> plane = np.add.outer(np.zeros(3), np.arange(3.0))
    >>> slope_percent(plane, 10.0, 10.0)[1, 1]
    np.float64(10.0)
    """
    a, b, c, d, _, f, g, h, i = _neighbours(heights)
    east = ((c + 2 * f + i) - (a + 2 * d + g)) / (8 * abs(dx))
    south = ((g + 2 * h + i) - (a + 2 * b + c)) / (8 * abs(dy))
    # The centre itself takes no part in the formula, but without it there is no ground.
    return np.where(np.isnan(heights), np.nan, _framed(100 * np.hypot(east, south), heights.shape))


def slope_deg(heights: Heights, dx: float, dy: float) -> Heights:
    """Return the slope in degrees; see `slope_percent`.

    Examples
    --------
    >>> plane = np.add.outer(np.zeros(3), np.arange(3.0))
    >>> round(float(slope_deg(plane, 1.0, 1.0)[1, 1]), 9)
    45.0
    """
    degrees: Heights = np.degrees(np.arctan(slope_percent(heights, dx, dy) / 100))
    return degrees


def curvature(heights: Heights, dx: float, dy: float) -> Heights:
    """Return the curvature in 1/m: above zero on ridges, below zero in hollows.

    References
    ----------
    Zevenbergen, L.W., Thorne, C.R. (1987). Quantitative analysis of land surface topography.
    Earth Surface Processes and Landforms 12, 47-56: -2 (D + E).

    Examples
    --------
    >>> curvature(np.array([[0.0, 0, 0], [0, 1, 0], [0, 0, 0]]), 1.0, 1.0)[1, 1]
    np.float64(4.0)
    """
    _, b, _, d, e, f, _, h, _ = _neighbours(heights)
    across = ((d + f) / 2 - e) / dx**2
    along = ((b + h) / 2 - e) / dy**2
    return _framed(-2 * (across + along), heights.shape)


def terrain_windows(
    dem: Grid, work: Callable[[Heights, float, float], Heights], *, rows: int = WINDOW_ROWS
) -> Iterator[tuple[int, Heights]]:
    """Apply a function of neighbours to a raster of any size, window by window.

    Parameters
    ----------
    dem : Grid in a projected CRS, heights in metres
    work : `slope_deg`, `slope_percent` or `curvature`
    rows : int
        Rows of a window; one more is read on both sides, so that windows leave no seam.

    Yields
    ------
    first row, values of the window

    Raises
    ------
    RasterError
        `dem_degrees`, if cells are measured in degrees.
    """
    refuse_degrees(dem)
    for begin in range(0, dem.height, rows):
        end = min(begin + rows, dem.height)
        r0, r1 = max(begin - 1, 0), min(end + 1, dem.height)
        raw = dem.read((r0, r1))[0]
        heights = np.where(dem.valid(raw), raw, np.nan).astype(np.float64)
        yield begin, work(heights, dem.dx, dem.dy)[begin - r0 : begin - r0 + end - begin]


def check_heights(dem: Grid) -> tuple[float, float]:
    """Return the lowest and highest ground in metres; refuse what no ground is.

    Raises
    ------
    RasterError
        `dem_heights`: feet taken for metres, centimetres, or an undeclared no-data value.
    """
    low, high = np.inf, -np.inf
    for begin in range(0, dem.height, WINDOW_ROWS):
        raw = dem.read((begin, min(begin + WINDOW_ROWS, dem.height)))[0]
        known = raw[dem.valid(raw)]
        if known.size:
            low, high = min(low, float(known.min())), max(high, float(known.max()))
    if low < LOWEST_M or high > HIGHEST_M:
        raise RasterError(
            "{name} has heights from {low} to {high}; in metres no ground of Indonesia is so",
            code="dem_heights",
            hint="If they are feet: --z-unit ft. If one of them means no data: --nodata",
            name=dem.name,
            low=low,
            high=high,
        )
    return low, high


def refuse_degrees(dem: Grid) -> None:
    """Refuse a height model whose cells are measured in degrees."""
    if dem.crs.is_geographic:
        raise RasterError(
            "{name} has cells in degrees: slope and flow need metres",
            code="dem_degrees",
            hint="Warp it: gdalwarp -t_srs EPSG:32749 -r bilinear dem.tif dem_utm.tif",
            name=dem.name,
        )


def _neighbours(heights: Heights) -> tuple[Heights, ...]:
    """Return the nine cells a..i around every inner cell, row by row."""
    rows, cols = heights.shape
    if rows < 3 or cols < 3:
        return (np.empty((0, 0)),) * 9
    return tuple(
        heights[down : rows - 2 + down, right : cols - 2 + right]
        for down in range(3)
        for right in range(3)
    )


def _framed(inner: Heights, shape: tuple[int, ...]) -> Heights:
    whole: Heights = np.full(shape, np.nan)
    if inner.size:
        whole[1:-1, 1:-1] = inner
    return whole
