"""The index of a version: which zone lies where, kept beside the version and opened in its place.

An index is made of a version, a column of codes and a plane, all of which its key names;
so it can be thrown away at any time, and a version that goes takes its indexes with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pyproj

from layers.kinds import kinds
from layers.store.base import StoredLayer, Version
from layers.store.content import Frame
from spatial.crs import AREA_CRS, parse_crs
from spatial.errors import EngineError, SchemaError
from spatial.index import Shelf, ZoneIndex, build_index
from spatial.notes import Note

__all__ = ["FOLDER", "differing", "index_beside", "kept_index", "key_of", "shelve"]

#: Of the indexes, within the folder of a version.
FOLDER: Final = "index"
#: Raised when the same zones would make other arrays.
_FORMAT: Final = 2


def key_of(version: str, by: str, crs: Any = None) -> str:
    """Return what an index depends on, in words.

    The version of PROJ is part of it, as another may move a vertex by a fraction of a
    millimetre: a decision must be replayed on the very same index.

    Examples
    --------
    >>> key_of("5f3a", "zona").split("|")[:3]
    ['5f3a', 'zona', 'ESRI:54034']
    """
    plane = parse_crs(AREA_CRS if crs is None else crs).to_string()
    return "|".join((version, by, plane, f"PROJ {pyproj.proj_version_str}", f"index {_FORMAT}"))


def kept_index(
    shelf: Shelf, version: Version, by: str, crs: Any, frame: Callable[[], Frame]
) -> ZoneIndex:
    """Return the index of a version, from its shelf or made of its frame.

    Parameters
    ----------
    by : str
        Column of codes.
    frame : callable
        Reads the version; called only where no index is kept.

    Raises
    ------
    SchemaError
        `version_no_areas`, if the version has no geometry.
    """

    def build() -> ZoneIndex:
        return build_index(_areas(frame(), version), by=by, crs=crs)

    return shelf.index(key_of(version.id, by, crs), build)


def index_beside(
    layer: StoredLayer, by: str, crs: Any, build: Callable[[], ZoneIndex]
) -> ZoneIndex:
    """Return the index of a version that was read, from beside its file or made by `build`.

    Parameters
    ----------
    build : callable
        Must make what `build_index` makes of the version by this column on this plane.
    """
    beside = layer.path if layer.version.form == "vector" else None
    shelf = Shelf(None if beside is None else beside.parent / FOLDER)
    return shelf.index(key_of(layer.version.id, by, crs), build)


def shelve(shelf: Shelf, version: Version, frame: Callable[[], Frame]) -> None:
    """Make the index of a new version by the column that its kind names, if it names one.

    A layer that cannot be indexed is published all the same: whoever asks is told why.
    """
    kind = kinds().get(version.kind)
    if kind is None or not kind.index or version.form != "vector":
        return
    try:
        kept_index(shelf, version, kind.index, None, frame)
    except EngineError:
        return


def differing(shelf: Shelf, version: Version, frame: Callable[[], Frame]) -> list[Note]:
    """Return a note for an index of the kind's column that is not what its version makes."""
    kind = kinds().get(version.kind)
    if kind is None or not kind.index or version.form != "vector":
        return []
    kept = shelf.find(key_of(version.id, kind.index))
    if kept is None or kept.same_as(build_index(_areas(frame(), version), by=kind.index)):
        return []
    return [
        Note(
            "index_differs",
            "the index of {layer} by {column} is not the one that its version {version} makes",
            "error",
            {"layer": version.name, "column": kind.index, "version": version.id[:12]},
        )
    ]


def _areas(frame: Frame, version: Version) -> gpd.GeoDataFrame:
    """Return the rows that have a geometry."""
    if not isinstance(frame, gpd.GeoDataFrame):
        raise SchemaError(
            "layer {layer} is a table without geometry, so nothing lies in it",
            code="version_no_areas",
            hint="Name a layer of polygons",
            layer=version.name,
        )
    placed = frame.geometry.notna().to_numpy()
    return frame if np.all(placed) else frame[placed]
