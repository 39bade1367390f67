"""The last step of an index: pieces in an order of their own, and where zones lie over zones."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.index.segments import NO_CODE
from spatial.index.under import under_both
from spatial.jit import kernel

__all__ = ["BORDER", "MIXED", "OVERLAPPED", "finish"]

F8: TypeAlias = NDArray[np.float64]
I8: TypeAlias = NDArray[np.int64]
I4: TypeAlias = NDArray[np.int32]

#: What is noted of a cell that is not all one zone or none: pieces lie in it, its corner lies in
#: a mixture, zones lie over each other.
BORDER, MIXED, OVERLAPPED = -1, -2, -3
#: An overlap below this share of the cell is rounding of the sums that find it.
CELL_NOISE: Final = 1e-13
#: With more open edges than this a cell counts as overlapping: the careful way is exact too.
MANY: Final = 20_000


@kernel
def _before(pieces: F8, sides: I4, kinds: Any, a: int, b: int) -> bool:
    for j in range(4):
        if pieces[a, j] != pieces[b, j]:
            return bool(pieces[a, j] < pieces[b, j])
    for j in range(2):
        if sides[a, j] != sides[b, j]:
            return bool(sides[a, j] < sides[b, j])
    return bool(kinds[a] < kinds[b])


@kernel
def _order(pieces: F8, sides: I4, kinds: Any) -> Any:
    """Return the order by place and codes, which no order of the zones can change."""
    count = pieces.shape[0]
    order = np.argsort(pieces[:, 0]) if count > 32 else np.arange(count)
    for k in range(1, count):
        item, at = order[k], k - 1
        while at >= 0 and _before(pieces, sides, kinds, item, order[at]):
            order[at + 1] = order[at]
            at -= 1
        order[at + 1] = item
    return order


@kernel
def _depth(state: int, mix_start: I8, mix: I4, n_codes: int) -> int:
    """Return how many zones lie over each other at a corner."""
    if state <= n_codes:
        return min(state, 1)
    depth = 0
    for k in range(mix_start[state - n_codes - 1], mix_start[state - n_codes]):
        depth += mix[k, 1]
    return depth


@kernel
def _overlapping(pieces: F8, sides: I4, floor: float, size: float, depth: int) -> bool:
    """Say whether zones lie over each other in a cell.

    N, the number of zones over a place, is 0 or 1 everywhere just when the integral of
    N * N - N is zero. Pieces between two zones leave N as it is.
    """
    if depth < 0 or depth > 1:
        return True
    count = 0
    for k in range(pieces.shape[0]):
        count += (sides[k, 0] == NO_CODE) != (sides[k, 1] == NO_CODE)
    if count == 0:
        return False
    if count > MANY:
        return True
    line, step, used = np.empty((count, 4)), np.empty(count), 0
    for k in range(pieces.shape[0]):
        if (sides[k, 0] == NO_CODE) != (sides[k, 1] == NO_CODE) and pieces[k, 0] < pieces[k, 2]:
            line[used, 0], line[used, 1] = pieces[k, 0], pieces[k, 1] - floor
            line[used, 2], line[used, 3] = pieces[k, 2], pieces[k, 3] - floor
            step[used] = 1.0 if sides[k, 0] == NO_CODE else -1.0
            used += 1
    once = twice = 0.0
    for j in range(used):
        own = 0.5 * (line[j, 1] + line[j, 3]) * (line[j, 2] - line[j, 0])
        once += step[j] * own
        twice += own
        # Pieces are ordered by their left ends.
        for k in range(j + 1, used):
            if line[k, 0] >= line[j, 2]:
                break
            twice += 2.0 * step[j] * step[k] * under_both(
                line[j, 0], line[j, 1], line[j, 2], line[j, 3],
                line[k, 0], line[k, 1], line[k, 2], line[k, 3],
            )  # fmt: skip
    excess = depth * (depth - 1) * size * size + (2 * depth - 1) * once + twice
    return excess > CELL_NOISE * size * size * max(1.0, count / 8.0)


@kernel
def finish(
    begin: int,
    end: int,
    nx: int,
    size: float,
    start: I8,
    pieces: F8,
    sides: I4,
    kinds: Any,
    state: I4,
    mix_start: I8,
    mix: I4,
    n_codes: int,
    fill: I4,
) -> None:
    """Order the pieces of cells `begin` to `end`, and note what fills the cells."""
    for cell in range(begin, end):
        one, last = start[cell], start[cell + 1]
        if last > one:
            order = one + _order(pieces[one:last], sides[one:last], kinds[one:last])
            pieces[one:last] = pieces[order]
            sides[one:last] = sides[order]
            kinds[one:last] = kinds[order]
        floor = (cell // nx) * size
        depth = _depth(state[cell], mix_start, mix, n_codes)
        if _overlapping(pieces[one:last], sides[one:last], floor, size, depth):
            fill[cell] = OVERLAPPED
        elif state[cell] > n_codes:
            fill[cell] = MIXED
        else:
            fill[cell] = BORDER if last > one else state[cell]
