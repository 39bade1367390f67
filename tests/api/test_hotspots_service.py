"""Hotspots of a published layer: the table of the command, and one mask for every exit."""

from __future__ import annotations

import io
import json
import math
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import mapbox_vector_tile
import numpy as np
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient

from api import cli
from api.app import create_app
from api.engine import Engine
from api.service import Service
from api.settings import ServeSettings
from hazard.vulnerability import COLUMNS
from layers.ingest import ingest_file
from layers.store import open_store
from layers.workspace import Workspace

SIDE = 8
SMALL = {27: 3, 50: 4}


def desa(poor: np.ndarray, households: np.ndarray) -> gpd.GeoDataFrame:
    """Squares in the Java Sea with codes of desa and counts."""
    y, x = np.divmod(np.arange(SIDE * SIDE), SIDE)
    return gpd.GeoDataFrame(
        {
            "KDEPUM": [f"33.74.{1 + row // 2:02d}.{1001 + i}" for i, row in enumerate(y)],
            "WADMKD": [f"Desa {i}" for i in range(SIDE * SIDE)],
            "JUMLAH_PENDUDUK": households,
            "PENDUDUK_MISKIN": poor,
        },
        geometry=[
            shapely.box(430_000 + 900 * a, 9_230_000 + 900 * b, 430_900 + 900 * a,
                        9_230_900 + 900 * b) for a, b in zip(x, y, strict=True)
        ],
        crs="EPSG:9489",
    )  # fmt: skip


def counted(seed: int, small: dict[int, int]) -> gpd.GeoDataFrame:
    random = np.random.default_rng(seed)
    y, x = np.divmod(np.arange(SIDE * SIDE), SIDE)
    households = random.integers(300, 900, SIDE * SIDE)
    poor = random.binomial(households, np.where((x < 4) & (y < 4), 0.35, 0.12))
    for row, count in small.items():
        poor[row] = count
    return desa(poor, households)


class Office:
    """A workspace whose poverty layer gets a new version, and its service."""

    def __init__(self, place: Workspace, client: TestClient, folder: Path) -> None:
        self.place, self.client, self.folder = place, client, folder
        self.truth: list[gpd.GeoDataFrame] = []

    def publish(self, frame: gpd.GeoDataFrame) -> None:
        path = self.folder / f"miskin{len(self.truth)}.gpkg"
        frame.to_file(path)
        ingest_file(open_store(self.place), path, name="kemiskinan", kind="kemiskinan")
        self.truth.append(frame)
        self.client.app.state.opening.renew()  # type: ignore[attr-defined]  # an application of ours

    def hotspots(self, **asked: Any) -> Any:
        answer = self.client.get("/v1/hotspots", params=asked)
        assert answer.status_code == 200, answer.text
        return answer

    def withheld(self) -> set[str]:
        """The cells of the mask that goes with the newest version."""
        said = open_store(self.place).get("kemiskinan").version.provenance["withheld"]
        return set(said["hidden"]["desa"])


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("hotspots")
    place = Workspace.create(folder / "ws", name="Kota Uji", extent=(110, -7.2, 111.0, -6.5))
    (place.plans / "x").mkdir(parents=True)
    settings = ServeSettings()
    app = create_app(lambda: Service(bare(place), settings), settings)
    with TestClient(app) as client:
        for _ in range(300):
            if client.get("/readyz").status_code == 200:
                break
            time.sleep(0.05)
        made = Office(place, client, folder)
        made.publish(counted(1, SMALL))
        yield made


def bare(place: Workspace) -> Engine:
    """An engine without plans: poverty needs none."""
    return Engine(place, open_store(place), ())


def test_the_table_is_that_of_the_command(office: Office, tmp_path: Path) -> None:
    """The command reads the file with every count; the service the layer without the small."""
    out = tmp_path / "hasil.csv"
    words = ["--value", "PENDUDUK_MISKIN", "--rate-of", "JUMLAH_PENDUDUK", "--output", str(out)]
    assert cli.main(["hotspots", str(office.folder / "miskin0.gpkg"), *words]) == 0
    mine = pd.read_csv(io.BytesIO(office.hotspots(f="csv").content), dtype={"id": str})
    theirs = pd.read_csv(out, dtype={"id": str})
    assert list(mine.columns) == list(theirs.columns)
    assert list(mine.columns[: len(COLUMNS)]) == list(COLUMNS)
    both = [frame.set_index("id").sort_index() for frame in (mine, theirs)]
    pd.testing.assert_frame_equal(*both, check_exact=False, rtol=1e-12)
    assert set(mine.loc[mine["status"] == "suppressed", "id"]) == office.withheld()
    assert (mine["class"] == "hot").sum() > 4


