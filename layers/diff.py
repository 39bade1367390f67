"""What changed between two versions of a class map: who lost how much ground to whom.

Ground is *lost* by a class where it held before and no longer does, *gained* where it holds
now and did not. So maps whose classes overlap are compared honestly too, and what both
versions agree on costs nothing: only features that differ are cut.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from spatial.crs import AREA_CRS, parse_crs, project
from spatial.errors import LayerError, SchemaError
from spatial.notes import Note

__all__ = ["NO_CLASS", "Difference", "difference"]

#: Class of a feature whose class column is empty.
NO_CLASS: Final = "(tanpa kode)"
#: Pieces below this are noise of coordinates; they are summed and noted, not drawn.
NOISE_M2: Final = 0.01
_THREADS: Final = 2


@dataclass(frozen=True, eq=False)
class Difference:
    """What changed.

    Parameters
    ----------
    changes : DataFrame
        `before`, `after` (NA = no class there), `area_m2`, largest first.
    classes : DataFrame
        Per class: `before_m2`, `lost_m2`, `gained_m2`, `after_m2`.
    pieces : GeoDataFrame
        `before`, `after`, `area_m2` and the ground, one row per change, on the area plane.
    notes : tuple of Note
    """

    changes: pd.DataFrame
    classes: pd.DataFrame
    pieces: gpd.GeoDataFrame
    notes: tuple[Note, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the tables as JSON-ready dictionary."""
        return {
            "changes": _records(self.changes),
            "classes": _records(self.classes),
            "notes": [note.to_dict() for note in self.notes],
        }


def difference(
    before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, *, by: str, crs: Any = None
) -> Difference:
    """Compare two versions of a layer of polygons by class.

    Parameters
    ----------
    before, after : GeoDataFrame of polygons
        In any CRS.
    by : str
        Column with the class; it must be in both.
    crs : CRS, optional
        Plane on which areas are taken; ESRI:54034 (equal-area) without.

    Raises
    ------
    SchemaError
        `column_missing`.
    LayerError
        `diff_needs_polygons`, if one of them holds none.

    Examples
    --------
    >>> old = gpd.GeoDataFrame({"zona": ["P-1", "R-2"]}, crs="ESRI:54034",
    ...     geometry=[shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)])
    >>> new = gpd.GeoDataFrame({"zona": ["P-1", "R-2"]}, crs="ESRI:54034",
    ...     geometry=[shapely.box(0, 0, 7, 10), shapely.box(7, 0, 20, 10)])
    >>> difference(old, new, by="zona").changes.values.tolist()
    [['P-1', 'R-2', 30.0]]
    """
    plane = parse_crs(AREA_CRS if crs is None else crs)
    notes: list[Note] = []
    sides = [
        _side(frame, by, plane, which, notes)
        for frame, which in ((before, "before"), (after, "after"))
    ]
    lost, gained = _gone(sides[0], sides[1]), _gone(sides[1], sides[0])
    pieces = _pieces(lost, gained)
    area = shapely.area(pieces["geometry"].to_numpy())
    classes = _classes(sides, lost, gained)
    again = max(
        area[pieces["before"].notna()].sum() - classes["lost_m2"].sum(),
        area[pieces["after"].notna()].sum() - classes["gained_m2"].sum(),
    )
    if again > NOISE_M2:
        text = "classes overlap in these versions: {area:.2f} m² of change are counted twice"
        notes.append(Note("diff_overlap", text, "warning", {"area": float(again)}))
    if noise := float(area[area < NOISE_M2].sum()):
        text = "pieces below {limit} m² together have {area:.6f} m²; they are left out"
        notes.append(Note("diff_noise", text, "info", {"limit": NOISE_M2, "area": noise}))
    pieces = pieces.assign(area_m2=area)[area >= NOISE_M2]
    pieces = pieces.sort_values("area_m2", ascending=False, kind="stable", ignore_index=True)
    frame = gpd.GeoDataFrame(
        pieces[["before", "after", "area_m2", "geometry"]], geometry="geometry", crs=plane
    )
    changes = pd.DataFrame(frame[["before", "after", "area_m2"]])
    return Difference(changes, classes, frame, tuple(notes))


@dataclass(frozen=True, eq=False)
class _Side:
    """One version: classes and polygons on the plane, and the bytes by which features equal."""

    classes: NDArray[np.object_]
    shapes: NDArray[np.object_]
    keys: list[tuple[str, bytes]]
    tree: shapely.STRtree


@dataclass(frozen=True, eq=False)
class _Ground:
    """Pieces of ground, each with the class that lost or gained it."""

    classes: NDArray[np.object_]
    shapes: NDArray[np.object_]

    def areas(self) -> dict[str, float]:
        """Return the area of each class; ground counted once."""
        return _areas(self.classes, self.shapes)


