"""The inner loops of the vector-tile encoder: from integer coordinates to protobuf bytes.

Mapbox Vector Tile specification 2.1, sections 4.2 and 4.3. Rings are wound as the
specification wants them, repeated points and rings without area are left out.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from spatial.jit import kernel

__all__ = ["LINE", "POINT", "POLYGON", "encode_features", "pick_values"]

POINT: Final = 1
LINE: Final = 2
POLYGON: Final = 3
MOVE_TO: Final = 1
LINE_TO: Final = 2
CLOSE_PATH: Final = 15  # command 7, count 1: (1 << 3) | 7
_BYTES_PER_NUMBER: Final = 5
_BYTES_PER_FEATURE: Final = 48


@kernel
def _varint(out, at, value):  # type: ignore[no-untyped-def]  # numba infers
    while value >= 128:
        out[at] = (value & 127) | 128
        value >>= 7
        at += 1
    out[at] = value
    return at + 1


@kernel
def _wide_varint(out, at, value):  # type: ignore[no-untyped-def]  # numba infers
    """Write a number of 64 bits without a sign."""
    while value >= np.uint64(128):
        out[at] = np.uint8(value & np.uint64(127)) | np.uint8(128)
        value >>= np.uint64(7)
        at += 1
    out[at] = np.uint8(value)
    return at + 1


@kernel
def _zigzag(value):  # type: ignore[no-untyped-def]  # numba infers
    return (value << 1) ^ (value >> 63)


@kernel
def _twice_area(xy, start, stop):  # type: ignore[no-untyped-def]  # numba infers
    total = 0
    for i in range(start, stop - 1):
        total += xy[i, 0] * xy[i + 1, 1] - xy[i + 1, 0] * xy[i, 1]
    return total


@kernel
def _path(out, at, xy, start, stop, step, cursor, smallest):  # type: ignore[no-untyped-def]  # numba infers
    """Write MoveTo and LineTo over points start, start+step, ... before stop; 0 if too short."""
    count = 1
    i, last = start + step, start
    while i != stop:
        if xy[i, 0] != xy[last, 0] or xy[i, 1] != xy[last, 1]:
            count += 1
            last = i
        i += step
    if count < smallest:
        return at, 0
    at = _varint(out, at, (1 << 3) | MOVE_TO)
    at = _varint(out, at, _zigzag(xy[start, 0] - cursor[0]))
    at = _varint(out, at, _zigzag(xy[start, 1] - cursor[1]))
    at = _varint(out, at, ((count - 1) << 3) | LINE_TO)
    i, last = start + step, start
    while i != stop:
        dx, dy = xy[i, 0] - xy[last, 0], xy[i, 1] - xy[last, 1]
        if dx != 0 or dy != 0:
            at = _varint(out, at, _zigzag(dx))
            at = _varint(out, at, _zigzag(dy))
            last = i
        i += step
    cursor[0], cursor[1] = xy[last, 0], xy[last, 1]
    return at, count


@kernel
def _polygon(out, at, xy, rings, first, stop, cursor):  # type: ignore[no-untyped-def]  # numba infers
    """Write the rings of one polygon; nothing at all if its outer ring has no area."""
    for r in range(first, stop):
        begin, end = rings[r], rings[r + 1]
        area = _twice_area(xy, begin, end)
        if area == 0:
            if r == first:
                return at
            continue
        # The last point repeats the first: ClosePath stands for it.
        wanted = area > 0 if r == first else area < 0
        before = at
        if wanted:
            at, count = _path(out, at, xy, begin, end - 1, 1, cursor, 3)
        else:
            at, count = _path(out, at, xy, end - 1, begin, -1, cursor, 3)
        if count == 0:
            at = before
            if r == first:
                return at
            continue
        at = _varint(out, at, CLOSE_PATH)
    return at


@kernel
def _points(out, at, xy, start, stop, cursor):  # type: ignore[no-untyped-def]  # numba infers
    if start == stop:
        return at
    at = _varint(out, at, ((stop - start) << 3) | MOVE_TO)
    for i in range(start, stop):
        at = _varint(out, at, _zigzag(xy[i, 0] - cursor[0]))
        at = _varint(out, at, _zigzag(xy[i, 1] - cursor[1]))
        cursor[0], cursor[1] = xy[i, 0], xy[i, 1]
    return at


@kernel
def _geometry(out, kind, xy, rings, parts, first, stop):  # type: ignore[no-untyped-def]  # numba infers
    """Write the commands of parts first..stop of one feature; return how many bytes."""
    at = 0
    cursor = np.zeros(2, np.int64)
    if kind == POINT:
        return _points(out, at, xy, first, stop, cursor)
    for p in range(first, stop):
        if kind == LINE:
            at, _ = _path(out, at, xy, rings[p], rings[p + 1], 1, cursor, 2)
        else:
            at = _polygon(out, at, xy, rings, parts[p], parts[p + 1], cursor)
    return at


@kernel
def encode_features(kind, xy, rings, parts, starts, stops, ids, values):  # type: ignore[no-untyped-def]  # numba infers
    """Encode the features of one layer.

    Parameters
    ----------
    kind : int
        POINT, LINE or POLYGON.
    xy : int64 array, shape (n, 2)
        Tile coordinates, y downwards.
    rings : int64 array
        Where each ring or line starts in `xy`, and the end.
    parts : int64 array
        Where each polygon starts in `rings`, and the end; unused for points and lines.
    starts, stops : int64 arrays
        Where each feature starts and stops in its parts (polygons, lines or points).
    ids : uint64 array
        0 for none.
    values : int64 array, shape (features, keys)
        Index of each value in the tile's table; -1 where there is none.

    Returns
    -------
    uint8 array
        The `features` fields of the layer message, one after another.
    """
    out = np.empty(
        (len(xy) + len(rings)) * 2 * _BYTES_PER_NUMBER
        + (values.size * 2) * _BYTES_PER_NUMBER
        + len(ids) * _BYTES_PER_FEATURE,
        np.uint8,
    )
    commands = np.empty((len(xy) + len(rings) + 1) * 4 * _BYTES_PER_NUMBER, np.uint8)
    tags = np.empty(values.shape[1] * 2 * _BYTES_PER_NUMBER + 1, np.uint8)
    head = np.empty(_BYTES_PER_FEATURE, np.uint8)
    at = 0
    for f in range(len(ids)):
        size = _geometry(commands, kind, xy, rings, parts, starts[f], stops[f])
        if size == 0:
            continue
        tagged = 0
        for key in range(values.shape[1]):
            if values[f, key] >= 0:
                tagged = _varint(tags, tagged, key)
                tagged = _varint(tags, tagged, values[f, key])
        inner = 0
        if ids[f] != np.uint64(0):
            inner = _varint(head, 0, 8)
            inner = _wide_varint(head, inner, ids[f])
        if tagged:
            inner = _varint(head, inner, 18)
            inner = _varint(head, inner, tagged)
        lead = inner
        inner = _varint(head, inner, 24)
        inner = _varint(head, inner, kind)
        inner = _varint(head, inner, 34)
        inner = _varint(head, inner, size)
        at = _varint(out, at, 18)
        at = _varint(out, at, inner + tagged + size)
        out[at : at + lead] = head[:lead]
        at += lead
        out[at : at + tagged] = tags[:tagged]
        at += tagged
        out[at : at + inner - lead] = head[lead:inner]
        at += inner - lead
        out[at : at + size] = commands[:size]
        at += size
    return out[:at].copy()


@kernel
def pick_values(codes, rows, values, starts):  # type: ignore[no-untyped-def]  # numba infers
    """Choose the values of some rows: their codes renumbered, and the bytes of what is used.

    Parameters
    ----------
    codes : int32 array, shape (all rows, columns)
    rows : int64 array
    values : uint8 array
    starts : int64 array
        Where each value begins, and the end.
    """
    number = np.full(len(starts) - 1, -1, np.int32)
    picked = np.full((len(rows), codes.shape[1]), -1, np.int64)
    order = np.empty(picked.size, np.int64)
    count, size = 0, 0
    for i in range(len(rows)):
        for k in range(codes.shape[1]):
            code = codes[rows[i], k]
            if code < 0:
                continue
            if number[code] < 0:
                number[code] = count
                order[count] = code
                count += 1
                size += starts[code + 1] - starts[code]
            picked[i, k] = number[code]
    out, at = np.empty(size, np.uint8), 0
    for i in range(count):
        one, stop = starts[order[i]], starts[order[i] + 1]
        out[at : at + stop - one] = values[one:stop]
        at += stop - one
    return picked, out
