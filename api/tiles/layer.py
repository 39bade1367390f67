"""A layer ready to be cut into vector tiles at any zoom.

Coordinates are Web Mercator, which only draws. What is drawn at which zoom is decided when the
layer is prepared (`api.tiles.generalise`); a tile is then a window of flat arrays.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from api.tiles.attributes import Attributes, field, varint
from api.tiles.clip_kernel import EXTENT
from api.tiles.generalise import MERGED_ZOOM, THIN_ZOOM, Drawing, Table
from api.tiles.level import HALF, Cut, Level, cut
from api.tiles.mvt_kernel import POINT, encode_features
from api.tiles.tidy_kernel import sizes_of

__all__ = ["EXTENT", "HALF", "MOST_BYTES", "OMITTED", "WEB_MERCATOR", "TileLayer", "tile_bounds"]

WEB_MERCATOR: Final = "EPSG:3857"
#: A tile holds no more than this before it is packed.
MOST_BYTES: Final = 500_000
#: Layer of a tile that says how many of its features it leaves out, where it does.
OMITTED: Final = "terlewat"
_TAIL: Final = b"\x28" + varint(EXTENT) + b"\x78\x02"


def tile_bounds(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    """Return the bounds of a tile in Web Mercator metres.

    Examples
    --------
    >>> [round(value) for value in tile_bounds(1, 0, 0)]
    [-20037508, 0, 0, 20037508]
    """
    size = 2 * HALF / (1 << z)
    west, north = -HALF + x * size, HALF - y * size
    return west, north - size, west + size, north


class Shapes(Protocol):
    """What tiles are cut from: a `Drawing`, or the file of one."""

    kind: int
    positions: NDArray[np.int64]
    tables: dict[str, Table]

    @property
    def merges(self) -> bool:
        """Whether low zooms have one feature for a class."""
        ...

    def level(self, z: int, *, merged: bool) -> Level:
        """Return the shapes that a zoom is cut from."""
        ...


class TileLayer:
    """One version of a layer, prepared once, cut many times and by many threads.

    Parameters
    ----------
    shapes : GeoDataFrame or Shapes
        A frame may be in any CRS; its geometries are of one kind (points, lines or polygons).
    name : str
        Name of the layer inside the tiles.
    kind : str
        Of the layer, see `layers.kinds`.
    """

    def __init__(self, shapes: gpd.GeoDataFrame | Shapes, name: str, kind: str = "") -> None:
        self.name = name
        self.shapes: Shapes = (
            Drawing(shapes, kind) if isinstance(shapes, gpd.GeoDataFrame) else shapes
        )

    @property
    def kind(self) -> int:
        """POINT, LINE or POLYGON."""
        return self.shapes.kind

    def tile(self, z: int, x: int, y: int, only: NDArray[np.bool_] | None = None) -> bytes:
        """Cut and encode one tile; empty bytes where nothing is.

        Parameters
        ----------
        only : array of bool, shape (rows of the frame,), optional
            Features that are drawn. They are not merged by class then.

        Examples
        --------
        >>> import shapely
        >>> frame = gpd.GeoDataFrame(
        ...     {"zona": ["R-2"]}, geometry=[shapely.box(110, -7, 111, -6)], crs="EPSG:4326")
        >>> len(TileLayer(frame, "rdtr").tile(5, 25, 16)) > 40
        True
        """
        merged = self.shapes.merges and z <= MERGED_ZOOM and only is None
        level = self.shapes.level(z, merged=merged)
        table = self.shapes.tables["merged" if merged else "thin" if z <= THIN_ZOOM else "full"]
        wanted = None if only is None else only[self.shapes.positions].__getitem__
        found, rows = cut(level, self.kind, (z, x, y), wanted)
        if not len(found.xy):
            return b""
        made = self._encoded(found, rows, table)
        return made if len(made) <= MOST_BYTES else self._bounded(found, rows, table, len(made))

    def _encoded(
        self, found: Cut, rows: NDArray[np.int64], table: Table, chosen: Any = slice(None)
    ) -> bytes:
        rows = rows[chosen]
        codes, values = table.attributes.pick(rows)
        features = encode_features(
            self.kind, found.xy, found.rings, found.polygons,
            found.features[:-1][chosen], found.features[1:][chosen], table.numbers[rows], codes,
        )  # fmt: skip
        if not len(features):
            return b""
        head = field(1, self.name.encode()) + features.tobytes()
        return field(3, head + table.attributes.keys.tobytes() + values + _TAIL)

    def _bounded(self, found: Cut, rows: NDArray[np.int64], table: Table, size: int) -> bytes:
        """Leave the smallest features out until the tile fits, and say in it how many."""
        sizes = sizes_of(self.kind, found.xy, found.rings, found.polygons, found.features)
        order = np.argsort(-sizes, kind="stable")
        kept, made = len(rows), b""
        while size > MOST_BYTES and kept > 1:
            kept = max(1, min(kept - 1, int(kept * 0.95 * MOST_BYTES / size)))
            made = self._encoded(found, rows, table, np.sort(order[:kept]))
            size = len(made)
        return made + _omission(self.name, len(rows) - kept)


def _omission(name: str, count: int) -> bytes:
    """Encode a layer of one point in the middle of the tile that says what is left out."""
    told = Attributes.of(pd.DataFrame({"layer": [name], "jumlah": [count]}))
    row = np.zeros(1, np.int64)
    codes, values = told.pick(row)
    middle = np.full((1, 2), EXTENT // 2, np.int64)
    features = encode_features(
        POINT, middle, row, row, row, row + 1, np.zeros(1, np.uint64), codes
    )  # fmt: skip
    head = field(1, OMITTED.encode()) + features.tobytes()
    return field(3, head + told.keys.tobytes() + values + _TAIL)
