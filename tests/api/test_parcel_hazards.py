"""A permit on a hazard map: what the classes mean, and that what nobody mapped is never safe."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import Affine

from api.engine import Engine
from api.parcel_hazards import ParcelMeter
from api.service import Service
from api.settings import ServeSettings
from api.verdict_files import verdict_bytes
from hazard import parcel_classes
from spatial.errors import PlanError
from tests.api.test_demo import _known as known_properties
from tests.zoning.case_runner import CASES, MemoryLayer, append, folders_of, source_of
from zoning import check_permits, explain, load_plan, read_permits, sample_plan_folder
from zoning.plan import HazardMap, Plan
from zoning.verdict import Verdict

CRS = "EPSG:32749"
EXAMPLE = sample_plan_folder().parent / "bahaya_contoh.csv"
#: A plot inside zone R-2 of the test plan, 20 m x 10 m.
X, Y = 500_010.0, 9_230_010.0
PLOT = shapely.box(X, Y, X + 20, Y + 10)
ROW = {
    "kode": "BANJIR", "nama": "Bahaya banjir", "layer": "banjir", "ce90_m": "0",
    "aturan_kelas": "banjir_kedalaman_bnpb", "kegiatan": "kelompok=hunian",
    "pasal": "Pasal 1", "sumber": "uji", "status": "contoh",
}  # fmt: skip


@dataclass(frozen=True)
class Raster:
    path: Path
    version: str = "r1"


@pytest.fixture(scope="module")
def r2() -> shapely.Polygon:
    """The zone in which houses may stand without a condition."""
    zones = json.loads((CASES / "geometri.json").read_text(encoding="utf-8"))["plan"]["zones"]
    return next(shapely.from_wkt(zone["wkt"]) for zone in zones if zone["kode"] == "R-2")


def raster(folder: Path, depths: list[list[float]], plot: shapely.Polygon) -> Raster:
    """Write depths in cells of 10 m whose first corner is that of the plot."""
    west, _, _, north = plot.bounds
    values = np.array(depths, dtype="float32")
    path = folder / "banjir.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1,
        dtype="float32", crs=CRS, transform=Affine(10, 0, west, 0, -10, north), nodata=-9999,
    ) as sink:  # fmt: skip
        sink.write(values, 1)
    return Raster(path)


def plan_of(
    folder: Path, rules: list[dict[str, str]], layers: dict[str, Any], *, meter: Any = None
) -> Plan:
    [home] = folders_of({}, folder)
    append(home / "bahaya.csv", [ROW | rule for rule in rules])
    append(home / "pengecualian.csv", [
        {"kode": "KAJIAN", "uraian": "Kajian banjir", "syarat": "melaksanakan kajian",
         "pasal": "Pasal 2", "sumber": "uji", "status": "contoh"},
    ])  # fmt: skip
    source = source_of({})
    source.update(layers)
    return load_plan(home, source, ParcelMeter() if meter is None else meter)


def judged(plan: Plan, plot: shapely.Polygon, **facts: Any) -> Verdict:
    columns = {"permit_id": ["P"], "kegiatan": ["rumah tunggal"]}
    frame = gpd.GeoDataFrame(
        columns | {name: [value] for name, value in facts.items()}, geometry=[plot], crs=CRS
    )
    [verdict] = check_permits(frame, plan)
    return verdict


@pytest.fixture
def plot(r2: shapely.Polygon) -> shapely.Polygon:
    """A plot of 20 m x 10 m well inside the zone."""
    at = r2.representative_point()
    found = shapely.box(round(at.x), round(at.y), round(at.x) + 20, round(at.y) + 10)
    assert r2.buffer(-2).contains(found)
    return found


ALL = [
    {"kelas": "tidak_ada", "efek": "bebas"},
    {"kelas": "rendah", "efek": "syarat", "syarat": "lantai ditinggikan"},
    {"kelas": "sedang", "efek": "kajian", "syarat": "kajian banjir", "pengecualian": "KAJIAN"},
    {"kelas": "tinggi", "efek": "larang"},
]


def hazards(verdict: Verdict) -> dict[str, Any]:
    return {f.rule: f for f in verdict.findings if f.kind == "bahaya"}


@pytest.mark.parametrize(
    ("depths", "name", "interval", "reasons"),
    [
        ([[0.0, 0.0]], "SESUAI", ["I", "I"], ()),
        ([[0.0, 0.5]], "SESUAI_BERSYARAT", ["B", "B"], ()),
        ([[0.5, 1.0]], "PERLU_KAJIAN", ["B", "X"], ("KAJIAN_BAHAYA",)),
        ([[2.0, 2.0]], "TIDAK_SESUAI", ["X", "X"], ()),
        ([[0.0, 2.0]], "PERLU_KAJIAN", ["B", "X"], ("KAJIAN_BAHAYA",)),
        ([[0.0, -9999]], "PERLU_KAJIAN", ["I", "X"], ("BAHAYA_TIDAK_DIKETAHUI",)),
        ([[0.0]], "PERLU_KAJIAN", ["I", "X"], ("BAHAYA_TIDAK_DIKETAHUI",)),
    ],
)
def test_each_class_means_what_the_plan_says(
    tmp_path: Path, plot: shapely.Polygon, depths: Any, name: str, interval: Any, reasons: Any
) -> None:
    plan = plan_of(tmp_path, ALL, {"banjir": raster(tmp_path, depths, plot)})
    verdict = judged(plan, plot)
    assert (verdict.verdict, verdict.interval.to_list()) == (name, interval)
    assert verdict.reasons == reasons
    shares = [f.facts["bagian"] for f in hazards(verdict).values()]
    assert sum(shares) == pytest.approx(1, abs=1e-9)
    assert {"name": "banjir", "version": "r1"} in verdict.to_dict()["evidence"]["layers"]


def test_conditions_law_and_shares_stand_in_the_answer(
    tmp_path: Path, plot: shapely.Polygon
) -> None:
    plan = plan_of(tmp_path, ALL, {"banjir": raster(tmp_path, [[0.5, 0.0]], plot)})
    verdict = judged(plan, plot)
    assert verdict.conditions == ("lantai ditinggikan",)
    body = verdict.to_dict()
    found = next(f for f in body["findings"] if f["rule"] == "BANJIR:rendah:syarat")
    assert found["area_m2"] == pytest.approx(100, rel=1e-6)
    assert found["dasar"]["pasal"] == "Pasal 1"
    assert found["dasar"]["status"] == "contoh"
    facts = {"terburuk": "rendah", "tertimbang": "rendah", "tanpa_data": 0.0, "kelas": "rendah"}
    assert facts.items() <= found["facts"].items()
    sentence = next(one for one in explain(body) if "rendah" in one)
    assert "Bahaya banjir: kelas rendah pada 100,00 m² (50,00 % dari persil)" in sentence
    assert any("class rendah on 100.00 m²" in one for one in explain(body, "en"))


def test_a_study_turns_the_duty_into_conditions(tmp_path: Path, plot: shapely.Polygon) -> None:
    plan = plan_of(tmp_path, ALL, {"banjir": raster(tmp_path, [[1.0, 1.0]], plot)})
    assert judged(plan, plot).verdict == "PERLU_KAJIAN"
    proven = judged(plan, plot, dokumen=("KAJIAN:7/2026",))
    assert proven.verdict == "SESUAI_BERSYARAT"
    assert proven.conditions == ("kajian banjir", "melaksanakan kajian")


def test_rules_speak_only_of_their_activities(tmp_path: Path, plot: shapely.Polygon) -> None:
    rules = [rule | {"kegiatan": "kelompok=industri"} for rule in ALL]
    plan = plan_of(tmp_path, rules, {"banjir": raster(tmp_path, [[2.0, 2.0]], plot)})
    verdict = judged(plan, plot)
    assert (verdict.verdict, hazards(verdict)) == ("SESUAI", {})


def test_a_class_that_no_row_states_is_not_safe(tmp_path: Path, plot: shapely.Polygon) -> None:
    plan = plan_of(tmp_path, ALL[:2], {"banjir": raster(tmp_path, [[2.0, 2.0]], plot)})
    verdict = judged(plan, plot)
    assert (verdict.verdict, verdict.possible) == ("PERLU_KAJIAN", ("SESUAI", "TIDAK_SESUAI"))
    assert list(hazards(verdict)) == ["BANJIR:tinggi:tidak_diketahui"]


def test_a_share_below_the_limit_is_told_and_has_no_effect(
    tmp_path: Path, plot: shapely.Polygon
) -> None:
    rules = [ALL[0], ALL[1] | {"bagian_min": "0.6"}]
    plan = plan_of(tmp_path, rules, {"banjir": raster(tmp_path, [[0.5, 0.0]], plot)})
    verdict = judged(plan, plot)
    assert verdict.verdict == "SESUAI"
    assert "BANJIR:rendah:di_bawah_ambang" in hazards(verdict)


def test_a_class_within_the_accuracy_of_the_map_is_possible(
    tmp_path: Path, plot: shapely.Polygon
) -> None:
    west, south, east, _ = plot.bounds
    half = shapely.box(west, south, east - 12, south + 10)
    rules = [rule | {"ce90_m": "5"} for rule in ALL]
    plan = plan_of(tmp_path, rules, {"banjir": raster(tmp_path, [[0.0, 0.5]] * 3, plot)})
    # Above, left and below the raster is nothing: only what touches the plot itself is unmapped.
    verdict = judged(plan, half)
    assert (verdict.verdict, verdict.reasons) == ("PERLU_KAJIAN", ("BATAS_TIDAK_PASTI",))
    assert hazards(verdict)["BANJIR:rendah:syarat:mungkin"].interval.to_list() == ["I", "B"]
    assert any("dalam ketelitian peta 5,0 m" in one for one in explain(verdict))


@pytest.mark.parametrize("lost", ["layer", "meter", "rule", "band"])
def test_what_cannot_be_measured_is_unknown(
    tmp_path: Path, plot: shapely.Polygon, lost: str
) -> None:
    change = {"rule": {"aturan_kelas": "tidak ada"}, "band": {"pita": "2"}}.get(lost, {})
    layers = {} if lost == "layer" else {"banjir": raster(tmp_path, [[0.0, 0.0]], plot)}
    plan = plan_of(tmp_path, [rule | change for rule in ALL], layers)
    if lost == "meter":
        plan = load_plan(plan.folder or "", plan.source)
    verdict = judged(plan, plot)
    assert (verdict.verdict, verdict.reasons) == ("PERLU_KAJIAN", ("DATA_KEDALUWARSA",))
    assert "tidak dapat dinilai" in " ".join(explain(verdict))


def test_polygons_are_a_map_like_a_raster_and_say_what_was_studied(
    tmp_path: Path, plot: shapely.Polygon
) -> None:
    west, south, _, north = plot.bounds
    wet = gpd.GeoDataFrame(
        {"kelas": ["Rendah"]}, geometry=[shapely.box(west, south, west + 5, north)], crs=CRS
    )
    looked = gpd.GeoDataFrame(geometry=[plot.buffer(50)], crs=CRS)
    layers = {"banjir": MemoryLayer(wet, "p1"), "kajian": MemoryLayer(looked, "k1")}
    drawn = {"aturan_kelas": "tiga_kelas", "kolom": "kelas"}
    bare = plan_of(tmp_path / "a", [rule | drawn for rule in ALL], layers)
    assert judged(bare, plot).verdict == "PERLU_KAJIAN"
    studied = [rule | drawn | {"wilayah": "kajian"} for rule in ALL]
    verdict = judged(plan_of(tmp_path / "b", studied, layers), plot)
    assert verdict.verdict == "SESUAI_BERSYARAT"
    shares = {f.facts["kelas"]: f.facts["bagian"] for f in hazards(verdict).values()}
    assert shares == pytest.approx({"tidak_ada": 0.75, "rendah": 0.25}, rel=1e-6)
    versions = {(one["name"], one["version"]) for one in verdict.to_dict()["evidence"]["layers"]}
    assert {("banjir", "p1"), ("kajian", "k1")} <= versions


def test_a_rule_without_its_needs_refuses_the_plan(tmp_path: Path) -> None:
    faults = [
        ({"kelas": "rendah", "efek": "syarat"}, "syarat"),
        ({"kelas": "rendah", "efek": "bebas", "kegiatan": "pabrik baja"}, "pabrik baja"),
        ({"kelas": "rendah", "efek": "kajian", "pengecualian": "TIDAK"}, "TIDAK"),
        ({"kelas": "rendah", "efek": "larang", "layer": "lain"}, "another map"),
    ]
    for number, (rule, said) in enumerate(faults):
        with pytest.raises(PlanError, match=said):
            plan_of(tmp_path / str(number), [ALL[0], rule], {})


def test_shares_are_those_of_a_fine_grid(tmp_path: Path) -> None:
    """Brute force: a slanted plot on random classes, sampled by points."""
    rng = np.random.default_rng(5)
    depths = rng.choice([0.0, 0.5, 1.0, 2.0, -9999], size=(12, 12)).tolist()
    frame = shapely.box(500_000, 9_229_880, 500_120, 9_230_000)
    layer = raster(tmp_path, depths, frame)
    slant = shapely.Polygon(
        [(500_013, 9_229_900), (500_101, 9_229_921), (500_090, 9_229_990), (500_030, 9_229_975)]
    )
    parcels = gpd.GeoSeries([slant], crs=CRS)
    table = ParcelMeter()(
        parcels, [HazardMap("banjir", classes="banjir_kedalaman_bnpb")], {"banjir": layer}
    )
    found = table.set_index("hazard_class")["share"]
    x, y = np.meshgrid(np.arange(500_000.05, 500_120, 0.1), np.arange(9_229_880.05, 9_230_000, 0.1))
    inside = shapely.contains_xy(slant, x, y)
    rows = ((9_230_000 - y[inside]) // 10).astype(int)
    cols = ((x[inside] - 500_000) // 10).astype(int)
    values = np.array(depths)[rows, cols]
    wanted = {
        "tanpa_data": (values == -9999).mean(),
        "tidak_ada": (values == 0).mean(),
        "rendah": (values == 0.5).mean(),
        "sedang": (values == 1.0).mean(),
        "tinggi": (values == 2.0).mean(),
    }
    assert found.to_dict() == pytest.approx(wanted, abs=2e-3)


def test_the_sample_says_the_same_one_by_one_and_together_and_again(
    sample_workspace: Path, tmp_path: Path
) -> None:
    home = shutil.copytree(sample_workspace, tmp_path / "ruang")
    shutil.copyfile(EXAMPLE, home / "plans" / "rdtr" / "bahaya.csv")
    engine = Engine.open(home)
    permits = read_permits(home / "berkas" / "permohonan.geojson", within=engine.extent)
    together = engine.check(permits).to_dicts()
    alone = [engine.check(permits.iloc[[i]]).to_dicts()[0] for i in range(len(permits))]
    assert alone == together
    service = Service(engine, ServeSettings())
    sent = json.loads((home / "berkas" / "permohonan.geojson").read_text("utf-8"))["features"]
    for place in (0, 4, 30, 43):
        body = sent[place] | {"properties": known_properties(sent[place]["properties"])}
        asked = service.conformity(json.dumps(body).encode(), None, None)
        assert asked.verdicts == [verdict_bytes(together[place])]
    met = [body for body in together if any(f["kind"] == "bahaya" for f in body["findings"])]
    assert len(met) > 30
    assert all(
        body["verdict"] != "SESUAI"
        for body in met
        if any(f["rule"].endswith("tidak_diketahui") for f in body["findings"])
    )
    # A replay prepares plans and layers as they were, which takes its time: two are enough.
    chosen = [place for place in (4, 30) if together[place] in met]
    answers = [verdict_bytes(together[place]) for place in chosen]
    for receipt in engine.record(permits.iloc[chosen], answers):
        assert engine.replay(receipt.id).same


def test_frames_of_many_scenarios_name_theirs() -> None:
    from hazard import class_rule, hazard_from_grid
    from spatial.zonal import grid_from_array

    grid = grid_from_array(
        np.array([[[0.0]], [[2.0]]]), crs=CRS, origin=(X, Y + 10), cell=(20, -10)
    )
    flood = hazard_from_grid(
        grid, class_rule("banjir_kedalaman_bnpb"), name="banjir", scenarios=("5", "100")
    )
    plots = gpd.GeoSeries([PLOT], crs=CRS)
    worst = [parcel_classes(plots, flood, scenario=name)["worst"].item() for name in ("5", "100")]
    assert worst == ["tidak_ada", "tinggi"]
