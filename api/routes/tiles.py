"""Vector tiles with their description; an unchanged tile costs nothing to ask for again."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response

from api.http import PROBLEMS, StrictRoute
from api.tiles.zoom import MAX_ZOOM

router = APIRouter(tags=["tiles"], route_class=StrictRoute)

MVT: Final = "application/vnd.mapbox-vector-tile"
#: A tile whose address names its version never changes.
FOREVER: Final = "public, max-age=31536000, immutable"
FOR_NOW: Final = "public, max-age=300, stale-while-revalidate=3600"

LayerName = Annotated[
    str, Path(min_length=1, max_length=64, pattern=r"^\w[\w.-]*$", description="Name of a layer")
]
Index = Annotated[int, Path(ge=0, lt=1 << MAX_ZOOM)]


@router.get(
    "/tiles/{layer}/{z}/{x}/{y}.mvt",
    summary="A vector tile",
    response_class=Response,
    responses=PROBLEMS
    | {
        200: {"description": "The tile, gzipped", "content": {MVT: {}}},
        204: {"description": "Nothing is there"},
        304: {"description": "Unchanged"},
    },
)
async def tile(
    request: Request,
    layer: LayerName,
    z: Annotated[int, Path(ge=0, le=MAX_ZOOM)],
    x: Index,
    y: Index,
    v: Annotated[str | None, Query(max_length=64, description="Version, for caching")] = None,
) -> Response:
    """Return a tile of a layer in Web Mercator, for drawing only."""
    state = request.app.state
    source = state.opening.current().tiles
    ready = await state.tile_workers.run(source.prepared, layer)
    tag = f'"{ready.version}-{z}-{x}-{y}"'
    headers = {"etag": tag, "cache-control": FOREVER if v == ready.version else FOR_NOW}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    packed = await state.tile_workers.run(source.tile, layer, z, x, y)
    if not packed:
        return Response(status_code=204, headers=headers)
    headers["content-encoding"] = "gzip"
    return Response(packed, media_type=MVT, headers=headers)


@router.get("/tiles/{layer}/tilejson.json", summary="TileJSON of a layer", responses=PROBLEMS)
async def tilejson(request: Request, layer: LayerName) -> dict[str, Any]:
    """Describe the tiles of a layer for map programs."""
    state = request.app.state
    source = state.opening.current().tiles
    ready = await state.tile_workers.run(source.prepared, layer)
    base = str(request.base_url).rstrip("/")
    west, south, east, north = ready.bounds
    return {
        "tilejson": "3.0.0",
        "name": layer,
        "version": "1.0.0",
        "tiles": [f"{base}/tiles/{layer}/{{z}}/{{x}}/{{y}}.mvt?v={ready.version}"],
        "minzoom": 0,
        "maxzoom": 16,
        "bounds": ready.bounds,
        "center": [(west + east) / 2, (south + north) / 2, 11],
        "vector_layers": [{"id": layer, "fields": dict.fromkeys(ready.fields, "")}],
    }
