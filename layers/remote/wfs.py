"""WFS 2.0 and 1.1: what a service offers, how many features there are, and all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from xml.etree.ElementTree import Element

from layers.remote.client import Client
from layers.remote.joined import (
    GeoJsonFile,
    GmlFile,
    Total,
    features_of,
    no_answer,
    parsed_json,
    parsed_xml,
)
from spatial.errors import LayerError, LimitError

__all__ = ["download", "looks_like"]

_XML: Final = "text/xml, application/xml;q=0.9"
#: Features asked for at a time, where a service sends pages.
_PAGE: Final = 1000
_PAGES: Final = 100_000
#: Beginnings of the names by which services offer GeoJSON, the best first.
_JSON: Final = ("application/geo+json", "application/json", "geojson", "json")
#: Parameters of a request, which an address given by hand may carry.
_OURS: Final = frozenset(
    {"service", "version", "request", "typename", "typenames", "outputformat", "count",
     "maxfeatures", "startindex", "resulttype", "srsname", "acceptversions"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Service:
    """What the capabilities say: version, layers with their CRS, formats, whether it pages."""

    url: str
    version: str
    layers: dict[str, str]
    formats: tuple[str, ...]
    pages: bool

    def ask(self, request: str, layer: str, **more: str) -> str:
        """Return the address of a request about a layer."""
        names = "typeNames" if self.version.startswith("2") else "typeName"
        return _with(
            self.url,
            {"service": "WFS", "version": self.version, "request": request, names: layer, **more},
        )


def looks_like(url: str) -> bool:
    """Say whether an address is that of a WFS, by its own words."""
    query = {key.lower(): value.lower() for key, value in parse_qsl(urlsplit(url).query)}
    return query.get("service") == "wfs" or urlsplit(url).path.rstrip("/").lower().endswith("/wfs")


def download(
    client: Client, url: str, layer: str | None, folder: Path
) -> tuple[Path, dict[str, Any]]:
    """Download a layer of a WFS.

    Parameters
    ----------
    client : Client
    url : str
        Of the service; parameters of a request are replaced by ours.
    layer : str or None
        Name of the feature type, where there are several.
    folder : Path

    Returns
    -------
    path : Path
        Of one GeoJSON or GML.
    facts : dict
        For the provenance.

    Raises
    ------
    LayerError
        `source_layer`, `source_partial`, `source_changed`, `source_answer`, `source_exception`.
    """
    service = _service(client, url)
    chosen = _chosen(service, layer or _named(url))
    crs = service.layers[chosen]
    total = Total(service.url)
    hits = service.ask("GetFeature", chosen, resultType="hits")
    total.state(_stated(parsed_xml(client.get(hits, _XML).body, hits)))
    output = _geojson(service.formats)
    stem = "".join(one if one.isalnum() else "_" for one in chosen)[:60]
    path = folder / (f"{stem}.geojson" if output else f"{stem}.gml")
    if output:
        pages = _as_geojson(client, service, chosen, output, total, path)
    else:
        pages = _as_gml(client, service, chosen, total, path)
    total.close()
    facts = {
        "service": f"WFS {service.version}",
        "layer": chosen,
        "crs": crs,
        "format": output or "GML",
        "pages": pages,
        "matched": total.matched,
        "received": total.received,
    }
    return path, facts


def _service(client: Client, url: str) -> _Service:
    asked = _with(url, {"service": "WFS", "request": "GetCapabilities",
                        "acceptVersions": "2.0.0,1.1.0"})  # fmt: skip
    root = parsed_xml(client.get(asked, _XML).body, asked)
    version = root.get("version", "")
    if _local(root) != "WFS_Capabilities" or not version.startswith(("2.0", "1.1")):
        raise no_answer(url, f"{_local(root)} {version}, which is no WFS 2.0 or 1.1")
    layers = {}
    for one in _all(root, "FeatureType"):
        crs = next((_text(found) for name in ("DefaultCRS", "DefaultSRS")
                    for found in _all(one, name)), "")  # fmt: skip
        layers[next((_text(found) for found in _all(one, "Name")), "")] = crs
    formats = tuple(
        _text(value)
        for one in [*_all(root, "Operation"), root]
        if one.get("name") in ("GetFeature", None)
        for parameter in _all(one, "Parameter")
        if parameter.get("name") == "outputFormat"
        for value in _all(parameter, "Value")
    )
    paging = any(
        one.get("name") == "ImplementsResultPaging"
        and _text(next(iter(_all(one, "DefaultValue")), one)).upper() == "TRUE"
        for one in _all(root, "Constraint")
    )
    base = _with(url, {})
    return _Service(base, version, layers, formats, paging and version.startswith("2"))


def _chosen(service: _Service, layer: str | None) -> str:
    """Return the layer that is meant; its name without prefix is enough where it is one's own."""
    names = list(service.layers)
    if layer is None and len(names) == 1:
        return names[0]
    found = [name for name in names if layer in (name, name.rpartition(":")[2])]
    if len(found) == 1:
        return found[0]
    raise LayerError(
        "{url} offers {count} layers",
        code="source_layer",
        hint="Choose one with --layer: {known}",
        url=service.url[:200],
        count=len(names),
        known=", ".join(names)[:600],
    )


