"""What a version holds, in one canonical form: columns of seven types and one geometry.

What does not fit memory comes as `Parts`; either way the same rows have the same id
(`layers.store.hashing`) in every backend and with every version of the libraries.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layers.store.canon import canonical_frame
from layers.store.hashing import ROW, Frame, column_types, content_id, hash_of
from layers.store.parts import Parts, parts_of
from spatial.crs import parse_crs
from spatial.notes import Note

__all__ = ["ROW", "Content", "Frame", "canonical", "column_types", "content_id", "hash_file"]

_CHUNK: Final = 1 << 20


@dataclass(frozen=True, eq=False)
class Content:
    """What is to be stored: `parts` in canonical form, or `path` of a GeoTIFF, and its id.

    `frame` is all of it where it was given as one frame.
    """

    form: str
    id: str
    crs: str | None
    parts: Parts | None = None
    path: Path | None = None
    notes: tuple[Note, ...] = ()
    frame: Frame | None = None

    @property
    def rows(self) -> int | None:
        """Number of rows; None for rasters."""
        return None if self.parts is None else self.parts.facts.rows


def canonical(content: Frame | Parts | Path) -> Content:
    """Bring a frame into canonical form; parts are in it already, a raster stays as it is.

    Rows keep their order and are numbered from 0. A column that mixes numbers and words
    becomes text, with a note.

    Raises
    ------
    SchemaError
        `column_twice`, `column_reserved` or `column_type`, naming the column.
    CrsError
        If a GeoDataFrame states no CRS.

    Examples
    --------
    >>> import pandas as pd
    >>> mixed = canonical(pd.DataFrame({"rt": [1, "2A", None]}))
    >>> mixed.frame["rt"].tolist(), [note.code for note in mixed.notes]
    (['1', '2A', nan], ['column_as_text'])
    """
    if isinstance(content, Path):
        return _raster(content)
    if isinstance(content, Parts):
        return _of_parts(content, content.notes)
    notes: list[Note] = []
    frame = canonical_frame(content, notes)
    return _of_parts(parts_of(frame), notes, frame)


def _of_parts(parts: Parts, notes: Sequence[Note], frame: Frame | None = None) -> Content:
    facts = parts.facts
    found = hash_of(parts.frames(), types=facts.types, rows=facts.rows, crs=facts.crs)
    form = "table" if facts.crs is None else "vector"
    return Content(form, found, facts.crs, parts, notes=tuple(notes), frame=frame)


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _raster(path: Path) -> Content:
    import rasterio

    with rasterio.open(path, driver="GTiff") as source:
        crs = parse_crs(source.crs.to_wkt() if source.crs else None, what=path.name).to_string()
    return Content("raster", hash_file(path), crs, path=path)
