"""The pieces of one cell that have to do with a box; in a crowded cell most have not.

Pieces lie in the order of their left ends, and `GridArrays.reach` knows how far east each
`STRIDE` of them reach. So a walk over a cell begins anew behind what ends too early and
stops at what begins too late: its cost follows the pieces over a parcel, not those of the
cell.
"""

from __future__ import annotations

from typing import Any, Final

from spatial.index.under import on
from spatial.jit import inner

__all__ = ["STRIDE", "behind", "enters"]

#: Pieces that are passed over together, two to the power of SHIFT.
SHIFT: Final = 6
STRIDE: Final = 1 << SHIFT


@inner
def behind(reach: Any, k: int, last: int, west: float) -> int:
    """Return the first piece from k on that may end at or beyond a place; `last` for none.

    Only whole strides are passed over, so what is returned may still end before it.
    """
    while k + STRIDE <= last and k & (STRIDE - 1) == 0 and reach[k >> SHIFT] < west:
        k += STRIDE
    return k


@inner
def enters(
    x0: float, y0: float, x1: float, y1: float,
    west: float, south: float, east: float, north: float,
) -> bool:  # fmt: skip
    """Say whether a piece has a point in a box."""
    if x1 < west or x0 > east or max(y0, y1) < south or min(y0, y1) > north:
        return False
    if x0 == x1:
        return True
    slope = (y1 - y0) / (x1 - x0)
    left, right = on(x0, y0, y1, slope, max(x0, west)), on(x0, y0, y1, slope, min(x1, east))
    return bool(max(left, right) >= south and min(left, right) <= north)
