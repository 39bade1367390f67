"""Versions side by side, themes and the figures of the operation room, against counts by hand."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import mapbox_vector_tile
import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import create_app
from api.control_room import DecisionTally
from api.engine import Engine
from api.service import Service
from api.settings import ServeSettings
from api.tiles.matrix import limits
from api.version_changes import changes
from layers.store import open_store
from layers.workspace import Workspace
from spatial.errors import CorruptError
from zoning import sample_plan_folder

EAST, NORTH, UTM = 460_000, 9_240_000, "EPSG:32749"
ON = date(2026, 1, 1)


def _zones(edge: float) -> gpd.GeoDataFrame:
    """A square of 2 x 2 km: R-2 west of an edge, K-2 east of it."""
    west = shapely.box(EAST, NORTH - 2000, EAST + edge, NORTH)
    east = shapely.box(EAST + edge, NORTH - 2000, EAST + 2000, NORTH)
    return gpd.GeoDataFrame({"zona": ["R-2", "K-2"]}, geometry=[west, east], crs=UTM)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = Workspace.create(
        tmp_path_factory.mktemp("overviews") / "ws",
        name="Kabupaten Uji", extent=(110.3, -7.2, 111.0, -6.5), resmi=False,
    )  # fmt: skip
    shutil.copytree(sample_plan_folder("rdtr"), place.plans / "rdtr")
    store = open_store(place)
    days: tuple[date | None, ...] = (date(2010, 1, 1), date(2024, 6, 13), None)
    for edge, since, until in zip((1000, 1200), days, days[1:], strict=False):
        store.publish(
            _zones(edge), name="rdtr", kind="pola_ruang", valid_from=since, valid_to=until
        )
    villages = gpd.GeoDataFrame(
        {
            "kode_desa": ["33.1.1", "33.1.2"], "nama_desa": ["Lor", "Kidul"],
            "kode_kec": ["33.1", "33.2"], "nama_kec": ["Satu", "Dua"],
        },
        geometry=[
            shapely.box(EAST, NORTH - 500, EAST + 2000, NORTH),
            shapely.box(EAST, NORTH - 2000, EAST + 2000, NORTH - 500),
        ],
        crs=UTM,
    )  # fmt: skip
    store.publish(villages, name="batas_desa", kind="batas_administrasi")
    return place.folder


@pytest.fixture(scope="module")
def office(folder: Path) -> Iterator[TestClient]:
    settings = ServeSettings()
    app = create_app(lambda: Service(Engine.open(folder), settings), settings)
    with TestClient(app) as client:
        for _ in range(500):
            if client.get("/readyz").status_code == 200:
                break
        yield client


def test_versions_are_listed_newest_first(office: TestClient) -> None:
    found = office.get("/v1/layers/rdtr/versions").json()["versions"]
    assert [one["valid_from"] for one in found] == ["2024-06-13", "2010-01-01"]
    assert all(one["version"].startswith(one["short"]) for one in found)
    assert office.get("/v1/layers/tiada/versions").status_code == 404


def test_changes_between_versions_are_named_and_close(office: TestClient) -> None:
    after, before = (one["version"] for one in _versions(office))
    found = office.get(f"/v1/layers/rdtr/changes?before={before}&after={after}").json()
    # An edge that ends elsewhere is bent elsewhere on the plane: dust beside the change itself.
    change, *dust = found["changes"]
    assert sum(one["area_m2"] for one in dust) < 20
    assert (change["before"], change["after"]) == ("K-2", "R-2")
    # 200 x 2000 m; the plane of areas is not the one the squares were drawn on.
    assert change["area_m2"] == pytest.approx(400_000, rel=2e-3)
    for one in found["classes"]:
        gone = one["before_m2"] - one["lost_m2"] + one["gained_m2"]
        assert gone == pytest.approx(one["after_m2"], abs=1e-6)
    piece = found["pieces"]["features"][0]
    assert set(piece["properties"]["desa"]) <= {"Lor", "Kidul"}
    assert piece["properties"]["desa"]
    lon, lat = shapely.geometry.shape(piece["geometry"]).centroid.coords[0]
    assert 110.3 < lon < 111.0
    assert -7.2 < lat < -6.5


def test_a_former_version_has_tiles_of_its_own(office: TestClient) -> None:
    after, before = (one["short"] for one in _versions(office))
    west, south, east, north = office.get("/tiles/rdtr/tilejson.json").json()["bounds"]
    # Where the strip lies that changed hands.
    lon = west + (east - west) * 0.55
    x, y, _, _ = limits((lon, (south + north) / 2, lon, (south + north) / 2), 19)
    zones = {}
    for version in (before, after):
        answer = office.get(f"/tiles/rdtr/19/{x}/{y}.mvt?v={version}")
        assert "immutable" in answer.headers["cache-control"]
        features = mapbox_vector_tile.decode(answer.content)["rdtr"]["features"]
        zones[version] = {one["properties"]["zona"] for one in features}
    assert "K-2" in zones[before]
    assert zones[after] == {"R-2"}
    same = office.get(f"/tiles/rdtr/19/{x}/{y}.mvt?v={before}")
    again = office.get(
        f"/tiles/rdtr/19/{x}/{y}.mvt?v={before}", headers={"if-none-match": same.headers["etag"]}
    )
    assert again.status_code == 304
    unknown = office.get(f"/tiles/rdtr/19/{x}/{y}.mvt?v=000000000000")
    assert "immutable" not in unknown.headers["cache-control"]
    assert unknown.content == office.get(f"/tiles/rdtr/19/{x}/{y}.mvt").content


def test_a_theme_tells_hectares_that_sum_to_the_plan(office: TestClient) -> None:
    found = office.get(f"/v1/themes/investasi?on={ON}").json()
    assert found["unread"] == []
    assert len(found["kbli"]) > 10
    for row in found["kbli"]:
        [plan] = row["plans"]
        assert sum(plan["classes"].values()) == pytest.approx(plan["total_ha"], abs=1e-3)
        assert plan["total_ha"] == pytest.approx(400, rel=2e-3)
    [shop] = [row for row in found["kbli"] if row["kbli"] == "47820"]
    izin = _izin(office, f"kbli=47820&on={ON}")
    for name, hectares in shop["plans"][0]["classes"].items():
        zones = [zone for zone in ("R-2", "K-2") if _class(izin[zone]) == name]
        share = sum({"R-2": 0.6, "K-2": 0.4}[zone] for zone in zones)
        assert hectares == pytest.approx(share * 400, rel=5e-3), name
    industry = office.get(f"/v1/themes/industri?on={ON}").json()["kbli"]
    assert {row["kbli"][:2] for row in industry} <= {"10", "13", "52"}
    assert office.get("/v1/themes/tiada").json()["code"] == "theme_unknown"


def test_a_kbli_of_several_activities_allows_the_one_or_the_other(office: TestClient) -> None:
    """47111 is a shop or a market: a zone is settled only where both are treated alike."""
    both = _izin(office, f"kbli=47111&on={ON}")
    shop, market = (_izin(office, f"kegiatan={name}&on={ON}") for name in ("toko", "pasar"))
    alike = [zone for zone in both if shop[zone] == market[zone]]
    assert alike
    assert all(both[zone] == shop[zone] for zone in alike)
    assert all(
        _class(both[zone]) in {"belum_pasti", None} for zone in both if shop[zone] != market[zone]
    )
    for query in ("", "?kegiatan=toko&kbli=47112"):
        answer = office.get(f"/v1/where{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, "where_question")


def test_the_operation_room_counts_the_last_decision_on_a_permit(office: TestClient) -> None:
    empty = office.get("/v1/control-room").json()
    assert empty["permits"]["permits"] == 0
    assert empty["warnings"] == {"fault": "warning_not_set_up"}
    for permit, south, activity in [("A", 100, "rumah tunggal"), ("B", 900, "pabrik"),
                                    ("A", 100, "pabrik")]:  # fmt: skip
        sent = office.post("/v1/conformity", json=_permit(permit, south, activity))
        assert sent.status_code == 200, sent.text
    figures = office.get("/v1/control-room").json()["permits"]
    assert (figures["decisions"], figures["permits"], figures["uncounted"]) == (3, 2, 0)
    assert figures["by"] == "kecamatan"
    assert sum(figures["verdicts"].values()) == 2
    areas = {one["name"]: sum(one["verdicts"].values()) for one in figures["areas"]}
    assert areas == {"Satu": 1, "Dua": 1}
    assert [one["permit_id"] for one in figures["recent"]] == ["A", "B", "A"]
    # Of two decisions on A the last one counts.
    assert figures["recent"][0]["verdict"] in figures["verdicts"]


def test_the_state_of_plans_says_what_greens_it_counted(office: TestClient) -> None:
    found = office.get("/v1/control-room/plans").json()
    [green] = found["greens"]
    assert green["area_ha"] == pytest.approx(400, rel=2e-3)
    assert [kind["jenis"] for kind in green["kinds"]] == ["seluruh", "publik", "privat"]
    assert all(kind["luas_ha"] == 0 for kind in green["kinds"])
    assert green["status"] == "belum_diverifikasi"
    assert found["conflicts"]["area_ha"] >= 0
    # One plan alone has nothing to be compared with, which the page says instead of "0 ha".
    assert found["conflicts"]["compared_ha"] == 0


def test_names_of_villages_are_found_and_written(office: TestClient) -> None:
    [village] = office.get("/v1/search?q=kidul").json()["results"]
    assert (village["kind"], village["within"]) == ("desa", "Dua")
    assert {one["name"] for one in office.get("/v1/map").json()["labels"]} >= {"Lor", "Kidul"}


def test_pages_beside_the_map(office: TestClient) -> None:
    for path in ("/", "/tema/industri", "/ruang-operasi"):
        answer = office.get(path)
        assert answer.status_code == 200, path
        assert b"<!doctype html>" in answer.content
        assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert office.get("/tema/tiada").status_code == 404


def _versions(office: TestClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = office.get("/v1/layers/rdtr/versions").json()["versions"]
    return found


def _izin(office: TestClient, query: str) -> dict[str, list[str] | None]:
    [plan] = office.get(f"/v1/where?{query}").json()["plans"]
    return {zone["zona"]: zone["izin"] for zone in plan["zones"]}


def _class(izin: list[str] | None) -> str | None:
    if izin is None:
        return None
    return izin[0] if izin[0] == izin[1] else "belum_pasti"


def _permit(name: str, south: float, activity: str) -> dict[str, Any]:
    place = shapely.box(EAST + 100, NORTH - south - 20, EAST + 120, NORTH - south)
    [moved] = gpd.GeoSeries([place], crs=UTM).to_crs(4326)
    return {
        "type": "Feature",
        "geometry": moved.__geo_interface__,
        "properties": {"permit_id": name, "kegiatan": activity},
    }


class Shaky:
    """An engine whose villages cannot be read until they are mended."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.mended = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def layer(self, name: str) -> Any:
        if name == "batas_desa" and not self.mended:
            raise CorruptError("bytes differ", name=name)
        return self._engine.layer(name)


