"""A generalised layer as one file: arrays behind a header, mapped into memory and shared.

It is made once, when a version is ingested, and holds all that tiles are cut from: a service
that finds it reads no layer to draw a map. Nothing in it is needed: what is missing, of another
format or damaged is made again from the version.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

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
from spatial.arrays import open_arrays, save_arrays

__all__ = ["KeptShapes", "keep_shapes", "shapes_path"]

MAGIC: Final = b"TATAUBI2"


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

    Raises
    ------
    StoreError
        `index_unwritable`.
    """
    arrays = dict(_arrays(drawing))
    meta = {
        "kind": drawing.kind, "merges": drawing.merges, "fields": drawing.fields,
        "generalised": [one._asdict() for one in told_of(drawing)], "about": about,
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    save_arrays(path, arrays, meta, magic=MAGIC, source=path.name)


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
    CorruptError
        If the file is not whole, of another format or of another version.
    FileNotFoundError
        If there is none.
    """

    def __init__(self, path: Path) -> None:
        self._arrays, meta = open_arrays(path, magic=MAGIC, source=path.name, verify=True)
        self.kind: int = meta["kind"]
        self.merges: bool = meta["merges"]
        self.fields = tuple(meta["fields"])
        self.generalised = tuple(Generalised(**one) for one in meta["generalised"])
        self.about: dict[str, Any] = meta["about"]
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