def _named(url: str) -> str | None:
    query = {key.lower(): value for key, value in parse_qsl(urlsplit(url).query)}
    return query.get("typenames") or query.get("typename")


def _geojson(formats: tuple[str, ...]) -> str:
    """Return the name by which a service offers GeoJSON; nothing where it offers none."""
    for wanted in _JSON:
        for one in formats:
            if one.lower().partition(";")[0].strip() == wanted:
                return one
    return ""


def _requests(service: _Service, layer: str, total: Total, output: str) -> Iterator[str]:
    """Yield the address of every page: all at once where a service sends none."""
    form = {"outputFormat": output} if output else {}
    if crs := service.layers[layer]:
        form["srsName"] = crs
    if not service.pages:
        yield service.ask("GetFeature", layer, **form)
        return
    for page in range(_PAGES):
        before = total.received
        yield service.ask("GetFeature", layer, **form, count=str(_PAGE), startIndex=str(before))
        # A service may send fewer than asked for, so only an empty page is the last.
        if total.received == before or total.received == total.matched:
            return
        if page == _PAGES - 1:
            raise LimitError(
                "{url} has no last page",
                code="source_endless",
                hint="Ask its owner for a file",
                url=service.url[:200],
            )


def _as_geojson(
    client: Client, service: _Service, layer: str, output: str, total: Total, path: Path
) -> int:
    """Write all features as GeoJSON; return the number of pages."""
    pages = 0
    with ExitStack() as opened:
        file: GeoJsonFile | None = None
        crs: str | None = None
        for url in _requests(service, layer, total, output):
            page = parsed_json(client.get(url, "*/*").body, url)
            features = features_of(page, url)
            said = _crs_member(page)
            if file is None:
                file, crs = opened.enter_context(GeoJsonFile(path, said)), said
            elif features and said != crs:
                raise no_answer(url, f"pages in different CRS ({crs}, {said})")
            total.state(page.get("numberMatched", page.get("totalFeatures")))
            for feature in features:
                total.take(feature.get("id"))
            file.add(features)
            pages += 1
    return pages


def _crs_member(page: dict[str, Any]) -> str | None:
    member = page.get("crs")
    name = member.get("properties", {}).get("name") if isinstance(member, dict) else None
    return str(name) if name else None


def _as_gml(client: Client, service: _Service, layer: str, total: Total, path: Path) -> int:
    """Write all features as GML; return the number of pages."""
    pages = 0
    with GmlFile(path) as file:
        for url in _requests(service, layer, total, ""):
            root = parsed_xml(client.get(url, _XML).body, url)
            if _local(root) != "FeatureCollection":
                raise no_answer(url, f"{_local(root)}, which is no collection of features")
            total.state(root.get("numberMatched", ""))
            features = list(_members(root))
            for feature in features:
                total.take(_identifier(feature))
            file.add(features)
            pages += 1
    return pages


def _members(root: Element) -> Iterator[Element]:
    for child in root:
        if _local(child) in ("member", "featureMember", "featureMembers"):
            yield from child


def _identifier(feature: Element) -> str | None:
    for name, value in feature.attrib.items():
        if name.rpartition("}")[2] in ("id", "fid"):
            return value
    return None


def _stated(root: Element) -> str:
    return root.get("numberMatched") or root.get("numberOfFeatures") or ""


def _all(root: Element, name: str) -> list[Element]:
    return [one for one in root.iter() if _local(one) == name]


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: Element) -> str:
    return (element.text or "").strip()


def _with(url: str, more: dict[str, str]) -> str:
    parts = urlsplit(url)
    kept = [
        (key, value)
        for key, value in parse_qsl(parts.query, keep_blank_values=True)
        if key.lower() not in _OURS
    ]
    return urlunsplit(parts._replace(query=urlencode([*kept, *more.items()]), fragment=""))
