"""Contradictions of plans: areas known by construction, the same as on single parcels."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import shapely
from matplotlib.image import imread
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))
import d1_workspace
from case_runner import CRS, MemoryLayer, plans_of, source_of

from api import cli
from zoning import Plan, check_permits
from zoning.crossplan import Conflicts, plan_conflicts

DAY = date(2024, 7, 1)


def box(west: float, south: float, east: float, north: float) -> str:
    """A box in metres from the south-west corner of R-2."""
    return str(shapely.box(549_800 + west, 9_260_500 + south, 549_800 + east, 9_260_500 + north))


GENERAL = {
    "PK": [box(0, 0, 50, 100), box(0, 100, 100, 200)],
    "P-1": [box(50, 0, 100, 100)],
    "PD": [box(100, 0, 260, 200)],
}
LAYERS = (
    [
        {"nama": "zona_d1k", "zona": zone, "geometri": shape}
        for zone, shapes in GENERAL.items()
        for shape in shapes
    ]
    + [
        {"nama": "kawasan_hutan", "fungsikws": 1003, "noskpnjk": sk, "geometri": shape}
        for sk, shape in (("SK 1", box(0, 0, 10, 100)), ("", box(20, 0, 30, 100)))
    ]
    + [
        {"nama": "lsd", "geometri": box(120, 20, 160, 60)},
    ]
)


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> list[Plan]:
    case: dict[str, Any] = {"rencana": ["D1", "D1K"], "layer": LAYERS}
    return plans_of(case, tmp_path_factory.mktemp("plans"))


@pytest.fixture(scope="module")
def found(plans: list[Plan]) -> Conflicts:
    return plan_conflicts(plans, on=DAY)


def test_every_pair_has_the_area_of_its_construction(found: Conflicts) -> None:
    rows = found.patches
    pairs = {
        (row.kelas, row.zona_a, row.zona_b): (round(row.luas_ha * 10_000, 3), row.tingkat)
        for row in rows.itertuples()
    }
    assert pairs == {
        ("RDTR × RTRW_KAB", "R-2", "P-1"): (5_000, "dilarang"),
        ("RDTR × RTRW_KAB", "P-1", "PK"): (10_000, "dilarang"),
        ("RDTR × RTRW_KAB", "KPI", "PD"): (16_000, "dilarang"),
        ("RDTR × RTRW_KAB", "RTH-2", "PD"): (6_000, "dilarang"),
        ("RDTR × KAWASAN_HUTAN", "R-2", "HUTAN"): (1_000, "dilarang"),
        ("RTRW_KAB × KAWASAN_HUTAN", "PK", "HUTAN"): (1_000, "dilarang"),
        ("RDTR × LSD", "K-3", "LSD"): (1_600, "disyaratkan"),
        ("RTRW_KAB × LSD", "PD", "LSD"): (1_600, "disyaratkan"),
    }


def test_both_laws_are_cited(found: Conflicts) -> None:
    rows = found.patches.set_index(["zona_a", "zona_b"])
    assert "Pasal 45(2)" in rows.loc[("R-2", "P-1"), "dasar_a"]
    assert "KUPZ Pasal 60" in rows.loc[("R-2", "P-1"), "dasar_b"]
    assert rows.loc[("R-2", "P-1"), "kegiatan"] == "rumah tunggal"
    assert rows.loc[("R-2", "P-1"), ["izin_a", "izin_b"]].tolist() == ["I", "X"]


def test_what_is_proven_lies_deeper_than_both_maps_err(found: Conflicts) -> None:
    rows = found.patches.set_index(["zona_a", "zona_b"])
    # 50 x 100 m: 1 m off the RDTR's edges of R-2, 10 m off the RTRW's edges of P-1.
    assert rows.loc[("R-2", "P-1"), "terbukti_ha"] * 10_000 == pytest.approx(30 * 80, rel=2e-3)


def test_each_place_counts_once_and_the_sum_closes(found: Conflicts) -> None:
    union = shapely.union_all(found.patches.geometry.to_numpy()).area / 10_000
    assert found.conflict_ha == pytest.approx(union, rel=1e-9)
    by_class = dict(zip(found.summary["kelas"], found.summary["luas_ha"] * 10_000, strict=True))
    assert by_class.pop("(kepingan di bawah batas luas)", 0) < 1e-3
    assert by_class == pytest.approx(
        {
            "RDTR × RTRW_KAB": 37_000,
            "RDTR × KAWASAN_HUTAN; RTRW_KAB × KAWASAN_HUTAN": 1_000,
            "RDTR × LSD; RTRW_KAB × LSD": 1_600,
        }
    )
    assert found.compared_ha == pytest.approx(5.2, rel=1e-9)


def test_a_place_in_a_contradiction_is_a_finding_of_its_parcels(plans: list[Plan]) -> None:
    found = plan_conflicts(plans, on=DAY, kegiatan="pabrik").patches
    region = shapely.union_all(found[found["kelas"] == "RDTR × RTRW_KAB"].geometry.to_numpy())
    rng = np.random.default_rng(3)
    x, y = rng.uniform(549_815, 550_045, 150), rng.uniform(9_260_515, 9_260_685, 150)
    parcels = shapely.box(x, y, x + 4, y + 4)
    edges = [shapely.from_wkt(shape).boundary for shapes in GENERAL.values() for shape in shapes]
    deep = shapely.distance(shapely.union_all(edges), parcels) > 11
    zones = source_of({})["zona_d1"].frame
    deep &= shapely.distance(shapely.union_all(zones.boundary.to_numpy()), parcels) > 2
    frame = gpd.GeoDataFrame({"kegiatan": "pabrik"}, index=range(150), geometry=parcels, crs=CRS)
    expected = shapely.within(parcels, region)
    said = [
        any(f.rule == "konflik:D1K" for f in verdict.findings)
        for verdict in check_permits(frame[deep], plans, on=DAY)
    ]
    assert said == expected[deep].tolist()
    assert 10 < sum(said) < deep.sum() - 10


def test_the_class_of_mismatch_stands_in_the_finding(plans: list[Plan]) -> None:
    parcel = shapely.from_wkt(box(70, 40, 80, 50))
    frame = gpd.GeoDataFrame({"kegiatan": ["rumah tunggal"]}, geometry=[parcel], crs=CRS)
    [verdict] = check_permits(frame, plans, on=DAY)
    [conflict] = [f for f in verdict.findings if f.kind == "konflik"]
    assert conflict.facts["kelas"] == "RDTR × RTRW_KAB"
    assert "KONFLIK_RENCANA" in verdict.reasons


def test_an_instrument_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    case = {"rencana": ["D1", "D1K"], "layer": LAYERS, "layer_hilang": ["zona_d1k"]}
    found = plan_conflicts(plans_of(case, tmp_path), on=DAY)
    assert [note.code for note in found.notes] == ["instrument_unreadable"]
    assert set(found.patches["kelas"]) == {"RDTR × KAWASAN_HUTAN", "RDTR × LSD"}


def test_order_of_plans_and_rows_does_not_matter(plans: list[Plan], found: Conflicts) -> None:
    source = plans[0].source
    shuffled = {
        name: MemoryLayer(layer.frame.sample(frac=1, random_state=1), "uji")
        for name, layer in source.items()
    }
    turned = [plan.with_source(type(source)(shuffled)) for plan in reversed(plans)]
    again = plan_conflicts(turned, on=DAY)
    columns = ["kelas", "zona_a", "zona_b", "kegiatan"]
    key = found.patches.sort_values(columns)
    other = again.patches.sort_values(columns)
    assert key[columns].to_numpy().tolist() == other[columns].to_numpy().tolist()
    np.testing.assert_allclose(key["luas_ha"], other["luas_ha"], rtol=1e-9)


def test_the_command_writes_table_layer_and_map(tmp_path: Path) -> None:
    folder = d1_workspace.make(tmp_path / "uji")
    out = tmp_path / "konflik"
    words = ["conflicts", "-w", str(folder), "-o", str(out), "--on", "2024-07-01", "--json"]
    result = CliRunner().invoke(cli._app_for(words), words)
    assert result.exit_code == 0, result.output
    said = json.loads(result.output)
    # One plan alone, and its overlays are empty here: nothing contradicts anything.
    assert (said["pairs"], said["conflict_ha"]) == (0, 0)
    sheets = openpyxl.load_workbook(out / "konflik.xlsx").sheetnames
    assert sheets == ["Ringkasan", "Pasangan", "Catatan"]
    layer = json.loads((out / "konflik.geojson").read_text(encoding="utf-8"))
    assert layer == {"type": "FeatureCollection", "features": []}
    assert imread(out / "konflik.png").shape[1] > 1000


def test_an_unknown_activity_is_refused_with_what_is_near(tmp_path: Path) -> None:
    folder = d1_workspace.make(tmp_path / "uji")
    words = [
        "conflicts",
        "-w",
        str(folder),
        "-o",
        str(tmp_path / "x"),
        "--kegiatan",
        "rumah tungal",
    ]
    result = CliRunner().invoke(cli._app_for(words), words)
    assert result.exception is not None
    assert "Perhaps: rumah tunggal" in str(result.exception)
    assert not (tmp_path / "x").exists()
