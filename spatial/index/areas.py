"""Areas of many parcels by code, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.index.grid import GridArrays, in_parts, workers
from spatial.index.measure import NOISE, NOISE_M2, UNBOUNDED, measure
from spatial.rings import Rings

__all__ = ["NOISE", "NOISE_M2", "Areas", "measure_areas"]

F8: TypeAlias = NDArray[np.float64]
I4: TypeAlias = NDArray[np.int32]

#: Steps that one parcel may take; a few nanoseconds each.
BUDGET: Final = 1_000_000_000
_PART: Final = 16_384
_NO_PAIRS: Final = np.empty((0, 3), np.int64)


@dataclass(frozen=True, slots=True)
class Areas:
    """What `measure_areas` found for n parcels.

    Parameters
    ----------
    whole : array, shape (n,)
        Area of each parcel.
    how : array of int8, shape (n,)
        0 off the map, 1 with no border near, 2 by pairs of edges, 3 where zones overlap, 4 not
        measured: it would have taken too long.
    parcel, code : arrays of int, shape (m,)
        Sorted; only what lies above rounding.
    area, overlap : arrays, shape (m,)
        Area of the parcel in the code, and what of it codes before it have counted.
    pairs : array of int, shape (q, 3)
        Parcel and two codes that share ground in it, sorted.
    """

    whole: F8
    how: NDArray[np.int8]
    parcel: NDArray[np.integer[Any]]
    code: I4
    area: F8
    overlap: F8
    pairs: NDArray[np.int64]

    @property
    def unmeasured(self) -> NDArray[np.bool_]:
        """Parcels that have no answer."""
        without: NDArray[np.bool_] = self.how == UNBOUNDED
        return without

    @property
    def rest(self) -> F8:
        """Area of each parcel in no zone."""
        covered = np.bincount(self.parcel, self.area - self.overlap, minlength=len(self.whole))
        left = self.whole - covered
        left[(left <= NOISE * self.whole) | self.unmeasured] = 0.0
        return left


def measure_areas(
    grid: GridArrays, rings: Rings, *, threads: int | None = None, budget: int = BUDGET
) -> Areas:
    """Measure parcels against an index.

    Parameters
    ----------
    grid : GridArrays
    rings : Rings
        Of valid polygons on the plane of the index.
    threads : int, optional
        As many as the process may use, without; the answer does not depend on it.
    budget : int
        Steps that one parcel may take before it is left without an answer.
    """

    def part(begin: int, end: int) -> Any:
        return measure(grid, rings.xy, rings.start, rings.kind, rings.first, begin, end, budget)

    if len(rings) <= _PART:
        return _areas(*part(0, len(rings)), shift=0)
    return _joined(in_parts(len(rings), _PART, part, workers() if threads is None else threads))


def _areas(
    whole: F8, how: Any, rows: I4, values: F8, pair_rows: I4, pair_areas: F8, *, shift: int
) -> Areas:
    """Name what one part of the parcels gave, the first of which is number `shift`."""
    pairs = _pairs(pair_rows, pair_areas, whole) if len(pair_areas) else _NO_PAIRS
    parcel, code = rows[:, 0], rows[:, 1]
    if shift:
        parcel = parcel + np.int64(shift)
        pairs = pairs + np.array([shift, 0, 0])
    return Areas(whole, how, parcel, code, values[:, 0], values[:, 1], pairs)


def _joined(found: list[Any]) -> Areas:
    parts = [_areas(*one, shift=number * _PART) for number, one in enumerate(found)]
    return Areas(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in Areas.__slots__)
    )


def _pairs(rows: I4, areas: F8, whole: F8) -> NDArray[np.int64]:
    """Sum the pairs over cells and keep what is more than rounding."""
    unique, inverse = np.unique(rows, axis=0, return_inverse=True)
    total = np.bincount(inverse.ravel(), areas, minlength=len(unique))
    noise = np.minimum(NOISE * whole[unique[:, 0]], NOISE_M2)
    found: NDArray[np.int64] = unique[total > noise].astype(np.int64)
    return found
