"""D8 directions on filled ground: steepest descent, and over flats the shortest way out.

Every choice is a property of the ground alone, ties going to the first of the fixed order of
neighbours, so tiles and the whole give the same direction in every cell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from spatial.jit import kernel

__all__ = ["CODES", "FAR", "NO_DIRECTION", "OUTLET", "descend", "shorten", "towards_out"]

I4: TypeAlias = NDArray[np.int32]
U1: TypeAlias = NDArray[np.uint8]
#: Code, rows down, columns right; straight neighbours before diagonal ones.
CODES: Final = np.array(
    [
        (1, 0, 1),
        (4, 1, 0),
        (16, 0, -1),
        (64, -1, 0),
        (2, 1, 1),
        (8, 1, -1),
        (32, -1, -1),
        (128, -1, 1),
    ],
    np.int64,
)
OUTLET: Final = 0
#: The value of a cell without ground, as pyflwdir writes it.
NO_DIRECTION: Final = 247
#: A flat cell whose way out is not known yet; what has no ground is farther still.
FAR: Final = 2**30


@kernel
def _descend(levels: Any, ground: Any, codes: Any, reach: Any) -> Any:
    rows, cols = levels.shape
    d8 = np.full((rows - 2, cols - 2), np.uint8(247))
    steps = np.full((rows - 2, cols - 2), np.int32(2**30 + 1))
    flats = 0
    for row in range(1, rows - 1):
        for col in range(1, cols - 1):
            if not ground[row, col]:
                continue
            best, at, beside = 0.0, -1, False
            for k in range(8):
                down, right = row + codes[k, 1], col + codes[k, 2]
                if not ground[down, right]:
                    beside = True
                    continue
                fall = (float(levels[row, col]) - float(levels[down, right])) / reach[k]
                if fall > best:
                    best, at = fall, k
            if at >= 0:
                d8[row - 1, col - 1] = np.uint8(codes[at, 0])
                steps[row - 1, col - 1] = 0
            elif beside:
                d8[row - 1, col - 1] = np.uint8(0)
                steps[row - 1, col - 1] = 0
            else:
                steps[row - 1, col - 1] = 2**30
                flats += 1
    return d8, steps, flats


def descend(
    levels: NDArray[np.float32], ground: NDArray[np.bool_], dx: float, dy: float
) -> tuple[U1, I4, int]:
    """Let each cell of a framed tile drain to the neighbour with the steepest fall.

    Returns
    -------
    d8, steps : arrays, shape (rows, cols)
        Cells beside no ground without a lower neighbour are outlets. `steps` is 0 where the
        direction is known and `FAR` in flats.
    flats : int
        Number of cells in flats.
    """
    reach = np.hypot(CODES[:, 1] * dy, CODES[:, 2] * dx)
    return cast("Callable[..., Any]", _descend)(levels, ground, CODES, reach)  # type: ignore[no-any-return]  # numba


@kernel
def _shorten(levels: Any, steps: Any, codes: Any) -> bool:
    """Spread steps over equal ground until none gets shorter; the frame is given."""
    rows, cols = levels.shape
    queue = np.empty((1024, 2), np.int32)
    first, last = 0, 0
    for row in range(rows):
        for col in range(cols):
            if steps[row, col] >= 2**30:
                continue
            for k in range(8):
                down, right = row + codes[k, 1], col + codes[k, 2]
                inside = 0 < down < rows - 1 and 0 < right < cols - 1
                if (
                    inside
                    and steps[row, col] + 1 < steps[down, right]
                    and steps[down, right] <= 2**30
                    and levels[down, right] == levels[row, col]
                ):
                    if last == queue.shape[0]:
                        more = np.empty((2 * last, 2), np.int32)
                        more[:last] = queue
                        queue = more
                    queue[last, 0], queue[last, 1] = row, col
                    last += 1
                    break
    changed = last > 0
    while first < last:
        row, col = queue[first, 0], queue[first, 1]
        first += 1
        for k in range(8):
            down, right = row + codes[k, 1], col + codes[k, 2]
            if not (0 < down < rows - 1 and 0 < right < cols - 1):
                continue
            if steps[down, right] > 2**30 or levels[down, right] != levels[row, col]:
                continue
            if steps[row, col] + 1 < steps[down, right]:
                steps[down, right] = steps[row, col] + 1
                if last == queue.shape[0]:
                    more = np.empty((2 * last, 2), np.int32)
                    more[: last - first] = queue[first:last]
                    queue, last, first = more, last - first, 0
                queue[last, 0], queue[last, 1] = down, right
                last += 1
    return changed


def shorten(levels: NDArray[np.float32], steps: I4) -> bool:
    """Shorten in place the ways out of the flats of a framed tile; say whether any changed."""
    return bool(cast("Callable[..., bool]", _shorten)(levels, steps, CODES))


@kernel
def _towards_out(levels: Any, steps: Any, codes: Any, d8: Any) -> None:
    rows, cols = levels.shape
    for row in range(1, rows - 1):
        for col in range(1, cols - 1):
            own = steps[row, col]
            if own == 0 or own >= 2**30:
                continue
            for k in range(8):
                down, right = row + codes[k, 1], col + codes[k, 2]
                if steps[down, right] == own - 1 and levels[down, right] == levels[row, col]:
                    d8[row - 1, col - 1] = np.uint8(codes[k, 0])
                    break


def towards_out(levels: NDArray[np.float32], steps: I4, d8: U1) -> None:
    """Give the flat cells of a framed tile, in place, the direction in which steps get fewer."""
    cast("Callable[..., None]", _towards_out)(levels, steps, CODES, d8)
