"""An index as one file: plain arrays behind a header, opened without reading them."""

from __future__ import annotations

import json
import mmap
import os
import struct
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from spatial.errors import CorruptError, StoreError
from spatial.index.grid import GridArrays
from spatial.index.zones import ZoneIndex

__all__ = ["open_index", "save_index"]

MAGIC: Final = b"TATAIDX3"
#: Arrays begin at multiples of this, as vector instructions like it.
ALIGN: Final = 64
_HEAD: Final = struct.Struct("<8sII")


def save_index(index: ZoneIndex, path: Path, *, source: str = "") -> None:
    """Write an index durably: a reader sees all of it or none.

    Parameters
    ----------
    path : Path
        Its folder must be there.
    source : str
        What the index was made from, such as the hash of a layer version; `open_index` asks
        for it again.
    """
    tables: list[dict[str, Any]] = []
    arrays = [np.ascontiguousarray(array) for array in index.grid]
    at = check = 0
    for name, array in zip(GridArrays._fields, arrays, strict=True):
        tables.append({"name": name, "type": array.dtype.str, "shape": array.shape, "at": at})
        room = -(-array.nbytes // ALIGN) * ALIGN
        check = zlib.crc32(bytes(room - array.nbytes), zlib.crc32(_bytes(array), check))
        at += room
    meta = {"codes": index.codes, "crs": index.crs, "source": source, "bytes": at, "crc": check}
    header = json.dumps(meta | {"arrays": tables}).encode()
    begin = _begin(len(header))
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with partial.open("wb") as out:
            out.write(_HEAD.pack(MAGIC, len(header), zlib.crc32(header)) + header)
            for array, table in zip(arrays, tables, strict=True):
                out.seek(begin + table["at"])
                out.write(_bytes(array))
            out.truncate(begin + at)
            out.flush()
            os.fsync(out.fileno())
        partial.replace(path)
    except OSError as error:
        raise StoreError(
            "the index {name} cannot be written: {reason}",
            code="index_unwritable",
            hint="Check free space and rights; answers are the same without it, only later",
            name=path.name,
            reason=error.strerror or str(error),
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def open_index(path: Path, *, source: str = "", verify: bool = False) -> ZoneIndex:
    """Open an index; its pages are read when they are needed and shared between processes.

    Parameters
    ----------
    source : str
        What it must have been made from.
    verify : bool
        Read all of it and compare its check sum: 40 ms for a province.

    Raises
    ------
    CorruptError
        `index_corrupt`, if it is not whole, or made from something else.

    Examples
    --------
    >>> import tempfile, geopandas as gpd, shapely
    >>> from spatial.index import build_index
    >>> plan = gpd.GeoDataFrame({"zona": ["R-2"]}, geometry=[shapely.box(0, 0, 10, 10)],
    ...                         crs="ESRI:54034")
    >>> path = Path(tempfile.mkdtemp()) / "zona.idx"
    >>> save_index(build_index(plan, by="zona"), path)
    >>> open_index(path).codes
    ('R-2',)
    """
    with path.open("rb") as file:
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size or head[:8] != MAGIC:
            raise _corrupt(path, "it is no index of this version")
        _, length, check = _HEAD.unpack(head)
        header = file.read(length)
        if zlib.crc32(header) != check:
            raise _corrupt(path, "its header was changed")
        meta = json.loads(header)
        begin = _begin(length)
        if os.fstat(file.fileno()).st_size != begin + meta["bytes"]:
            raise _corrupt(path, "its length is not what it was")
        if meta["source"] != source:
            raise _corrupt(path, "it was made from another version")
        # A private mapping: numba wants arrays that it might write to, and never does.
        memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    if verify and zlib.crc32(memoryview(memory)[begin:]) != meta["crc"]:
        raise _corrupt(path, "its bytes were changed")
    arrays = [_array(memory, begin, table) for table in meta["arrays"]]
    return ZoneIndex(tuple(meta["codes"]), meta["crs"], GridArrays(*arrays))


def _bytes(array: NDArray[Any]) -> Any:
    """Return the bytes of an array without copying them."""
    return array.reshape(-1).view(np.uint8).data


def _begin(header: int) -> int:
    return -(-(_HEAD.size + header) // ALIGN) * ALIGN


def _array(memory: mmap.mmap, begin: int, table: dict[str, Any]) -> Any:
    kind = np.dtype(table["type"])
    count = int(np.prod(table["shape"]))
    flat = np.frombuffer(memory, kind, count, begin + table["at"]) if count else np.empty(0, kind)
    return flat.reshape(table["shape"])


def _corrupt(path: Path, reason: str) -> CorruptError:
    return CorruptError(
        "the index {name} is not used: {reason}",
        code="index_corrupt",
        hint="Delete it: it is built again from its layer",
        name=path.name,
        reason=reason,
    )
