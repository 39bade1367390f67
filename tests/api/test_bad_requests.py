"""The catalogue of bad inputs over HTTP: each row gets its listed answer, never a 500.

The numbers are those of the project's catalogue; a test names its rows.
"""

from __future__ import annotations

import gzip
import json
import math
import random
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

Permit = dict[str, Any]
URL = "/v1/conformity"
GEO = {"content-type": "application/geo+json"}


def send(client: TestClient, body: bytes | str | Permit, **headers: str) -> Any:
    raw = json.dumps(body) if isinstance(body, dict) else body
    return client.post(URL, content=raw, headers=GEO | headers)


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"] == f"urn:tataruang:problem:{code}"
    assert problem["texts"]["id"]["detail"] != problem["texts"]["en"]["detail"]
    assert "Traceback" not in answer.text
    return dict(problem)


def ring(*corners: tuple[float, float]) -> list[list[float]]:
    """A ring in steps of 0.0001 degrees from a place inside the district."""
    return [[110.64 + x * 1e-4, -6.88 + y * 1e-4] for x, y in corners]


SQUARE = ((0, 0), (10, 0), (10, 10), (0, 10), (0, 0))
SMALL = ((2, 2), (4, 2), (4, 4), (2, 4), (2, 2))
FAR_HOLE = ((20, 20), (22, 20), (22, 22), (20, 22), (20, 20))
SHIFTED = ((5, 5), (15, 5), (15, 15), (5, 15), (5, 5))
BOWTIE = ((0, 0), (10, 10), (10, 0), (0, 10), (0, 0))
CROOKED_BOWTIE = ((0, 0), (10, 10), (10, 0), (0, 20), (0, 0))


def star(corners: int) -> list[list[float]]:
    """A ring through random points: it crosses itself everywhere."""
    rng = random.Random(7)  # noqa: S311  no secret, a shape that repeats itself
    points = [(rng.uniform(0, 10), rng.uniform(0, 10)) for _ in range(corners)]
    return ring(*points, points[0])


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


GEOMETRY_ROWS: list[tuple[str, Any, str]] = [
    ("1 bowtie", polygon(ring(*BOWTIE)), "self_intersection"),
    ("2 crooked bowtie", polygon(ring(*CROOKED_BOWTIE)), "self_intersection"),
    ("3 unclosed ring", polygon(ring(*SQUARE[:-1])), "ring_unclosed"),
    ("7 empty polygon", polygon(), "coordinates_empty"),
    ("7 empty ring", polygon([]), "ring_positions"),
    ("10 curve", {"type": "CurvePolygon", "coordinates": []}, "geometry_kind"),
    ("11 ring of two points", polygon(ring((0, 0), (1, 1))), "ring_positions"),
    ("12 no area", polygon(ring((0, 0), (5, 0), (9, 0), (0, 0))), "zero_area"),
    ("13 hole outside", polygon(ring(*SQUARE), ring(*FAR_HOLE)), "hole_outside_shell"),
    (
        "14 overlapping parts",
        {"type": "MultiPolygon", "coordinates": [[ring(*SQUARE)], [ring(*SHIFTED)]]},
        "self_intersection",
    ),
    ("25 star of 300 corners", polygon(star(300)), "self_intersection"),
    ("35 collection", {"type": "GeometryCollection", "geometries": []}, "geometry_kind"),
    ("43 no coordinates", {"type": "Polygon"}, "coordinates_empty"),
    ("43 unknown type", {"type": "Blob", "coordinates": [[1]]}, "geometry_kind"),
    ("43 text coordinate", polygon([["110.6", "-6.9"]] * 4), "coordinate_not_number"),
    ("43 truth as coordinate", polygon([[True, False]] * 4), "coordinate_not_number"),
    ("43 numbers for rings", polygon(1, 2), "coordinates_shape"),
    ("43 a point", {"type": "Point", "coordinates": [110.6, -6.9]}, "geometry_kind"),
    ("43 null", None, "feature_no_geometry"),
    ("58 path", "CSV:/etc/passwd", "feature_no_geometry"),
]


@pytest.mark.parametrize(("geometry", "code"), [row[1:] for row in GEOMETRY_ROWS],
                         ids=[row[0] for row in GEOMETRY_ROWS])  # fmt: skip
def test_a_geometry_is_refused_and_never_repaired(
    client: TestClient, permit: Permit, geometry: Any, code: str
) -> None:
    permit["geometry"] = geometry
    refused(send(client, permit), 422, code)


