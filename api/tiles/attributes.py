"""Attributes of a layer, encoded once: a tile then only picks from tables."""

from __future__ import annotations

import struct
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from api.tiles.mvt_kernel import pick_values

__all__ = ["Attributes", "varint"]

MAX_TEXT: Final = 200


def varint(value: int) -> bytes:
    r"""Encode a number as protobuf does.

    Examples
    --------
    >>> varint(300)
    b'\xac\x02'
    """
    out = bytearray()
    while value >= 128:
        out.append((value & 127) | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number: int, payload: bytes) -> bytes:
    """Encode a length-delimited protobuf field."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


class Attributes(NamedTuple):
    """Columns as codes into one table of encoded values, in arrays that a file can hold.

    Parameters
    ----------
    keys : uint8 array
        Encoded `keys` fields of the layer message.
    codes : int32 array, shape (rows, columns)
        -1 where a row has no value.
    values : uint8 array
        Encoded `values` fields, one after the other.
    starts : int64 array
        Where each begins, and the end.
    """

    keys: NDArray[np.uint8]
    codes: NDArray[np.int32]
    values: NDArray[np.uint8]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, table: pd.DataFrame) -> Attributes:
        """Encode a table without geometry.

        Examples
        --------
        >>> Attributes.of(pd.DataFrame({"zona": ["R-2", None]})).codes.tolist()
        [[0], [-1]]
        """
        values: list[bytes] = []
        columns = []
        for name in table.columns:
            codes, distinct = pd.factorize(table[name], use_na_sentinel=True)
            columns.append(np.where(codes < 0, -1, codes + len(values)).astype(np.int32))
            values += [field(4, _value(value)) for value in distinct]
        codes = np.column_stack(columns) if columns else np.empty((len(table), 0), np.int32)
        keys = b"".join(field(3, str(name).encode()) for name in table.columns)
        starts = np.append(0, np.cumsum([len(value) for value in values])).astype(np.int64)
        return cls(_array(keys), np.ascontiguousarray(codes), _array(b"".join(values)), starts)

    def pick(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], bytes]:
        """Return codes of some rows renumbered for one tile, and that tile's table of values."""
        codes, values = pick_values(self.codes, rows, self.values, self.starts)
        return codes, values.tobytes()


def _array(content: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(content, np.uint8)


def _value(value: Any) -> bytes:
    """Encode a Value message: text, number or truth."""
    if isinstance(value, bool | np.bool_):
        return b"\x38" + (b"\x01" if value else b"\x00")
    if isinstance(value, int | np.integer):
        number = int(value)
        return b"\x30" + varint(number << 1 if number >= 0 else (-number << 1) - 1)
    if isinstance(value, float | np.floating):
        return b"\x19" + struct.pack("<d", float(value))
    return field(1, str(value)[:MAX_TEXT].encode())
