"""The arrays of an index by their addresses: one small table instead of a dozen arguments.

Handing a compiled function the arrays of an index costs as much as a small parcel does, for
each is examined, unpacked and counted as held; six layers have sixty-six. Their addresses
and lengths are one array of numbers. Whoever keeps the table keeps the arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spatial.index.arrays import GridArrays
from spatial.jit import Kernel, kernel

__all__ = ["grid_at", "table_of"]

I8: TypeAlias = NDArray[np.int64]


class _ArrayAt(Kernel):
    """The array at an address, of a shape and kind of number, in compiled code only."""

    def __init__(self) -> None:
        self._compiled: Callable[..., Any] | None = None

    def compiled(self) -> Callable[..., Any]:
        """Give numba's function, made when a kernel first wants it."""
        if self._compiled is None:
            self._compiled = _array_at()
        return self._compiled


def _array_at() -> Any:
    import numba
    from numba import types
    from numba.extending import intrinsic
    from numba.np.numpy_support import carray

    def typed(_: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(types.voidptr))

        return types.voidptr(address), generate

    pointer: Any = intrinsic(typed)

    def array_at(address: Any, shape: Any, kind: Any) -> Any:
        return carray(pointer(address), shape, kind)

    return numba.njit(nogil=True)(array_at)


_at = _ArrayAt()


def table_of(grids: Sequence[GridArrays]) -> I8:
    """Return a row for each index: address, length and width of each of its arrays.

    The arrays must outlive the table.
    """
    rows = [
        [number for array in grid for number in (array.ctypes.data, *array.shape, 1)[:3]]
        for grid in grids
    ]
    return np.array(rows, dtype=np.int64).reshape(len(grids), 3 * len(GridArrays._fields))


@kernel
def grid_at(row: I8) -> Any:
    """Return the index of a row of the table, as the kernels take it."""
    return GridArrays(
        frame=_at(row[0], (row[1],), np.float64),
        shape=_at(row[3], (row[4],), np.int64),
        start=_at(row[6], (row[7],), np.int64),
        pieces=_at(row[9], (row[10], row[11]), np.float64),
        sides=_at(row[12], (row[13], row[14]), np.int32),
        kinds=_at(row[15], (row[16],), np.int8),
        state=_at(row[18], (row[19],), np.int32),
        mix_start=_at(row[21], (row[22],), np.int64),
        mix=_at(row[24], (row[25], row[26]), np.int32),
        fill=_at(row[27], (row[28],), np.int32),
        reach=_at(row[30], (row[31],), np.float64),
    )
