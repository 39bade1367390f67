"""Coordinate reference systems: looked up, never guessed; transformed by one pinned operation.

Areas are taken on an equal-area plane (ESRI:54034, the one in which the national forest
and paddy layers are published), distances in SRGI2013 / UTM 49S (EPSG:9489).
"""

from __future__ import annotations

import math
import threading
import warnings
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.network import set_network_enabled  # type: ignore[attr-defined]  # documented
from pyproj.transformer import AreaOfInterest, TransformerGroup

from spatial.crs_codes import (
    AREA_CRS,
    INDONESIA,
    LONLAT,
    METRIC_CRS,
    Bounds,
    parse_crs,
    same_crs,
)
from spatial.densify import LINES, POLYGONS, TOLERANCE_M, bends, split_edges
from spatial.errors import CrsError
from spatial.notes import Note

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = [
    "AREA_CRS",
    "INDONESIA",
    "LONLAT",
    "METRIC_CRS",
    "Bounds",
    "Operation",
    "area_of_use_note",
    "check_extent",
    "lonlat_bounds",
    "operation",
    "parse_crs",
    "project",
    "same_crs",
    "to_crs",
]

# The engine answers alike with and without a network, so PROJ never fetches a grid.
set_network_enabled(active=False)

#: What silences warnings does so for every thread, so one at a time does.
_MAKING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Operation:
    """A transformation between two CRS, pinned: what was done, and how accurate it is.

    `accuracy_m` is the accuracy the registry states; NaN where it states none.
    """

    source: str
    target: str
    description: str
    accuracy_m: float
    transformer: pyproj.Transformer

    def __call__(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Transform coordinates of shape (n, 2), x or longitude first."""
        moved = np.array(xy.T, dtype=float, order="C")
        self.transformer.transform(moved[0], moved[1], inplace=True)
        return np.ascontiguousarray(moved.T)


def operation(source: Any, target: Any) -> Operation:
    """Return the one operation used from `source` to `target`, for Indonesia.

    PROJ may know several and choose by place; the engine takes the first that is not a
    ballpark one, for all coordinates, so that the answer can be repeated.

    Raises
    ------
    CrsError
        If the only known operation ignores the datum.

    Examples
    --------
    >>> operation("EPSG:4326", "EPSG:9489").accuracy_m
    1.2
    """
    if isinstance(source, str) and isinstance(target, str):
        return _named_operation(source, target)
    return _operation(parse_crs(source).to_wkt(), parse_crs(target).to_wkt())


@lru_cache(maxsize=256)
def _named_operation(source: str, target: str) -> Operation:
    return _operation(parse_crs(source).to_wkt(), parse_crs(target).to_wkt())


@lru_cache(maxsize=64)
def _operation(source_wkt: str, target_wkt: str) -> Operation:
    source, target = pyproj.CRS.from_wkt(source_wkt), pyproj.CRS.from_wkt(target_wkt)
    with _MAKING, warnings.catch_warnings():
        # pyproj warns that better grids might exist elsewhere; the pinned one is recorded.
        warnings.simplefilter("ignore", UserWarning)
        group = TransformerGroup(
            source,
            target,
            always_xy=True,
            area_of_interest=AreaOfInterest(*INDONESIA),
            allow_ballpark=False,
        )
    if not group.transformers:
        raise CrsError(
            "no transformation with a known datum shift leads from {source} to {target}",
            code="crs_no_operation",
            hint="Transform the layer with official parameters first",
            source=source.name,
            target=target.name,
        )
    best = group.transformers[0]
    accuracy = best.accuracy if best.accuracy is not None and best.accuracy >= 0 else float("nan")
    # Transformers of a group crash when two threads share them; made from their definition
    # each thread gets one of its own, which gives the same bits.
    own = pyproj.Transformer.from_pipeline(best.definition)
    return Operation(source.name, target.name, best.description, accuracy, own)


def project(
    geometries: NDArray[np.object_], source: Any, target: Any, *, densify: bool = True
) -> NDArray[np.object_]:
    """Transform geometries, splitting edges that would not stay straight.

    Parameters
    ----------
    geometries : array of shapely geometries, shape (n,)
    source, target : CRS
    densify : bool
        Split edges so that none leaves its true course by more than a millimetre.

    Returns
    -------
    array of shapely geometries, shape (n,)
        Two-dimensional. The very same objects where the CRS are equal.

    Examples
    --------
    >>> parcel = shapely.box(110.0, -7.0, 110.001, -6.999)
    >>> [out] = project(np.array([parcel]), "EPSG:4326", "ESRI:54034")
    >>> round(out.area)
    12220
    """
    if same_crs(source, target):
        return geometries
    move = operation(source, target)
    xy, owner = shapely.get_coordinates(geometries, return_index=True)
    moved = move(xy)
    if densify and len(xy) > 1:
        # The step between two rings or geometries is no edge; a false alarm costs only a look.
        bent = (bends(xy, moved, move) > TOLERANCE_M) & (owner[1:] == owner[:-1])
        if bent.any():
            split = _densified(geometries, np.unique(owner[1:][bent]), move)
            return np.asarray(shapely.transform(split, move), dtype=object)
    result: NDArray[np.object_] = shapely.set_coordinates(geometries.copy(), moved)
    return result


def _densified(
    geometries: NDArray[np.object_], rows: NDArray[np.intp], move: Operation
) -> NDArray[np.object_]:
    """Split the edges that bend under `move`, of geometries that have such edges."""
    result = geometries.copy()
    kind = shapely.get_type_id(geometries[rows])
    for kinds in (POLYGONS, LINES):
        chosen = rows[np.isin(kind, kinds)]
        if len(chosen):
            result[chosen] = split_edges(geometries[chosen], move)
    return result


def to_crs(frame: gpd.GeoDataFrame, target: Any, *, what: str = "layer") -> gpd.GeoDataFrame:
    """Return a frame in another CRS: pinned operation, long edges split, 2D.

    Raises
    ------
    CrsError
        If the frame states no CRS.
    """
    import geopandas as gpd

    source = parse_crs(frame.crs, what=what)
    geometries = project(shapely.force_2d(np.asarray(frame.geometry.array)), source, target)
    return frame.set_geometry(
        gpd.GeoSeries(geometries, index=frame.index, crs=parse_crs(target)), crs=parse_crs(target)
    )


def check_extent(
    bounds: Bounds, crs: Any, *, within: Bounds = INDONESIA, what: str = "layer"
) -> None:
    """Refuse coordinates that lie outside the extent they must be in.

    Parameters
    ----------
    bounds : (xmin, ymin, xmax, ymax)
        Of the data, in `crs`, x or longitude first.
    within : (west, south, east, north)
        In degrees; the workspace's extent, or Indonesia.

    Raises
    ------
    CrsError
        `axes_swapped`, `degrees_tagged_metres`, `metres_tagged_degrees` or
        `outside_extent`, each with what would work.

    Examples
    --------
    >>> check_extent((110.1, -7.2, 110.2, -7.1), "EPSG:4326")
    >>> check_extent((-7.2, 110.1, -7.1, 110.2), "EPSG:4326", what="parcel 7")
    Traceback (most recent call last):
    spatial.errors.CrsError: parcel 7: latitude and longitude seem swapped ...
    """
    if _inside(lonlat_bounds(bounds, crs), within):
        return
    geographic = parse_crs(crs).is_geographic
    looks_degrees = (
        max(abs(v) for v in bounds if np.isfinite(v)) <= 180
        if any(np.isfinite(v) for v in bounds)
        else False
    )
    swapped = (bounds[1], bounds[0], bounds[3], bounds[2])
    place = {"what": what, "bounds": [float(v) for v in bounds], "within": list(within)}
    if geographic and _inside(swapped, within):
        raise CrsError(
            "{what}: latitude and longitude seem swapped (bounds {bounds})",
            code="axes_swapped",
            hint="GeoJSON and this engine write longitude first: [110.4, -7.0]",
            **place,
        )
    if not geographic and looks_degrees:
        raise CrsError(
            "{what}: coordinates look like degrees but are tagged {crs}, which is in metres",
            code="degrees_tagged_metres",
            hint="State the true CRS, for example EPSG:4326",
            crs=parse_crs(crs).name,
            **place,
        )
    if geographic and not looks_degrees:
        raise CrsError(
            "{what}: coordinates are no degrees but are tagged {crs}",
            code="metres_tagged_degrees",
            hint="State the true CRS, for example EPSG:32749 (UTM 49S)",
            crs=parse_crs(crs).name,
            **place,
        )
    raise CrsError(
        "{what}: coordinates {bounds} lie outside the extent {within} (degrees)",
        code="outside_extent",
        hint="The CRS may be wrong (zone 48S, 49S or 50S; north or south), or the place",
        **place,
    )


def area_of_use_note(bounds: Bounds, crs: Any, *, what: str) -> Note | None:
    """Return a warning where data reach beyond the area that a CRS is made for.

    Parameters
    ----------
    bounds : (xmin, ymin, xmax, ymax)
        Of the data in degrees, longitude first.
    crs : CRS
        The one they are in, or the plane on which they are measured.
    what : str
        Names the data.

    Examples
    --------
    >>> note = area_of_use_note((107.2, -6.8, 107.7, -6.3), "EPSG:32749", what="permits")
    >>> note.code, note.details["use"]
    ('crs_beyond_use', [108.0, -80.0, 114.0, 0.0])
    >>> area_of_use_note((110.1, -7.2, 110.2, -7.1), "EPSG:32749", what="permits") is None
    True
    """
    chosen = parse_crs(crs)
    use = chosen.area_of_use
    if use is None or _inside(bounds, use.bounds):
        return None
    return Note(
        "crs_beyond_use",
        "{what} reach beyond the area of use of {crs} (degrees {use}); lengths and areas on it "
        "are less accurate there",
        "warning",
        {
            "what": what,
            "crs": chosen.to_string() if chosen.to_authority() else chosen.name,
            "bounds": [round(float(value), 4) for value in bounds],
            "use": [round(float(value), 4) for value in use.bounds],
        },
    )


def lonlat_bounds(bounds: Bounds, crs: Any) -> Bounds:
    """Bounds in degrees; infinite where the projection has no answer."""
    if not all(map(math.isfinite, bounds)) or parse_crs(crs).is_geographic:
        return bounds
    # Sides bend: 21 places on each are looked at besides the corners, as PROJ does.
    steps = np.linspace(0.0, 1.0, 23)[:, None]
    xmin, ymin, xmax, ymax = bounds
    corners = np.array([(xmin, ymin), (xmax, ymin), (xmax, ymax), (xmin, ymax), (xmin, ymin)])
    sides = [a + (b - a) * steps for a, b in pairwise(corners)]
    moved = operation(crs, LONLAT)(np.concatenate(sides))
    if not np.isfinite(moved).all():
        return (np.inf,) * 4
    (west, south), (east, north) = moved.min(axis=0).tolist(), moved.max(axis=0).tolist()
    return west, south, east, north


def _inside(bounds: Bounds, within: Bounds) -> bool:
    west, south, east, north = bounds
    # What is not finite is inside of nothing.
    return within[0] <= west <= east <= within[2] and within[1] <= south <= north <= within[3]
