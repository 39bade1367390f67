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
def _add_even(out: Any, line: Any, nodata: float, weight: float, share: float) -> None:
    """Add a run of cells that all weigh the same: sums first, weights once."""
    total, seen = 0.0, 0
    low, high = out[4], out[5]
    for k in range(line.shape[0]):
        value = float(line[k])
        if value == value and value != nodata:
            total += value
            seen += 1
            # A comparison with NaN is false, so these need no library call.
            if value < low:
                low = value
            if value > high:
                high = value
    out[0] += share * weight * seen
    out[1] += share * weight * total
    out[2] += share * total
    out[3] += share * seen
    out[4], out[5] = low, high
    out[6] += share * weight * (line.shape[0] - seen)


@kernel
def _add_uneven(out: Any, line: Any, nodata: float, weights: Any, share: float) -> None:
    """Add a run of cells that weigh each its own."""
    mass, moment, total, missing, seen = 0.0, 0.0, 0.0, 0.0, 0
    low, high = out[4], out[5]
    for k in range(line.shape[0]):
        value, weight = float(line[k]), weights[k]
        if value == value and value != nodata:
            mass += weight
            moment += weight * value
            total += value
            seen += 1
            if value < low:
                low = value
            if value > high:
                high = value
        else:
            missing += weight
    out[0] += share * mass
    out[1] += share * moment
    out[2] += share * total
    out[3] += share * seen
    out[4], out[5] = low, high
    out[6] += share * missing


@kernel
def _add_statistics(
    out: Any,
    values: Any,
    nodata: float,
    weight: Any,
    runs: Any,
    shares: Any,
    count: int,
    row0: int,
    col0: int,
) -> None:
    """Add the cells of one polygon to (weight, weighted sum, sum, cells, min, max, missing)."""
    even = weight.shape[1] == 1
    for k in range(count):
        row, begin, end = runs[k, 0] - row0, runs[k, 1] - col0, runs[k, 2] - col0
        line, share = values[row, begin:end], shares[k, 0]
        if even:
            _add_even(out, line, nodata, weight[row, 0], share)
        else:
            _add_uneven(out, line, nodata, weight[row, begin:end], share)


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
                window[0],
                window[2],
            )
    return out, flags


@kernel
def _add_classes(out: Any, line: Any, weight: Any, begin: int, step: int, share: float) -> None:
    """Add a run of cells to the classes they have."""
    for k in range(line.shape[0]):
        out[line[k]] += share * weight[begin + k * step]


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
                begin, end = runs[k, 1] - window[2], runs[k, 2] - window[2]
                line, mass = codes[band, row, begin:end], weight[row]
                _add_classes(out[i, band], line, mass, begin * step, step, shares[k, 0])
    return out, flags
