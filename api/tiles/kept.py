"""A generalised layer as one file: arrays behind a header, mapped into memory and shared.

It is made once, when a version is ingested, and holds all that tiles are cut from: a service
that finds it reads no layer to draw a map. Nothing in it is needed: what is missing, of another
format or damaged is made again from the version.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from api.options import atomic_path
from api.tiles.attributes import Attributes
from api.tiles.generalise import (
    FULL_DETAIL_ZOOM,
    MERGED_ZOOM,
    Drawing,
    Generalised,
    Table,
    key_of,
    told_of,
)
from api.tiles.level import Level
from api.tiles.zoom import FORMAT

__all__ = ["KeptShapes", "keep_shapes", "shapes_path"]

MAGIC: Final = b"TATAUBIN"
ALIGN: Final = 64
_HEAD: Final = struct.Struct("<8sII")


def shapes_path(folder: Path, name: str, version: str) -> Path:
    """Return where the shapes of a version lie.

    Examples
    --------
    >>> shapes_path(Path("ubin"), "rdtr", "0123456789ab").name
    'rdtr-0123456789ab.3.ubin'
    """
    return folder / f"{name}-{version}.{FORMAT}.ubin"


def keep_shapes(drawing: Drawing, path: Path, about: dict[str, Any]) -> None:
    """Make every level of a layer and write them; the file appears whole or not at all.

    Parameters
    ----------
    about : mapping
        Whatever else the header is to hold, as JSON.
    """
    tables: list[dict[str, Any]] = []
    arrays = list(_arrays(drawing))
    at = check = 0
    for name, array in arrays:
        tables.append({"name": name, "type": array.dtype.str, "shape": array.shape, "at": at})
        room = -(-array.nbytes // ALIGN) * ALIGN
        check = zlib.crc32(bytes(room - array.nbytes), zlib.crc32(_bytes(array), check))
        at += room
    meta = {
        "kind": drawing.kind, "merges": drawing.merges, "fields": drawing.fields,
        "generalised": [one._asdict() for one in told_of(drawing)], "about": about,
        "arrays": tables, "bytes": at, "crc": check,
    }  # fmt: skip
    header = json.dumps(meta).encode()
    begin = _begin(len(header))
    with atomic_path(path) as partial, partial.open("wb") as out:
        out.write(_HEAD.pack(MAGIC, len(header), zlib.crc32(header)) + header)
        for (_, array), table in zip(arrays, tables, strict=True):
            out.seek(begin + table["at"])
            out.write(_bytes(array))
        out.truncate(begin + at)
        out.flush()
        os.fsync(out.fileno())


def _arrays(drawing: Drawing) -> Iterator[tuple[str, NDArray[Any]]]:
    yield "positions", np.ascontiguousarray(drawing.positions)
    for name, table in drawing.tables.items():
        yield f"table/{name}/numbers", table.numbers
        for part, array in table.attributes._asdict().items():
            yield f"table/{name}/{part}", np.ascontiguousarray(array)
    for z in range(FULL_DETAIL_ZOOM, -1, -1):
        for merged in (False, True):
            if merged and (z > MERGED_ZOOM or not drawing.merges):
                continue
            level = drawing.level(z, merged=merged)
            for part, value in level._asdict().items():
                yield f"level/{key_of(z, merged=merged)}/{part}", np.atleast_1d(value)


class KeptShapes:
    """The shapes of a layer in a file; see `api.tiles.layer.Shapes`.

    Parameters
    ----------
    path : Path

    Raises
    ------
    ValueError
        If the file is not whole, or of another format.
    OSError
        If there is none.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            head = file.read(_HEAD.size)
            if len(head) < _HEAD.size or head[:8] != MAGIC:
                raise ValueError("no shapes of tiles")
            _, length, check = _HEAD.unpack(head)
            header = file.read(length)
            begin = _begin(length)
            if zlib.crc32(header) != check:
                raise ValueError("its header was changed")
            meta = json.loads(header)
            if os.fstat(file.fileno()).st_size != begin + meta["bytes"]:
                raise ValueError("it is not whole")
            # A private mapping: compiled code wants arrays that it might write to.
            memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        if zlib.crc32(memoryview(memory)[begin:]) != meta["crc"]:
            raise ValueError("its bytes were changed")
        self.kind: int = meta["kind"]
        self.merges: bool = meta["merges"]
        self.fields = tuple(meta["fields"])
        self.generalised = tuple(Generalised(**one) for one in meta["generalised"])
        self.about: dict[str, Any] = meta["about"]
        self._arrays = {one["name"]: _array(memory, begin, one) for one in meta["arrays"]}
        self.positions: NDArray[np.int64] = self._arrays["positions"]
        self.tables = {
            name: Table(self._arrays[f"table/{name}/numbers"], Attributes(*self._named(name)))
            for name in ("full", "thin", "merged")
            if f"table/{name}/numbers" in self._arrays
        }
        self._levels: dict[str, Level] = {}

    def _named(self, table: str) -> list[NDArray[Any]]:
        return [self._arrays[f"table/{table}/{part}"] for part in Attributes._fields]

    def level(self, z: int, *, merged: bool) -> Level:
        """Return the shapes that a zoom is cut from."""
        key = key_of(z, merged=merged)
        if key not in self._levels:
            zoom, *rest = (self._arrays[f"level/{key}/{part}"] for part in Level._fields)
            self._levels[key] = Level(int(zoom[0]), *rest)
        return self._levels[key]


def _bytes(array: NDArray[Any]) -> Any:
    """Return the bytes of an array without copying them."""
    return array.reshape(-1).view(np.uint8).data


def _begin(header: int) -> int:
    return -(-(_HEAD.size + header) // ALIGN) * ALIGN


def _array(memory: mmap.mmap, begin: int, table: dict[str, Any]) -> NDArray[Any]:
    kind = np.dtype(table["type"])
    count = int(np.prod(table["shape"]))
    flat = np.frombuffer(memory, kind, count, begin + table["at"]) if count else np.empty(0, kind)
    return flat.reshape(table["shape"])
