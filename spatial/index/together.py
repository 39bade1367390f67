"""Parcels against several indexes in one call: rows of all layers, in the order of an answer."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.index.addresses import grid_at
from spatial.index.look_up import NEAR, look_up
from spatial.index.measure import NOISE, OUTSIDE, PURE, UNBOUNDED, measure
from spatial.index.outline import extents
from spatial.index.places import codes_at
from spatial.jit import kernel

__all__ = ["REST", "UNMEASURED", "codes_at_together", "measure_together"]

F8: TypeAlias = NDArray[np.float64]
I8: TypeAlias = NDArray[np.int64]

#: In place of a code: what lies in no zone, and a parcel that was left unmeasured.
REST: Final = -1
UNMEASURED: Final = -2


@kernel
def _rest(whole: F8, found: Any, rest: F8) -> int:
    """Note what of each parcel lies in no zone, NaN where it is unknown; return how many do."""
    how, codes, areas, _ = found
    rest[:] = 0.0
    for k in range(codes.shape[1]):
        rest[codes[0, k]] += areas[0, k] - areas[1, k]
    count = 0
    for p in range(whole.shape[0]):
        left = whole[p] - rest[p]
        if how[p] == UNBOUNDED:
            left = np.nan
        elif left <= NOISE * whole[p]:
            left = 0.0
        rest[p] = left
        count += left != 0.0
    return count


@kernel
def _settled(whole: F8, zones: Any, how: Any, rest: F8) -> int:
    """Note how parcels are answered that lie in one zone or none; return how many have a row."""
    count = 0
    for p in range(whole.shape[0]):
        inside = zones[p] > 0
        how[p] = PURE if inside else OUTSIDE
        rest[p] = 0.0 if inside else whole[p]
        count += whole[p] > 0.0
    return count


@kernel
def _pairs(found: Any, first_code: I8) -> Any:
    """Return the codes that share ground in a parcel, of all layers."""
    count = 0
    for one in found:
        count += one[3].shape[0]
    rows, areas, used = np.empty((count, 4), np.int32), np.empty(count), 0
    for layer in range(len(found)):
        pairs = found[layer][3]
        for k in range(pairs.shape[0]):
            rows[used, 0], rows[used, 1] = int(pairs[k, 0]), layer
            rows[used, 2] = first_code[layer] + int(pairs[k, 1])
            rows[used, 3] = first_code[layer] + int(pairs[k, 2])
            areas[used] = pairs[k, 3]
            used += 1
    return rows, areas


@kernel
def measure_together(
    table: I8,
    first_code: I8,
    xy: F8,
    start: I8,
    kind: I8,
    first: I8,
    begin: int,
    end: int,
    budget: int,
) -> Any:
    """Measure parcels begin <= p < end in every layer, as `measure` does in one.

    Parameters
    ----------
    table : array
        Of `table_of`.
    first_code : array, shape (layers + 1,)
        What is added to the codes of each layer.
    xy, start, kind, first : arrays
        Of `spatial.rings.Rings`.
    budget : int
        Steps that one parcel may take in one layer.

    Returns
    -------
    whole : array, shape (end - begin,)
        Area of each parcel.
    how : array of int8, shape (end - begin, layers)
    rows : array of int32, shape (3, m)
        Parcel, from `begin`, layer and code, in this order; in the place of a code REST,
        after those of the layer, or UNMEASURED alone.
    values : array, shape (3, m)
        Area, its share of the parcel, what of it codes of the layer before it have counted.
    pair_rows : array of int32, shape (q, 4)
        Parcel, layer and two codes that share ground.
    pair_areas : array, shape (q,)
        Pairs come once per cell.
    """
    layers, n = table.shape[0], end - begin
    whole, box, first = np.empty(n), np.empty((n, 4)), first[begin : end + 1]
    extents(xy, start, kind, first, 0, n, whole, box)
    found = []
    how, rest, count = np.empty((n, layers), np.int8), np.empty((layers, n)), 0
    zones = np.empty((layers, n), np.int32)
    none = np.empty((2, 0))
    nothing = (np.empty(0, np.int8), np.empty((2, 0), np.int32), none, np.empty((0, 4)))
    for layer in range(layers):
        grid = grid_at(table[layer])
        if look_up(grid.frame, grid.shape, grid.fill, box, zones[layer]) == 0:
            # Nothing has to be measured, so nothing is made for it.
            count += _settled(whole, zones[layer], how[:, layer], rest[layer])
            found.append(nothing)
            continue
        zones[layer] = NEAR
        one = measure(grid, xy, start, kind, first, 0, n, whole, box, budget)
        found.append(one)
        how[:, layer] = one[0]
        count += one[1].shape[1] + _rest(whole, one, rest[layer])
    rows, values, used = np.empty((3, count), np.int32), np.empty((3, count)), 0
    place = np.zeros(layers, np.int64)
    for p in range(n):
        for layer in range(layers):
            _, codes, areas, _ = found[layer]
            k, zone = place[layer], zones[layer, p]
            if zone > 0 and whole[p] > 0.0:
                rows[0, used], rows[1, used], rows[2, used] = p, layer, first_code[layer] + zone - 1
                values[0, used], values[1, used], values[2, used] = whole[p], 1.0, 0.0
                used += 1
            while k < codes.shape[1] and codes[0, k] == p:
                rows[0, used], rows[1, used] = p, layer
                rows[2, used] = first_code[layer] + codes[1, k]
                values[0, used], values[2, used] = areas[0, k], areas[1, k]
                values[1, used] = areas[0, k] / whole[p]
                k, used = k + 1, used + 1
            place[layer] = k
            left = rest[layer, p]
            if left != 0.0:
                measured = left == left
                rows[0, used], rows[1, used] = p, layer
                rows[2, used] = REST if measured else UNMEASURED
                values[0, used], values[1, used] = left, left / whole[p]
                values[2, used] = 0.0 if measured else np.nan
                used += 1
    pair_rows, pair_areas = _pairs(found, first_code)
    return whole, how, rows, values, pair_rows, pair_areas


@kernel
def codes_at_together(table: I8, first_code: I8, points: F8) -> Any:
    """Return rows (point, code) for the codes of all layers at points, by layer and point."""
    found = []
    count = 0
    for layer in range(table.shape[0]):
        one = codes_at(grid_at(table[layer]), points)
        found.append(one)
        count += one.shape[0]
    out, used = np.empty((count, 2), np.int32), 0
    for layer in range(len(found)):
        one = found[layer]
        for k in range(one.shape[0]):
            out[used, 0], out[used, 1] = one[k, 0], first_code[layer] + one[k, 1]
            used += 1
    return out
