"""OGC API over the layers, held against brute force over the frame and against its clients."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from api.errors import RequestError
from api.ogc.collection import Collection, make_collection
from api.ogc.cql import select
from api.ogc.systems import CRS84, SYSTEMS
from spatial.crs import operation

ITEMS = "/ogc/collections/rdtr/items"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


def test_the_landing_page_leads_to_all_that_clients_follow(client: TestClient) -> None:
    links = client.get("/ogc").json()["links"]
    rels = {one["rel"] for one in links}
    assert {"self", "alternate", "service-desc", "service-doc", "conformance", "data"} <= rels
    for one in links:
        assert client.get(one["href"]).status_code == 200, one
        assert client.get(one["href"]).headers["content-type"].startswith(one["type"].split(";")[0])


def test_every_link_of_every_collection_answers(client: TestClient) -> None:
    catalogue, only = client.get("/ogc/collections").json()["collections"]
    assert only["id"] == "rdtr"
    for one in (*catalogue["links"], *only["links"]):
        answer = client.get(one["href"])
        assert answer.status_code == 200, (one, answer.text[:200])
        assert answer.headers["content-type"].split(";")[0] == one["type"], one


def numbers(page: dict[str, Any]) -> list[int]:
    """The features of a page by their row in the layer."""
    return [int(one["properties"]["luas_m2"]) for one in page["features"]]


PAGES = ["", "/collections", "/collections/rdtr", "/collections/rdtr/items"]


@pytest.mark.parametrize("path", PAGES)
def test_a_browser_gets_a_page(client: TestClient, path: str) -> None:
    answer = client.get(f"/ogc{path}", headers={"accept": "text/html,*/*;q=0.8"})
    assert answer.headers["content-type"].startswith("text/html")
    assert "<h1>" in answer.text
    assert "http-equiv" not in answer.text
    addresses = re.findall(r'(?:src|href)="([^"]*)"', answer.text)
    assert all(one.startswith("http://testserver/") for one in addresses)


def test_pages_of_features_add_up_to_the_layer(client: TestClient) -> None:
    url: str | None = f"{ITEMS}?limit=13"
    seen: list[int] = []
    ids: set[str] = set()
    while url is not None:
        page = client.get(url).json()
        seen += numbers(page)
        ids |= {one["id"] for one in page["features"]}
        assert page["numberMatched"] == 50
        assert page["numberReturned"] == len(page["features"])
        url = next((one["href"] for one in page["links"] if one["rel"] == "next"), None)
    assert seen == list(range(50))
    assert len(ids) == 50


def test_a_limit_beyond_the_most_is_the_most(client: TestClient) -> None:
    assert client.get(f"{ITEMS}?limit=1000000").json()["numberReturned"] == 50


def test_a_box_finds_what_it_meets(client: TestClient) -> None:
    page = client.get(f"{ITEMS}?bbox=110.505,-6.95,110.525,-6.94&limit=100").json()
    assert numbers(page) == [10, 11, 12]


@pytest.mark.parametrize("code", ["9489", "32749", "3857"])
def test_a_box_in_metres_finds_the_same(client: TestClient, code: str) -> None:
    move = operation("OGC:CRS84", f"EPSG:{code}")
    xy = move(np.array([[110.505, -6.95], [110.525, -6.94]]))
    box = ",".join(f"{value:.3f}" for value in xy.ravel())
    page = client.get(f"{ITEMS}?bbox={box}&bbox-crs={EPSG}{code}&limit=100").json()
    assert numbers(page) == [10, 11, 12]


@pytest.mark.parametrize("uri", list(SYSTEMS))
def test_each_reference_system_has_its_official_order_of_axes(client: TestClient, uri: str) -> None:
    first_id = client.get(f"{ITEMS}?limit=1").json()["features"][0]["id"]
    answer = client.get(f"{ITEMS}/{first_id}?crs={uri}")
    assert answer.headers["content-crs"] == f"<{uri}>"
    first, second = answer.json()["geometry"]["coordinates"][0][0]
    expected = {CRS84: (110.41, -7.0), f"{EPSG}4326": (-7.0, 110.41), f"{EPSG}9470": (-7.0, 110.41)}
    if uri in expected:
        assert (first, second) == pytest.approx(expected[uri], abs=2e-5)
    elif uri.endswith("3857"):
        assert (first, second) == pytest.approx((12290785.0, -781182.2), abs=10)
    else:
        assert (first, second) == pytest.approx((434838, 9226203), abs=200)


def test_csv_and_flatgeobuf_hold_the_same_features(client: TestClient) -> None:
    query = "zona=R-2&limit=100"
    rows = list(csv.DictReader(io.StringIO(client.get(f"{ITEMS}?{query}&f=csv").text)))
    assert [float(row["luas_m2"]) for row in rows] == list(range(0, 50, 2))
    assert shapely.from_wkt(rows[0]["geometry"]).area == pytest.approx(0.001)
    raw = client.get(f"{ITEMS}?{query}&f=flatgeobuf&crs={EPSG}9489").content
    frame = pyogrio.read_dataframe(io.BytesIO(raw))
    assert frame.crs.to_epsg() == 9489
    assert len(frame) == 25
    assert set(frame["zona"]) == {"R-2"}


def test_an_unchanged_page_is_not_computed_again(client: TestClient) -> None:
    first = client.get(f"{ITEMS}?limit=3")
    again = client.get(f"{ITEMS}?limit=3", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get(f"{ITEMS}?limit=4", headers={"if-none-match": first.headers["etag"]})
    assert other.status_code == 200


REFUSED = [
    ("?limit=0", "parameter_refused"),
    ("?limit=-5", "parameter_refused"),
    ("?limit=1e3", "parameter_refused"),
    ("?offset=999999999999", "parameter_refused"),
    ("?bbox=nan,1,2,3", "parameter_refused"),
    ("?bbox=inf,1,2,3", "parameter_refused"),
    ("?bbox=text", "parameter_refused"),
    ("?bbox=1,2,3", "parameter_refused"),
    ("?bbox=3,2,1,4", "parameter_refused"),
    ("?bbox=1e300,1e300,1e301,1e301", "parameter_refused"),
    ("?bbox=1,2,3,4&bbox=1,2,3,4", "parameter_twice"),
    ("?crs=EPSG:32748", "crs_not_offered"),
    ("?bbox=1,2,3,4&bbox-crs=x", "crs_not_offered"),
    ("?datetime=yesterday", "parameter_refused"),
    ("?datetime=2024-02-31", "parameter_refused"),
    ("?datetime=2025-01-01/2024-01-01", "parameter_refused"),
    ("?where=1=1", "parameter_unknown"),
    ("?zona=R-2&sql=drop", "parameter_unknown"),
    ("?luas_m2=many", "parameter_refused"),
    ("?filter=zona", "filter_refused"),
    ("?filter=zona='R-2' OR 1=1", "filter_refused"),
    ("?filter=rahasia=1", "filter_refused"),
    ("?filter=zona>5", "filter_refused"),
    ("?filter=" + "(" * 1900 + "zona='a'" + ")" * 1900, "filter_refused"),
    ("?filter=luas_m2=" + "-" * 3900 + "1", "filter_refused"),
    ("?filter=" + "x" * 4001, "filter_refused"),
    ("?filter=S_INTERSECTS(geometry,POLYGON((0 0,1 1,1 0,0 1,0 0)))", "filter_refused"),
    ("?filter={&filter-lang=cql2-json", "json_syntax"),
    ("?filter-lang=sql", "parameter_refused"),
    ("?f=xml", "form_unknown"),
]


@pytest.mark.parametrize(("query", "code"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_cannot_be_used_is_refused(client: TestClient, query: str, code: str) -> None:
    answer = client.get(ITEMS + query.replace("+", "%2B"))
    assert (answer.status_code, answer.json()["code"]) == (400, code)


@pytest.mark.parametrize("path", ["/0", "/51", "/x", "/99999999999999999999", "/1%2F..", "/-1"])
def test_a_feature_that_is_not_there(client: TestClient, path: str) -> None:
    assert client.get(ITEMS + path).status_code == 404


def test_a_type_that_is_not_offered(client: TestClient) -> None:
    answer = client.get("/ogc/collections", headers={"accept": "application/xml"})
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")


def test_law_of_a_day_holds_for_a_layer_with_dates() -> None:
    from api.ogc.query import read_query, run

    made = _collection({"valid_from": "2024-06-13", "valid_to": "2026-01-01"})
    days = ["2024-06-12", "2024-06-13T00:00:00Z", "2025-01-01/..", "2026-02-01/..", "../2020-01-01"]
    found = [run(read_query({"datetime": text}, made), made).matched for text in days]
    assert found == [0, 4, 4, 0, 0]


def _collection(more: dict[str, Any] | None = None) -> Collection:
    frame = gpd.GeoDataFrame(
        {
            "zona": ["R-2", "K-3", None, "Ré_5%"],
            "luas": [1.5, np.nan, 3.0, 4.0],
            "lantai": [1, 2, 3, 4],
        },
        geometry=[shapely.box(i, 0, i + 1, 1) for i in range(4)],
        crs="EPSG:4326",
    )
    return make_collection(frame, "v", {"name": "contoh"} | (more or {}))


FILTERS = [
    ("zona = 'R-2'", [0]),
    ("zona <> 'R-2'", [1, 3]),
    ("NOT (zona = 'R-2')", [1, 3]),
    ("zona IS NULL", [2]),
    ("zona IS NOT NULL", [0, 1, 3]),
    ("zona LIKE 'R%'", [0, 3]),
    ("zona LIKE '_-_'", [0, 1]),
    (r"zona LIKE '%\_5\%'", [3]),
    ("zona IN ('R-2', 'K-3')", [0, 1]),
    ("zona NOT IN ('R-2')", [1, 3]),
    ("luas BETWEEN 1.5 AND 3", [0, 2]),
    ("luas NOT BETWEEN 1.5 AND 3", [3]),
    ("luas > 2 OR zona = 'K-3'", [1, 2, 3]),
    ("luas > 2 AND lantai < 4", [2]),
    ("2 < lantai", [2, 3]),
    ("CASEI(zona) = CASEI('r-2')", [0]),
    ("ACCENTI(zona) LIKE ACCENTI('Re%')", [3]),
    ("S_INTERSECTS(geometry, BBOX(0.5, 0.5, 1.5, 0.6))", [0, 1]),
    ("S_INTERSECTS(geometry, POINT(2.5 0.5))", [2]),
    ("S_DISJOINT(geometry, POINT(2.5 0.5))", [0, 1, 3]),
    ("S_WITHIN(geometry, BBOX(0, 0, 2, 1))", [0, 1]),
    ("S_WITHIN(BBOX(0.1, 0.1, 0.2, 0.2), geometry)", [0]),
    ("S_CONTAINS(geometry, POINT(2.5 0.5))", [2]),
    ("S_TOUCHES(geometry, POINT(1 0.5))", [0, 1]),
    ("S_CROSSES(geometry, LINESTRING(0.5 0.5, 1.5 0.5))", [0, 1]),
    ("S_OVERLAPS(geometry, BBOX(0.5, 0.5, 1.5, 2))", [0, 1]),
    ("S_EQUALS(geometry, POLYGON((0 0, 1 0, 1 1, 0 1, 0 0)))", [0]),
]


@pytest.mark.parametrize(("text", "rows"), FILTERS, ids=[one[0] for one in FILTERS])
def test_a_filter_keeps_what_the_standard_says(text: str, rows: list[int]) -> None:
    """Rows worked out by hand; what is missing is neither equal nor unequal."""
    made = _collection()
    assert np.flatnonzero(select(made, text, "cql2-text", SYSTEMS[CRS84])).tolist() == rows


def test_a_filter_as_json_is_the_same_filter() -> None:
    import cql2

    for text, rows in FILTERS:
        written = json.dumps(cql2.parse_text(text).to_json())
        found = select(_collection(), written, "cql2-json", SYSTEMS[CRS84])
        assert np.flatnonzero(found).tolist() == rows, text


def test_a_filter_may_name_its_reference_system() -> None:
    system = SYSTEMS[f"{EPSG}4326"]
    found = select(_collection(), "S_INTERSECTS(geometry, POINT(0.5 2.5))", "cql2-text", system)
    assert np.flatnonzero(found).tolist() == [2]


@given(st.text(max_size=60), st.sampled_from(["cql2-text", "cql2-json"]))
@settings(max_examples=150, deadline=None)
def test_any_text_is_a_filter_or_is_refused(text: str, lang: str) -> None:
    with contextlib.suppress(RequestError):
        select(_collection(), text, lang, SYSTEMS[CRS84])


@given(st.text(alphabet="ab%_", max_size=12), st.text(alphabet="ab", max_size=30))
@settings(max_examples=200, deadline=None)
def test_like_is_the_wild_card_match(pattern: str, value: str) -> None:
    from fnmatch import fnmatchcase

    frame = gpd.GeoDataFrame({"a": [value]}, geometry=[shapely.Point(0, 0)], crs="EPSG:4326")
    made = make_collection(frame, "v", {"name": "x"})
    [found] = select(made, f"a LIKE '{pattern}'", "cql2-text", SYSTEMS[CRS84])
    assert found == fnmatchcase(value, pattern.replace("%", "*").replace("_", "?"))


def test_the_openapi_document_has_every_collection(client: TestClient) -> None:
    answer = client.get("/ogc/api")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    document = answer.json()
    assert document["openapi"] == "3.0.3"
    parameters = document["paths"]["/collections/rdtr/items"]["get"]["parameters"]
    names = {one["name"] for one in parameters}
    assert {"limit", "bbox", "datetime", "crs", "filter", "zona", "luas_m2"} <= names
    assert '"null"' not in answer.text


OGC_PATHS = [
    "", "/conformance", "/api", "/collections", "/collections/rdtr",
    "/collections/rdtr/queryables", "/collections/rdtr/items", "/collections/rdtr/items/x",
    "/collections/rdtr/tiles", "/collections/rdtr/tiles/WebMercatorQuad",
    "/collections/rdtr/tiles/WebMercatorQuad/10/531/826", "/collections/katalog-layer",
    "/collections/katalog-layer/items", "/collections/katalog-layer/items/rdtr",
    "/collections/katalog-layer/queryables", "/tileMatrixSets",
    "/tileMatrixSets/WebMercatorQuad", "/tiles", "/tiles/WebMercatorQuad",
    "/tiles/WebMercatorQuad/10/531/826", "/processes", "/processes/overlay-summary", "/jobs",
    "/jobs/x", "/jobs/x/results",
]  # fmt: skip


@pytest.mark.parametrize("path", OGC_PATHS)
def test_a_parameter_that_is_not_known_is_refused_everywhere(client: TestClient, path: str) -> None:
    answer = client.get(f"/ogc{path}?tiada=1")
    assert (answer.status_code, answer.json()["code"]) == (400, "parameter_unknown"), answer.text
    assert answer.json()["details"]["name"] == "tiada"


def test_every_address_below_ogc_is_asked_so() -> None:
    """A new address comes into the list above."""
    from api.app import ROUTERS

    addresses = {
        re.sub(r"\{\w+\}", "*", route.path.removeprefix("/ogc").rstrip("/"))
        for router in ROUTERS
        for route in router.routes
        if route.path.startswith("/ogc") and "GET" in route.methods
    }
    for address in addresses:
        form = re.compile(address.replace("*", "[^/]+"))
        assert any(form.fullmatch(path) for path in OGC_PATHS), address
