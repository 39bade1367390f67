"""OGC API Features: pages of GeoJSON, in the CRS in which the collection is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import pyproj

from layers.remote.client import Answer, Client
from layers.remote.joined import GeoJsonFile, Total, features_of, no_answer, parsed_json
from spatial.crs import LONLAT, parse_crs, same_crs
from spatial.errors import CrsError, LayerError, LimitError

__all__ = ["download", "looks_like"]

_GEOJSON: Final = "application/geo+json, application/json;q=0.9"
_JSON: Final = "application/json"
#: Features asked for at a time; a service may send fewer.
_PAGE: Final = 1000
_PAGES: Final = 100_000
_CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


def looks_like(answer: Answer) -> bool:
    """Say whether an answer may be a page of OGC API Features: it is JSON."""
    return answer.media_type.endswith("json") or answer.body.lstrip()[:1] == b"{"


def download(
    client: Client, url: str, page: dict[str, Any], layer: str | None, folder: Path
) -> tuple[Path, dict[str, Any]]:
    """Download a collection.

    Parameters
    ----------
    client : Client
    url : str
        Of the service, its list of collections, one of them, or its items.
    page : dict
        What stands at `url`.
    layer : str or None
        Id of the collection, where `url` names none.
    folder : Path

    Returns
    -------
    path : Path
        Of one GeoJSON.
    facts : dict
        For the provenance.

    Raises
    ------
    LayerError
        `source_layer`, `source_partial`, `source_changed`, `source_answer`.
    CrsError
        `source_crs`, if the service answers in another CRS than was asked for.
    """
    where, about = _collection(client, url, page, layer)
    crs = _stored_in(about)
    first = _with(_items(where, about), {"limit": str(_PAGE)} | ({"crs": crs} if crs else {}))
    total = Total(where)
    swap = crs is not None and _north_first(crs)
    name = f"{_name(about, where)}.geojson"
    pages = 0
    with GeoJsonFile(folder / name, _urn(crs)) as file:
        for features in _pages(client, first, crs, total):
            pages += 1
            file.add(_swapped(feature) if swap else feature for feature in features)
    total.close()
    facts = {
        "service": "OGC API Features",
        "layer": str(about.get("id", "")),
        "crs": crs or _CRS84,
        "pages": pages,
        "matched": total.matched,
        "received": total.received,
    }
    return file.path, facts


def _collection(
    client: Client, url: str, page: dict[str, Any], layer: str | None
) -> tuple[str, dict[str, Any]]:
    """Return the address and the description of the collection that is meant."""
    if page.get("type") == "FeatureCollection":
        where = _without_query(url).removesuffix("/").removesuffix("/items")
        return where, parsed_json(client.get(where, _JSON).body, where)
    if "collections" in page:
        known = {str(one.get("id")): one for one in page["collections"] if isinstance(one, dict)}
        wanted = layer if layer is not None else next(iter(known), "") if len(known) == 1 else None
        if wanted not in known:
            raise LayerError(
                "{url} offers {count} layers",
                code="source_layer",
                hint="Choose one with --layer: {known}",
                url=url[:200],
                count=len(known),
                known=", ".join(known)[:600],
            )
        where = f"{_without_query(url).rstrip('/')}/{wanted}"
        return where, known[str(wanted)]
    if _link(page, "items", url):
        return _without_query(url).rstrip("/"), page
    if offers := _link(page, "data", url):
        return _collection(
            client, offers, parsed_json(client.get(offers, _JSON).body, offers), layer
        )
    raise no_answer(url, "JSON that is no OGC API Features")


def _items(where: str, about: dict[str, Any]) -> str:
    return _link(about, "items", where) or f"{where}/items"


def _link(page: dict[str, Any], rel: str, base: str) -> str | None:
    """Return the link of a relation, JSON preferred."""
    links = [one for one in page.get("links") or [] if isinstance(one, dict)]
    found = [one for one in links if str(one.get("rel", "")).rpartition("/")[2] == rel]
    found.sort(key=lambda one: "json" not in str(one.get("type", "")))
    return urljoin(base, str(found[0].get("href", ""))) if found else None


def _stored_in(about: dict[str, Any]) -> str | None:
    """Return the CRS to ask for: the one the data are kept in, so that nothing is reprojected.

    None for degrees on WGS 84, which are the default of the standard.
    """
    stored = about.get("storageCrs")
    offered = about.get("crs") or []
    if not isinstance(stored, str) or stored not in offered:
        return None
    if same_crs(parse_crs(stored).to_2d(), LONLAT) or parse_crs(stored).to_2d().to_epsg() == 4326:
        return None
    return stored


def _north_first(crs: str) -> bool:
    return pyproj.CRS.from_user_input(crs).axis_info[0].direction == "north"


def _urn(crs: str | None) -> str | None:
    """Return the name that a GeoJSON gives to a CRS."""
    if crs is None:
        return None
    authority, code = parse_crs(crs).to_authority() or ("", "")
    return f"urn:ogc:def:crs:{authority}::{code}"


def _pages(
    client: Client, url: str, crs: str | None, total: Total
) -> Iterator[list[dict[str, Any]]]:
    """Yield the features of every page, following the links from one to the next."""
    seen: set[str] = set()
    following: str | None = url
    while following is not None:
        if following in seen or len(seen) >= _PAGES:
            raise LimitError(
                "{url} has no last page",
                code="source_endless",
                hint="Ask its owner for a file",
                url=url[:200],
            )
        seen.add(following)
        answer = client.get(following, _GEOJSON)
        page = parsed_json(answer.body, following)
        features = features_of(page, following)
        _check_crs(answer, crs)
        total.state(page.get("numberMatched"))
        for feature in features:
            total.take(feature.get("id"))
        yield features
        following = _link(page, "next", following)


def _check_crs(answer: Answer, crs: str | None) -> None:
    stated = answer.headers.get("content-crs", "").strip().strip("<>")
    if (stated or crs) and (stated or _CRS84) != (crs or _CRS84):
        raise CrsError(
            "{url} answers in {stated}, not in {asked}",
            code="source_crs",
            hint="Nothing was published. Ask its owner",
            url=answer.url[:200],
            stated=stated or _CRS84,
            asked=crs or _CRS84,
        )


def _swapped(feature: dict[str, Any]) -> dict[str, Any]:
    """Return a feature with x first: a CRS whose first axis is north is written north first."""
    geometry = feature.get("geometry")
    return feature | {"geometry": _turned(geometry) if isinstance(geometry, dict) else geometry}


def _turned(geometry: dict[str, Any]) -> dict[str, Any]:
    if "geometries" in geometry:
        return geometry | {"geometries": [_turned(one) for one in geometry["geometries"]]}
    return geometry | {"coordinates": _positions(geometry.get("coordinates"))}


def _positions(values: Any) -> Any:
    if isinstance(values, list) and len(values) > 1 and isinstance(values[0], int | float):
        return [values[1], values[0], *values[2:]]
    return [_positions(one) for one in values] if isinstance(values, list) else values


def _name(about: dict[str, Any], where: str) -> str:
    text = str(about.get("id") or where.rsplit("/", 1)[-1])
    return "".join(one if one.isalnum() else "_" for one in text)[:60] or "layer"


def _without_query(url: str) -> str:
    return urlunsplit(urlsplit(url)._replace(query="", fragment=""))


def _with(url: str, more: dict[str, str]) -> str:
    parts = urlsplit(url)
    query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k not in more]
    return urlunsplit(parts._replace(query=urlencode([*query, *more.items()]), fragment=""))