def hidden_everywhere(office: Office) -> dict[str, set[str]]:
    """Return the codes without a count, by where they were looked for."""
    found = {"mask": office.withheld()}
    told = office.hotspots().json()
    found["json"] = {row["id"] for row in told["table"] if row["status"] == "suppressed"}
    assert told["withheld"] == len(found["json"])
    for name in ("value", "rate", "rate_eb", "gi_star_z", "p", "q", "local_moran"):
        assert found["json"] == {row["id"] for row in told["table"] if row[name] is None}
    shapes = office.hotspots(f="geojson").json()["features"]
    found["geojson"] = {one["id"] for one in shapes if one["properties"]["value"] is None}
    items = office.client.get("/ogc/collections/kemiskinan/items?limit=1000").json()["features"]
    assert len(items) == len(shapes) == SIDE * SIDE
    found["features"] = {
        one["properties"]["kode_desa"]
        for one in items
        if one["properties"]["penduduk_miskin"] is None
    }
    table = office.client.get("/ogc/collections/kemiskinan/items?limit=1000&f=csv").text
    rows = pd.read_csv(io.StringIO(table), dtype=str)
    found["csv"] = set(rows.loc[rows["penduduk_miskin"].isna(), "kode_desa"])
    for zoom in (10, 11, 13):
        found[f"tiles at {zoom}"] = hidden_in_tiles(office, zoom)
    # Tiles of whole districts carry no counts at all.
    assert len(hidden_in_tiles(office, 8)) == SIDE * SIDE
    page = office.hotspots(f="html").text
    [many] = re.findall(r"(\d+) wilayah[^.]*ditutup", page) or ["-"]
    assert many == str(len(found["json"])), page[-4000:]
    return found


def hidden_in_tiles(office: Office, zoom: int, query: str = "") -> set[str]:
    box = office.truth[0].to_crs("OGC:CRS84").total_bounds
    codes: dict[str, bool] = {}
    (west, north), (east, south) = tile_of(box[0], box[3], zoom), tile_of(box[2], box[1], zoom)
    for x in range(west, east + 1):
        for y in range(north, south + 1):
            raw = office.client.get(f"/tiles/kemiskinan/{zoom}/{x}/{y}.mvt{query}").content
            layers = mapbox_vector_tile.decode(raw) if raw else {}
            for one in layers.get("kemiskinan", {}).get("features", ()):
                told = one["properties"]
                codes[told["kode_desa"]] = told.get("penduduk_miskin") is None
    assert len(codes) == SIDE * SIDE
    return {code for code, gone in codes.items() if gone}


