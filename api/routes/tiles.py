"""Vector and raster tiles with their description; an unchanged tile costs nothing to ask again."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response

from api.http import PROBLEMS, StrictRoute, service_of
from api.negotiation import unchanged
from api.tiles.zoom import FORMAT, MAX_ZOOM

router = APIRouter(tags=["tiles"], route_class=StrictRoute)

MVT: Final = "application/vnd.mapbox-vector-tile"
#: A tile whose address names its version never changes.
FOREVER: Final = "public, max-age=31536000, immutable"
#: A layer that only some may see is kept by nobody between.
OWN: Final = "private, max-age=300"
FOR_NOW: Final = "public, max-age=300, stale-while-revalidate=3600"

LayerName = Annotated[
    str, Path(min_length=1, max_length=64, pattern=r"^\w[\w.-]*$", description="Name of a layer")
]
Index = Annotated[int, Path(ge=0, lt=1 << MAX_ZOOM)]
Zoom = Annotated[int, Path(ge=0, le=MAX_ZOOM)]
Version = Annotated[str | None, Query(max_length=64, description="Version, for caching")]
Filter = Annotated[str | None, Query(max_length=4_000, description="CQL2 text")]
TILES: Final[dict[int | str, dict[str, Any]]] = PROBLEMS | {
    204: {"description": "Nothing is there"},
    304: {"description": "Unchanged"},
}


@router.get(
    "/tiles/{layer}/{z}/{x}/{y}.mvt",
    summary="A vector tile",
    response_class=Response,
    responses=TILES | {200: {"description": "The tile, gzipped", "content": {MVT: {}}}},
)
async def tile(
    request: Request,
    layer: LayerName,
    z: Zoom,
    x: Index,
    y: Index,
    v: Version = None,
    filter: Filter = None,
) -> Response:
    """Return a tile of a layer in Web Mercator, for drawing only; `filter` leaves features out.

    `v` may name a former version of the layer, which is then drawn.
    """
    return await send_tile(request, layer, (z, x, y), v, filter)


@router.get(
    "/tiles/{layer}/{z}/{x}/{y}.png",
    summary="A raster tile of a class map",
    response_class=Response,
    responses=TILES | {200: {"description": "The tile", "content": {"image/png": {}}}},
)
async def picture(
    request: Request, layer: LayerName, z: Zoom, x: Index, y: Index, v: Version = None
) -> Response:
    """Return a picture of a hazard map; grey diagonals are ground that the map does not know."""
    return await send_picture(request, layer, (z, x, y), v)


async def send_tile(
    request: Request,
    layer: str,
    place: tuple[int, int, int],
    v: str | None = None,
    text: str | None = None,
) -> Response:
    """Answer with a vector tile, or that it is unchanged or empty."""
    state = request.app.state
    service = service_of(request)
    headers, same = await _head(request, layer, place, v, text or "")
    if same is not None:
        return same
    only = former = None
    packed = None
    if text is not None:
        only = await state.tile_workers.run(service.filters.of, layer, text)
    elif await _is_former(request, layer, v):
        former = v
    else:
        packed = service.tiles.at_once(layer, *place)
    if packed is None:
        packed = await state.tile_workers.run(service.tiles.tile, layer, *place, only, former)
    if not packed:
        return Response(status_code=204, headers=headers)
    headers["content-encoding"] = "gzip"
    return Response(packed, media_type=MVT, headers=headers)


async def send_picture(
    request: Request, layer: str, place: tuple[int, int, int], v: str | None = None
) -> Response:
    """Answer with a PNG tile, or that it is unchanged or empty."""
    state = request.app.state
    service = service_of(request)
    headers, same = await _head(request, layer, place, v, "png")
    if same is not None:
        return same
    png = await state.tile_workers.run(service.tiles.raster, layer, *place)
    if not png:
        return Response(status_code=204, headers=headers)
    return Response(png, media_type="image/png", headers=headers)


async def _head(
    request: Request, layer: str, place: tuple[int, int, int], v: str | None, more: str
) -> tuple[dict[str, str], Response | None]:
    """Return the headers of a tile, and the answer where the client has it already."""
    from api.tiles.source import check_tile

    check_tile(*place)
    service = service_of(request)
    service.require(layer)
    tiles = service.tiles
    version = tiles.known_version(layer)
    if version is None:
        version = await request.app.state.tile_workers.run(tiles.version, layer)
    if v and not more and await _is_former(request, layer, v):
        version = v
    mark = hashlib.sha256(more.encode()).hexdigest()[:12] if more else ""
    tag = f'"{version}.{FORMAT}-{"-".join(map(str, place))}{mark}"'
    headers = {"etag": tag, "cache-control": FOREVER if v == version else FOR_NOW}
    if not service.rights.public(layer):
        headers["cache-control"] = OWN
    if unchanged(request, tag) is not None:
        return headers, Response(status_code=304, headers=headers)
    return headers, None


async def _is_former(request: Request, layer: str, v: str | None) -> bool:
    """Say whether a version is asked for that is not the newest; no thread for the usual answer."""
    tiles = service_of(request).tiles
    if not v or v == tiles.known_version(layer):
        return False
    found: bool = await request.app.state.tile_workers.run(tiles.is_former, layer, v)
    return found


@router.get("/tiles/{layer}/tilejson.json", summary="TileJSON of a layer", responses=PROBLEMS)
async def tilejson(request: Request, layer: LayerName) -> dict[str, Any]:
    """Describe the tiles of a layer for map programs."""
    state = request.app.state
    service = service_of(request)
    service.require(layer)
    source = service.tiles
    return await state.tile_workers.run(tile_json, source, layer, base_of(request))  # type: ignore[no-any-return]  # what it runs


def base_of(request: Request) -> str:
    """Return scheme, host and root path of a request."""
    return str(request.base_url).rstrip("/")


def tile_json(source: Any, layer: str, base: str) -> dict[str, Any]:
    """Return the TileJSON of a vector layer or of a raster that can be drawn."""
    from api.tiles.prepared import generalised_of
    from spatial.errors import LayerNotFoundError

    try:
        ready = source.prepared(layer)
        bounds, version, form = ready.bounds, ready.version, "mvt"
        more: dict[str, Any] = {
            "vector_layers": [{"id": layer, "fields": dict.fromkeys(ready.fields, "")}]
        }
        if told := generalised_of(ready):
            more["generalization"] = told
    except LayerNotFoundError as error:
        if error.code != "layer_not_vector":
            raise
        bounds, version, form = source.raster_layer(layer).bounds, source.version(layer), "png"
        more = {}
    west, south, east, north = bounds
    return {
        "tilejson": "3.0.0",
        "name": layer,
        "version": "1.0.0",
        "tiles": [f"{base}/tiles/{layer}/{{z}}/{{x}}/{{y}}.{form}?v={version}"],
        "minzoom": 0,
        "maxzoom": 16,
        "bounds": list(bounds),
        "center": [(west + east) / 2, (south + north) / 2, 11],
    } | more
