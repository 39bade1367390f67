"""Rows in parts: a frame in memory is one part, what does not fit lies in files of a folder.

Each part is brought into canonical form by itself; what a column is, is agreed when all parts
are known, exactly as it would have been for all rows at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.store.canon import as_text, canonical_frame
from layers.store.hashing import Frame, column_types
from spatial.crs import Bounds, parse_crs
from spatial.notes import Note

__all__ = ["Facts", "Parts", "PartsWriter", "dtype_of", "parts_of"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of rows without looking at them again.

    Parameters
    ----------
    rows : int
    types : mapping of column to canonical type
    missing : set of columns in which something is missing
    crs : str or None
    geometry_types : set of str
    bounds : (west, south, east, north) or None
        In the CRS of the rows.
    deep : bool
        Whether a geometry has heights or measures.
    """

    rows: int
    types: dict[str, str]
    missing: frozenset[str]
    crs: str | None
    geometry_types: frozenset[str]
    bounds: Bounds | None
    deep: bool = False


@dataclass(frozen=True, eq=False)
class Parts:
    """Rows that can be gone through as often as needed, a frame at a time."""

    facts: Facts
    frames: Callable[[], Iterator[Frame]]
    notes: tuple[Note, ...] = ()


def parts_of(frame: Frame) -> Parts:
    """Return a frame in canonical form as its own only part.

    Examples
    --------
    >>> parts_of(pd.DataFrame({"n": [1, 2]})).facts.types
    {'n': 'int'}
    """
    return Parts(_facts(frame), lambda: iter((frame,)))


def _facts(frame: Frame) -> Facts:
    types = column_types(frame)
    missing = frozenset(name for name in types if bool(frame[name].isna().any()))
    if not isinstance(frame, gpd.GeoDataFrame):
        return Facts(len(frame), types, missing, None, frozenset(), None)
    shapes = np.asarray(frame.geometry.array, dtype=object)
    kinds = frozenset(str(name) for name in frame.geometry.geom_type.dropna().unique())
    crs = parse_crs(frame.crs).to_string()
    deep = bool((shapely.has_z(shapes) | shapely.has_m(shapes)).any())
    return Facts(len(frame), types, missing, crs, kinds, _around(shapely.bounds(shapes)), deep)


def _around(boxes: Any) -> Bounds | None:
    """Return the box around boxes; None where there is none."""
    found = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    found = found[np.isfinite(found).all(axis=1)]
    if not len(found):
        return None
    low, high = found[:, :2].min(axis=0), found[:, 2:].max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


@dataclass(eq=False)
class PartsWriter:
    """Takes frames one after the other and keeps them in a folder.

    Examples
    --------
    >>> import tempfile
    >>> writer = PartsWriter(Path(tempfile.mkdtemp()))
    >>> for numbers in ([1, 2], [None, 4]):
    ...     writer.add(pd.DataFrame({"n": pd.array(numbers, dtype="Int64")}))
    >>> parts = writer.finish()
    >>> parts.facts.rows, [str(frame["n"].dtype) for frame in parts.frames()]
    (4, ['Int64', 'Int64'])
    """

    folder: Path
    _files: int = 0
    _facts: Facts | None = None
    _said: dict[str, set[str]] = field(default_factory=dict)
    _notes: dict[str, Note] = field(default_factory=dict)

    def add(self, frame: Frame) -> None:
        """Keep the next rows; they have the columns of those before.

        Raises
        ------
        SchemaError, CrsError
            As `canonical`.
        """
        notes: list[Note] = []
        made = canonical_frame(frame, notes)
        self._notes |= {str(note): note for note in notes}
        facts = _facts(made)
        for name, kind in facts.types.items():
            # A column of text with nothing in it says nothing of what it is.
            told = kind != "text" or bool(made[name].notna().any())
            self._said.setdefault(name, set()).update({kind} if told else ())
        made.to_parquet(_file(self.folder, self._files), index=False)
        self._facts = facts if self._facts is None else _joined(self._facts, facts)
        self._files += 1

    def finish(self) -> Parts:
        """Agree on what each column is, and return all that was kept.

        Raises
        ------
        ValueError
            If nothing was added: an empty layer is one empty frame.
        """
        if self._facts is None:
            raise ValueError("no frame was added")
        types = {name: _agreed(said) for name, said in self._said.items()}
        for name, said in self._said.items():
            if len(said) > 1 and types[name] == "text":
                note = as_text(name)
                self._notes.setdefault(str(note), note)
        facts = replace(self._facts, types=types)
        folder, files = self.folder, self._files
        return Parts(facts, lambda: _read(folder, files, facts), tuple(self._notes.values()))


def _file(folder: Path, number: int) -> Path:
    return folder / f"part-{number:06}.parquet"


def _joined(one: Facts, other: Facts) -> Facts:
    """Return the facts of the rows of both."""
    return Facts(
        one.rows + other.rows,
        one.types,
        one.missing | other.missing,
        one.crs,
        one.geometry_types | other.geometry_types,
        _around([box for box in (one.bounds, other.bounds) if box is not None]),
        one.deep or other.deep,
    )


def _agreed(said: set[str]) -> str:
    """Return the type of a column whose parts are of these types."""
    if len(said) == 1:
        return next(iter(said))
    return "float" if said == {"int", "float"} else "text"


def _read(folder: Path, files: int, facts: Facts) -> Iterator[Frame]:
    for number in range(files):
        path = _file(folder, number)
        frame: Frame
        if facts.crs is None:
            frame = pd.read_parquet(path)
        else:
            frame = gpd.read_parquet(path).set_crs(parse_crs(facts.crs), allow_override=True)
        for name, kind in facts.types.items():
            frame[name] = _as(frame[name], kind, missing=name in facts.missing)
        yield frame


def _as(values: Any, kind: str, *, missing: bool) -> Any:
    """Return a column of a part as the type that all parts agreed on."""
    if kind in ("geometry", "date"):
        return values
    if kind == "text":
        return values.map(str, na_action="ignore").astype("str").where(values.notna())
    dtype = dtype_of(kind, missing=missing)
    if values.isna().all():
        # A part in which all is empty came as text.
        return pd.Series(pd.NA, index=values.index, dtype=dtype)
    return values.astype(dtype)


def dtype_of(kind: str, *, missing: bool) -> str:
    """Return the dtype of a canonical type; with gaps, numbers without a NaN take another.

    Examples
    --------
    >>> dtype_of("int", missing=False), dtype_of("int", missing=True)
    ('int64', 'Int64')
    """
    return _DTYPES[kind][missing]


_DTYPES: Final = {
    "bool": ("bool", "boolean"),
    "int": ("int64", "Int64"),
    "float": ("float64", "float64"),
    "text": ("str", "str"),
    "date": ("object", "object"),
    "geometry": ("object", "object"),
    "datetime": ("datetime64[us]", "datetime64[us]"),
    "instant": ("datetime64[us, UTC]", "datetime64[us, UTC]"),
}
