"""OGC API Tiles: vector tiles of each layer and of all together, pictures of class maps."""

from __future__ import annotations

import gzip
import hashlib
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import APIRouter, Path, Query, Request, Response

from api.errors import RequestError
from api.http import PROBLEMS, StrictRoute, service_of
from api.negotiation import unchanged
from api.routes.tiles import (
    FOR_NOW,
    MVT,
    OWN,
    TILES,
    Filter,
    LayerName,
    Zoom,
    base_of,
    send_picture,
    send_tile,
    tile_json,
)
from api.tiles.matrix import NAME, URI, tile_matrix_set
from api.tiles.zoom import FORMAT, MAX_ZOOM

router = APIRouter(tags=["ogc"], prefix="/ogc", route_class=StrictRoute)

JSON: Final = "application/json"
ALL: Final = "Semua layer / all layers"
#: All layers in one tile are many: their number is bounded as their size is.
MOST_TOGETHER: Final = 32
Set = Annotated[Literal["WebMercatorQuad"], Path(description="Tile matrix set")]
Index = Annotated[int, Path(ge=0, lt=1 << MAX_ZOOM)]
Shape = Annotated[Literal["json", "tilejson"] | None, Query(description="json or tilejson")]


def _address(request: Request) -> Any:
    from api.ogc.documents import Address

    return Address(base_of(request))


def _json(document: Any) -> Response:
    return Response(orjson.dumps(document), media_type=JSON, headers={"cache-control": FOR_NOW})


@router.get("/tileMatrixSets", summary="Tile matrix sets", responses=PROBLEMS)
async def matrix_sets(request: Request) -> Response:
    """List the one tile matrix set."""
    from api.ogc.documents import link

    at = _address(request)
    here = link(at.to(f"/tileMatrixSets/{NAME}"), "self", JSON, NAME)
    return _json({"tileMatrixSets": [{"id": NAME, "uri": URI, "title": NAME, "links": [here]}]})


@router.get("/tileMatrixSets/{matrix_set}", summary="A tile matrix set", responses=PROBLEMS)
async def matrix_set(request: Request, matrix_set: Set) -> Response:
    """Define WebMercatorQuad."""
    return _json(tile_matrix_set())


@router.get("/collections/{layer}/tiles", summary="Tilesets of a layer", responses=PROBLEMS)
async def tilesets(request: Request, layer: LayerName) -> Response:
    """List the tilesets of a layer: vector tiles, or pictures of a class map."""
    from api.ogc.tilesets import tilesets as document_of

    about = await _about(request, layer)
    path = f"/collections/{layer}/tiles"
    form = _form(about)
    return _json(document_of(_address(request), path, about["name"], form, tuple(about["bounds"])))


@router.get(
    "/collections/{layer}/tiles/{matrix_set}", summary="A tileset of a layer", responses=PROBLEMS
)
async def tileset(request: Request, layer: LayerName, matrix_set: Set, f: Shape = None) -> Response:
    """Describe a tileset, as OGC metadata or as TileJSON."""
    from api.ogc.tilesets import tileset as document_of

    about = await _about(request, layer)
    if f == "tilejson":
        return _json(about)
    path = f"/collections/{layer}/tiles"
    bounds = tuple(about["bounds"])
    return _json(document_of(_address(request), path, about["name"], _form(about), bounds))


@router.get(
    "/collections/{layer}/tiles/{matrix_set}/{z}/{row}/{column}",
    summary="A tile of a layer",
    response_class=Response,
    responses=TILES | {200: {"description": "The tile", "content": {MVT: {}, "image/png": {}}}},
)
async def tile(
    request: Request,
    layer: LayerName,
    matrix_set: Set,
    z: Zoom,
    row: Index,
    column: Index,
    f: Annotated[Literal["mvt", "png"] | None, Query(description="mvt or png")] = None,
    filter: Filter = None,
) -> Response:
    """Return a tile; rows come before columns here."""
    if f == "png":
        return await send_picture(request, layer, (z, column, row))
    return await send_tile(request, layer, (z, column, row), text=filter)


