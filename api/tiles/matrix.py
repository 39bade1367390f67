"""The one tile matrix set: WebMercatorQuad, as OGC Two Dimensional Tile Matrix Set writes it."""

from __future__ import annotations

from typing import Any, Final

from api.tiles.zoom import MAX_ZOOM

__all__ = ["NAME", "URI", "limits", "tile_matrix_set"]

NAME: Final = "WebMercatorQuad"
URI: Final = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
CRS: Final = "http://www.opengis.net/def/crs/EPSG/0/3857"
HALF: Final = 20037508.342789244
PIXELS: Final = 256
#: Standardised rendering pixel, m.
PIXEL_M: Final = 0.00028


def tile_matrix_set() -> dict[str, Any]:
    """Return the definition of WebMercatorQuad down to the deepest zoom served.

    Examples
    --------
    >>> made = tile_matrix_set()
    >>> made["tileMatrices"][1]["matrixWidth"], round(made["tileMatrices"][0]["scaleDenominator"])
    (2, 559082264)
    """
    return {
        "id": NAME,
        "title": "Google Maps Compatible for the World",
        "uri": URI,
        "crs": CRS,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": [_matrix(z) for z in range(MAX_ZOOM + 1)],
    }


def _matrix(z: int) -> dict[str, Any]:
    cell = 2 * HALF / PIXELS / (1 << z)
    return {
        "id": str(z),
        "scaleDenominator": cell / PIXEL_M,
        "cellSize": cell,
        "cornerOfOrigin": "topLeft",
        "pointOfOrigin": [-HALF, HALF],
        "tileWidth": PIXELS,
        "tileHeight": PIXELS,
        "matrixWidth": 1 << z,
        "matrixHeight": 1 << z,
    }


def limits(bounds: tuple[float, float, float, float], z: int) -> tuple[int, int, int, int]:
    """Return the columns and rows of a zoom that degrees cover: min x, min y, max x, max y.

    Examples
    --------
    >>> limits((110.5, -7.0, 110.7, -6.8), 10)
    (826, 531, 826, 531)
    """
    from math import asinh, pi, radians, tan

    west, south, east, north = bounds
    size = 1 << z

    def column(lon: float) -> int:
        return min(size - 1, max(0, int((lon + 180) / 360 * size)))

    def row(lat: float) -> int:
        turned = (1 - asinh(tan(radians(max(-85.05, min(85.05, lat))))) / pi) / 2
        return min(size - 1, max(0, int(turned * size)))

    return column(west), row(north), column(east), row(south)
