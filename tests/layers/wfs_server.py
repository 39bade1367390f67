"""A small WFS and OGC API on loopback, which can be told to lie."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

import geopandas as gpd
import pyproj
import shapely

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
#: Namespaces by version of WFS.
SPACES = {
    "2.0.0": ("http://www.opengis.net/wfs/2.0", "http://www.opengis.net/gml/3.2"),
    "1.1.0": ("http://www.opengis.net/wfs", "http://www.opengis.net/gml"),
}


@dataclass
class Agency:
    """What the server offers, and how it misbehaves."""

    frame: gpd.GeoDataFrame
    version: str = "2.0.0"
    json_format: str = ""
    pages: bool = True
    most: int = 1000
    matched: int | None = None
    elsewhere: str = ""
    broken: bool = False
    doctype: bool = False
    again: bool = False
    busy: int = 0
    content_crs: str = ""
    asked: list[str] = field(default_factory=list)

    @property
    def epsg(self) -> int:
        return int(self.frame.crs.to_epsg())

    @property
    def north_first(self) -> bool:
        return str(pyproj.CRS.from_epsg(self.epsg).axis_info[0].direction) == "north"


@contextmanager
def serving(agency: Agency) -> Iterator[str]:
    """Serve on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            agency.asked.append(self.path)
            query = {key.lower(): value for key, value in parse_qsl(urlsplit(self.path).query)}
            if agency.busy:
                agency.busy -= 1
                self._send(503, "text/plain", b"sibuk")
            elif agency.elsewhere:
                self.send_response(302)
                self.send_header("Location", agency.elsewhere)
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif urlsplit(self.path).path == "/wfs":
                self._wfs(query)
            else:
                self._api(query)

        def _wfs(self, query: dict[str, str]) -> None:
            request = query.get("request", "")
            if request == "GetCapabilities":
                self._send(200, "text/xml", _capabilities(agency))
            elif "zona" not in query.get("typenames", query.get("typename", "")):
                report = (
                    b"<ExceptionReport><Exception>tidak ada layer itu</Exception></ExceptionReport>"
                )
                self._send(200, "text/xml", report)
            elif query.get("resulttype") == "hits":
                self._send(200, "text/xml", _collection(agency, agency.frame[:0]))
            else:
                page = _page(agency, query, "startindex", "count")
                if "json" in query.get("outputformat", ""):
                    self._send(200, "application/json", _geojson(agency, page).encode())
                else:
                    self._send(200, "text/xml", _collection(agency, page))

        def _api(self, query: dict[str, str]) -> None:
            root = f"http://127.0.0.1:{self.server.server_address[1]}"
            path = urlsplit(self.path).path
            crs = f"http://www.opengis.net/def/crs/EPSG/0/{agency.epsg}"
            about = {
                "id": "zona", "storageCrs": crs, "crs": [CRS84, crs],
                "links": [{"rel": "items", "type": "application/geo+json",
                           "href": f"{root}/collections/zona/items"}],
            }  # fmt: skip
            if path == "/collections":
                self._send(200, "application/json", json.dumps({"collections": [about]}).encode())
            elif path == "/collections/zona":
                self._send(200, "application/json", json.dumps(about).encode())
            else:
                page = _page(agency, query, "offset", "limit")
                following = int(query.get("offset", 0)) + len(page)
                plain = "crs" not in query
                found = json.loads(_geojson(agency, page, swap=agency.north_first and not plain))
                found.pop("crs", None)
                if following < len(agency.frame):
                    link = f"{root}{path}?limit={agency.most}&offset={following}"
                    link += "" if plain else f"&crs={crs}"
                    found["links"] = [{"rel": "next", "href": link}]
                said = agency.content_crs or (CRS84 if plain else crs)
                body = json.dumps(found).encode()
                self._send(200, "application/geo+json", body, crs=f"<{said}>")

        def _send(self, status: int, kind: str, body: bytes, crs: str = "") -> None:
            if agency.doctype:
                body = b'<!DOCTYPE a [<!ENTITY b "c">]>' + body
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if crs:
                self.send_header("Content-Crs", crs)
            self.send_header("Content-Length", str(len(body) + (100 if agency.broken else 0)))
            self.end_headers()
            self.wfile.write(body)
            if agency.broken:
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _page(agency: Agency, query: dict[str, str], start: str, count: str) -> gpd.GeoDataFrame:
    first = int(query.get(start, 0)) if agency.pages else 0
    most = min(agency.most, int(query.get(count, agency.most)))
    if agency.again:
        first = 0
    return agency.frame[first : first + most]


