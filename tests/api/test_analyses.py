"""Exposure, uploads and inverse questions over HTTP, against counts made by hand."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from fastapi.testclient import TestClient

from api.app import create_app
from api.engine import Engine
from api.service import Service
from api.settings import ServeSettings
from layers.store import open_store
from layers.workspace import Workspace
from zoning import sample_plan_folder

EAST, NORTH = 460_000, 9_240_000
UTM = "EPSG:32749"
Client = TestClient


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Two villages side by side on 3 x 3 km: dry, shallow, deep and unknown strips."""
    folder = tmp_path_factory.mktemp("analyses")
    place = Workspace.create(
        folder / "ws", name="Kabupaten Uji", extent=(110.3, -7.2, 111.0, -6.5), resmi=False
    )
    shutil.copytree(sample_plan_folder("rdtr"), place.plans / "rdtr")
    store = open_store(place)
    strips = np.repeat(np.array([[0.0, 0.5, 2.0, -9999.0]], np.float32), 25, axis=1)
    path = folder / "banjir.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=100, height=100, count=1, dtype="float32", crs=UTM,
        transform=Affine(30, 0, EAST, 0, -30, NORTH), nodata=-9999.0,
    ) as out:  # fmt: skip
        out.write(np.repeat(strips, 100, axis=0), 1)
    store.publish(path, name="banjir_100", kind="raster")
    villages = gpd.GeoDataFrame(
        {"kode_desa": ["33.1", "33.2"], "nama_desa": ["Lor", "Kidul"]},
        geometry=[
            shapely.box(EAST, NORTH - 1500, EAST + 3000, NORTH),
            shapely.box(EAST, NORTH - 3000, EAST + 3000, NORTH - 1500),
        ],
        crs=UTM,
    )
    store.publish(villages, name="batas_desa", kind="batas_administrasi")
    # A house in the middle of each of 10 x 10 blocks of 300 m.
    corners = [(EAST + 300 * i + 140, NORTH - 300 * j - 160) for i in range(10) for j in range(10)]
    houses = gpd.GeoDataFrame(
        {"fungsi": ["rumah"] * 100},
        geometry=[shapely.box(x, y, x + 20, y + 20) for x, y in corners],
        crs=UTM,
    )
    store.publish(houses, name="bangunan", kind="bangunan")
    settings = ServeSettings(max_upload_bytes=200_000)
    app = create_app(lambda: Service(Engine.open(place.folder), settings), settings)
    with TestClient(app) as client:
        for _ in range(500):
            if client.get("/readyz").status_code == 200:
                break
        yield client


def ask(client: Client, **question: Any) -> Any:
    return client.post("/v1/hazard/exposure", json=question)


def sums(answer: Any) -> dict[str, float]:
    return {one["class"]: one["amount"] for one in answer.json()["classes"]}


def test_houses_are_counted_by_class_and_village(office: Client) -> None:
    """Columns of houses at x = 150, 450 ... m: strips are 750 m wide."""
    answer = ask(office, hazard="banjir_100", of="bangunan")
    assert answer.status_code == 200, answer.text
    found = sums(answer)
    assert sum(found.values()) == 100
    # Columns 0, 1 are dry, column 2 (740-760 m) straddles: the engine says where it counts.
    assert found["tidak_ada"] in (20, 30)
    assert found["tidak_ada"] + found["rendah"] == 50
    assert found["tinggi"] + found["tanpa_data"] == 50
    lor = [one for one in answer.json()["table"] if one["name"] == "Lor"]
    assert sum(one["amount"] for one in lor) == 50
    assert answer.json()["accounts"][0]["residual"] == 0


def test_an_area_cuts_what_is_counted(office: Client) -> None:
    corners = gpd.GeoSeries([shapely.box(EAST, NORTH - 600, EAST + 600, NORTH)], crs=UTM)
    area = shapely.geometry.mapping(corners.to_crs("OGC:CRS84").iloc[0])
    found = sums(ask(office, hazard="banjir_100", of="bangunan", area=area))
    assert sum(found.values()) == found["tidak_ada"] == 4


def test_land_adds_up_to_the_villages(office: Client) -> None:
    found = sums(ask(office, hazard="banjir_100", of="lahan"))
    assert sum(found.values()) == pytest.approx(9_000_000, rel=2e-3)
    for strip in ("tidak_ada", "rendah", "tinggi", "tanpa_data"):
        assert found[strip] == pytest.approx(2_250_000, rel=5e-3)


@pytest.mark.parametrize(
    ("question", "status", "code"),
    [
        ({"hazard": "dem", "of": "lahan"}, 404, "layer_unknown"),
        ({"hazard": "batas_desa", "of": "lahan"}, 404, "hazard_unknown"),
        ({"hazard": "banjir_100", "of": "jalan"}, 404, "kind_missing"),
        ({"hazard": "banjir_100", "of": "rahasia"}, 400, "exposure_question"),
        ({"hazard": ["x"], "of": "lahan"}, 400, "exposure_question"),
        ({"hazard": "banjir_100", "of": {}}, 400, "exposure_question"),
        ({"hazard": "banjir_100", "of": None}, 400, "exposure_question"),
        ({"hazard": "banjir_100", "of": "lahan", "sql": "x"}, 400, "exposure_question"),
        ({"hazard": "banjir_100", "of": "lahan", "area": 7}, 422, "feature_no_geometry"),
        (
            {
                "hazard": "banjir_100",
                "of": "lahan",
                "area": {
                    "type": "Polygon",
                    "coordinates": [
                        [[110.4, -7], [110.5, -6.9], [110.5, -7], [110.4, -6.9], [110.4, -7]]
                    ],
                },
            },
            422,
            "self_intersection",
        ),
    ],
)
def test_a_question_that_cannot_be_answered(
    office: Client, question: dict[str, Any], status: int, code: str
) -> None:
    answer = ask(office, **question)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def upload(client: Client, content: bytes) -> Any:
    kind = {"content-type": "application/octet-stream"}
    return client.post("/v1/parcels", content=content, headers=kind)


