"""OGC API Records: what the standard asks of records, and what a reader wants of a catalogue."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from affine import Affine
from fastapi.testclient import TestClient

from api.app import create_app
from api.engine import Engine
from api.service import Service
from api.settings import ServeSettings
from layers.ingest import ingest_file
from layers.store import open_store
from layers.workspace import Workspace

HERE = "/ogc/collections/katalog-layer"
ITEMS = f"{HERE}/items"
EAST, NORTH, UTM = 460_000, 9_240_000, "EPSG:32749"


def squares(*corners: float) -> gpd.GeoDataFrame:
    shapes = [shapely.box(EAST + x, NORTH, EAST + x + 100, NORTH + 100) for x in corners]
    return gpd.GeoDataFrame(
        {"KODZON": ["R-2"] * len(shapes), "NAMZON": ["Perumahan"] * len(shapes)},
        geometry=shapes,
        crs=UTM,
    )


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("katalog")
    place = Workspace.create(folder / "ws", name="Uji", extent=(110.3, -7.2, 111.0, -6.5))
    store = open_store(place)
    # Two overlap by 20 m, two lie apart with nothing else: one real defect in four features.
    squares(0, 80, 180, 280).to_file(folder / "rdtr.gpkg")
    legal = {"instrument": "Perbup Uji 1/2024", "scale": 5000, "licence": "CC-BY-4.0"}
    ingest_file(
        store, folder / "rdtr.gpkg", name="rdtr", kind="pola_ruang", legal=legal,
        valid_from=date(2024, 6, 13), valid_to=date(2044, 6, 13),
    )  # fmt: skip
    far = squares(40_000).rename(columns={"KODZON": "luas"})
    store.publish(far, name="lp2b", kind="lp2b", legal={"licence": "https://data.example/lisensi"})
    store.publish(pd.DataFrame({"kode_desa": ["33.1"]}), name="penduduk", kind="penduduk")
    with rasterio.open(
        folder / "banjir.tif", "w", driver="GTiff", width=2, height=2, count=1, dtype="float32",
        crs=UTM, transform=Affine(100, 0, EAST, 0, -100, NORTH), nodata=-9999.0,
    ) as out:  # fmt: skip
        out.write(np.array([[0.3, 0.8], [1.6, 4.2]], np.float32), 1)  # depths, nothing else
    ingest_file(store, folder / "banjir.tif", name="banjir_100", kind="raster")
    settings = ServeSettings()
    app = create_app(lambda: Service(Engine(place, store, ()), settings), settings)
    with TestClient(app) as client:
        while client.get("/readyz").status_code != 200:
            time.sleep(0.05)
        yield client


def names(client: TestClient, query: str) -> list[str]:
    answer = client.get(f"{ITEMS}?{query}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["numberReturned"] == len(answer.json()["features"])
    return [one["id"] for one in answer.json()["features"]]


def test_the_classes_are_declared_and_the_catalogue_is_among_the_collections(
    office: TestClient,
) -> None:
    declared = office.get("/ogc/conformance").json()["conformsTo"]
    base = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/"
    classes = ("record-core", "record-collection", "record-core-query-parameters", "records-api")
    for name in (*classes, "json", "html"):
        assert base + name in declared
    [one] = [
        entry
        for entry in office.get("/ogc/collections").json()["collections"]
        if entry["itemType"] == "record"
    ]
    assert {"id", "title", "links", "type"} <= set(one)
    alone = office.get(HERE).json()
    assert (alone["id"], alone["itemType"]) == (one["id"], "record")
    for link in alone["links"]:
        answer = office.get(link["href"])
        assert answer.status_code == 200
        assert answer.headers["content-type"].split(";")[0] == link["type"]


def test_every_layer_has_a_record_with_what_the_standard_demands(office: TestClient) -> None:
    page = office.get(f"{ITEMS}?limit=100").json()
    assert [one["id"] for one in page["features"]] == ["banjir_100", "lp2b", "penduduk", "rdtr"]
    for one in page["features"]:
        assert {"id", "type", "geometry", "properties", "time", "links", "conformsTo"} <= set(one)
        assert one["type"] == "Feature"
        assert {"type", "title"} <= set(one["properties"])
        [here] = [link["href"] for link in one["links"] if link["rel"] == "self"]
        answer = office.get(here)
        assert answer.headers["content-type"] == "application/geo+json"
        assert answer.json() == one
        for link in one["links"]:
            if link["href"].startswith("http://testserver"):
                assert office.get(link["href"]).status_code == 200, link


def record(client: TestClient, name: str) -> Any:
    return client.get(f"{ITEMS}/{name}").json()


def test_a_record_says_version_law_licence_and_quality(office: TestClient) -> None:
    told = record(office, "rdtr")
    properties = told["properties"]
    [layer] = [one for one in office.get("/v1/layers").json()["layers"] if one["name"] == "rdtr"]
    assert layer["version"].startswith(properties["version"])
    assert properties["externalIds"][0]["value"] == layer["version"]
    assert properties["legal"]["scale"] == 5000
    assert properties["instrument"] == "Perbup Uji 1/2024"
    assert (properties["license"], "rights" in properties) == ("CC-BY-4.0", False)
    assert properties["quality"] == 0.75
    assert properties["quality_report"]["defects"] == 1
    assert told["time"] == {"interval": ["2024-06-13", "2044-06-13"]}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", properties["updated"])


def test_what_nobody_stated_or_examined_is_not_made_up(office: TestClient) -> None:
    other, table = record(office, "lp2b"), record(office, "penduduk")
    assert "quality" not in other["properties"]
    assert other["properties"]["quality_report"]["score"] is None
    assert other["time"] is None
    assert (other["properties"]["license"], table["properties"].get("license")) == ("other", None)
    licences = [link["href"] for link in other["links"] if link["rel"] == "license"]
    assert licences == ["https://data.example/lisensi"]
    assert table["geometry"] is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=perbup", ["rdtr"]),
        ("q=PERBUP%20%20uji", ["rdtr"]),
        ("q=uji%20perbup", []),
        ("q=perbup,lp2b", ["lp2b", "rdtr"]),
        ("type=dataset&limit=2", ["banjir_100", "lp2b"]),
        ("type=service", []),
        ("type=service,dataset&ids=rdtr,penduduk,tiada", ["penduduk", "rdtr"]),
        ("kind=lp2b", ["lp2b"]),
        ("form=raster", ["banjir_100"]),
        ("filter=quality%20%3C%200.9", ["rdtr"]),
        ("filter=form%3D'vector'&offset=1", ["rdtr"]),
        ("datetime=2020-01-01&ids=rdtr,lp2b", ["lp2b"]),
        ("datetime=2030-01-01/..&ids=rdtr", ["rdtr"]),
        ("datetime=2044-06-13&ids=rdtr", []),
        ("bbox=110.99,-6.9,111.0,-6.85", ["lp2b"]),
        ("bbox=110.63,-6.9,110.65,-6.85", ["banjir_100", "rdtr"]),
    ],
)
def test_records_are_found(office: TestClient, query: str, expected: list[str]) -> None:
    assert names(office, query) == expected


def test_a_record_is_found_by_the_hash_of_its_version(office: TestClient) -> None:
    version = record(office, "rdtr")["properties"]["externalIds"][0]["value"]
    assert names(office, f"externalIds={version},x") == ["rdtr"]


def test_pages_lead_to_the_next(office: TestClient) -> None:
    url, seen = f"{ITEMS}?limit=3", []
    while url:
        page = office.get(url).json()
        seen += [one["id"] for one in page["features"]]
        assert page["numberMatched"] == 4
        url = next((one["href"] for one in page["links"] if one["rel"] == "next"), "")
    assert seen == ["banjir_100", "lp2b", "penduduk", "rdtr"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("/items?warna=1", 400, "parameter_unknown"),
        ("/items?q=a&q=b", 400, "parameter_twice"),
        ("/items?crs=http://www.opengis.net/def/crs/EPSG/0/3857", 400, "parameter_refused"),
        ("/items?f=csv", 400, "form_unknown"),
        ("/items?limit=0", 400, "parameter_refused"),
        ("/items/tiada", 404, "feature_unknown"),
        ("/items/rdtr?q=1", 400, "parameter_unknown"),
        ("/tiles", 404, "layer_unknown"),
    ],
)
def test_what_cannot_be_asked(office: TestClient, query: str, status: int, code: str) -> None:
    answer = office.get(HERE + query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("path", [HERE, ITEMS, f"{ITEMS}/rdtr", f"{ITEMS}/penduduk"])
def test_a_browser_gets_a_page(office: TestClient, path: str) -> None:
    answer = office.get(path, headers={"accept": "text/html,*/*;q=0.8"})
    assert answer.headers["content-type"].startswith("text/html")
    assert "<h1>" in answer.text
    addresses = re.findall(r'(?:src|href)="([^"]*)"', answer.text)
    assert all(one.startswith("http://testserver/") for one in addresses)


def test_an_empty_workspace_has_an_empty_catalogue(tmp_path: Path) -> None:
    place = Workspace.create(tmp_path / "ws", name="Uji", extent=(110.3, -7.2, 111.0, -6.5))
    settings = ServeSettings()
    app = create_app(lambda: Service(Engine(place, open_store(place), ()), settings), settings)
    with TestClient(app) as client:
        while client.get("/readyz").status_code != 200:
            time.sleep(0.05)
        assert client.get(ITEMS).json()["features"] == []
        assert client.get(HERE).json()["itemType"] == "record"
