"""Small layers that the tests write themselves, in every format an agency may send."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

#: Two zones that share an edge, near Semarang.
WEST = shapely.box(110.40, -7.00, 110.41, -6.99)
EAST = shapely.box(110.41, -7.00, 110.42, -6.99)


def zones(crs: str = "EPSG:4326", **columns: Any) -> gpd.GeoDataFrame:
    """Two zones with the official column names, and any other columns."""
    data = {"NAMOBJ": ["Perumahan", "Sawah"], "KODSZN": ["R-2", "P-1"]} | columns
    return gpd.GeoDataFrame(data, geometry=[WEST, EAST], crs="EPSG:4326").to_crs(crs)


def collection(*features: tuple[dict[str, Any], Any], **members: Any) -> str:
    """A GeoJSON FeatureCollection of (properties, geometry) pairs, as text."""
    written = [
        {"type": "Feature", "properties": properties, "geometry": geometry}
        for properties, geometry in features
    ]
    return json.dumps({"type": "FeatureCollection", **members, "features": written})


def square(
    west: float = 110.4, south: float = -7.0, size: float = 0.01, *more: Any
) -> dict[str, Any]:
    """A GeoJSON square; `more` are further members of every position."""
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [[[*xy, *more] for xy in ring]]}


def pack(archive: Path, *files: Path, names: Callable[[Path], str] = lambda f: f.name) -> Path:
    """Zip files under the names given by a function."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in files:
            packed.writestr(zipfile.ZipInfo(names(file)), file.read_bytes())
    return archive
