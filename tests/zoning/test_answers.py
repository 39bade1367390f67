"""Answers that help: where it may stand, how far to move, where else; each checked by judging."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))
import d1_workspace
from case_runner import CRS, GEOMETRY, plans_of, shape

from api import cli
from spatial.errors import PlanError
from zoning import Plan, check_permits
from zoning.comparison import compare
from zoning.counterfactual import advise
from zoning.shift import smallest_shift
from zoning.siting import siting

DAY = date(2024, 7, 1)
RIVER = {"perkotaan": "ya", "bertanggul": "tidak", "kelas": "kecil"}


def box(west: float, south: float, east: float, north: float) -> Any:
    """A box in metres from the south-west corner of R-2."""
    return shapely.box(549_800 + west, 9_260_500 + south, 549_800 + east, 9_260_500 + north)


def permit(parcel: Any, **fields: Any) -> gpd.GeoDataFrame:
    columns = {"permit_id": ["uji"], "kegiatan": ["rumah tunggal"]}
    columns |= {name: [value] for name, value in fields.items()}
    return gpd.GeoDataFrame(columns, geometry=[parcel], crs=CRS)


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> list[Plan]:
    case: dict[str, Any] = {
        "rencana": ["D1"],
        "layer": [
            {"nama": "lp2b", "geometri": box(0, 0, 20, 100).wkt},
            {"nama": "krb", "krb": "banjir tinggi", "geometri": box(10, 0, 40, 100).wkt},
        ],
        "tambah_intensitas": [
            {"zona": "R-2", "parameter": "gsb_min_m", "nilai": 3},
            {"zona": "R-2", "parameter": "jbs_min_m", "nilai": 1},
            {"zona": "R-2", "parameter": "jbb_min_m", "nilai": 2},
            {"zona": "R-2", "parameter": "lantai_maks", "nilai": 2},
        ],
    }
    return plans_of(case, tmp_path_factory.mktemp("plans"))


def test_where_a_house_may_stand(plans: list[Plan]) -> None:
    area = box(0, 0, 260, 200).union(box(260, 0, 300, 50))
    found = siting(plans, area, on=DAY, kegiatan="Rumah  tunggal")
    totals = {name: round(ha * 10_000, 3) for name, ha in found.totals().items()}
    # R-2 without LP2B and flood 60 x 100; flood alone 20 x 100; K-3 T2; the rest by matrix.
    assert totals == {
        "boleh": 6_000,
        "bersyarat": 2_000 + 10_000,
        "dilarang": 2_000 + 10_000 + 6_000 + 16_000,
        "tanpa_rencana": 2_000,
    }
    assert found.parts["luas_ha"].sum() == pytest.approx(found.area_ha, rel=1e-12)
    flood = found.parts[(found.parts["zona"] == "R-2") & (found.parts["status"] == "bersyarat")]
    assert flood["syarat"].iloc[0].startswith("konstruksi tahan banjir")
    assert flood["izin"].tolist() == ["B"]


@pytest.mark.parametrize("kegiatan", ["rumah tunggal", "toko", "pabrik", "kandang ternak"])
def test_where_and_the_verdict_of_a_parcel_agree(plans: list[Plan], kegiatan: str) -> None:
    whole = shapely.box(549_660, 9_260_500, 550_060, 9_260_700)
    parts = siting(plans, whole, on=DAY, kegiatan=kegiatan).parts
    rng = np.random.default_rng(11)
    x, y = rng.uniform(549_662, 550_055, 120), rng.uniform(9_260_502, 9_260_695, 120)
    parcels = shapely.box(x, y, x + 8, y + 8)
    seen = set()
    for row in parts.itertuples():
        # Deeper than the map errs, so that the verdict of the parcel does not hang on it.
        inside = shapely.within(parcels, shapely.buffer(row.geometry, -1.5))
        frame = gpd.GeoDataFrame(
            {"kegiatan": kegiatan}, index=range(120), geometry=parcels, crs=CRS
        )
        for verdict in check_permits(frame[inside], plans, on=DAY):
            spatial = [f.interval for f in verdict.findings if f.kind != "intensitas"]
            low = max(interval.lo for interval in spatial)
            high = max(interval.hi for interval in spatial)
            expected = {
                "dilarang": low == 7,
                "belum_pasti": low < 7 and high == 7,
                "boleh": high == 0,
                "bersyarat": high < 7,
            }
            assert expected[row.status], (row, verdict.to_dict()["findings"])
            seen.add(row.status)
    assert len(seen) >= 2


def test_an_activity_nobody_knows_is_refused(plans: list[Plan]) -> None:
    with pytest.raises(PlanError, match="Perhaps: rumah tunggal"):
        siting(plans, box(0, 0, 10, 10), on=DAY, kegiatan="rumah tungal")


def test_what_cannot_be_read_is_not_allowed_anywhere(tmp_path: Path) -> None:
    case = {"rencana": ["D1"], "layer_hilang": ["lp2b"]}
    found = siting(plans_of(case, tmp_path), box(0, 0, 100, 100), on=DAY, kegiatan="rumah tunggal")
    assert found.totals() == pytest.approx({"belum_pasti": 1.0})
    general = {"nama": "zona_d1k", "zona": "PK", "geometri": box(0, 0, 100, 100).wkt}
    case = {"rencana": ["D1", "D1K"], "layer_hilang": ["zona_d1"], "layer": [general]}
    found = siting(plans_of(case, tmp_path), box(0, 0, 100, 100), on=DAY, kegiatan="rumah tunggal")
    assert found.totals() == pytest.approx({"belum_pasti": 1.0})
    assert len(found.notes) == 1


def road(*_: object) -> Any:
    return shapely.LineString([(549_800, 9_260_497), (549_900, 9_260_497)])


def test_the_envelope_keeps_every_setback(plans: list[Plan]) -> None:
    plot = box(60, 0, 70, 20)
    [advice] = advise(permit(plot), plans, on=DAY, roads=road)
    assert advice is not None
    assert advice.envelope is not None
    # 10 x 20 m less 3 m in front, 2 m behind, 1 m on either side.
    assert (
        advice.envelope.region.equals_exact(
            shapely.normalize(box(61, 3, 69, 18)), 1e-6, normalize=True
        )
        or advice.envelope.region.symmetric_difference(box(61, 3, 69, 18)).area < 0.05
    )
    assert advice.envelope.region.area == pytest.approx(8 * 15, abs=0.01)
    # KDB 60 % of 200 m2 is 120; two floors of it are 240, KLB 1.2 is 240 too; KDH 20 %.
    assert advice.envelope.footprint_m2 == pytest.approx(120, abs=0.2)
    assert advice.envelope.floor_area_m2 == pytest.approx(240, abs=0.5)
    assert advice.envelope.green_m2 == pytest.approx(40, abs=0.1)
    assert advice.envelope.floors == 2
    assert advice.near == ()


@pytest.mark.parametrize("turn", [0.0, 0.2])
def test_a_house_that_fills_the_envelope_keeps_the_setbacks(plans: list[Plan], turn: float) -> None:
    """The measure of the verdict and the room of the advice are one: a road on two sides."""
    plot = shapely.affinity.rotate(box(60, 20, 76, 44), turn * 180)
    ring = shapely.get_coordinates(plot.exterior)
    line = shapely.offset_curve(shapely.LineString(ring[:3]), -1.0)
    drawn = permit(plot, garis_jalan=line)
    [advice] = advise(drawn, plans, on=DAY)
    assert advice is not None
    assert advice.envelope is not None
    assert advice.envelope.road_known
    house = shapely.buffer(advice.envelope.region, -0.05, join_style="mitre")
    assert house.area > 50
    [verdict] = check_permits(drawn.assign(footprint=[house]), plans, on=DAY)
    kept = {f.rule.split(":")[0]: f.interval.to_list() for f in verdict.findings}
    for rule in ("gsb_min_m", "jbs_min_m", "jbb_min_m"):
        assert kept[rule] == ["I", "I"], verdict.findings


def test_without_a_road_the_largest_setback_is_kept_all_round(plans: list[Plan]) -> None:
    plot = box(60, 0, 70, 20)
    for house, fits in ((box(64, 4, 66, 16), True), (box(61, 3, 69, 18), None)):
        [advice] = advise(permit(plot, footprint=house), plans, on=DAY)
        assert advice is not None
        assert advice.envelope is not None
        assert advice.envelope.region.area == pytest.approx(4 * 14, abs=0.01)
        assert (advice.fits, advice.envelope.road_known) == (fits, False)


def test_a_house_is_moved_out_of_the_river_strip_and_then_judged(tmp_path: Path) -> None:
    case = {
        "rencana": ["D1"],
        "zona": [{"kode": "R-2", "geometri": box(40, -100, 140, 0).wkt}],
        "layer": [RIVER | {"nama": "sungai", "kedalaman_m": 2.0, "geometri": "palung"}],
    }
    plans = plans_of(case, tmp_path)
    parcel = shape("L_sempadan")
    river = shapely.from_wkt(GEOMETRY["palung"]["wkt"])
    house = shapely.box(549_870.5, 9_260_445, 549_876.5, 9_260_451)
    [advice] = advise(permit(parcel, footprint=house), plans, on=DAY)
    assert advice is not None
    assert advice.verdict == "TIDAK_SESUAI"
    assert advice.shift is not None
    # 10 m from the edge of the channel, by definition of the strip.
    assert advice.shift.distance_m == pytest.approx(10 - house.distance(river), abs=0.02)
    moved = shapely.transform(
        house, lambda xy: xy + np.array([advice.shift.east_m, advice.shift.north_m])
    )
    [verdict] = check_permits(permit(parcel, footprint=moved), plans, on=DAY)
    assert verdict.verdict == "DISETUJUI_SEBAGIAN"


boxes = st.tuples(st.floats(0, 30), st.floats(0, 30), st.floats(2, 12), st.floats(2, 12))


@given(boxes, st.tuples(st.floats(-20, 45), st.floats(-20, 45)))
def test_no_shorter_move_is_found_by_trying(hole: Any, start: tuple[float, float]) -> None:
    """Against brute force: every move on a grid of 0.5 m that brings the house inside."""
    x, y, width, height = hole
    room = shapely.box(0, 0, 30, 30).difference(shapely.box(x, y, x + width, y + height))
    house = shapely.Polygon([(0, 0), (5, 0), (5, 3), (2, 6), (0, 4)])
    house = shapely.transform(house, lambda xy: xy + np.array(start))
    found = smallest_shift(house, room)
    steps = np.arange(-52, 52.25, 0.5)
    east, north = (grid.ravel() for grid in np.meshgrid(steps, steps))
    near = np.argsort(np.hypot(east, north), kind="stable")
    limit = np.inf if found is None else found.distance_m
    near = near[np.hypot(east, north)[near] < limit - 1e-3][:3000]
    ring = shapely.get_coordinates(house)
    tried = shapely.polygons(ring[None] + np.stack([east, north], axis=1)[near][:, None, :])
    shapely.prepare(room)
    assert not (shapely.contains_properly(room, tried)).any()
    if found is not None:
        moved = shapely.transform(house, lambda xy: xy + np.array([found.east_m, found.north_m]))
        assert room.covers(moved)


def test_a_house_that_fits_nowhere_is_not_moved() -> None:
    assert smallest_shift(shapely.box(0, 0, 5, 5), shapely.box(0, 0, 4, 50)) is None
    assert smallest_shift(shapely.box(0, 0, 5, 5), shapely.Polygon()) is None


def test_the_nearest_zone_that_allows_it(plans: list[Plan]) -> None:
    [advice] = advise(permit(box(60, 140, 70, 150)), plans, on=DAY)
    assert advice is not None
    assert advice.verdict == "TIDAK_SESUAI"
    assert [(one.zone, one.izin) for one in advice.near] == [("R-2", "I"), ("K-3", "T")]
    assert advice.near[0].distance_m == pytest.approx(40, abs=1e-3)
    assert advice.near[1].distance_m == pytest.approx(np.hypot(30, 40), abs=1e-3)


def test_comparison_says_what_changes_and_what_stays(plans: list[Plan]) -> None:
    parcel = box(60, 0, 70, 20)
    small, large = (
        permit(parcel, luas_tapak_m2=area, luas_lantai_m2=200.0, lantai=2.0)
        for area in (100.0, 130.0)
    )
    [one], [other] = (check_permits(frame, plans, on=DAY) for frame in (small, large))
    found = compare(one.to_dict() | {"permit_id": "A"}, other.to_dict() | {"permit_id": "B"})
    assert found["better"] == "A"
    assert [row["rule"] for row in found["findings"]] == ["kdb_maks:R-2"]
    assert "tidak terpenuhi" in found["findings"][0]["second"]
    assert found["same"] == len(one.findings) - 1
    assert compare(one.to_dict(), one.to_dict())["findings"] == []


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli._app_for(list(words)), list(words))
    return result.exit_code, result.output


def test_the_commands(tmp_path: Path) -> None:
    folder = str(d1_workspace.make(tmp_path / "uji"))
    target = tmp_path / "letak.geojson"
    code, said = run(
        "where", "-w", folder, "-o", str(target), "--kegiatan", "pabrik", "--on", "2024-07-01"
    )
    assert code == 0, said
    features = json.loads(target.read_text(encoding="utf-8"))["features"]
    assert {f["properties"]["status"] for f in features} == {"boleh", "dilarang"}
    west, south, east, north = shapely.from_geojson(json.dumps(features[0]["geometry"])).bounds
    assert 111 < west < east < 112
    assert -7 < south < north < -6
    frame = d1_workspace.permits(4)
    permits = tmp_path / "p.csv"
    table = frame[["permit_id", "kegiatan"]].assign(geometry=frame.geometry.to_wkt())
    table.to_csv(permits, index=False)
    common = ("-w", folder, "--source-crs", CRS, "--on", "2024-07-01")
    code, said = run("advise", str(permits), *common)
    assert code == 0, said
    assert said.count("P-000") == 4
    code, said = run("compare", str(permits), "P-0000", "P-0002", *common)
    assert code == 0, said
    assert "temuan sama pada keduanya" in said
