"""A layer at every zoom: what is simplified together, merged by class, too small to be drawn.

Neighbours are simplified together, so a common border stays common, each zoom from the one
below it. At zooms of whole districts (`MERGED_ZOOM`) polygons of one class are one feature
without borders inside. What is smaller there than a quarter of a pixel (of 512 a tile) is not
drawn by its outline, which would be nothing, but with others of its class as whole pixels, as
many as they have area; and counted, see `Made`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from api.ogc.identity import feature_ids, scalars
from api.tiles.attributes import Attributes
from api.tiles.level import HALF, Level, level_of, morton, unit_of
from api.tiles.mvt_kernel import LINE, POINT, POLYGON
from api.tiles.numbers import feature_numbers
from api.tiles.tidy_kernel import cells_of_dust
from spatial.crs import project

__all__ = [
    "FULL_DETAIL_ZOOM",
    "MERGED_ZOOM",
    "Drawing",
    "Generalised",
    "Made",
    "Table",
    "key_of",
    "told_of",
]

#: From this zoom on geometries are drawn as they are.
FULL_DETAIL_ZOOM: Final = 14
#: Of the grid they are kept on then: 4 cm.
FULL_GRID: Final = 18
#: A border may move this much (tile units; a screen pixel is 8 of them) below that zoom.
TOLERANCE: Final = 4.0
#: Up to this zoom polygons of a class are one feature.
MERGED_ZOOM: Final = 11
#: Up to this zoom features that are not merged carry their class and number only.
THIN_ZOOM: Final = 9
#: Area, in units, below which a part is not drawn by its outline at these zooms; and the side
#: of the pixels that stand for such parts.
SMALLEST: Final = 16.0
PIXEL: Final = 8
NOTHING: Final = 0.01
#: Columns by which layers are coloured; a layer is merged by the first it has.
CLASS_COLUMNS: Final = (
    "zona", "kelas", "fungsikws", "krb_03", "nama_das", "kode_desa", "fungsi", "dn",
)  # fmt: skip
#: How many features were merged to one.
COUNT: Final = "jumlah"

_KIND_OF_TYPE: Final = {0: POINT, 1: LINE, 2: LINE, 3: POLYGON, 4: POINT, 5: LINE, 6: POLYGON}


class Table(NamedTuple):
    """What features of a level are called and carry."""

    numbers: NDArray[np.uint64]
    attributes: Attributes


class Made(NamedTuple):
    """A level, and what became of the layer's features in it.

    Parameters
    ----------
    level : Level
    lost : int
        Features of which nothing is drawn: on this grid they, or their class, have no area.
    pixels : float
        Share of the area that is drawn by whole pixels of its class.
    """

    level: Level
    lost: int
    pixels: float


class Generalised(NamedTuple):
    """What became of a layer at a zoom.

    Parameters
    ----------
    zoom : int
    merged : bool
        Features of one class are one.
    lost : int
        Features of which nothing is drawn, see `Made`.
    pixels : float
        Share of the area that is drawn by whole pixels.
    """

    zoom: int
    merged: bool
    lost: int
    pixels: float


def told_of(drawing: Drawing) -> Iterator[Generalised]:
    """Yield what became of a layer at every zoom at which it is generalised; makes all levels."""
    for z in range(FULL_DETAIL_ZOOM):
        merged = drawing.merges and z <= MERGED_ZOOM
        made = drawing.made(z, merged=merged)
        yield Generalised(z, merged, made.lost, round(made.pixels, 6))


def key_of(z: int, *, merged: bool) -> str:
    """Return what the level that a zoom is cut from is called.

    Examples
    --------
    >>> key_of(16, merged=False), key_of(9, merged=True)
    ('14', '9m')
    """
    return f"{min(z, FULL_DETAIL_ZOOM)}{'m' if merged else ''}"


@dataclass(frozen=True)
class _Stage:
    """Geometries simplified down to a zoom, each with its row."""

    geometries: NDArray[np.object_]
    rows: NDArray[np.int64]

    def parts(self) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
        """Return single polygons, lines or points, and the row of each."""
        parts, owner = shapely.get_parts(self.geometries, return_index=True)
        return parts, self.rows[owner]


class Drawing:
    """A layer that is generalised, zoom by zoom from the deepest up, as far as it is asked for.

    Parameters
    ----------
    frame : GeoDataFrame
        In any CRS; all geometries of one kind (points, lines or polygons).
    kind : str
        Of the layer, see `layers.kinds`.
    """

    def __init__(self, frame: gpd.GeoDataFrame, kind: str = "") -> None:
        flat = shapely.force_2d(np.asarray(frame.geometry.array, dtype=object))
        table = scalars(frame)
        names = feature_ids(table, flat, kind)
        keep = ~(shapely.is_empty(flat) | shapely.is_missing(flat))
        #: Row of the frame of each feature.
        self.positions = np.flatnonzero(keep)
        table, names = table.loc[keep], names[keep]
        shapes = project(flat[keep], frame.crs, "EPSG:3857", densify=False)
        self.kind = _kind(shapes)
        numbers = feature_numbers(names)
        full = table.assign(**{"feature_id" if "id" in table else "id": names})
        self.tables = {
            "full": Table(numbers, Attributes.of(full)),
            "thin": Table(numbers, Attributes.of(table[_classes(table)])),
        }
        self._class = _class_of(table, self.kind)
        if self._class is not None:
            self.tables["merged"] = _merged_table(table, self._class, numbers)
        #: Attributes in tiles: those of the layer, the name of the feature, and how many it is.
        self.fields = (*map(str, full.columns), *([COUNT] if self.merges else []))
        self._full = _Stage(shapes, np.arange(len(shapes)))
        self._stage, self._zoom = self._full, FULL_DETAIL_ZOOM
        self._merged: _Stage | None = None
        self._made: dict[str, Made] = {}
        self._lock = threading.Lock()

    @property
    def merges(self) -> bool:
        """Whether low zooms have one feature for a class."""
        return self._class is not None

    def level(self, z: int, *, merged: bool) -> Level:
        """Return the shapes that a zoom is cut from."""
        return self.made(z, merged=merged).level

    def made(self, z: int, *, merged: bool) -> Made:
        """Return the shapes that a zoom is cut from, and what became of the features."""
        key = key_of(z, merged=merged)
        if key not in self._made:
            with self._lock:
                while key not in self._made:
                    self._descend(key)
        return self._made[key]

    def _descend(self, key: str) -> None:
        """Make the deepest level that is not there, or the full one if that is asked for."""
        if key == key_of(FULL_DETAIL_ZOOM, merged=False):
            parts, rows = self._full.parts()
            level = level_of(parts, rows, self.kind, FULL_GRID, mend=False)
            self._made[key] = Made(level, 0, 0.0)
            return
        z = self._zoom - 1
        stage, merged = _simplified(self._stage, self.kind, z), self._merged
        made = {key_of(z, merged=False): self._apart(z, stage)}
        if self._class is not None and z <= MERGED_ZOOM:
            if merged is None:
                merged = _dissolved(stage, self._class, z)
            else:
                merged = _simplified(merged, self.kind, z)
            made[key_of(z, merged=True)] = self._together(z, merged, self._class)
        # All at once: a level that could not be made is tried again, and never passed over.
        self._zoom, self._stage, self._merged = z, stage, merged
        self._made |= made

    def _apart(self, z: int, stage: _Stage) -> Made:
        parts, rows = stage.parts()
        level = level_of(parts, rows, self.kind, z)
        return Made(level, len(self.positions) - len(np.unique(level.rows)), 0.0)

    def _together(self, z: int, merged: _Stage, classes: NDArray[np.int64]) -> Made:
        unit = unit_of(z)
        parts, rows = merged.parts()
        areas = shapely.area(parts)
        small = areas < SMALLEST * unit**2
        squares, of = _pixels(parts[small], rows[small], unit)
        drawn = np.concatenate([parts[~small], squares])
        rows = np.concatenate([rows[~small], of])
        level = level_of(drawn, rows, self.kind, z, smallest=SMALLEST)
        lost = int((~np.isin(classes, level.rows)).sum())
        share = shapely.area(squares).sum() / max(areas.sum(), np.finfo(float).tiny)
        return Made(level, lost, min(1.0, float(share)))


def _kind(geometries: NDArray[np.object_]) -> int:
    types = shapely.get_type_id(geometries)
    kinds = {_KIND_OF_TYPE.get(int(one), 0) for one in np.unique(types)}
    return max(kinds, default=POLYGON) or POLYGON


def _classes(table: pd.DataFrame) -> list[str]:
    return [name for name in CLASS_COLUMNS if name in table]


def _class_of(table: pd.DataFrame, kind: int) -> NDArray[np.int64] | None:
    """Return the class of each row where several rows share one; None where nothing merges."""
    columns = _classes(table)
    if kind != POLYGON or not columns:
        return None
    classes = pd.factorize(table[columns[0]], use_na_sentinel=False)[0].astype(np.int64)
    return classes if len(np.unique(classes)) < len(classes) else None


def _merged_table(
    table: pd.DataFrame, classes: NDArray[np.int64], numbers: NDArray[np.uint64]
) -> Table:
    first = np.unique(classes, return_index=True)[1]
    counts = np.bincount(classes)
    column = _classes(table)[0]
    named = pd.DataFrame({column: table[column].to_numpy()[first], COUNT: counts})
    return Table(np.where(counts == 1, numbers[first], 0).astype(np.uint64), Attributes.of(named))


def _simplified(stage: _Stage, kind: int, z: int) -> _Stage:
    tolerance = TOLERANCE * unit_of(z)
    if kind == POINT:
        return stage
    if kind == LINE:
        return _Stage(shapely.simplify(stage.geometries, tolerance), stage.rows)
    # Visvalingam: the tolerance is the side of the triangle that may be lost.
    simple = shapely.coverage_simplify(stage.geometries, tolerance)
    # What has no area on this grid has none on a coarser one.
    there = shapely.area(simple) > NOTHING * unit_of(z) ** 2
    return _Stage(simple[there], stage.rows[there])


def _dissolved(stage: _Stage, classes: NDArray[np.int64], z: int) -> _Stage:
    """Join what has one class; what does not fit together is first laid on a quarter unit."""
    of = classes[stage.rows]
    order = np.argsort(of, kind="stable")
    found, first = np.unique(of[order], return_index=True)
    joined = []
    for group in np.split(stage.geometries[order], first[1:]):
        if shapely.coverage_is_valid(group):
            joined.append(shapely.coverage_union_all(group))
        else:
            joined.append(shapely.union_all(group, grid_size=unit_of(z) / 4))
    return _Stage(np.array(joined, dtype=object), found)


def _pixels(
    parts: NDArray[np.object_], classes: NDArray[np.int64], unit: float
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Return the pixels that stand for small parts, and the class of each."""
    size = PIXEL * unit
    centre = shapely.get_coordinates(shapely.centroid(parts))
    cells = morton(((centre + HALF) / size).astype(np.int64))
    order = np.argsort(cells, kind="stable")
    count = int(classes.max(initial=-1)) + 1
    chosen = cells_of_dust(cells[order], classes[order], shapely.area(parts)[order], count, size**2)
    drawn = order[chosen >= 0]
    west, south = (np.floor((centre[drawn] + HALF) / size) * size - HALF).T
    squares: NDArray[np.object_] = shapely.box(west, south, west + size, south + size)
    return squares, chosen[chosen >= 0]
