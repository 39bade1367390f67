"""What the cells of a raster say about polygons: exact coverage, several bands in one pass.

A cell counts with the fraction of it that lies inside the polygon, so parts add up to the
whole. The raster is read by windows of rows; two threads read and sum beside each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Literal, TypeAlias, cast

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spatial.errors import GeometryError, RasterError
from spatial.zonal import kernel, passes
from spatial.zonal.area import cell_areas
from spatial.zonal.grid import Grid
from spatial.zonal.shapes import Rings, rings_in_cells

__all__ = ["Classify", "cell_coverage", "zonal_classes", "zonal_statistics"]

Weight: TypeAlias = Literal["area", "cells"] | Grid
#: Values and which of them are data -> class codes 0..n-1 (int16), n for no data.
Classify: TypeAlias = Callable[[NDArray[Any], NDArray[np.bool_]], NDArray[np.int16]]
Pass: TypeAlias = Callable[..., tuple[NDArray[np.float64], NDArray[np.int64]]]

# numba says nothing to a type checker about what its compiled functions take and give.
statistics_pass: Final[Pass] = cast("Pass", passes.statistics_pass)
class_pass: Final[Pass] = cast("Pass", passes.class_pass)
runs_of_polygon: Final[Callable[..., Any]] = cast("Callable[..., Any]", kernel.runs_of_polygon)

#: Rows of a window: a multiple of the usual tiles of files.
WINDOW_ROWS: Final = 512
STATISTICS: Final = ("mean", "sum", "min", "max", "cells", "weight", "weight_nodata")


def zonal_statistics(
    polygons: gpd.GeoSeries,
    grid: Grid,
    *,
    bands: Sequence[int] = (1,),
    weight: Weight = "area",
    threads: int = 2,
    window_rows: int = WINDOW_ROWS,
) -> pd.DataFrame:
    """Sum, mean, minimum and maximum of a raster's cells in each polygon.

    Parameters
    ----------
    polygons : GeoSeries of polygons, shape (n,)
        In any CRS. A missing or empty geometry gets NA.
    grid : Grid
    bands : sequence of int
        Counted from 1; all are summed in one pass.
    weight : "area", "cells" or Grid
        What the mean weighs by: true cell area (m²), covered cells, or the values of a grid
        with the same cells (people, say; its no-data weighs nothing).
    threads : int
    window_rows : int
        Rows held in memory at a time, per thread.

    Returns
    -------
    DataFrame, index of `polygons`
        `mean` (weighted), `sum` (each value times its covered fraction), `min`, `max`,
        `cells` (covered cells with data), `weight` and `weight_nodata` (weight of covered
        cells with and without data). With several bands the columns are (band, name).
        What lies outside the raster is in neither weight.

    Raises
    ------
    GeometryError
        `zonal_not_polygon`, `polygon_invalid`.
    RasterError
        `grids_differ`, if a weight grid has other cells; `raster_unreadable`.

    Examples
    --------
    >>> import shapely
    >>> from spatial.zonal.grid import grid_from_array
    >>> grid = grid_from_array([[1.0, 2.0], [3.0, np.nan]], crs="ESRI:54034",
    ...                        origin=(0, 20), cell=(10, -10))
    >>> zones = gpd.GeoSeries([shapely.box(5, 5, 15, 20)], index=["a"], crs="ESRI:54034")
    >>> zonal_statistics(zones, grid)[["mean", "sum", "weight", "weight_nodata"]]
       mean   sum  weight  weight_nodata
    a   1.8  2.25   125.0           25.0
    """
    rings = rings_in_cells(polygons, grid)
    out = np.zeros((len(polygons), len(bands), 7))
    out[:, :, 4], out[:, :, 5] = np.inf, -np.inf

    def sum_window(rows: tuple[int, int], cols: tuple[int, int], *shape: Any) -> Any:
        values = _plain(grid.read(rows, cols, tuple(bands)))
        nodata = float(values.dtype.type(grid.nodata))
        return statistics_pass(
            *shape[:5], values, nodata, _weights(grid, weight, rows, cols), *shape[5:]
        )

    for chosen, part in _passes(rings, grid, polygons, sum_window, threads, window_rows):
        seen = out[chosen]
        seen[:, :, (0, 1, 2, 3, 6)] += part[:, :, (0, 1, 2, 3, 6)]
        seen[:, :, 4] = np.minimum(seen[:, :, 4], part[:, :, 4])
        seen[:, :, 5] = np.maximum(seen[:, :, 5], part[:, :, 5])
        out[chosen] = seen
    blank = rings.polygons[1:] == rings.polygons[:-1]
    frames = [_statistics_frame(out[:, band], blank, polygons.index) for band in range(len(bands))]
    return frames[0] if len(bands) == 1 else pd.concat(frames, axis=1, keys=list(bands))


def zonal_classes(
    polygons: gpd.GeoSeries,
    grid: Grid,
    classify: Classify,
    labels: Sequence[str],
    *,
    nodata_label: str = "tanpa_data",
    bands: Sequence[int] = (1,),
    weight: Weight = "area",
    threads: int = 2,
    window_rows: int = WINDOW_ROWS,
) -> pd.DataFrame:
    """Area (or weight) of each class of a raster in each polygon.

    Parameters
    ----------
    classify : callable (values, valid) -> codes
        Codes 0..n-1 for the n labels, and n for no data; see `hazard.classes`.
    labels : sequence of str
        Names of the n classes.

    Returns
    -------
    DataFrame, index of `polygons`
        One column per label and one for no data; with several bands (band, label).
        The other parameters are those of `zonal_statistics`.
    """
    rings = rings_in_cells(polygons, grid)
    count = len(labels) + 1
    out = np.zeros((len(polygons), len(bands), count))

    def sum_window(rows: tuple[int, int], cols: tuple[int, int], *shape: Any) -> Any:
        values = grid.read(rows, cols, tuple(bands))
        codes = classify(values, grid.valid(values)).astype(np.int16, copy=False)
        return class_pass(*shape[:5], codes, count, _weights(grid, weight, rows, cols), *shape[5:])

    for chosen, part in _passes(rings, grid, polygons, sum_window, threads, window_rows):
        out[chosen] += part
    out[rings.polygons[1:] == rings.polygons[:-1]] = np.nan
    columns = [*labels, nodata_label]
    frames = [pd.DataFrame(out[:, i], polygons.index, columns) for i in range(len(bands))]
    return frames[0] if len(bands) == 1 else pd.concat(frames, axis=1, keys=list(bands))


def cell_coverage(polygons: gpd.GeoSeries, grid: Grid) -> pd.DataFrame:
    """List every cell that each polygon touches, with the share of the cell inside it.

    Returns
    -------
    DataFrame
        Columns `polygon` (position in `polygons`), `row`, `col`, `share`. Meant for small
        polygons: the list has one row per cell.

    Examples
    --------
    >>> import shapely
    >>> from spatial.zonal.grid import grid_from_array
    >>> grid = grid_from_array(np.zeros((2, 2)), crs="ESRI:54034", origin=(0, 2), cell=(1, -1))
    >>> cell_coverage(gpd.GeoSeries([shapely.box(0.5, 0, 1, 2)], crs="ESRI:54034"), grid)
       polygon  row  col  share
    0        0    0    0    0.5
    1        0    1    0    0.5
    """
    rings = rings_in_cells(polygons, grid)
    work = (
        np.empty((256, 2), np.int64),
        np.empty((256, 2)),
        np.empty((256, 3), np.int64),
        np.empty((256, 1)),
    )
    frames = []
    for i, (col0, row0, col1, row1) in enumerate(rings.extent):
        if col1 <= col0 or row1 <= row0:
            continue
        window = np.array([row0, row1, col0, col1])
        runs, shares, count, flags, work = runs_of_polygon(
            rings.xy, rings.rings, rings.kind, *rings.polygons[i : i + 2], window, work
        )
        _refuse_folded(np.array([flags]), polygons, np.array([i]))
        width = runs[:count, 2] - runs[:count, 1]
        start = np.repeat(runs[:count, 1] - np.concatenate(([0], np.cumsum(width)[:-1])), width)
        frames.append(
            pd.DataFrame(
                {
                    "polygon": i,
                    "row": np.repeat(runs[:count, 0], width),
                    "col": start + np.arange(width.sum()),
                    "share": np.repeat(shares[:count, 0], width),
                }
            )
        )
    empty = pd.DataFrame({"polygon": [], "row": [], "col": []}, dtype=np.int64).assign(share=0.0)
    return pd.concat(frames, ignore_index=True) if frames else empty


def _plain(values: NDArray[Any]) -> NDArray[Any]:
    """Cast to float32 or float64, whichever holds the values exactly: two kernels suffice."""
    if values.dtype in (np.float32, np.float64):
        return values
    small = values.dtype.itemsize <= 2
    return values.astype(np.float32 if small else np.float64)


def _weights(
    grid: Grid, weight: Weight, rows: tuple[int, int], cols: tuple[int, int]
) -> NDArray[np.float64]:
    if isinstance(weight, Grid):
        if not weight.same_cells(grid):
            raise RasterError(
                "{one} and {other} do not have the same cells",
                code="grids_differ",
                hint="Spread the amounts onto the cells of the hazard first: hazard.spread",
                one=weight.name,
                other=grid.name,
            )
        raw = weight.read(rows, cols)[0]
        return np.where(weight.valid(raw), raw, 0.0).astype(np.float64)
    return cell_areas(grid, rows, cols) if weight == "area" else np.ones((rows[1] - rows[0], 1))


def _passes(
    rings: Rings, grid: Grid, polygons: gpd.GeoSeries, sum_window: Pass, threads: int, height: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Yield (chosen polygons, their sums) window by window, always in the same order."""
    col0, row0, col1, row1 = rings.extent.T

    def work(begin: int) -> Any:
        end = min(begin + height, grid.height)
        chosen = np.flatnonzero((row0 < end) & (row1 > begin) & (col1 > col0))
        cols = int(col0[chosen].min()), int(col1[chosen].max())
        if grid.array is not None:
            cols = 0, grid.width
        # A window reads no more rows than its polygons have: a parcel needs a few.
        begin, end = max(begin, int(row0[chosen].min())), min(end, int(row1[chosen].max()))
        windows = np.column_stack(
            (
                np.maximum(row0[chosen], begin),
                np.minimum(row1[chosen], end),
                col0[chosen],
                col1[chosen],
            )
        )
        shape = (rings.xy, rings.rings, rings.kind, rings.polygons, chosen)
        window = np.array([begin, end, *cols])
        return chosen, *sum_window((begin, end), cols, *shape, window, windows)

    for chosen, part, flags in _in_parallel(work, _windows_met(rings, grid, height), threads):
        _refuse_folded(flags, polygons, chosen)
        yield chosen, part


