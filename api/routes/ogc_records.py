"""OGC API Records: the catalogue of layers, with version, law, licence and quality of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
from fastapi import APIRouter, Path, Query, Request, Response

from api.clock import now
from api.http import StrictRoute, only_once, service_of
from api.negotiation import form_of, unchanged
from api.routes.ogc import ANSWERS, BOTH, ITEMS, SHORT, Form, address_of, send, tag_of

if TYPE_CHECKING:
    from api.ogc.collection import Collection

#: Before the routes of collections, of which this is one.
router = APIRouter(tags=["ogc"], prefix="/ogc/collections/katalog-layer", route_class=StrictRoute)
#: Its parameters depend on the fields of records, so that they are checked there.
open_router = APIRouter(tags=["ogc"], prefix="/ogc/collections/katalog-layer")

GEOJSON: Final = "application/geo+json"
FORMS: Final = ("json", "html", "geojson")


async def _catalogue(request: Request) -> Collection:
    service = service_of(request)
    found: Collection = await request.app.state.workers.run(lambda: service.catalogue)
    return found


@router.get("", summary="The catalogue of layers", responses=ANSWERS)
async def catalogue(request: Request, f: Form = None) -> Response:
    """Describe the catalogue."""
    from api.ogc.documents import catalogue as document_of

    one = await _catalogue(request)
    document = document_of(address_of(request), one, form_of(request, BOTH))
    return send(request, document, "catalogue", one=one)


@router.get("/queryables", summary="What can be asked of the catalogue", responses=ANSWERS)
async def queryables(request: Request, f: Form = None) -> Response:
    """Return the JSON schema of the fields of records."""
    from api.ogc.documents import queryables as document_of

    one = await _catalogue(request)
    document = document_of(address_of(request), one)
    return send(request, document, "queryables", one=one, kind="application/schema+json")


@open_router.get("/items", summary="Records of layers", responses=ITEMS)
async def records(request: Request) -> Response:
    """Return records: `q`, `type`, `ids`, `externalIds`, `bbox`, `datetime`, `filter`, any field.

    A record without a time holds always, one without a place lies in no box.
    """
    from api.ogc.documents import page_links
    from api.ogc.records import as_records, find

    one = await _catalogue(request)
    form, given, at = form_of(request, FORMS), only_once(request), address_of(request)
    headers = {"cache-control": SHORT, "vary": "accept"}
    tag = tag_of(one.version, str(request.url), form)
    if (same := unchanged(request, tag, headers)) is not None:
        return same
    query, page = await request.app.state.workers.run(find, given, one)
    place = (query.offset, query.limit, page.matched)
    links = page_links(at, f"/collections/{one.name}/items", given, place, csv=False)
    if form == "html":
        shown = [(one.records or ())[row] for row in page.rows]
        return send(request, {}, "records", one=one, shown=shown, links=links, matched=page.matched)
    body = as_records(one, page, links, at, now())
    return Response(body, media_type=GEOJSON, headers=headers | {"etag": tag})


@router.get("/items/{name}", summary="A record of a layer", responses=ITEMS)
async def record(
    request: Request,
    name: Annotated[str, Path(max_length=64, description="Name of a layer")],
    f: Annotated[str | None, Query(max_length=40, description="json or html")] = None,
) -> Response:
    """Return the record of a layer."""
    from api.ogc.query import one as find_one
    from api.ogc.records import as_record

    one = await _catalogue(request)
    page = find_one(one, name)
    told: dict[str, Any] = as_record((one.records or ())[page.rows[0]], address_of(request))
    if form_of(request, FORMS) == "html":
        return send(request, told, "record", one=one, record=told)
    headers = {"cache-control": SHORT, "vary": "accept"}
    return Response(orjson.dumps(told), media_type=GEOJSON, headers=headers)