def _capabilities(agency: Agency) -> bytes:
    crs = f"urn:ogc:def:crs:EPSG::{agency.epsg}"
    tag = "DefaultCRS" if agency.version == "2.0.0" else "DefaultSRS"
    formats = f"<ows:Value>{escape(agency.json_format)}</ows:Value>" if agency.json_format else ""
    paging = (
        '<ows:Constraint name="ImplementsResultPaging"><ows:NoValues/><ows:DefaultValue>TRUE'
        "</ows:DefaultValue></ows:Constraint>"
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<wfs:WFS_Capabilities version="{agency.version}" xmlns:wfs="{SPACES[agency.version][0]}"
  xmlns:ows="http://www.opengis.net/ows/1.1"><ows:OperationsMetadata>
<ows:Operation name="GetFeature"><ows:Parameter name="outputFormat"><ows:AllowedValues>
<ows:Value>application/gml+xml; version=3.2</ows:Value>{formats}</ows:AllowedValues></ows:Parameter>
</ows:Operation>{paging if agency.pages else ""}</ows:OperationsMetadata>
<wfs:FeatureTypeList><wfs:FeatureType><wfs:Name>rtr:zona</wfs:Name><wfs:{tag}>{crs}</wfs:{tag}>
</wfs:FeatureType><wfs:FeatureType><wfs:Name>rtr:jalan</wfs:Name><wfs:{tag}>{crs}</wfs:{tag}>
</wfs:FeatureType></wfs:FeatureTypeList></wfs:WFS_Capabilities>""".encode()


def _collection(agency: Agency, page: gpd.GeoDataFrame) -> bytes:
    wfs, gml = SPACES[agency.version]
    matched = len(agency.frame) if agency.matched is None else agency.matched
    count = "numberMatched" if agency.version == "2.0.0" else "numberOfFeatures"
    # In WFS 1.1 this attribute counts what is in the answer, but for a question for hits alone.
    told = matched if agency.version == "2.0.0" or not len(page) else len(page)
    wrap = "wfs:member" if agency.version == "2.0.0" else "gml:featureMember"
    members = "".join(
        f"<{wrap}><rtr:zona gml:id='zona.{row}'>"
        + "".join(
            f"<rtr:{name}>{escape(str(value))}</rtr:{name}>"
            for name, value in page.drop(columns="geometry").loc[row].items()
            if value is not None
        )
        + f"<rtr:geom>{_gml(agency, shape)}</rtr:geom></rtr:zona></{wrap}>"
        for row, shape in page.geometry.items()
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><wfs:FeatureCollection xmlns:wfs="{wfs}"'
        f' xmlns:gml="{gml}" xmlns:rtr="http://contoh/rtr" {count}="{told}">'
        f"{members}</wfs:FeatureCollection>"
    ).encode()


def _gml(agency: Agency, shape: shapely.Polygon) -> str:
    places = shapely.get_coordinates(shape)
    if agency.north_first:
        places = places[:, ::-1]
    text = " ".join(repr(float(value)) for value in places.ravel())
    return (
        f'<gml:Polygon srsName="urn:ogc:def:crs:EPSG::{agency.epsg}"><gml:exterior><gml:LinearRing>'
        f"<gml:posList>{text}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
    )


def _geojson(agency: Agency, page: gpd.GeoDataFrame, *, swap: bool = False) -> str:
    drawn = page.geometry.map(lambda one: shapely.transform(one, lambda xy: xy[:, ::-1]))
    found = json.loads((page.set_geometry(drawn) if swap else page).to_json(drop_id=False))
    name = f"urn:ogc:def:crs:EPSG::{agency.epsg}"
    matched = len(agency.frame) if agency.matched is None else agency.matched
    return json.dumps(
        found | {"crs": {"type": "name", "properties": {"name": name}}, "numberMatched": matched}
    )
