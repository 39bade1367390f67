"""Features as bytes: GeoJSON, CSV and FlatGeobuf, each straight from the columns."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import orjson
import pyogrio
import shapely
from numpy.typing import NDArray

from api.ogc.collection import Collection
from api.ogc.query import Page
from api.ogc.systems import System, from_lonlat
from api.text_cells import plain_text

__all__ = ["GEOJSON", "as_csv", "as_feature", "as_features", "as_flatgeobuf", "properties_of"]

GEOJSON: Final = "application/geo+json"

Links = Sequence[dict[str, Any]]


def as_features(
    collection: Collection, page: Page, system: System, links: Links, stamp: str
) -> bytes:
    """Write a page as a GeoJSON FeatureCollection."""
    head = orjson.dumps(
        {
            "type": "FeatureCollection",
            "links": links,
            "timeStamp": stamp,
            "numberMatched": page.matched,
            "numberReturned": len(page.rows),
        }
    )
    features = b",\n".join(_features(collection, page.rows, system))
    return head[:-1] + b',"features":[\n' + features + b"\n]}\n"


def as_feature(collection: Collection, page: Page, system: System, links: Links) -> bytes:
    """Write one feature as GeoJSON."""
    [feature] = _features(collection, page.rows, system)
    return feature[:-1] + b',"links":' + orjson.dumps(links) + b"}\n"


def as_csv(collection: Collection, page: Page, system: System) -> bytes:
    """Write a page as CSV with the shape as WKT; a text that a spreadsheet would run is quoted."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([collection.id_column, *collection.fields, "geometry"])
    shapes = shapely.to_wkt(_shapes(collection, page.rows, system), rounding_precision=8)
    for row, content, shape in zip(
        page.rows, properties_of(collection, page.rows), shapes, strict=True
    ):
        cells = ["" if one is None else plain_text(one) for one in content.values()]
        writer.writerow([plain_text(collection.ids[row]), *cells, shape])
    return out.getvalue().encode()


def as_flatgeobuf(collection: Collection, page: Page, system: System) -> bytes:
    """Write a page as FlatGeobuf: small, typed, and read by QGIS as it comes."""
    named = {collection.id_column: collection.ids[page.rows].astype(str)}
    frame = gpd.GeoDataFrame(
        collection.table.iloc[page.rows].assign(**named),
        geometry=list(_shapes(collection, page.rows, system, official_axes=False)),
        crs=system.code,
    )
    with tempfile.TemporaryDirectory(prefix="tataruang-fgb-") as folder:
        path = Path(folder) / "out.fgb"
        pyogrio.write_dataframe(frame, path, driver="FlatGeobuf")
        return path.read_bytes()


def properties_of(collection: Collection, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Return the attributes of features; what is missing is None."""
    table = collection.table.iloc[rows]
    columns = {
        name: table[name].astype(object).where(table[name].notna(), None).tolist()
        for name in table.columns
    }
    if not columns:
        return [{} for _ in rows]
    names = list(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _features(collection: Collection, rows: NDArray[np.int64], system: System) -> list[bytes]:
    shapes = shapely.to_geojson(_shapes(collection, rows, system))
    contents = properties_of(collection, rows)
    return [
        b'{"type":"Feature","id":%b,"properties":%b,"geometry":%b}'
        % (
            orjson.dumps(collection.ids[row]),
            orjson.dumps(content),
            b"null" if shape is None else shape.encode(),
        )
        for row, content, shape in zip(rows, contents, shapes, strict=True)
    ]


def _shapes(
    collection: Collection,
    rows: NDArray[np.int64],
    system: System,
    *,
    official_axes: bool = True,
) -> NDArray[np.object_]:
    plain = system if official_axes else System(system.uri, system.code)
    return from_lonlat(collection.shapes[rows], plain)
