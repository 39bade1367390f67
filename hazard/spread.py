"""Spread amounts per cell onto other cells, keeping their sum: people onto a hazard raster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spatial.errors import RasterError
from spatial.zonal import Grid

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["spread"]


def spread(amounts: Grid, onto: Grid) -> Grid:
    """Divide the amount of each cell among the cells of another grid that lie over it.

    Within a cell the amount lies evenly. Cells of both grids are rectangles along the same
    axes, so the common part of two cells is a share of rows times a share of columns, and
    nothing is sampled. What lies outside `onto` is not in the result; no data counts 0.

    Raises
    ------
    RasterError
        `grids_crs_differ`, if the grids are in two CRS: their cells are then no rectangles
        to each other.

    Examples
    --------
    >>> from spatial.zonal import grid_from_array
    >>> people = grid_from_array([[8.0, 4.0]], crs="EPSG:9489", origin=(0, 100),
    ...                          cell=(100, -100))
    >>> fine = grid_from_array(np.zeros((1, 3)), crs="EPSG:9489", origin=(50, 100),
    ...                        cell=(50, -100))
    >>> spread(people, fine).values()
    array([[4., 2., 2.]])
    """
    if not amounts.crs.equals(onto.crs, ignore_axis_order=True):
        raise RasterError(
            "{one} is in {one_crs}, {other} in {other_crs}",
            code="grids_crs_differ",
            hint="Warp the hazard into the CRS of the amounts: gdalwarp -r near; amounts "
            "that are warped lose their sum",
            one=amounts.name,
            one_crs=amounts.crs.name,
            other=onto.name,
            other_crs=onto.crs.name,
        )
    rows = _overlap(amounts.y0, amounts.dy, amounts.height, onto.y0, onto.dy, onto.height)
    cols = _overlap(amounts.x0, amounts.dx, amounts.width, onto.x0, onto.dx, onto.width)
    moved = rows @ np.nan_to_num(amounts.values()) @ cols.T
    return onto.with_values(moved, name=amounts.name)


def _overlap(
    start: float, step: float, count: int, to_start: float, to_step: float, to_count: int
) -> csr_array:
    """Share of each source interval in each target interval, shape (targets, sources)."""
    edges = (to_start + to_step * np.arange(to_count + 1) - start) / step
    low, high = np.minimum(edges[:-1], edges[1:]), np.maximum(edges[:-1], edges[1:])
    first = np.clip(np.floor(low), 0, count).astype(int)
    last = np.clip(np.ceil(high), 0, count).astype(int)
    width = np.maximum(last - first, 0)
    target = np.repeat(np.arange(to_count), width)
    before = np.concatenate(([0], np.cumsum(width)[:-1]))
    source = np.arange(width.sum()) - np.repeat(before, width) + np.repeat(first, width)
    share = np.minimum(high[target], source + 1) - np.maximum(low[target], source)
    # Imported where it is used: parcels and tiles need classes alone, and this is heavy.
    from scipy.sparse import csr_array

    return csr_array((np.maximum(share, 0), (target, source)), shape=(to_count, count))
