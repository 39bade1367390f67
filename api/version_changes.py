"""What changed between two versions of a plan's layer, for the map that shows both."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely

from layers.diff import difference
from spatial.crs import LONLAT, parse_crs, project
from spatial.errors import EngineError, LayerError, LayerNotFoundError, SchemaError

__all__ = ["changes", "class_column", "polygons"]

#: Columns that say the class of a feature, the first that both versions have.
CLASS_COLUMNS: Final = ("zona", "kelas", "fungsikws", "nama_das", "kode_desa", "dn")
#: Largest changes that come with their ground; the others are in the table only.
MOST_PIECES: Final = 200
#: Corners that a page is sent at most; above it pieces are simplified for drawing.
MOST_CORNERS: Final = 60_000
MOST_NAMES: Final = 3
VILLAGES: Final = "batas_desa"
DRAWN_M: Final = 2.0


def changes(engine: Any, layer: str, before: str, after: str) -> dict[str, Any]:
    """Compare two versions of a layer of polygons, class by class.

    Parameters
    ----------
    engine : object with `store` and `workspace`
    layer : str
    before, after : str
        Names of versions, or their first letters.

    Returns
    -------
    dict
        `changes` (before, after, area_m2, largest first), `classes`, `notes`, and `pieces`:
        GeoJSON of the largest changes in the same order, for drawing only; `unread` names the
        layer of villages where it cannot be read, so that changes carry no names.

    Raises
    ------
    LayerNotFoundError, LayerError, SchemaError
        If a version is not there or holds no classed polygons.
    """
    old, new = (engine.store.get(layer, version=name) for name in (before, after))
    frames = [polygons(stored.frame) for stored in (old, new)]
    column = class_column(*frames)
    plane = engine.workspace.area_crs
    found = difference(*frames, by=column, crs=plane)
    villages, unread = _villages_of(engine)
    return {
        "layer": layer,
        "by": column,
        "crs": plane,
        "before": old.version.id,
        "after": new.version.id,
        "unread": unread,
        "pieces": _drawn(villages, found.pieces.head(MOST_PIECES)),
    } | found.to_dict()


def class_column(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> str:
    """Return the column by which two versions are compared.

    Raises
    ------
    SchemaError
        `diff_class_column`, if they share none that says a class.

    Examples
    --------
    >>> frame = gpd.GeoDataFrame({"zona": ["R-2"]}, geometry=[shapely.box(0, 0, 1, 1)])
    >>> class_column(frame, frame)
    'zona'
    """
    shared = [str(name) for name in new.columns if name in old.columns]
    for name in CLASS_COLUMNS:
        if name in shared:
            return name
    raise SchemaError(
        "no column says the class of a feature",
        code="diff_class_column",
        hint="Name it with --by. Columns of both versions: {known}",
        known=", ".join(shared),
    )


def polygons(frame: Any) -> gpd.GeoDataFrame:
    """Return the frame of a layer that can be compared.

    Raises
    ------
    LayerError
        `diff_needs_polygons`, for a table or a raster.

    Examples
    --------
    >>> polygons(None)
    Traceback (most recent call last):
    spatial.errors.LayerError: versions are compared by area, and this one holds no polygons...
    """
    if isinstance(frame, gpd.GeoDataFrame):
        return frame
    raise LayerError(
        "versions are compared by area, and this one holds no polygons",
        code="diff_needs_polygons",
        hint="Export both versions and compare their rows",
    )


def _drawn(villages: gpd.GeoDataFrame | None, pieces: gpd.GeoDataFrame) -> dict[str, Any]:
    shapes = np.asarray(pieces.geometry.array, dtype=object)
    named = _names(villages, pieces)
    if len(shapes) and shapely.get_num_coordinates(shapes).sum() > MOST_CORNERS:
        shapes = shapely.simplify(shapes, DRAWN_M)
    moved = project(shapes, pieces.crs, LONLAT)
    rows = pieces[["before", "after", "area_m2"]].to_dict("records")
    features = [
        {
            "type": "Feature",
            "id": number,
            "geometry": shape.__geo_interface__,
            "properties": {
                "before": _known(row["before"]),
                "after": _known(row["after"]),
                "area_m2": float(row["area_m2"]),
                "desa": names[:MOST_NAMES],
                "more": max(len(names) - MOST_NAMES, 0),
            },
        }
        for number, (shape, names, row) in enumerate(zip(moved, named, rows, strict=True))
    ]
    return {"type": "FeatureCollection", "features": features}


def _villages_of(engine: Any) -> tuple[gpd.GeoDataFrame | None, str | None]:
    """Return the villages, None where there are none, and the layer that cannot be read."""
    try:
        frame = engine.layer(VILLAGES).frame
    except LayerNotFoundError:
        return None, None
    except EngineError:
        return None, VILLAGES
    return (frame if "nama_desa" in frame else None), None


def _names(villages: gpd.GeoDataFrame | None, pieces: gpd.GeoDataFrame) -> list[list[str]]:
    """Return the villages in which each change lies, the one with most of its parts first."""
    names: list[Counter[str]] = [Counter() for _ in range(len(pieces))]
    if villages is None:
        return [[] for _ in names]
    parts, owner = shapely.get_parts(pieces.geometry.to_numpy(), return_index=True)
    places = project(shapely.point_on_surface(parts), pieces.crs, parse_crs(villages.crs))
    for part, row in villages.sindex.query(places, predicate="intersects").T:
        names[owner[part]][str(villages["nama_desa"].iloc[row])] += shapely.area(parts[part])
    return [[name for name, _ in one.most_common()] for one in names]


def _known(value: Any) -> str | None:
    return None if value != value or value is None else str(value)