def test_a_crossing_is_refused_with_its_place(client: TestClient, permit: Permit) -> None:
    permit["geometry"] = polygon(ring(*BOWTIE))
    problem = refused(send(client, permit), 422, "self_intersection")
    assert problem["details"]["at"] == "(110.6405, -6.8795)"
    assert problem["pointer"] == "/geometry"


def test_a_fault_in_a_later_feature_is_found_by_its_pointer(
    client: TestClient, permit: Permit
) -> None:
    bad = json.loads(json.dumps(permit))
    bad["properties"]["permit_id"] = "B"
    bad["geometry"]["coordinates"][0].pop()
    problem = refused(
        send(client, {"type": "FeatureCollection", "features": [permit, bad]}),
        422, "ring_unclosed",
    )  # fmt: skip
    assert problem["pointer"] == "/features/1/geometry/coordinates/0"


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400 + ".0"])
def test_rows_5_6_38_numbers_that_are_not_finite(
    client: TestClient, permit: Permit, word: str
) -> None:
    text = json.dumps(permit)
    problem = refused(send(client, text.replace("110.64,", f"{word},")), 422,
                      "coordinate_not_finite")  # fmt: skip
    assert problem["pointer"].startswith("/geometry/coordinates/0/")
    refused(
        send(client, text.replace('"lantai": 2', f'"lantai": {word}')),
        422, "json_number_not_finite",
    )  # fmt: skip


def test_row_9_heights_are_dropped_with_a_note(client: TestClient, permit: Permit) -> None:
    for position in permit["geometry"]["coordinates"][0]:
        position += [12.5, 3.0]
    answer = send(client, permit)
    assert answer.status_code == 200
    assert answer.json()["evidence"]["has_z"] is False
    [note] = json.loads(answer.headers["tataruang-notes"])
    assert (note["code"], note["level"]) == ("heights_ignored", "warning")


EXTENT_ROWS: list[tuple[str, Callable[[float, float], tuple[float, float]], str | None, str]] = [
    ("17 axes swapped", lambda x, y: (y, x), None, "axes_swapped"),
    ("18 degrees tagged metres", lambda x, y: (x, y), "EPSG:32749", "degrees_tagged_metres"),
    ("19 metres tagged degrees", lambda x, y: (x * 4e3, y * -1e6), None, "metres_tagged_degrees"),
    ("20 wrong zone", lambda x, y: (x * 4e3, y * -1.3e6), "EPSG:32748", "outside_extent"),
    ("21 wrong hemisphere", lambda x, y: (x * 4e3, y * -1.3e6), "EPSG:32649", "outside_extent"),
    ("22 web mercator far off", lambda x, y: (x * 1.2e5, y * -1e6), "EPSG:3857", "outside_extent"),
    ("23 antimeridian", lambda x, y: (179.9 if x > 110.6401 else -179.9, y), None,
     "outside_extent"),
    ("27 1e300", lambda x, y: (x * 1e298, y * 1e298), None, "metres_tagged_degrees"),
    ("another district", lambda x, y: (x + 5, y), None, "outside_extent"),
]  # fmt: skip


@pytest.mark.parametrize(("move", "crs", "code"), [row[1:] for row in EXTENT_ROWS],
                         ids=[row[0] for row in EXTENT_ROWS])  # fmt: skip
def test_coordinates_that_cannot_be_meant(
    client: TestClient, permit: Permit, move: Any, crs: str | None, code: str
) -> None:
    outer = permit["geometry"]["coordinates"][0]
    permit["geometry"]["coordinates"][0] = [list(move(*position)) for position in outer]
    if crs:
        permit["crs"] = {"type": "name", "properties": {"name": crs}}
    refused(send(client, permit), 422, code)


def test_rows_15_16_one_crs_for_all(client: TestClient, permit: Permit) -> None:
    permit["crs"] = {"type": "name", "properties": {"name": "EPSG:32749"}}
    collection = {"type": "FeatureCollection", "features": [permit]}
    refused(send(client, collection), 422, "feature_crs")
    refused(send(client, collection | {"crs": {"type": "link"}, "features": []}), 422,
            "not_geojson")  # fmt: skip
    refused(send(client, permit | {"crs": {"type": "link"}}), 422, "crs_member")
    refused(send(client, permit | {"crs": {"properties": {"name": "EPSG:0"}}}), 422, "crs_unknown")


