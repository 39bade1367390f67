"""The documents of OGC API Tiles: tilesets of a collection, of the whole dataset, of rasters."""

from __future__ import annotations

from typing import Any, Final

from api.ogc.documents import JSON, Address, Link, link
from api.ogc.systems import CRS84
from api.tiles.matrix import CRS, NAME, URI, limits

__all__ = ["MVT", "PNG", "tileset", "tilesets"]

MVT: Final = "application/vnd.mapbox-vector-tile"
PNG: Final = "image/png"
REL: Final = "http://www.opengis.net/def/rel/ogc/1.0"
DEEPEST: Final = 16
Bounds = tuple[float, float, float, float]


def tilesets(at: Address, path: str, title: str, form: str, bounds: Bounds) -> dict[str, Any]:
    """Return the list of tilesets at a path: there is one, WebMercatorQuad."""
    one = tileset(at, path, title, form, bounds)
    short = {name: one[name] for name in ("title", "dataType", "crs", "tileMatrixSetURI")}
    more = [link(at.to(f"{path}/{NAME}"), "self", JSON, title), _template(at, path, form)]
    return {
        "links": [link(at.to(path), "self", JSON, title)],
        "tilesets": [short | {"links": [*more, _scheme(at)]}],
    }


def tileset(
    at: Address, path: str, title: str, form: str, bounds: Bounds, version: str = ""
) -> dict[str, Any]:
    """Return the metadata of a tileset.

    Parameters
    ----------
    form : {"mvt", "png"}
    bounds : (west, south, east, north)
        Degrees.
    """
    west, south, east, north = bounds
    return {
        "title": title,
        "dataType": "vector" if form == "mvt" else "map",
        "crs": CRS,
        "tileMatrixSetURI": URI,
        "boundingBox": {"lowerLeft": [west, south], "upperRight": [east, north], "crs": CRS84},
        "tileMatrixSetLimits": [_limits(bounds, z) for z in range(DEEPEST + 1)],
        "version": version,
        "links": [
            link(at.to(f"{path}/{NAME}"), "self", JSON, title),
            _scheme(at),
            _template(at, path, form),
            link(at.to(f"{path}/{NAME}", f="tilejson"), "describedby", JSON, "TileJSON"),
        ],
    }


def _limits(bounds: Bounds, z: int) -> dict[str, Any]:
    west, north, east, south = limits(bounds, z)
    return {
        "tileMatrix": str(z),
        "minTileRow": north,
        "maxTileRow": south,
        "minTileCol": west,
        "maxTileCol": east,
    }


def _scheme(at: Address) -> Link:
    return link(at.to(f"/tileMatrixSets/{NAME}"), f"{REL}/tiling-scheme", JSON, NAME)


def _template(at: Address, path: str, form: str) -> Link:
    href = at.to(f"{path}/{NAME}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}") + f"?f={form}"
    made = link(href, "item", MVT if form == "mvt" else PNG, "Ubin / tiles")
    return made | {"templated": True}
