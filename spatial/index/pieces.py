"""What one piece of a border has to do with a box."""

from __future__ import annotations

from typing import Any

from spatial.index.under import at
from spatial.jit import kernel

__all__ = ["enters"]


@kernel
def enters(piece: Any, west: float, south: float, east: float, north: float) -> bool:
    """Say whether a piece has a point in a box."""
    x0, y0, x1, y1 = piece
    if x1 < west or x0 > east or max(y0, y1) < south or min(y0, y1) > north:
        return False
    if x0 == x1:
        return True
    left = at(x0, y0, x1, y1, max(x0, west))
    right = at(x0, y0, x1, y1, min(x1, east))
    return bool(max(left, right) >= south and min(left, right) <= north)
