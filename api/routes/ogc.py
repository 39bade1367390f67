"""OGC API Common and Features: what QGIS, GDAL and browsers ask of the layers."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Path, Query, Request, Response

from api.clock import now
from api.http import PROBLEMS, StrictRoute, only_once, service_of
from api.negotiation import HTML, form_of, unchanged

if TYPE_CHECKING:
    from api.ogc.collection import Collection, Collections

router = APIRouter(tags=["ogc"], prefix="/ogc", route_class=StrictRoute)
#: Their parameters depend on the collection, so that they are checked there.
open_router = APIRouter(tags=["ogc"], prefix="/ogc")

BOTH: Final = ("json", "html")
FORMS: Final = ("json", "html", "csv", "flatgeobuf", "geojson")
#: A name, and a number after it where features are the same in everything.
LONGEST_ID: Final = 80
SHORT: Final = "public, max-age=60"
OPENAPI30: Final = "application/vnd.oai.openapi+json;version=3.0"
JSON: Final = "application/json"

Form = Annotated[str | None, Query(max_length=40, description="json or html")]
Name = Annotated[
    str, Path(min_length=1, max_length=64, pattern=r"^\w[\w.-]*$", description="Name of a layer")
]
ANSWERS: Final[dict[int | str, dict[str, Any]]] = PROBLEMS | {
    200: {"description": "The document", "content": {JSON: {}, "text/html": {}}},
    304: {"description": "Unchanged"},
    406: {"description": "Not acceptable", "content": PROBLEMS[400]["content"]},
}
ITEMS: Final[dict[int | str, dict[str, Any]]] = ANSWERS | {
    200: {
        "description": "The features",
        "content": {
            kind: {}
            for kind in ("application/geo+json", "text/html", "text/csv", "application/flatgeobuf")
        },
    }
}


def address_of(request: Request) -> Any:
    """Return where the service stands for a client."""
    from api.ogc.documents import Address

    return Address(str(request.base_url).rstrip("/"))


def _collections(request: Request) -> Collections:
    found: Collections = service_of(request).collections
    return found


async def _get(request: Request, name: str) -> Collection:
    """Return a collection that the caller may see."""
    service_of(request).require(name)
    found: Collection = await _work(request, _collections(request).get, name)
    return found


async def _readable(request: Request) -> list[Collection]:
    found: list[Collection] = await _work(request, _collections(request).readable)
    return found


async def _catalogue(request: Request) -> Collection:
    service = service_of(request)
    found: Collection = await _work(request, lambda: service.catalogue)
    return found


async def _work(request: Request, function: Any, *args: Any) -> Any:
    return await request.app.state.workers.run(function, *args)


def send(request: Request, document: Any, page: str, **content: Any) -> Response:
    """Send a document as JSON or, where a page is wanted, as the page of it."""
    headers = {"cache-control": SHORT, "vary": "accept"}
    if form_of(request, BOTH) == "json":
        kind = content.pop("kind", JSON)
        return Response(orjson.dumps(document), media_type=kind, headers=headers)
    from api.web.pages import render

    content.pop("kind", None)
    base = str(request.base_url).rstrip("/")
    defaults = {"crumbs": [], "links": document.get("links", [])}
    body = render(page, base=base, document=document, **defaults | content)
    return Response(body, media_type=HTML, headers=headers)


@router.get("", summary="Landing page", responses=ANSWERS)
@router.get("/", include_in_schema=False)
async def landing(request: Request, f: Form = None) -> Response:
    """Show the way to everything."""
    from api.ogc.documents import landing as document_of

    service = service_of(request)
    workspace = getattr(service.engine, "workspace", None)
    shown = form_of(request, BOTH)
    document = document_of(address_of(request), getattr(workspace, "name", "tataruang"), shown)
    entries = [
        (
            "Koleksi / collections",
            "/ogc/collections?f=html",
            "Layer dengan fitur, unduhan, dan asalnya",
        ),
        ("Operasi / operations", "/ogc/api?f=html", "OpenAPI untuk QGIS, GDAL, dan program lain"),
        (
            "Katalog / catalogue",
            "/ogc/collections/katalog-layer/items?f=html&limit=1000",
            "Tiap layer dengan dasar hukum, versi, lisensi, dan mutunya",
        ),
        (
            "Kesesuaian / conformance",
            "/ogc/conformance?f=html",
            "Standar yang dibuktikan pengujian",
        ),
        ("Peta / map", "/", "Peta web"),
    ]
    return send(request, document, "landing", entries=entries)


@router.get("/conformance", summary="Standards that are met", responses=ANSWERS)
async def conformance(request: Request, f: Form = None) -> Response:
    """List the conformance classes."""
    from api.ogc.documents import CONFORMANCE

    service_of(request)
    document = {"conformsTo": list(CONFORMANCE)}
    return send(request, document, "conformance", classes=CONFORMANCE)


@router.get("/api", summary="OpenAPI 3.0 of the OGC API", responses=ANSWERS)
async def description(request: Request, f: Form = None) -> Response:
    """Describe the OGC API for clients that read OpenAPI 3.0."""
    from api.ogc.description import openapi30

    base = str(request.base_url).rstrip("/")
    listed = [await _catalogue(request), *await _readable(request)]
    document = openapi30(base, version("tataruang"), listed)
    if form_of(request, BOTH) == "json":
        return Response(orjson.dumps(document), headers={"content-type": OPENAPI30})
    return send(request, document, "operations")


@router.get("/collections", summary="Collections", responses=ANSWERS)
async def collections(request: Request, f: Form = None) -> Response:
    """List the layers that have shapes."""
    from api.ogc.documents import collections as document_of

    found = await _readable(request)
    listed = [await _catalogue(request), *found]
    document = document_of(address_of(request), listed, form_of(request, BOTH))
    return send(request, document, "collections", found=found, crumbs=_crumbs(request))


@router.get("/collections/{name}", summary="A collection", responses=ANSWERS)
async def collection(request: Request, name: Name, f: Form = None) -> Response:
    """Describe a layer: extent, law, version, reference systems."""
    from api.ogc.documents import collection as document_of

    one = await _get(request, name)
    document = document_of(address_of(request), one, form_of(request, BOTH))
    return send(request, document, "collection", one=one, crumbs=_crumbs(request, one))


@router.get("/collections/{name}/queryables", summary="What can be asked for", responses=ANSWERS)
async def queryables(request: Request, name: Name, f: Form = None) -> Response:
    """Return the JSON schema of the fields of a layer."""
    from api.ogc.documents import queryables as document_of

    one = await _get(request, name)
    document = document_of(address_of(request), one)
    crumbs = _crumbs(request, one)
    return send(
        request, document, "queryables", one=one, crumbs=crumbs, kind="application/schema+json"
    )


@open_router.get("/collections/{name}/items", summary="Features", responses=ITEMS)
async def items(request: Request, name: Name) -> Response:
    """Return features: `limit`, `offset`, `bbox`, `crs`, `datetime`, `filter` (CQL2), any field.

    Parameters beyond those and the fields of the collection are refused.
    """
    form = form_of(request, FORMS)
    given = only_once(request)
    one = await _get(request, name)
    tag = tag_of(one.version, str(request.url), form)
    headers = {"cache-control": _cache(request, name), "vary": "accept"}
    if (same := unchanged(request, tag, headers)) is not None:
        return same
    body, kind, system = await _work(request, _answer, address_of(request), one, given, form)
    headers |= {"etag": tag, "content-crs": f"<{system}>"}
    return Response(body, media_type=kind, headers=headers)


@open_router.get("/collections/{name}/items/{feature}", summary="A feature", responses=ITEMS)
async def item(
    request: Request, name: Name, feature: Annotated[str, Path(max_length=LONGEST_ID)]
) -> Response:
    """Return one feature by its id; takes `crs` and `f`."""
    form = form_of(request, ("json", "html", "geojson"))
    given = only_once(request, {"crs", "f"})
    one = await _get(request, name)
    tag = tag_of(one.version, str(request.url), form)
    headers = {"cache-control": _cache(request, name), "vary": "accept"}
    if (same := unchanged(request, tag, headers)) is not None:
        return same
    body, kind, system = await _work(request, _one, address_of(request), one, feature, given, form)
    headers |= {"etag": tag, "content-crs": f"<{system}>"}
    return Response(body, media_type=kind, headers=headers)


def _answer(at: Any, one: Collection, given: dict[str, str], form: str) -> tuple[bytes, str, str]:
    from api.ogc import formats
    from api.ogc.documents import page_links
    from api.ogc.query import read_query, run

    query = read_query(given, one)
    page = run(query, one)
    place = (query.offset, query.limit, page.matched)
    links = page_links(at, f"/collections/{one.name}/items", given, place)
    uri = query.system.uri
    if form == "csv":
        return formats.as_csv(one, page, query.system), "text/csv; charset=utf-8", uri
    if form == "flatgeobuf":
        return formats.as_flatgeobuf(one, page, query.system), "application/flatgeobuf", uri
    if form == "html":
        from api.web.pages import render

        contents = formats.properties_of(one, page.rows)
        rows = list(zip(one.ids[page.rows].tolist(), contents, strict=True))
        body = render(
            "items", base=at.base, one=one, rows=rows, names=list(one.fields), links=links,
            matched=page.matched, crumbs=_crumbs_at(at.base, one),
        )  # fmt: skip
        return body, HTML, uri
    return formats.as_features(one, page, query.system, links, now()), formats.GEOJSON, uri


def _one(
    at: Any, one: Collection, feature: str, given: dict[str, str], form: str
) -> tuple[bytes, str, str]:
    from api.ogc import formats
    from api.ogc.documents import GEOJSON, link
    from api.ogc.query import one as find
    from api.ogc.systems import CRS84, system_named

    page = find(one, feature)
    system = system_named(given.get("crs", CRS84), "crs")
    here = f"/collections/{one.name}/items/{quote(feature)}"
    links = [
        link(at.to(here), "self", GEOJSON),
        link(at.to(here, f="html"), "alternate", "text/html"),
        link(at.to(f"/collections/{one.name}"), "collection", JSON),
    ]
    if form != "html":
        return formats.as_feature(one, page, system, links), formats.GEOJSON, system.uri
    from api.web.pages import render

    [content] = formats.properties_of(one, page.rows)
    point = one.shapes[page.rows[0]].representative_point()
    body = render(
        "item", base=at.base, one=one, number=feature, content=content, links=links,
        place=(point.x, point.y), crumbs=_crumbs_at(at.base, one),
    )  # fmt: skip
    return body, HTML, system.uri


def _cache(request: Request, name: str) -> str:
    public = service_of(request).rights.public(name)
    return SHORT if public else "private, max-age=60"


def _crumbs(request: Request, one: Collection | None = None) -> list[tuple[str, str]]:
    return _crumbs_at(str(request.base_url).rstrip("/"), one)


def _crumbs_at(base: str, one: Collection | None) -> list[tuple[str, str]]:
    crumbs = [("Koleksi", f"{base}/ogc/collections?f=html")]
    if one is not None:
        crumbs.append((one.title, f"{base}/ogc/collections/{one.name}?f=html"))
    return crumbs


def tag_of(*parts: str) -> str:
    """Return a strong tag of what makes a document."""
    return f'"{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:24]}"'
