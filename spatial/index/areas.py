"""Areas of many parcels by code, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.index.grid import GridArrays, in_parts, workers
from spatial.index.measure import UNBOUNDED, measure
from spatial.rings import Rings

__all__ = ["NOISE", "NOISE_M2", "Areas", "measure_areas"]

F8: TypeAlias = NDArray[np.float64]
I4: TypeAlias = NDArray[np.int32]

#: An area below this share of its parcel, and below this many m2, is rounding, not ground.
NOISE: Final = 1e-9
NOISE_M2: Final = 1e-5
#: Steps that one parcel may take; a few nanoseconds each.
BUDGET: Final = 1_000_000_000
_PART: Final = 16_384


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
    parcel: NDArray[np.int64]
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

    found = in_parts(len(rings), _PART, part, workers() if threads is None else threads)
    if not found:
        none = np.empty(0)
        return Areas(none, np.empty(0, np.int8), np.empty(0, np.int64), np.empty(0, np.int32),
                     none, none, np.empty((0, 3), np.int64))  # fmt: skip
    whole = np.concatenate([one[0] for one in found])
    shift = [number * _PART for number in range(len(found))]
    parcel = np.concatenate([one[2][:, 0] + by for one, by in zip(found, shift, strict=True)])
    code = np.concatenate([one[2][:, 1] for one in found])
    values = np.concatenate([one[3] for one in found])
    noise = np.minimum(NOISE * whole, NOISE_M2)
    pairs = [_pairs(one[4], one[5], noise[by:], by) for one, by in zip(found, shift, strict=True)]
    kept = values[:, 0] > noise[parcel]
    overlap = np.where(values[:, 1] > noise[parcel], values[:, 1], 0.0)
    return Areas(
        whole=whole,
        how=np.concatenate([one[1] for one in found]),
        parcel=parcel[kept],
        code=code[kept],
        area=values[kept, 0],
        overlap=overlap[kept],
        pairs=np.concatenate(pairs),
    )


def _pairs(rows: I4, areas: F8, noise: F8, shift: int) -> NDArray[np.int64]:
    """Sum the pairs over cells and keep what is more than rounding."""
    unique, inverse = np.unique(rows, axis=0, return_inverse=True)
    total = np.bincount(inverse.ravel(), areas, minlength=len(unique))
    found = unique[total > noise[unique[:, 0]]].astype(np.int64)
    found[:, 0] += shift
    return found