def test_a_zipped_shapefile_becomes_parcels_in_degrees(office: Client, tmp_path: Path) -> None:
    parcel = shapely.box(EAST, NORTH - 50, EAST + 50, NORTH)
    frame = gpd.GeoDataFrame({"KEGIATAN": ["toko"]}, geometry=[parcel], crs=UTM)
    frame.to_file(tmp_path / "persil.shp")
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for part in tmp_path.glob("persil.*"):
            archive.write(part, part.name)
    answer = upload(office, raw.getvalue())
    assert answer.status_code == 200, answer.text
    [feature] = answer.json()["features"]
    assert feature["properties"]["kegiatan"] == "toko"
    back = gpd.GeoSeries([shapely.geometry.shape(feature["geometry"])], crs="OGC:CRS84").to_crs(UTM)
    assert back.iloc[0].equals_exact(parcel.normalize(), 0.01) or back.iloc[0].area == (
        pytest.approx(2500, rel=1e-4)
    )
    assert office.post("/v1/conformity?dry_run=true", json=feature).status_code == 200


def test_kml_becomes_parcels(office: Client) -> None:
    ring = "110.64,-6.88,0 110.641,-6.88,0 110.641,-6.879,0 110.64,-6.88,0"
    text = (
        '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark>'
        "<name>P</name><Polygon><outerBoundaryIs><LinearRing><coordinates>"
        f"{ring}</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
        "</Document></kml>"
    )
    answer = upload(office, text.encode())
    assert answer.status_code == 200, answer.text
    assert answer.json()["features"][0]["geometry"]["type"] == "Polygon"


VRT = (
    b'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>CSV:/etc/passwd</SrcDataSource>'
    b"</OGRVRTLayer></OGRVRTDataSource>"
)
RASTER_VRT = (
    b'<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand subClass="VRTRawRasterBand">'
    b"<SourceFilename>/etc/passwd</SourceFilename></VRTRasterBand></VRTDataset>"
)
BOMB = b'<?xml version="1.0"?><!DOCTYPE k [<!ENTITY a "xxxxxxxxxx">]><kml xmlns="http://www.opengis.net/kml/2.2">&a;</kml>'


@pytest.mark.parametrize(
    ("content", "statuses"),
    [
        (VRT, {415, 422}),
        (RASTER_VRT, {415, 422}),
        (b"CSV:/etc/passwd", {400, 415, 422}),
        (b"/vsicurl/http://127.0.0.1:1/x", {400, 415, 422}),
        (BOMB, {400, 415, 422}),
        (b"", {400, 422}),
        (b"\x00" * 1000, {415, 422}),
        (b"x" * 300_000, {413}),
        (json.dumps({"type": "FeatureCollection", "features": []}).encode(), {200}),
    ],
    ids=[
        "56 vrt",
        "57 raw vrt",
        "58 csv",
        "59 address",
        "61 entities",
        "empty",
        "nul",
        "45",
        "none",
    ],
)
def test_a_file_that_is_none_reads_nothing_else(
    office: Client, content: bytes, statuses: set[int]
) -> None:
    """Rows 45, 56-61 of the catalogue, over HTTP."""
    answer = upload(office, content)
    assert answer.status_code in statuses, answer.text
    assert "root:" not in answer.text


def test_a_zip_that_unfolds_is_stopped(office: Client) -> None:
    """Row 64: by the bytes it says and the bytes it gives."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../persil.shp", b"0" * 60_000_000)
    answer = upload(office, raw.getvalue())
    assert answer.status_code in {400, 413, 415, 422}


def test_where_an_activity_may_go(office: Client) -> None:
    answer = office.get("/v1/where?kegiatan=gudang").json()
    [plan] = answer["plans"]
    tones = {zone["zona"]: zone["izin"] for zone in plan["zones"]}
    zone = next(name for name, izin in tones.items() if izin == ["I", "I"])
    rules = office.get(f"/v1/rules/{zone}").json()["plans"][0]["matrix"]
    assert tones[zone] == next(one["izin"] for one in rules if one["kegiatan"] == "gudang")
    unknown = office.get("/v1/where?kegiatan=kasino")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "where_activity_unknown")


def test_the_class_of_hazard_at_a_place_is_that_of_its_cell(office: Client) -> None:
    """Dry, shallow, deep and unknown strips, and a place beyond the map."""
    from spatial.crs import operation

    move = operation(UTM, "OGC:CRS84").transformer
    for east, expected in [(375, "tidak_ada"), (1125, "rendah"), (1875, "tinggi"),
                           (2625, "tanpa_data"), (9000, "luar_cakupan")]:  # fmt: skip
        lon, lat = move.transform(EAST + east, NORTH - 1500)
        [found] = office.get(f"/v1/hazard/at?lon={lon}&lat={lat}").json()["hazards"]
        assert (found["layer"], found["class"]) == ("banjir_100", expected)
    assert office.get("/v1/hazard/at?lon=95&lat=-6").status_code == 422
