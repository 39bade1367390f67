"""A layer ready to be cut into vector tiles at any zoom.

Coordinates are Web Mercator, which only draws. Below the zoom at which a detail is seen,
neighbours are simplified together, so that their common border stays common.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from api.tiles.attributes import Attributes, field, varint
from api.tiles.grid import snap
from api.tiles.mvt_kernel import LINE, POINT, POLYGON, encode_features, offsets_of
from spatial.crs import project

__all__ = ["EXTENT", "TileLayer", "tile_bounds"]

EXTENT: Final = 4096
#: Tile units drawn beyond the edge, so that outlines do not show there.
BUFFER: Final = 64
#: From this zoom on geometries are drawn as they are.
FULL_DETAIL_ZOOM: Final = 14
#: A border may move this much (tile units; a screen pixel is 8 of them) below that zoom.
TOLERANCE: Final = 4.0
#: Up to this zoom a tile holds a whole district: features carry their class and number only.
THIN_ZOOM: Final = 9
#: Columns by which layers are coloured.
CLASS_COLUMNS: Final = (
    "zona", "kelas", "fungsikws", "krb_03", "nama_das", "kode_desa", "fungsi", "dn",
)  # fmt: skip
HALF: Final = 20037508.342789244
WEB_MERCATOR: Final = "EPSG:3857"

_KIND_OF_TYPE: Final = {0: POINT, 1: LINE, 2: LINE, 3: POLYGON, 4: POINT, 5: LINE, 6: POLYGON}


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


@dataclass(frozen=True)
class _Detail:
    """Geometries at one level of detail with their index; rows whose geometry vanished are gone."""

    geometries: NDArray[np.object_]
    rows: NDArray[np.int64]
    tree: shapely.STRtree


class TileLayer:
    """One version of a layer, prepared once, cut many times and by many threads.

    Parameters
    ----------
    frame : GeoDataFrame
        In any CRS; all geometries of one kind (points, lines or polygons).
    name : str
        Name of the layer inside the tiles.
    """

    def __init__(self, frame: gpd.GeoDataFrame, name: str) -> None:
        self.name = name
        keep = ~(frame.geometry.is_empty | frame.geometry.isna()).to_numpy()
        #: Numbers of the features in the layer, from one: the same as in OGC API Features.
        self._numbers = np.flatnonzero(keep) + 1
        frame = frame.loc[keep]
        flat = shapely.force_2d(np.asarray(frame.geometry.array))
        self._geometries = project(flat, frame.crs, WEB_MERCATOR, densify=False)
        self.kind = _kind(self._geometries)
        table = _table(frame)
        self._attributes = Attributes.of(table)
        self._thin = Attributes.of(table[[name for name in CLASS_COLUMNS if name in table]])
        self._details: dict[int, _Detail] = {}
        self._lock = threading.Lock()

    def tile(self, z: int, x: int, y: int, only: NDArray[np.bool_] | None = None) -> bytes:
        """Cut and encode one tile; empty bytes where nothing is.

        Parameters
        ----------
        only : array of bool, shape (rows of the frame,), optional
            Features that are drawn.

        Examples
        --------
        >>> frame = gpd.GeoDataFrame(
        ...     {"zona": ["R-2"]}, geometry=[shapely.box(110, -7, 111, -6)], crs="EPSG:4326")
        >>> len(TileLayer(frame, "rdtr").tile(5, 25, 16)) > 40
        True
        """
        detail = self._detail(z)
        west, south, east, north = tile_bounds(z, x, y)
        unit = (east - west) / EXTENT
        margin = BUFFER * unit
        window = (west - margin, south - margin, east + margin, north + margin)
        found = np.sort(detail.tree.query(shapely.box(*window)))
        if only is not None:
            found = found[only[self._numbers[detail.rows[found]] - 1]]
        if not len(found):
            return b""
        cut = _cut(detail.geometries[found], window)
        return self._encode(cut, detail.rows[found], (west, north, unit), z <= THIN_ZOOM)

    def _encode(
        self,
        cut: NDArray[np.object_],
        rows: NDArray[np.int64],
        corner: tuple[float, float, float],
        thin: bool,
    ) -> bytes:
        placed = snap(cut, self.kind, *corner)
        if not len(placed.owner):
            return b""
        attributes = self._thin if thin else self._attributes
        codes, values = attributes.pick(rows)
        owners, numbers = offsets_of(placed.owner, len(rows)), self._numbers[rows]
        features = encode_features(
            self.kind, placed.xy, placed.rings, placed.polygons, owners, numbers, codes
        )
        if not len(features):
            return b""
        head = field(1, self.name.encode()) + features.tobytes()
        tail = attributes.keys + values + b"\x28" + varint(EXTENT) + b"\x78\x02"
        return field(3, head + tail)

    def _detail(self, z: int) -> _Detail:
        level = min(z, FULL_DETAIL_ZOOM)
        if level not in self._details:
            with self._lock:
                if level not in self._details:
                    self._details[level] = self._simplified(level)
        return self._details[level]

    def _simplified(self, level: int) -> _Detail:
        geometries = self._geometries
        if level < FULL_DETAIL_ZOOM and self.kind != POINT:
            geometries = _simplify(geometries, self.kind, TOLERANCE * 2 * HALF / (EXTENT << level))
        rows = np.flatnonzero(~shapely.is_empty(geometries))
        return _Detail(geometries[rows], rows, shapely.STRtree(geometries[rows]))


def _kind(geometries: NDArray[np.object_]) -> int:
    types = shapely.get_type_id(geometries)
    kinds = {_KIND_OF_TYPE.get(int(one), 0) for one in np.unique(types)}
    return max(kinds, default=POLYGON) or POLYGON


def _table(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the columns that tiles carry: scalars; lists and further geometries stay out."""
    table = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    scalar = [
        name
        for name in table.columns
        if not table[name].map(lambda value: isinstance(value, list | dict | np.ndarray)).any()
        and table[name].dtype.name != "geometry"
    ]
    return table[scalar]


def _simplify(geometries: NDArray[np.object_], kind: int, tolerance: float) -> NDArray[np.object_]:
    if kind == LINE:
        simple: NDArray[np.object_] = shapely.simplify(geometries, tolerance)
        return simple
    # Visvalingam: the tolerance is the side of the triangle that may be lost.
    together: NDArray[np.object_] = shapely.coverage_simplify(geometries, tolerance)
    return together


def _cut(
    geometries: NDArray[np.object_], window: tuple[float, float, float, float]
) -> NDArray[np.object_]:
    """Clip what reaches out of the window; most geometries of a high zoom do not."""
    bounds = shapely.bounds(geometries)
    out = (bounds[:, 0] < window[0]) | (bounds[:, 1] < window[1])
    out |= (bounds[:, 2] > window[2]) | (bounds[:, 3] > window[3])
    if not out.any():
        return geometries
    result = geometries.copy()
    result[out] = shapely.clip_by_rect(geometries[out], *window)
    return result