def test_a_projected_document_is_judged_in_its_crs(client: TestClient, permit: Permit) -> None:
    corners = [(459_000, 9_239_500), (459_020, 9_239_500), (459_020, 9_239_520),
               (459_000, 9_239_500)]  # fmt: skip
    permit["geometry"] = polygon([list(corner) for corner in corners])
    permit["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32749"}}
    answer = send(client, permit)
    assert answer.status_code == 200, answer.text
    assert answer.json()["parcel"] == {"area_m2": 200.0, "crs": "EPSG:32749"}


def test_row_24_too_many_vertices(client: TestClient, permit: Permit) -> None:
    circle = [
        [round(110.6 + math.cos(a / 9e3) / 100, 7), round(-6.9 + math.sin(a / 9e3) / 100, 7)]
        for a in range(50_001)
    ]
    from api.geojson import parse_geometry
    from spatial.errors import LimitError

    with pytest.raises(LimitError, match="50001 vertices"):
        parse_geometry(polygon(circle))
    permit["geometry"] = polygon(circle)
    refused(send(client, permit), 413, "body_too_large")


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def collections(depth: int) -> str:
    inner = '{"type":"GeometryCollection","geometries":['
    return '{"type":"Feature","properties":{},"geometry":' + inner * depth + "]}" * depth + "}"


TEXT_ROWS: list[tuple[str, bytes, int, str]] = [
    ("33 nested 100k", nested(100_000).encode(), 400, "json_depth_unreadable"),
    ("34 nested 900", nested(900).encode(), 422, "json_nested"),
    ("35 collections", collections(5_000).encode(), 422, "json_nested"),
    ("36 duplicate key", b'{"type":"Feature","type":"Feature"}', 400, "json_duplicate_key"),
    ("37 giant integer", b'{"a":' + b"9" * 5_000 + b"}", 400, "json_integer"),
    ("37 integer beyond a double", b'{"a":-9999999999999999999}', 400, "json_integer"),
    ("40 lone surrogate", rb'{"a":"\ud800"}', 422, "json_text_unusable"),
    ("40 surrogate in a key", rb'{"\udfff":1}', 422, "json_text_unusable"),
    ("41 NUL", rb'{"a":"\u0000"}', 422, "json_text_unusable"),
    ("42 invalid UTF-8", b'{"a":"\xff\xfe"}', 400, "json_not_utf8"),
    ("42 surrogate as UTF-8", b'{"a":"\xed\xa0\x80"}', 400, "json_not_utf8"),
    ("58 path as text", b'"CSV:/etc/passwd"', 400, "path_not_accepted"),
    ("59 address as text", b'"http://127.0.0.1/x.geojson"', 400, "path_not_accepted"),
    ("60 path bare", b"CSV:/etc/passwd", 400, "json_syntax"),
    ("56 VRT", b"<OGRVRTDataSource><OGRVRTLayer/></OGRVRTDataSource>", 400, "json_syntax"),
    ("empty", b"", 400, "json_syntax"),
    ("a list", b"[]", 422, "not_geojson"),
    ("null", b"null", 422, "not_geojson"),
    ("other type", b'{"type":"Topology"}', 422, "not_geojson"),
    ("no features", b'{"type":"FeatureCollection","features":[]}', 422, "not_geojson"),
    ("feature is a text", b'{"type":"FeatureCollection","features":["/etc"]}', 422, "not_geojson"),
]


@pytest.mark.parametrize(("raw", "status", "code"), [row[1:] for row in TEXT_ROWS],
                         ids=[row[0] for row in TEXT_ROWS])  # fmt: skip
def test_documents_that_cannot_be_read(
    client: TestClient, raw: bytes, status: int, code: str
) -> None:
    refused(send(client, raw), status, code)


FIELD_ROWS: list[tuple[str, dict[str, Any], str]] = [
    ("39 unknown key", {"luas": 3}, "property_unknown"),
    ("text for a number", {"lantai": "2"}, "property_refused"),
    ("number for a text", {"permit_id": 7}, "property_refused"),
    ("KBLI as number", {"kbli": 47111}, "property_refused"),
    ("negative area", {"luas_tapak_m2": -5.0}, "property_refused"),
    ("area of a continent", {"luas_tapak_m2": 1e12}, "property_refused"),
    ("date that is none", {"tanggal": "2026-02-30"}, "property_refused"),
    ("no text", {"permit_id": ""}, "property_refused"),
    ("truth for a number", {"lantai": True}, "property_refused"),
    ("documents as text", {"dokumen": "PSN:1"}, "property_refused"),
    ("58 footprint as path", {"footprint": "/etc/passwd"}, "property_refused"),
    ("footprint crossing", {"footprint": polygon(ring(*BOWTIE))}, "self_intersection"),
]


