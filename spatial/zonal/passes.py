"""One window of a raster summed over many polygons: statistics and class totals."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.jit import kernel
from spatial.zonal.kernel import runs_of_polygon

__all__ = ["class_pass", "statistics_pass"]

F8: TypeAlias = NDArray[np.float64]
I8: TypeAlias = NDArray[np.int64]


@kernel
def _buffers() -> Any:
    return (
        np.empty((256, 2), np.int64),
        np.empty((256, 2), np.float64),
        np.empty((256, 3), np.int64),
        np.empty((256, 1), np.float64),
    )


@kernel
def _add_statistics(
    out: Any,
    values: Any,
    nodata: float,
    weight: Any,
    runs: Any,
    shares: Any,
    count: int,
    origin: Any,
) -> None:
    """Add the cells of one polygon to (weight, weighted sum, sum, cells, min, max, missing)."""
    step = 1 if weight.shape[1] > 1 else 0
    for k in range(count):
        row = runs[k, 0] - origin[0]
        share = shares[k, 0]
        mass, moment, total, missing = 0.0, 0.0, 0.0, 0.0
        seen = 0
        low, high = out[4], out[5]
        for col in range(runs[k, 1] - origin[1], runs[k, 2] - origin[1]):
            value = float(values[row, col])
            w = weight[row, col * step]
            if value != value or value == nodata:
                missing += w
                continue
            mass += w
            moment += w * value
            total += value
            seen += 1
            low = min(low, value)
            high = max(high, value)
        out[0] += share * mass
        out[1] += share * moment
        out[2] += share * total
        out[3] += share * seen
        out[4], out[5] = low, high
        out[6] += share * missing


@kernel
def statistics_pass(
    xy: F8,
    rings: I8,
    ring_part: I8,
    polygons: I8,
    chosen: I8,
    values: Any,
    nodata: float,
    weight: F8,
    window: I8,
    windows: I8,
) -> Any:
    """Sum the chosen polygons over the bands of one window of the raster.

    `values` has shape (bands, rows, cols), `weight` (rows, cols) or (rows, 1), `windows`
    one (row0, row1, col0, col1) per chosen polygon.

    Returns
    -------
    array, shape (chosen, bands, 7), and flags, shape (chosen,)
    """
    out = np.zeros((chosen.shape[0], values.shape[0], 7))
    out[:, :, 4], out[:, :, 5] = np.inf, -np.inf
    flags = np.zeros(chosen.shape[0], np.int64)
    work = _buffers()
    for i in range(chosen.shape[0]):
        polygon = chosen[i]
        runs, shares, count, flags[i], work = runs_of_polygon(
            xy, rings, ring_part, polygons[polygon], polygons[polygon + 1], windows[i], work
        )
        for band in range(values.shape[0]):
            _add_statistics(
                out[i, band],
                values[band],
                nodata,
                weight,
                runs,
                shares,
                count,
                (window[0], window[2]),
            )
    return out, flags


@kernel
def class_pass(
    xy: F8,
    rings: I8,
    ring_part: I8,
    polygons: I8,
    chosen: I8,
    codes: Any,
    classes: int,
    weight: F8,
    window: I8,
    windows: I8,
) -> Any:
    """Sum the weight of each class code 0..classes-1 over the chosen polygons.

    `codes` has shape (bands, rows, cols); a code outside the classes is a fault of the
    caller, so the last class is the one for no data.

    Returns
    -------
    array, shape (chosen, bands, classes), and flags, shape (chosen,)
    """
    out = np.zeros((chosen.shape[0], codes.shape[0], classes))
    flags = np.zeros(chosen.shape[0], np.int64)
    work = _buffers()
    step = 1 if weight.shape[1] > 1 else 0
    for i in range(chosen.shape[0]):
        polygon = chosen[i]
        runs, shares, count, flags[i], work = runs_of_polygon(
            xy, rings, ring_part, polygons[polygon], polygons[polygon + 1], windows[i], work
        )
        for band in range(codes.shape[0]):
            for k in range(count):
                row = runs[k, 0] - window[0]
                for col in range(runs[k, 1] - window[2], runs[k, 2] - window[2]):
                    out[i, band, codes[band, row, col]] += shares[k, 0] * weight[row, col * step]
    return out, flags