def test_villages_that_cannot_be_read_are_named_and_counted_once_they_can(
    office: TestClient, folder: Path
) -> None:
    for permit, south in (("Y", 100), ("Z", 900)):
        sent = office.post("/v1/conformity", json=_permit(permit, south, "rumah tunggal"))
        assert sent.status_code == 200, sent.text
    shaky = Shaky(Engine.open(folder))
    tally = DecisionTally(shaky)
    told = tally.figures()
    assert told["unread"] == "batas_desa"
    [row] = told["areas"]
    assert row["name"] is None
    assert sum(row["verdicts"].values()) == told["permits"] >= 2
    shaky.mended = True
    again = tally.figures()
    assert again["unread"] is None
    assert again["decisions"] == told["decisions"]
    assert again["permits"] == told["permits"]
    assert {one["name"] for one in again["areas"]} == {"Satu", "Dua"}
    assert tally.figures() == again, "once is enough"


def test_changes_without_readable_villages_say_so(office: TestClient, folder: Path) -> None:
    after, before = (one["version"] for one in _versions(office))
    shaky = Shaky(Engine.open(folder))
    told = changes(shaky, "rdtr", before, after)
    assert told["unread"] == "batas_desa"
    assert told["pieces"]["features"][0]["properties"]["desa"] == []
    shaky.mended = True
    told = changes(shaky, "rdtr", before, after)
    assert told["unread"] is None
    assert told["pieces"]["features"][0]["properties"]["desa"]