@pytest.mark.parametrize(("fields", "code"), [row[1:] for row in FIELD_ROWS],
                         ids=[row[0] for row in FIELD_ROWS])  # fmt: skip
def test_fields_that_cannot_be_used(
    client: TestClient, permit: Permit, fields: dict[str, Any], code: str
) -> None:
    permit["properties"] |= fields
    problem = refused(send(client, permit), 422, code)
    assert problem["pointer"].startswith(f"/properties/{next(iter(fields))}")


def test_members_beside_the_geojson_ones_are_refused(client: TestClient, permit: Permit) -> None:
    refused(send(client, permit | {"href": "http://127.0.0.1/"}), 422, "member_unknown")
    collection = {"type": "FeatureCollection", "features": [permit], "sql": "DELETE"}
    refused(send(client, collection), 422, "member_unknown")


def test_one_id_cannot_stand_for_two_applications(client: TestClient, permit: Permit) -> None:
    collection = {"type": "FeatureCollection", "features": [permit, permit]}
    refused(send(client, collection), 422, "permit_id_twice")


def test_more_applications_than_accepted(client: TestClient, permit: Permit) -> None:
    collection = {"type": "FeatureCollection", "features": [permit] * 6}
    refused(send(client, collection), 422, "too_many_features")


def test_rows_44_45_a_large_body_is_refused_before_it_is_read(client: TestClient) -> None:
    read = 0

    def body() -> Any:
        nonlocal read
        for _ in range(600):
            read += 1
            yield b" " * 1024

    refused(client.post(URL, content=b" " * 400_000, headers=GEO), 413, "body_too_large")
    refused(client.post(URL, content=body(), headers=GEO), 413, "body_too_large")
    # A client that lies about the length is counted.
    refused(send(client, b" " * 400_000, **{"content-length": "10"}), 413, "body_too_large")


def test_row_46_forms_and_other_types(client: TestClient) -> None:
    form = "&".join(f"a{i}=1" for i in range(20_000))
    kind = {"content-type": "application/x-www-form-urlencoded"}
    refused(client.post(URL, content=form, headers=kind), 400, "form_not_accepted")
    kind = {"content-type": "multipart/form-data; boundary=x"}
    refused(client.post(URL, content="--x--", headers=kind), 400, "form_not_accepted")
    kind = {"content-type": "image/tiff"}
    refused(client.post(URL, content="II*", headers=kind), 415, "media_type")


@pytest.mark.parametrize(
    "path",
    ["40/0/-1", "40/0/0", "21/0/0", "99999999/0/0", "9" * 4301 + "/0/0", "-1/0/0", "2/4/0", "2/0/4",
     "a/0/0", "1.5/0/0", "0/0/1e3", "2/" + "9" * 400 + "/0"],
)  # fmt: skip
def test_rows_48_49_50_tiles_that_cannot_exist(client: TestClient, path: str) -> None:
    answer = client.get(f"/tiles/rdtr/{path}.mvt")
    assert answer.status_code == 404, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "query",
    ["lon=nan&lat=-6.9", "lon=inf&lat=-6.9", "lon=a&lat=-6.9", "lat=-6.9", "lon=1e999&lat=-6.9",
     "lon=110.6&lat=-6.9&on=kemarin", "lon=110.6&lat=-6.9&where=1%3D1", "lon=110.6&lon=1&lat=-6.9"],
)  # fmt: skip
def test_row_51_parameters_that_cannot_be_used(client: TestClient, query: str) -> None:
    answer = client.get(f"/v1/zones/at?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"].startswith("parameter_")


@pytest.mark.parametrize(
    "name",
    ["..%2f..%2fetc%2fpasswd", "..", "%2fetc%2fpasswd", "CSV:%2fetc%2fpasswd", "http:%2f%2fx",
     "rdtr%00", "%2e%2e%2f", "tiada", "banjir", "a" * 300],
)  # fmt: skip
def test_row_52_a_layer_is_a_name_in_the_catalogue(client: TestClient, name: str) -> None:
    for path in (f"/tiles/{name}/3/0/0.mvt", f"/tiles/{name}/tilejson.json"):
        answer = client.get(path)
        assert answer.status_code == 404, answer.text
        assert "root:" not in answer.text


def test_other_paths_and_methods(client: TestClient) -> None:
    refused(client.get("/v1/tiada"), 404, "no_such_path")
    refused(client.get(URL), 405, "method_not_allowed")


