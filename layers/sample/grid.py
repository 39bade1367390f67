"""The plane the sample is drawn on: a square of EPSG:9489 near 110.64 E, 6.86 S.

Two grids share its corner: 90 m, on which nature and villages grow, and 30 m, on which the
elevation model and the flood depths are published.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from affine import Affine
from numpy.typing import NDArray

__all__ = [
    "CELL",
    "CRS",
    "FINE_CELL",
    "FINE_SIDE",
    "HEIGHT_M",
    "NORTH",
    "SIDE",
    "WEST",
    "WIDTH_M",
    "cell_of",
    "centres",
    "transform",
]

Array: TypeAlias = NDArray[np.float64]

CRS: Final = "EPSG:9489"
WEST: Final = 447_120.0
NORTH: Final = 9_254_880.0
CELL: Final = 90.0
SIDE: Final = 288
FINE_CELL: Final = 30.0
FINE_SIDE: Final = 864
WIDTH_M: Final = CELL * SIDE
HEIGHT_M: Final = CELL * SIDE


def centres(cell: float = CELL) -> tuple[Array, Array]:
    """Return x and y of all cell centres, each of shape (rows, columns).

    Examples
    --------
    >>> x, y = centres()
    >>> x.shape, float(x[0, 0]), float(y[0, 0])
    ((288, 288), 447165.0, 9254835.0)
    """
    steps = (np.arange(round(WIDTH_M / cell)) + 0.5) * cell
    x, y = np.meshgrid(WEST + steps, NORTH - steps)
    return x, y


def cell_of(x: float, y: float, cell: float = CELL) -> tuple[int, int]:
    """Return row and column of the cell a place lies in."""
    return int((NORTH - y) // cell), int((x - WEST) // cell)


def transform(cell: float = CELL) -> Affine:
    """Return the affine transform of a grid, from (column, row) to (x, y)."""
    return Affine(cell, 0.0, WEST, 0.0, -cell, NORTH)