def _windows_met(rings: Rings, grid: Grid, height: int) -> list[int]:
    """Return the first rows of the windows that some polygon lies in."""
    col0, row0, col1, row1 = rings.extent.T
    there = (col1 > col0) & (row1 > row0)
    met = np.zeros(-(-grid.height // height) + 1, np.int64)
    np.add.at(met, row0[there] // height, 1)
    np.add.at(met, (row1[there] - 1) // height + 1, -1)
    begins: list[int] = (np.flatnonzero(np.cumsum(met) > 0) * height).tolist()
    return begins


def _in_parallel(work: Callable[[int], Any], begins: list[int], threads: int) -> Iterator[Any]:
    """Do the work of windows in order, by threads where there are several windows."""
    if len(begins) < 2 or threads < 2:
        yield from map(work, begins)
        return
    with ThreadPoolExecutor(threads) as pool:
        # Few windows in flight: a raster of any height never waits in memory.
        batch = 2 * threads
        for first in range(0, len(begins), batch):
            yield from pool.map(work, begins[first : first + batch])


def _refuse_folded(
    flags: NDArray[np.int64], polygons: gpd.GeoSeries, chosen: NDArray[np.int64]
) -> None:
    folded = np.flatnonzero(flags & kernel.FLAG_FOLDED)
    if len(folded):
        raise GeometryError(
            "row {row} covers some cells twice or inside out",
            code="polygon_folded",
            hint="Publish the layer first: its repair is listed and its area change shown",
            row=str(polygons.index[chosen[folded[0]]]),
        )


def _statistics_frame(
    out: NDArray[np.float64], blank: NDArray[np.bool_], index: pd.Index[Any]
) -> pd.DataFrame:
    """Columns of one band; NaN where no cell with data is covered."""
    empty = out[:, 3] <= 0
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(out[:, 0] > 0, out[:, 1] / out[:, 0], np.nan)
    columns = {
        "mean": mean,
        "sum": np.where(empty, np.nan, out[:, 2]),
        "min": np.where(empty, np.nan, out[:, 4]),
        "max": np.where(empty, np.nan, out[:, 5]),
        "cells": out[:, 3],
        "weight": out[:, 0],
        "weight_nodata": out[:, 6],
    }
    frame = pd.DataFrame(columns, index=index)
    frame.loc[blank] = np.nan
    return frame
