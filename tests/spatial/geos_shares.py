"""The oracle of the shares kernel: the same question answered by GEOS, piece by piece."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray


@dataclass(frozen=True)
class Expected:
    """Area and overlap per parcel and code, the covered area, and GEOS's own doubt about each."""

    area: NDArray[np.float64]
    overlap: NDArray[np.float64]
    covered: NDArray[np.float64]
    doubt: NDArray[np.float64]


def expected(
    parcels: NDArray[np.object_], zones: NDArray[np.object_], codes: NDArray[np.int32], count: int
) -> Expected:
    """Overlay the parcels with the union of each code.

    GEOS writes the corners of an intersection in coordinates of the plane, so each may be
    off by one unit in their last place along the whole outline: that is its doubt.
    """
    unions = np.array([shapely.union_all(zones[codes == code]) for code in range(count)])
    cut = np.array([shapely.intersection(parcel, unions) for parcel in parcels])
    cut = cut.reshape(len(parcels), count)
    overlap = np.zeros(cut.shape)
    for code in range(1, count):
        before = shapely.union_all(cut[:, :code], axis=1)
        overlap[:, code] = shapely.area(shapely.intersection(before, cut[:, code]))
    unit = np.spacing(np.abs(shapely.bounds(parcels)).max())
    around = shapely.length(cut).sum(axis=1) + shapely.length(parcels)
    return Expected(
        area=shapely.area(cut),
        overlap=overlap,
        covered=shapely.area(shapely.union_all(cut, axis=1)),
        doubt=4 * unit * around,
    )