def tile_of(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return int((lon + 180) / 360 * 2**zoom), int(y * 2**zoom)


def test_every_exit_withholds_the_same_cells_in_every_version(office: Office) -> None:
    first = hidden_everywhere(office)
    assert len(first["mask"]) >= 4  # each small cell and one beside it at least
    assert all(cells == first["mask"] for cells in first.values()), first
    # The small cells have grown and others are small: what was hidden stays hidden.
    office.publish(counted(2, {5: 2}))
    second = hidden_everywhere(office)
    assert all(cells == second["mask"] for cells in second.values()), second
    assert second["mask"] > first["mask"]
    # Maps may compare with the former version: it withholds by now what the newest does.
    versions = office.client.get("/v1/layers/kemiskinan/versions").json()["versions"]
    former = hidden_in_tiles(office, 11, f"?v={versions[1]['short']}")
    assert former == second["mask"]


def test_no_hidden_number_can_be_read_off_any_answer(office: Office) -> None:
    """Two worlds that differ in hidden counts alone are told in the same bytes."""
    answers = []
    for small in ({27: 3, 50: 4}, {27: 9, 50: 1}):
        place = Workspace.create(
            office.folder / f"dunia{small[27]}", name="Kota Uji", extent=(110, -7.2, 111, -6.5)
        )
        path = office.folder / f"dunia{small[27]}.gpkg"
        frame = counted(1, small)
        frame.to_file(path)
        ingest_file(open_store(place), path, name="kemiskinan", kind="kemiskinan")
        app = create_app(lambda place=place: Service(bare(place), ServeSettings()), ServeSettings())
        with TestClient(app) as client:
            while client.get("/readyz").status_code != 200:
                time.sleep(0.05)
            answers.append([client.get(f"/v1/hotspots?f={f}").content for f in ("csv", "json")])
    assert answers[0] == answers[1]


def test_an_answer_is_kept_and_need_not_be_sent_again(office: Office) -> None:
    first = office.hotspots(weights="knn:6")
    tag = first.headers["etag"]
    again = office.client.get("/v1/hotspots?weights=knn:6", headers={"if-none-match": tag})
    assert again.status_code == 304
    assert again.headers["cache-control"] == "public, max-age=60"
    assert office.hotspots(weights="rook").headers["etag"] != tag


def test_the_process_gives_what_the_address_gives(office: Office) -> None:
    body = {"inputs": {"layer": "kemiskinan", "weights": "queen"}}
    found = office.client.post("/ogc/processes/poverty-hotspots/execution", json=body)
    assert found.status_code == 200, found.text
    assert found.json()["hotspots"] == office.hotspots().json()


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("layer=tiada", 404, "hotspots_layer"),
        ("weights=knn:6000", 400, "parameter_refused"),
        ("weights=distance:9999999", 400, "parameter_refused"),
        ("fdr=nan", 400, "parameter_refused"),
        ("fdr=0", 400, "parameter_refused"),
        ("smooth=lembut", 400, "parameter_refused"),
        ("value=PENDUDUK_MISKIN", 400, "parameter_unknown"),
        ("f=xlsx", 400, "form_unknown"),
    ],
)
def test_a_question_that_cannot_be_answered(
    office: Office, query: str, status: int, code: str
) -> None:
    answer = office.client.get(f"/v1/hotspots?{query}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def serve(place: Workspace) -> dict[str, Any]:
    app = create_app(lambda: Service(bare(place), ServeSettings()), ServeSettings())
    with TestClient(app) as client:
        while client.get("/readyz").status_code != 200:
            time.sleep(0.05)
        return dict(client.get("/v1/hotspots").json())


def test_a_table_stands_on_the_villages_of_the_workspace(tmp_path: Path) -> None:
    place = Workspace.create(tmp_path / "ws", name="Kota Uji", extent=(110, -7.2, 111, -6.5))
    frame = counted(1, SMALL)
    frame.drop(columns="geometry").to_csv(tmp_path / "miskin.csv", index=False)
    store = open_store(place)
    ingest_file(store, tmp_path / "miskin.csv", name="kemiskinan", kind="kemiskinan")
    assert serve(place)["code"] == "kind_missing"
    villages = frame[["KDEPUM", "WADMKD", "geometry"]].iloc[:-1]
    villages = villages.assign(KDEPUM=villages["KDEPUM"].str.replace(".", ""))
    villages.to_file(tmp_path / "desa.gpkg")
    ingest_file(store, tmp_path / "desa.gpkg", name="batas_desa", kind="batas_administrasi")
    told = serve(place)
    assert told["areas"] == SIDE * SIDE
    assert [row["status"] for row in told["table"]].count("no_geometry") == 1
    assert "join_rows_alone" in [note["code"] for note in told["notes"]]


def test_a_layer_whose_small_counts_are_open_is_not_told(tmp_path: Path) -> None:
    """It did not come in by the door."""
    place = Workspace.create(tmp_path / "ws", name="Kota Uji", extent=(110, -7.2, 111, -6.5))
    frame = counted(1, SMALL).rename(columns=str.lower).rename(columns={"kdepum": "kode_desa"})
    open_store(place).publish(frame, name="kemiskinan", kind="kemiskinan")
    assert serve(place)["code"] == "counts_unprotected_layer"
    assert "27" not in json.dumps(serve(place)["details"])
