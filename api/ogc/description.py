"""The OpenAPI 3.0 document of the OGC API, with every collection spelled out for clients."""

from __future__ import annotations

from typing import Any, Final

from api.ogc.collection import Collection
from api.ogc.query import DEFAULT_LIMIT, MAX_LIMIT
from api.ogc.systems import SYSTEMS

__all__ = ["openapi30"]

PROBLEM: Final = {
    "description": "RFC 9457 problem",
    "content": {"application/problem+json": {"schema": {"type": "object"}}},
}
ERRORS: Final = {"400": PROBLEM, "404": PROBLEM, "406": PROBLEM, "503": PROBLEM}


def openapi30(base: str, version: str, found: list[Collection]) -> dict[str, Any]:
    """Describe the OGC API of a workspace.

    Parameters
    ----------
    base : str
        Address of the service, without /ogc.
    """
    paths: dict[str, Any] = {
        "/": _get("Landing page", "landing", ["application/json", "text/html"]),
        "/api": _get("This document", "api", ["application/json"]),
        "/conformance": _get("Conformance", "conformance", ["application/json", "text/html"]),
        "/collections": _get("Collections", "collections", ["application/json", "text/html"]),
    }
    for one in found:
        paths |= _paths_of(one)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "tataruang OGC API",
            "version": version,
            "license": {"name": "Apache-2.0"},
        },
        "servers": [{"url": f"{base}/ogc"}],
        "paths": paths,
    }


def _paths_of(one: Collection) -> dict[str, Any]:
    here = f"/collections/{one.name}"
    both = ["application/json", "text/html"]
    items = ["application/geo+json", "text/html", "text/csv", "application/flatgeobuf"]
    feature = {
        "name": "featureId", "in": "path", "required": True, "schema": {"type": "string"},
    }  # fmt: skip
    return {
        here: _get(one.title, f"describe_{one.name}", both),
        f"{here}/queryables": _get(
            "Queryables", f"queryables_{one.name}", ["application/schema+json", "text/html"]
        ),
        f"{here}/items": _get(one.title, f"items_{one.name}", items, _item_parameters(one)),
        f"{here}/items/{{featureId}}": _get(
            one.title, f"item_{one.name}", items[:2], [feature, _CRS]
        ),
    }


def _get(
    summary: str, name: str, kinds: list[str], parameters: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    answer = {"description": summary, "content": {kind: {"schema": {}} for kind in kinds}}
    return {
        "get": {
            "summary": summary,
            "operationId": name,
            "parameters": [*(parameters or []), _form(kinds)],
            "responses": {"200": answer} | ERRORS,
        }
    }


def _form(kinds: list[str]) -> dict[str, Any]:
    names = {"text/html": "html", "text/csv": "csv", "application/flatgeobuf": "flatgeobuf"}
    forms = [names.get(kind, "json") for kind in kinds]
    return _query("f", {"type": "string", "enum": forms}, "Form of the answer")


_CRS: Final[dict[str, Any]] = {
    "name": "crs", "in": "query", "required": False,
    "schema": {"type": "string", "format": "uri", "enum": list(SYSTEMS)},
    "style": "form", "explode": False,
}  # fmt: skip


def _item_parameters(one: Collection) -> list[dict[str, Any]]:
    uri = {"type": "string", "format": "uri", "enum": list(SYSTEMS)}
    box = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
    limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
    return [
        _query("limit", limit, "How many features"),
        _query("offset", {"type": "integer", "minimum": 0, "default": 0}, "How many to skip"),
        _query("bbox", box, "Features that meet the box"),
        _query("bbox-crs", uri, "Reference system of bbox"),
        _CRS,
        _query("datetime", {"type": "string"}, "Law on a day or in an interval"),
        _query("filter", {"type": "string"}, "CQL2"),
        _query("filter-lang", {"type": "string", "enum": ["cql2-text", "cql2-json"]}, "CQL2 form"),
        _query("filter-crs", uri, "Reference system of geometries in the filter"),
        *(_query(name, {"type": kind}, f"Equal to {name}") for name, kind in one.fields.items()),
    ]


def _query(name: str, schema: dict[str, Any], text: str) -> dict[str, Any]:
    return {
        "name": name, "in": "query", "required": False, "description": text,
        "schema": schema, "style": "form", "explode": False,
    }  # fmt: skip
