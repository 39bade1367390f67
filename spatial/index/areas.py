"""Areas of many parcels by code, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.index.arrays import GridArrays
from spatial.index.grid import in_parts, workers
from spatial.index.measure import NOISE, NOISE_M2, UNBOUNDED, measure, measure_all
from spatial.index.outline import extents
from spatial.rings import Rings

__all__ = ["NOISE", "NOISE_M2", "Areas", "measure_areas", "measure_layers"]

F8: TypeAlias = NDArray[np.float64]
I4: TypeAlias = NDArray[np.int32]

#: Steps that one parcel may take; a few nanoseconds each.
BUDGET: Final = 1_000_000_000
_PART: Final = 16_384
#: Parcels that are measured anew for each layer sooner than handed on.
_FEW: Final = 256
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
    if len(rings) > _PART:
        return measure_layers([grid], rings, threads=threads, budget=budget)[0]
    whole, how, codes, areas, pairs = measure_all(
        *grid, rings.xy, rings.start, rings.kind, rings.first, budget
    )
    return Areas(
        whole, how, codes[0], codes[1], areas[0], areas[1],
        _pairs(pairs, whole) if len(pairs) else _NO_PAIRS,
    )  # fmt: skip


def measure_layers(
    grids: Sequence[GridArrays],
    rings: Rings,
    *,
    threads: int | None = None,
    budget: int = BUDGET,
) -> list[Areas]:
    """Measure parcels against several indexes on one plane, as `measure_areas` does each.

    What depends on the parcels alone is found once, and a part of them is asked of all
    indexes while it is at hand.
    """
    if len(rings) <= _FEW:
        return [measure_areas(grid, rings, budget=budget) for grid in grids]
    whole = np.empty(len(rings))
    outline = (rings.xy, rings.start, rings.kind, rings.first)

    def part(begin: int, end: int) -> list[Any]:
        box = np.empty((end - begin, 4))
        extents(*outline, begin, end, whole, box)
        return [measure(grid, *outline, begin, end, whole, box, budget) for grid in grids]

    found = in_parts(len(rings), _PART, part, workers() if threads is None else threads)
    return [_joined(whole, [one[layer] for one in found]) for layer in range(len(grids))]


def _joined(whole: F8, parts: list[Any]) -> Areas:
    """Put the parts of one layer together."""
    how, codes, areas, pairs = zip(*parts, strict=True)
    met = np.concatenate(pairs)
    parcel, code = (np.concatenate([one[row] for one in codes]) for row in range(2))
    area, overlap = (np.concatenate([one[row] for one in areas]) for row in range(2))
    return Areas(
        whole, np.concatenate(how), parcel, code, area, overlap,
        _pairs(met, whole) if len(met) else _NO_PAIRS,
    )  # fmt: skip


def _pairs(met: F8, whole: F8) -> NDArray[np.int64]:
    """Sum the pairs over cells and keep what is more than rounding."""
    unique, inverse = np.unique(met[:, :3].astype(np.int64), axis=0, return_inverse=True)
    total = np.bincount(inverse.ravel(), met[:, 3], minlength=len(unique))
    noise = np.minimum(NOISE * whole[unique[:, 0]], NOISE_M2)
    return unique[total > noise]
