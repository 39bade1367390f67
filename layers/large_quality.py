"""What is wrong with a layer that does not fit memory: stated areas, and features given twice.

Keys and outlines are compared on disk. Overlaps and gaps are not looked for here: that needs
all outlines at once, and is said so.
"""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely

from layers.kinds import Kind
from layers.layer import Layer
from layers.quality import examine
from spatial.notes import Note

__all__ = ["LargeQuality"]

#: Findings kept one by one.
_KEPT: Final = 100


class LargeQuality:
    """Takes the parts of a layer whose features must tile a plane; of others it looks at none.

    Parameters
    ----------
    kind : Kind or None
    folder : Path
        Where what is compared lies meanwhile.
    """

    def __init__(self, kind: Kind | None, folder: Path) -> None:
        self._kind = kind if kind is not None and kind.partition else None
        self._areas: list[dict[str, Any]] = []
        self._seen = sqlite3.connect(folder / "seen.sqlite")
        self._seen.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-32000;"
            "CREATE TABLE seen (what TEXT, value BLOB, row INTEGER);"
        )

    def __enter__(self) -> LargeQuality:
        """Return it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close what was compared."""
        self._seen.close()

    def add(self, part: Layer, *, first_row: int) -> None:
        """Look at a part; `first_row` is the number of its first row."""
        if self._kind is None:
            return
        room = _KEPT - len(self._areas)
        found = examine(part, coverage=False).areas[: max(0, room)]
        self._areas += [one | {"row": one["row"] + first_row} for one in found]
        frame = part.features
        for name in self._kind.key:
            if name in frame.columns:
                values = frame[name].dropna()
                rows = zip(values.astype(str), values.index, strict=True)
                self._keep((name, value, int(row) + first_row) for value, row in rows)
        self._keep(_outlines(frame, first_row))

    def told(self) -> dict[str, Any]:
        """Return what was found, for the provenance of a version."""
        if self._kind is None:
            return {}
        quality = {"coverage": {}, "defects": [], "duplicates": self._twice(), "areas": self._areas}
        return {"quality": quality | {"not_examined": ["coverage"]}}

    def notes(self) -> list[Note]:
        """Say what was not looked at."""
        if self._kind is None:
            return []
        text = "overlaps and gaps of this {kind} were not looked for: it does not fit memory"
        return [Note("coverage_not_examined", text, "warning", {"kind": self._kind.name})]

    def _keep(self, rows: Any) -> None:
        self._seen.executemany("INSERT INTO seen VALUES (?, ?, ?)", rows)

    def _twice(self) -> list[dict[str, Any]]:
        query = (
            "SELECT what, value, group_concat(row) FROM seen GROUP BY what, value"
            " HAVING count(*) > 1 ORDER BY min(row) LIMIT ?"
        )
        return [
            {
                "what": what,
                "value": value if isinstance(value, str) else "",
                "rows": sorted(int(row) for row in rows.split(","))[:_KEPT],
            }
            for what, value, rows in self._seen.execute(query, [_KEPT])
        ]


def _outlines(frame: gpd.GeoDataFrame, first_row: int) -> Any:
    """Yield a digest of every outline: equal outlines have equal ones."""
    shapes = np.asarray(frame.geometry.array, dtype=object)
    there = np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_empty(shapes))
    for row, outline in zip(there, shapely.to_wkb(shapely.normalize(shapes[there])), strict=True):
        digest = hashlib.blake2b(outline, digest_size=16).digest()
        yield "geometry", digest, int(row) + first_row
