"""The documents by which OGC API clients find their way: landing, conformance, collections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from api.ogc.collection import Collection
from api.ogc.systems import CRS84, SYSTEMS

__all__ = [
    "CONFORMANCE",
    "Address",
    "collection",
    "collections",
    "landing",
    "link",
    "page_links",
    "queryables",
]

_SPEC: Final = "http://www.opengis.net/spec/"
#: Declared is only what a test of this repository proves.
CONFORMANCE: Final = tuple(
    _SPEC + name
    for name in (
        "ogcapi-common-1/1.0/conf/core",
        "ogcapi-common-1/1.0/conf/landing-page",
        "ogcapi-common-1/1.0/conf/json",
        "ogcapi-common-1/1.0/conf/html",
        "ogcapi-common-1/1.0/conf/oas30",
        "ogcapi-common-2/1.0/conf/collections",
        "ogcapi-features-1/1.0/conf/core",
        "ogcapi-features-1/1.0/conf/geojson",
        "ogcapi-features-1/1.0/conf/html",
        "ogcapi-features-1/1.0/conf/oas30",
        "ogcapi-features-2/1.0/conf/crs",
        "ogcapi-features-3/1.0/conf/queryables",
        "ogcapi-features-3/1.0/conf/queryables-query-parameters",
        "ogcapi-features-3/1.0/conf/filter",
        "ogcapi-features-3/1.0/conf/features-filter",
        "cql2/1.0/conf/cql2-text",
        "cql2/1.0/conf/cql2-json",
        "cql2/1.0/conf/basic-cql2",
        "cql2/1.0/conf/advanced-comparison-operators",
        "cql2/1.0/conf/case-insensitive-comparison",
        "cql2/1.0/conf/accent-insensitive-comparison",
        "cql2/1.0/conf/basic-spatial-functions",
        "cql2/1.0/conf/basic-spatial-functions-plus",
        "cql2/1.0/conf/spatial-functions",
        "ogcapi-tiles-1/1.0/conf/core",
        "ogcapi-tiles-1/1.0/conf/tileset",
        "ogcapi-tiles-1/1.0/conf/tilesets-list",
        "ogcapi-tiles-1/1.0/conf/dataset-tilesets",
        "ogcapi-tiles-1/1.0/conf/geodata-tilesets",
        "ogcapi-tiles-1/1.0/conf/mvt",
        "ogcapi-tiles-1/1.0/conf/png",
        "ogcapi-processes-1/1.0/conf/core",
        "ogcapi-processes-1/1.0/conf/ogc-process-description",
        "ogcapi-processes-1/1.0/conf/json",
        "ogcapi-processes-1/1.0/conf/job-list",
        "ogcapi-processes-1/1.0/conf/dismiss",
        "ogcapi-processes-1/1.0/conf/callback",
        "ogcapi-records-1/1.0/conf/record-core",
        "ogcapi-records-1/1.0/conf/record-collection",
        "ogcapi-records-1/1.0/conf/record-core-query-parameters",
        "ogcapi-records-1/1.0/conf/records-api",
        "ogcapi-records-1/1.0/conf/json",
        "ogcapi-records-1/1.0/conf/html",
    )
)

GEOJSON: Final = "application/geo+json"
JSON: Final = "application/json"
HTML: Final = "text/html"
OPENAPI30: Final = "application/vnd.oai.openapi+json;version=3.0"
REL: Final = "http://www.opengis.net/def/rel/ogc/1.0/"
SCHEMA_JSON: Final = "application/schema+json"

Link = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Address:
    """Where the service stands for this client: scheme, host and root path of its request."""

    base: str

    def to(self, path: str = "", **query: Any) -> str:
        """Return the address of a path below /ogc.

        Examples
        --------
        >>> Address("http://office").to("/collections", f="html")
        'http://office/ogc/collections?f=html'
        """
        return f"{self.base}/ogc{path}" + (f"?{urlencode(query)}" if query else "")


def link(href: str, rel: str, kind: str, title: str = "") -> Link:
    """Return one link."""
    return {"href": href, "rel": rel, "type": kind} | ({"title": title} if title else {})


def both(
    at: Address, path: str, rel: str, kind: str, title: str, *, shown: str = "json"
) -> list[Link]:
    """Return links to this document: itself and in the other form."""
    other = ("html", HTML) if shown == "json" else ("json", kind)
    mine = kind if shown == "json" else HTML
    return [
        link(at.to(path), rel, mine, title),
        link(at.to(path, f=other[0]), "alternate", other[1], title),
    ]


def landing(at: Address, name: str, shown: str) -> dict[str, Any]:
    """Return the landing page."""
    return {
        "title": f"tataruang: {name}",
        "description": "Layer tata ruang sebagai OGC API / spatial-planning layers as OGC API",
        "links": [
            *both(at, "", "self", JSON, "Halaman ini / this document", shown=shown),
            link(at.to("/api"), "service-desc", OPENAPI30, "OpenAPI 3.0"),
            link(at.to("/api", f="html"), "service-doc", HTML, "Operasi / operations"),
            link(at.to("/conformance"), "conformance", JSON, "Conformance"),
            link(at.to("/collections"), "data", JSON, "Koleksi / collections"),
            *extra_links(at),
        ],
    }


def extra_links(at: Address) -> list[Link]:
    """Return the links of further standards."""
    rel = REL
    return [
        link(at.to("/tiles"), f"{rel}tilesets-vector", JSON, "Ubin vektor / vector tiles"),
        link(at.to("/processes"), f"{rel}processes", JSON, "Proses / processes"),
        link(at.to("/jobs"), f"{rel}job-list", JSON, "Pekerjaan / jobs"),
        link(at.to("/tileMatrixSets"), f"{rel}tiling-schemes", JSON, "Skema ubin / tiling schemes"),
    ]


def collections(at: Address, found: list[Collection], shown: str) -> dict[str, Any]:
    """Return the list of collections."""
    return {
        "links": both(at, "/collections", "self", JSON, "Koleksi / collections", shown=shown),
        "crs": list(SYSTEMS),
        "collections": [collection(at, one, shown="") for one in found],
    }


def collection(at: Address, one: Collection, shown: str) -> dict[str, Any]:
    """Return the description of one collection."""
    if one.records is not None:
        return catalogue(at, one, shown)
    here = f"/collections/{one.name}"
    own = (
        both(at, here, "self", JSON, one.title, shown=shown)
        if shown
        else [link(at.to(here), "self", JSON, one.title)]
    )
    legal = one.legal
    begins, ends = one.interval
    return {
        "id": one.name,
        "title": one.title,
        "description": str(legal.get("instrument") or one.title),
        "itemType": "feature",
        "extent": {
            "spatial": {"bbox": [list(one.extent)], "crs": CRS84},
            "temporal": {"interval": [[_moment(begins), _moment(ends)]]},
        },
        "crs": list(SYSTEMS),
        "storageCrs": one.storage_crs,
        "version": one.version,
        "legal": legal,
        "links": [
            *own,
            link(at.to(f"{here}/items"), "items", GEOJSON, one.title),
            link(at.to(f"{here}/items", f="html"), "items", HTML, one.title),
            link(at.to(f"{here}/items", f="csv"), "items", "text/csv", one.title),
            link(
                at.to(f"{here}/items", f="flatgeobuf", limit=10_000),
                "items", "application/flatgeobuf", one.title,
            ),
            link(
                at.to(f"{here}/queryables"),
                f"{REL}queryables", SCHEMA_JSON, "Queryables",
            ),
            link(
                at.to(f"{here}/tiles"),
                f"{REL}tilesets-vector", JSON, "Ubin / tiles",
            ),
        ],
    }  # fmt: skip


def catalogue(at: Address, one: Collection, shown: str) -> dict[str, Any]:
    """Return the description of a collection of records."""
    here = f"/collections/{one.name}"
    own = (
        both(at, here, "self", JSON, one.title, shown=shown)
        if shown
        else [link(at.to(here), "self", JSON, one.title)]
    )
    return {
        "id": one.name,
        "type": "Catalog",
        "title": one.title,
        "description": "Satu catatan untuk tiap layer: dasar hukum, versi, lisensi, mutu. "
        "One record for each layer: law, version, licence, quality.",
        "itemType": "record",
        "extent": {"spatial": {"bbox": [list(one.extent)], "crs": CRS84}},
        "crs": [CRS84],
        "storageCrs": CRS84,
        "version": one.version,
        "links": [
            *own,
            link(at.to(f"{here}/items"), "items", GEOJSON, one.title),
            link(at.to(f"{here}/items", f="html"), "items", HTML, one.title),
            link(at.to(f"{here}/queryables"), f"{REL}queryables", SCHEMA_JSON, "Queryables"),
        ],
    }


def queryables(at: Address, one: Collection) -> dict[str, Any]:
    """Return the JSON schema of what can be asked for."""
    fields: dict[str, Any] = {
        name: {"title": name, "type": kind} for name, kind in one.fields.items()
    }
    fields["geometry"] = {"title": "geometry", "format": f"geometry-{one.geometry}"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": at.to(f"/collections/{one.name}/queryables"),
        "title": one.title,
        "type": "object",
        "properties": fields,
        "additionalProperties": False,
    }


def page_links(
    at: Address,
    path: str,
    query: dict[str, str],
    shown: tuple[int, int, int],
    *,
    csv: bool = True,
) -> list[Link]:
    """Return the links of a page of features: itself, its other forms, its neighbours.

    Parameters
    ----------
    shown : (offset, limit, matched)
    csv : bool
        Whether CSV is one of the other forms.
    """
    offset, limit, matched = shown
    plain = {name: value for name, value in query.items() if name not in ("f", "offset")}
    form = {"f": query["f"]} if "f" in query else {}
    kinds = {"json": GEOJSON, "html": HTML} | ({"csv": "text/csv"} if csv else {})
    here = kinds.get(query.get("f", "json"), GEOJSON)
    links = [link(at.to(path, **query), "self", here)]
    links += [
        link(at.to(path, **query | {"f": name}), "alternate", kind)
        for name, kind in kinds.items()
        if kind != here
    ]
    if offset + limit < matched:
        links.append(link(at.to(path, **plain, offset=offset + limit, **form), "next", here))
    if offset:
        links.append(
            link(at.to(path, **plain, offset=max(0, offset - limit), **form), "prev", here)
        )
    return [*links, link(at.to(path.removesuffix("/items")), "collection", JSON)]


def _moment(day: str | None) -> str | None:
    return None if day is None else f"{day[:10]}T00:00:00Z"
