"""Plain arrays behind a header in one file: written whole or not at all, opened without reading."""

from __future__ import annotations

import json
import mmap
import os
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spatial.errors import CorruptError, StoreError

__all__ = ["ArrayFile", "open_arrays", "save_arrays"]

#: Arrays begin at multiples of this, as vector instructions like it.
ALIGN: Final = 64
_HEAD: Final = struct.Struct("<8sII")


class ArrayFile(NamedTuple):
    """What a file holds: arrays by name, mapped, and what was said of them."""

    arrays: dict[str, NDArray[Any]]
    said: dict[str, Any]


def save_arrays(
    path: Path,
    arrays: Mapping[str, NDArray[Any]],
    said: Mapping[str, Any],
    *,
    magic: bytes,
    source: str,
) -> None:
    """Write arrays durably: a reader sees all of them or none.

    Parameters
    ----------
    path : Path
        Its folder must be there.
    arrays : mapping of str to array
        Not of objects.
    said : mapping
        JSON-ready.
    magic : bytes, 8 of them
        What kind of file it is, and of which format.
    source : str
        All that it was made from; `open_arrays` asks for it again.

    Raises
    ------
    StoreError
        `index_unwritable`.
    """
    tables: list[dict[str, Any]] = []
    plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    at = check = 0
    for name, array in plain.items():
        tables.append({"name": name, "type": array.dtype.str, "shape": array.shape, "at": at})
        room = -(-array.nbytes // ALIGN) * ALIGN
        check = zlib.crc32(bytes(room - array.nbytes), zlib.crc32(_bytes(array), check))
        at += room
    head = {"said": dict(said), "source": source, "bytes": at, "crc": check, "arrays": tables}
    header = json.dumps(head).encode()
    begin = _begin(len(header))
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with partial.open("wb") as out:
            out.write(_HEAD.pack(magic, len(header), zlib.crc32(header)) + header)
            for array, table in zip(plain.values(), tables, strict=True):
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


def open_arrays(path: Path, *, magic: bytes, source: str, verify: bool = False) -> ArrayFile:
    """Open a file of arrays; its pages are read when needed and shared between processes.

    Parameters
    ----------
    magic : bytes
        The kind and format that it must have.
    source : str
        What it must have been made from.
    verify : bool
        Read all of it and compare its check sum: 40 ms for the index of a province.

    Raises
    ------
    CorruptError
        `index_corrupt`, if it is not whole, of another format, or made from something else.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "two.bin"
    >>> save_arrays(path, {"x": np.arange(3)}, {"of": "it"}, magic=b"EXAMPLE1", source="5f3a")
    >>> found = open_arrays(path, magic=b"EXAMPLE1", source="5f3a", verify=True)
    >>> found.arrays["x"].tolist(), found.said
    ([0, 1, 2], {'of': 'it'})
    """
    with path.open("rb") as file:
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size or head[:8] != magic:
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
    arrays = {table["name"]: _array(memory, begin, table) for table in meta["arrays"]}
    return ArrayFile(arrays, meta["said"])


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