def _side(frame: gpd.GeoDataFrame, by: str, plane: Any, which: str, notes: list[Note]) -> _Side:
    if by not in frame.columns:
        raise SchemaError(
            "{what} has no column {column!r}",
            code="column_missing",
            hint="It has: {known}",
            what=f"the version {which}",
            column=by,
            known=", ".join(str(name) for name in frame.columns),
        )
    shapes = np.asarray(frame.geometry.array, dtype=object)
    ground = np.isin(shapely.get_type_id(shapes), (3, 6)) & ~shapely.is_empty(shapes)
    if len(shapes) and not ground.any():
        raise LayerError(
            "versions are compared by area, and this one holds no polygons",
            code="diff_needs_polygons",
            hint="Export both versions and compare their rows",
        )
    if left := int((~ground).sum()):
        text = "{count} rows of the version {which} have no ground and are not compared"
        notes.append(Note("diff_no_ground", text, "warning", {"count": left, "which": which}))
    classes = frame[by].astype("string").fillna(NO_CLASS).to_numpy(dtype=object)[ground]
    moved = project(shapely.force_2d(shapes[ground]), parse_crs(frame.crs), plane)
    keys = list(zip(classes, shapely.to_wkb(moved), strict=True))
    return _Side(classes, moved, keys, shapely.STRtree(moved))


def _gone(here: _Side, there: _Side) -> _Ground:
    """Return the ground of one version on which its class does not hold in the other."""
    kept = set(there.keys)
    rows = np.array([row for row, key in enumerate(here.keys) if key not in kept], dtype=np.intp)
    one, other = there.tree.query(here.shapes[rows])
    same = here.classes[rows[one]] == there.classes[other]
    rest = _minus(here.shapes[rows], one[same], there.shapes[other[same]])
    # Part by part: a thin rim around a large feature has small parts but a large box.
    parts, owner = shapely.get_parts(rest, return_index=True)
    left = shapely.area(parts) > 0
    return _Ground(here.classes[rows][owner[left]], parts[left])


def _minus(
    shapes: NDArray[np.object_], owner: NDArray[np.intp], others: NDArray[np.object_]
) -> NDArray[np.object_]:
    """Take from each shape those of `others` that `owner` pairs it with."""
    result = shapes.copy()
    rows, starts = np.unique(np.sort(owner), return_index=True)
    groups = np.split(others[np.argsort(owner, kind="stable")], starts[1:]) if len(rows) else []
    joined = _each(shapely.union_all, groups)
    result[rows] = shapely.difference(shapes[rows], joined)
    return result


def _each(
    how: Callable[[NDArray[np.object_]], Any], groups: Sequence[NDArray[np.object_]]
) -> NDArray[np.object_]:
    """Return what a function of GEOS gives for each group; threads, as it lets go of the lock."""
    result = np.empty(len(groups), dtype=object)
    with ThreadPoolExecutor(_THREADS) as pool:
        result[:] = list(pool.map(how, groups))
    return result


def _pieces(lost: _Ground, gained: _Ground) -> pd.DataFrame:
    """Cut what was lost by what was gained; what nobody gained or lost has no class opposite."""
    new, old = shapely.STRtree(lost.shapes).query(gained.shapes)
    cut = shapely.intersection(lost.shapes[old], gained.shapes[new])
    gone = _minus(lost.shapes, old, gained.shapes[new])
    come = _minus(gained.shapes, new, lost.shapes[old])
    none = np.array([None], dtype=object)
    frame = pd.DataFrame(
        {
            "before": np.concatenate([lost.classes[old], lost.classes, none.repeat(len(come))]),
            "after": np.concatenate([gained.classes[new], none.repeat(len(gone)), gained.classes]),
            "geometry": [_solid(shape) for shape in np.concatenate([cut, gone, come])],
        }
    )
    frame = frame[shapely.area(frame["geometry"].to_numpy(dtype=object)) > 0]
    grouped = frame.groupby(["before", "after"], dropna=False, sort=True)["geometry"]
    keys = [key for key, _ in grouped]
    unions = _each(shapely.union_all, [parts.to_numpy(dtype=object) for _, parts in grouped])
    merged = pd.DataFrame(keys, columns=["before", "after"]).assign(geometry=unions)
    return merged.astype({"before": "str", "after": "str"})


def _solid(shape: BaseGeometry) -> BaseGeometry:
    """Keep the polygons of what a cut gave: shared edges leave lines behind."""
    if shape.geom_type in {"Polygon", "MultiPolygon"}:
        return shape
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)


def _classes(sides: list[_Side], lost: _Ground, gained: _Ground) -> pd.DataFrame:
    names = sorted({*sides[0].classes, *sides[1].classes})
    whole = _areas(sides[0].classes, sides[0].shapes)
    frame = pd.DataFrame({"class": names, "before_m2": [whole.get(name, 0.0) for name in names]})
    frame["lost_m2"] = frame["class"].map(lost.areas()).fillna(0.0)
    frame["gained_m2"] = frame["class"].map(gained.areas()).fillna(0.0)
    frame["after_m2"] = frame["before_m2"] - frame["lost_m2"] + frame["gained_m2"]
    return frame[["class", "before_m2", "lost_m2", "gained_m2", "after_m2"]]


def _areas(classes: NDArray[np.object_], shapes: NDArray[np.object_]) -> dict[str, float]:
    """Return the area of each class; ground that a class covers twice counts once."""
    parts = pd.Series(shapes, dtype=object).groupby(classes)
    names = [str(name) for name, _ in parts]
    unions = _each(shapely.union_all, [part.to_numpy(dtype=object) for _, part in parts])
    return dict(zip(names, shapely.area(unions).tolist(), strict=True))


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]