def test_a_place_outside_is_refused_with_what_would_work(client: TestClient) -> None:
    refused(client.get("/v1/zones/at?lon=-6.9&lat=110.6"), 422, "axes_swapped")
    refused(client.get("/v1/zones/at?lon=107.6&lat=-6.9"), 422, "outside_extent")


def test_a_fault_of_ours_says_nothing_of_its_inside(client: TestClient, permit: Permit) -> None:
    permit["properties"]["kegiatan"] = "rusak"
    answer = send(client, permit)
    assert answer.status_code == 500
    assert answer.json()["code"] == "fault"
    assert "ZeroDivision" not in answer.text


def test_what_is_drawn_beside_the_parcel_is_read_as_strictly(
    client: TestClient, permit: Permit
) -> None:
    square = polygon(ring(*SMALL))
    drawn = {
        "geom_lantai": [square, square],
        "geom_hijau": square,
        "geom_basement": square,
        "garis_jalan": {"type": "LineString", "coordinates": ring((0, 0), (9, 0))},
    }
    permit["properties"] |= drawn
    assert send(client, permit).status_code == 200
    for name, bad, code in [
        ("geom_lantai", [square, polygon(ring(*BOWTIE))], "self_intersection"),
        ("geom_lantai", square, "property_refused"),
        ("geom_hijau", {"type": "Point", "coordinates": [1, 2]}, "geometry_kind"),
        ("garis_jalan", square, "line_kind"),
        ("garis_jalan", {"type": "LineString", "coordinates": [[1, 2]]}, "coordinates_shape"),
        ("garis_jalan", {"type": "LineString", "coordinates": [["a", 2]]}, "coordinate_not_number"),
        ("garis_jalan", {"type": "MultiLineString", "coordinates": []}, "coordinates_shape"),
    ]:
        spoiled = permit | {"properties": permit["properties"] | {name: bad}}
        problem = refused(send(client, spoiled), 422, code)
        assert problem["pointer"].startswith(f"/properties/{name}")


@pytest.mark.parametrize("path", ["/", "/v1/layers", "/ogc/collections", "/healthz", "/v1/nothing"])
def test_head_tells_what_get_would(client: TestClient, path: str) -> None:
    got, head = client.get(path), client.head(path)
    assert head.status_code == got.status_code
    assert head.content == b""
    assert head.headers["content-type"] == got.headers["content-type"]


def test_a_method_that_is_not_served_names_those_that_are(client: TestClient) -> None:
    for path, method, allow in [
        ("/v1/layers", "POST", "GET, HEAD"), ("/v1/conformity", "GET", "POST"),
        ("/v1/conformity", "HEAD", "POST"), ("/ogc/collections", "OPTIONS", "GET, HEAD"),
    ]:  # fmt: skip
        answer = client.request(method, path)
        assert (answer.status_code, answer.headers.get("allow")) == (405, allow), path


@pytest.mark.parametrize("path", ["/v1/conformity", "/v1/conformity/batch", "/v1/parcels"])
@pytest.mark.parametrize("packed", ["gzip", "br", "gzip, gzip"])
def test_a_packed_body_is_refused_by_its_name(client: TestClient, path: str, packed: str) -> None:
    """50 MB of zeros are 50 kB packed; nothing of it is read."""
    bomb = gzip.compress(b"0" * 50_000_000)
    kinds = {"/v1/conformity": "application/json", "/v1/parcels": "application/octet-stream"}
    head = {
        "content-encoding": packed, "content-type": kinds.get(path, "application/x-ndjson"),
    }  # fmt: skip
    answer = client.post(path, content=bomb, headers=head)
    assert (answer.status_code, answer.json()["code"]) == (415, "content_encoding")


@pytest.mark.parametrize(
    ("path", "indonesian", "english"),
    [
        ("/v1/zones/at?lon=nan&lat=-6.8", "harus bilangan berhingga", "finite number"),
        ("/v1/zones/at?lon=999&lat=-6.8", "paling besar 180", "less than or equal to 180"),
        ("/v1/zones/at?lat=-6.8", "harus diisi", "required"),
        ("/v1/zones/at?lon=110&lat=-6&on=kemarin", "harus tanggal", "date"),
    ],
)
def test_what_a_value_must_be_is_told_in_both_languages(
    client: TestClient, path: str, indonesian: str, english: str
) -> None:
    texts = client.get(path).json()["texts"]
    assert indonesian in texts["id"]["detail"]
    assert english in texts["en"]["detail"]
