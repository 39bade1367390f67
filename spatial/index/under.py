"""The area under two lines at once: the one integral that all areas are made of.

A polygon is the signed sum of the strips under its edges, so the area that two polygons
share is a sum over pairs of edges, each a few multiplications (Green's theorem twice). No
intersection is ever built; holes, parts and concave corners are nothing special.
"""

from __future__ import annotations

from typing import Any

from spatial.jit import inner, kernel

__all__ = ["at", "on", "under", "under_both", "under_two"]


@inner
def at(x0: float, y0: float, x1: float, y1: float, x: float) -> Any:
    """Return the height of a line at x, never beyond its ends."""
    return on(x0, y0, y1, (y1 - y0) / (x1 - x0), x)


@inner
def on(x0: float, y0: float, y1: float, slope: float, x: float) -> float:
    """Return the height of a line of known slope at x, never beyond its ends."""
    y = y0 + (x - x0) * slope
    return max(min(y0, y1), min(max(y0, y1), y))


@inner
def under(x0: float, y0: float, x1: float, y1: float, slope: float, low: float, high: float) -> Any:
    """Return the area under a line between two places; none where they do not follow."""
    low, high = max(x0, low), min(x1, high)
    if high <= low:
        return 0.0
    return 0.5 * (on(x0, y0, y1, slope, low) + on(x0, y0, y1, slope, high)) * (high - low)


@kernel
def under_both(
    a_x0: float,
    a_y0: float,
    a_x1: float,
    a_y1: float,
    b_x0: float,
    b_y0: float,
    b_x1: float,
    b_y1: float,
) -> Any:
    """Return the area above zero and under both of two lines.

    Line a lies nowhere below zero; b may. Both run from left to right.

    Examples
    --------
    >>> under_both(0.0, 2.0, 4.0, 2.0, 0.0, 0.0, 4.0, 4.0)
    6.0
    """
    a_slope, b_slope = (a_y1 - a_y0) / (a_x1 - a_x0), (b_y1 - b_y0) / (b_x1 - b_x0)
    return under_two(a_x0, a_y0, a_x1, a_y1, a_slope, b_x0, b_y0, b_x1, b_y1, b_slope)


@inner
def under_two(
    a_x0: float,
    a_y0: float,
    a_x1: float,
    a_y1: float,
    a_slope: float,
    b_x0: float,
    b_y0: float,
    b_x1: float,
    b_y1: float,
    b_slope: float,
) -> Any:
    """Return what `under_both` does, the slopes of both being known."""
    low, high = max(a_x0, b_x0), min(a_x1, b_x1)
    if high <= low:
        return 0.0
    a0, a1 = on(a_x0, a_y0, a_y1, a_slope, low), on(a_x0, a_y0, a_y1, a_slope, high)
    b0, b1 = on(b_x0, b_y0, b_y1, b_slope, low), on(b_x0, b_y0, b_y1, b_slope, high)
    width = high - low
    if b0 <= 0.0 or b1 <= 0.0:
        if b0 <= 0.0 and b1 <= 0.0:
            return 0.0
        # Only where b is above zero does it matter.
        part = b0 / (b0 - b1)
        if b0 <= 0.0:
            a0, b0 = a0 + (a1 - a0) * part, 0.0
            width *= 1.0 - part
        else:
            a1, b1 = a0 + (a1 - a0) * part, 0.0
            width *= part
    d0, d1 = b0 - a0, b1 - a1
    if d0 >= 0.0 and d1 >= 0.0:
        return 0.5 * (a0 + a1) * width
    if d0 <= 0.0 and d1 <= 0.0:
        return 0.5 * (b0 + b1) * width
    part = d0 / (d0 - d1)
    meet = a0 + (a1 - a0) * part
    if d0 > 0.0:
        return 0.5 * width * ((a0 + meet) * part + (meet + b1) * (1.0 - part))
    return 0.5 * width * ((b0 + meet) * part + (meet + a1) * (1.0 - part))
