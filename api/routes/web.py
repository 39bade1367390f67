"""The web map and its files; nothing comes from outside this server."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response

from api.errors import RequestError
from api.http import PROBLEMS, StrictRoute, service_of
from api.theme_list import themes
from api.web.files import static_file

router = APIRouter(tags=["map"], route_class=StrictRoute)


def policy(*, forms: str) -> str:
    """Return what a page may load, and where its forms may go."""
    # The worker of the map program starts from a blob; everything else is ours.
    return (
        "default-src 'self'; script-src 'self'; worker-src 'self' blob:; child-src blob:; "
        "img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; font-src 'self'; "
        f"connect-src 'self'; object-src 'none'; base-uri 'none'; form-action {forms}; "
        "frame-ancestors 'self'"
    )


POLICY: Final = policy(forms="'none'")
CACHE: Final = "public, max-age=0, must-revalidate"


def _send(request: Request, name: str) -> Response:
    found = static_file(name)
    if found is None:
        raise RequestError("there is nothing at this address", code="no_such_path")
    headers = {"etag": found.tag, "cache-control": CACHE, "content-security-policy": POLICY}
    if found.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if found.zipped:
        headers["content-encoding"] = "gzip"
    return Response(found.body, media_type=found.kind, headers=headers)


@router.get("/", include_in_schema=False)
async def page(request: Request) -> Response:
    """Send the page of the web map."""
    # Permalinks keep their state behind '#', which never reaches a server.
    return _send(request, "index.html")


@router.get("/tema/{theme}", include_in_schema=False)
async def theme_page(
    request: Request, theme: Annotated[str, Path(pattern=r"^[a-z_]{1,40}$")]
) -> Response:
    """Send the page of the web map, which opens with a theme."""
    if theme not in themes():
        raise RequestError("there is nothing at this address", code="no_such_path")
    return _send(request, "index.html")


@router.get("/ruang-operasi", include_in_schema=False)
async def operation_room(request: Request) -> Response:
    """Send the page of the operation room."""
    return _send(request, "ruang-operasi.html")


@router.get("/web/{name}", include_in_schema=False)
async def web_file(
    request: Request, name: Annotated[str, Path(pattern=r"^[A-Za-z0-9][\w.-]{0,60}$")]
) -> Response:
    """Send a file of the web map."""
    return _send(request, name)


@router.get("/glyphs/{stack}/{start}-{end}.pbf", include_in_schema=False)
async def glyphs(
    request: Request,
    stack: Annotated[str, Path(pattern=r"^(Regular|Semibold|Italic)$")],
    start: Annotated[int, Path(ge=0, le=65_280)],
    end: Annotated[int, Path(ge=0, le=65_535)],
) -> Response:
    """Send the letters of labels."""
    if start % 256 or end != start + 255:
        raise RequestError("there is nothing at this address", code="no_such_path")
    from api.web.glyphs import glyph_range  # its libraries are not needed to start

    body = await request.app.state.tile_workers.run(glyph_range, stack, start)
    headers = {"cache-control": "public, max-age=604800"}
    return Response(body, media_type="application/x-protobuf", headers=headers)


@router.get("/v1/map", summary="What the map shows, and how it is drawn", responses=PROBLEMS)
async def map_description(request: Request) -> dict[str, Any]:
    """Describe layers, colours, activities and the area of the workspace."""
    state = request.app.state
    service = service_of(request)
    described: dict[str, Any] = await state.tile_workers.run(service.describe_map)
    return described


@router.get("/v1/search", summary="Find a place: name, code or coordinates", responses=PROBLEMS)
async def search(
    request: Request,
    q: Annotated[
        str,
        Query(
            min_length=1,
            max_length=120,
            description="Desa, kecamatan, code, or coordinates",
            examples=["7°44'12\"S 110°22'1\"E", "49S 459000 9239500", "Bonang"],
        ),
    ],
) -> dict[str, Any]:
    """Find places in the workspace; coordinates in degrees, in minutes and seconds, or in UTM."""
    state = request.app.state
    service = service_of(request)
    return {"q": q, "results": await state.workers.run(service.search, q)}