@router.get("/tiles", summary="Tilesets of the dataset", responses=PROBLEMS)
async def all_tilesets(request: Request) -> Response:
    """List the tilesets that hold every layer."""
    from api.ogc.tilesets import tilesets as document_of

    bounds = service_of(request).extent
    return _json(document_of(_address(request), "/tiles", ALL, "mvt", bounds))


@router.get("/tiles/{matrix_set}", summary="A tileset of the dataset", responses=PROBLEMS)
async def all_tileset(request: Request, matrix_set: Set, f: Shape = None) -> Response:
    """Describe the tileset that holds every layer."""
    from api.ogc.tilesets import tileset as document_of

    bounds = service_of(request).extent
    at = _address(request)
    document = document_of(at, "/tiles", ALL, "mvt", bounds)
    if f == "tilejson":
        template = at.to(f"/tiles/{NAME}") + "/{z}/{y}/{x}"
        document = {
            "tilejson": "3.0.0", "name": "tataruang", "tiles": [template],
            "minzoom": 0, "maxzoom": 16, "bounds": list(bounds), "vector_layers": [],
        }  # fmt: skip
    return _json(document)


@router.get(
    "/tiles/{matrix_set}/{z}/{row}/{column}",
    summary="A tile of several layers",
    response_class=Response,
    responses=TILES | {200: {"description": "The tile, gzipped", "content": {MVT: {}}}},
)
async def all_tile(
    request: Request,
    matrix_set: Set,
    z: Zoom,
    row: Index,
    column: Index,
    collections: Annotated[
        str | None, Query(max_length=1_000, description="Names of layers, with commas")
    ] = None,
    f: Annotated[Literal["mvt"] | None, Query(description="mvt")] = None,
) -> Response:
    """Return one tile with a layer for each collection."""
    from api.tiles.source import check_tile

    check_tile(z, column, row)
    state = request.app.state
    service = service_of(request)
    known = await state.tile_workers.run(service.collections.names)
    names = known if collections is None else collections.split(",")
    if unknown := sorted(set(names) - set(known)):
        raise RequestError(
            "there is no collection {name!r}",
            code="collection_unknown",
            hint="Known are {known}",
            name=unknown[0][:80],
            known=", ".join(known),
        )
    names = names[:MOST_TOGETHER]
    versions = "-".join(service.tiles.version(name) for name in names)
    tag = f'"{hashlib.sha256(f"{versions}.{FORMAT}/{z}/{column}/{row}".encode()).hexdigest()[:24]}"'
    shared = all(service.rights.public(name) for name in names)
    headers = {"etag": tag, "cache-control": FOR_NOW if shared else OWN}
    if unchanged(request, tag) is not None:
        return Response(status_code=304, headers=headers)
    raw = await state.tile_workers.run(_together, service.tiles, names, z, column, row)
    if not raw:
        return Response(status_code=204, headers=headers)
    return Response(raw, media_type=MVT, headers=headers | {"content-encoding": "gzip"})


def _together(tiles: Any, names: list[str], z: int, x: int, y: int) -> bytes:
    """Join tiles of layers: a vector tile is its layers one after the other."""
    parts = [tiles.tile(name, z, x, y) for name in names]
    raw = b"".join(gzip.decompress(part) for part in parts if part)
    return gzip.compress(raw, 5, mtime=0) if raw else b""


def _form(about: dict[str, Any]) -> str:
    return "mvt" if "vector_layers" in about else "png"


async def _about(request: Request, layer: str) -> dict[str, Any]:
    state = request.app.state
    service = service_of(request)
    service.require(layer)
    tiles = service.tiles
    found: dict[str, Any] = await state.tile_workers.run(tile_json, tiles, layer, base_of(request))
    return found
