"""The rule model: hierarchy, both times, transition, clock, exemptions, setbacks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import permutations
from typing import Any

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from spatial.errors import LayerNotFoundError, PlanNotFoundError
from zoning import Izin, Plan, Verdict, check_permits, explain
from zoning.kkpr import clock_of, days_left
from zoning.matrix import parse_cell
from zoning.permit import Permit
from zoning.permits import permits_of
from zoning.plan import Citation, Exemption, MatrixRow, OverlayRule, PlanMeta
from zoning.setbacks import setbacks
from zoning.transition import transition_of

CRS = "EPSG:9489"
PLOT = shapely.box(550_000, 9_260_000, 550_020, 9_260_020)
BASIS = Citation("Perbup Uji 1/2024", "Pasal 45", "", "uji", "contoh")
DAY = date(2024, 7, 1)
LEVELS = ("RDTR", "RTR_KSK", "RTR_KSP", "RTRW_KAB", "RTRW_PROV", "RTRWN")


class Source(dict[str, Any]):
    """Layers by name; a layer may be a function of what was known when."""

    def get(self, name: str, on: Any = None, known_at: Any = None) -> Any:  # type: ignore[override]  # a source of layers
        if name not in self:
            raise LayerNotFoundError("there is no layer {name}", code="no_layer", name=name)
        found = self[name](known_at) if callable(self[name]) else self[name]
        return type("Layer", (), {"frame": found, "version": f"uji-{known_at}"})


def zones(code: str, shape: Any = PLOT) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"zona": [code]}, geometry=[shape.buffer(50)], crs=CRS)


def plan(kind: str, layer: Any, cell: str = "I", **meta: Any) -> Plan:
    row = MatrixRow(
        basis=BASIS, line=2, kegiatan="toko", kelompok="dagang", cells={"A": parse_cell(cell)}
    )
    values: dict[str, Any] = {
        "id": kind.lower(), "name": kind, "kind": kind, "legal_ref": f"Peraturan {kind}",
        "promulgated": date(2020, 1, 1), "valid_from": date(2020, 1, 1), "valid_to": None,
        "legal_status": "berlaku", "status": "contoh", "scale_denominator": 5000, "ce90_m": 1.0,
        "code_system": "ATR2021", "layer": "zona", "source": "uji", "area_crs": CRS,
        "metric_crs": CRS,
    }  # fmt: skip
    return Plan(meta=PlanMeta(**values | meta), matrix=(row,), source=Source(zona=layer))


def permit(**columns: Any) -> gpd.GeoDataFrame:
    cells = {"permit_id": ["P"], "kegiatan": ["toko"]} | {k: [v] for k, v in columns.items()}
    return gpd.GeoDataFrame(cells, geometry=[PLOT], crs=CRS)


def one(plans: Any, **options: Any) -> Verdict:
    columns = {k: options.pop(k) for k in list(options) if k not in ("on", "known_at", "policy")}
    [verdict] = check_permits(permit(**columns), plans, **{"on": DAY} | options)
    return verdict


def roles(verdict: Verdict) -> dict[str, str]:
    return {use.id: use.role for use in verdict.evidence.plans}


def test_the_most_detailed_plan_decides_and_all_others_are_compared() -> None:
    plans = [plan(kind, zones("A")) for kind in LEVELS]
    verdict = one(plans)
    assert [use.id for use in verdict.evidence.plans] == [kind.lower() for kind in LEVELS]
    assert list(roles(verdict).values()) == ["memutus"] + ["pembanding"] * 5
    assert verdict.route == "KONFIRMASI"


@pytest.mark.parametrize("level", range(1, 6))
def test_without_the_more_detailed_ones_the_next_decides_by_persetujuan(level: int) -> None:
    plans = [plan(kind, zones("A")) for kind in LEVELS[level:]]
    verdict = one(plans[::-1])
    assert roles(verdict)[LEVELS[level].lower()] == "memutus"
    assert verdict.route == "PERSETUJUAN"


def test_order_of_plans_never_matters() -> None:
    plans = [plan("RDTR", zones("A")), plan("RTRW_KAB", zones("A"), "X"), plan("RTRWN", zones("A"))]
    answers = {str(one(list(order)).to_dict()) for order in permutations(plans)}
    assert len(answers) == 1


def test_a_stricter_plan_below_is_a_conflict_with_both_laws() -> None:
    verdict = one([plan("RDTR", zones("A")), plan("RTRW_KAB", zones("A"), "X")])
    [conflict] = [f for f in verdict.findings if f.kind == "konflik"]
    assert conflict.basis is not None
    assert conflict.also
    assert verdict.verdict == "PERLU_KAJIAN"
    assert "KONFLIK_RENCANA" in verdict.reasons


def test_a_plan_that_only_touches_leaves_the_rest_to_the_next() -> None:
    half = gpd.GeoDataFrame(
        {"zona": ["A"]}, geometry=[shapely.box(549_900, 9_259_900, 550_010, 9_260_100)], crs=CRS
    )
    verdict = one([plan("RDTR", half), plan("RTRW_KAB", zones("A"))])
    assert roles(verdict) == {"rdtr": "memutus", "rtrw_kab": "memutus"}
    assert {(p.instrument, p.area_m2) for p in verdict.parts} == {
        ("rdtr", 200.0),
        ("rtrw_kab", 200.0),
    }
    assert verdict.route == "PERSETUJUAN"


def test_a_draft_and_a_plan_to_come_decide_nothing() -> None:
    for status in ("rancangan", "pra_berlaku"):
        draft = plan("RDTR", zones("A"), "X", legal_status=status)
        assert one([draft, plan("RTRW_KAB", zones("A"))]).verdict == "SESUAI"


def test_a_revoked_plan_decides_until_the_day_it_ends() -> None:
    old = plan("RDTR", zones("A"), "X", legal_status="dicabut", valid_to=date(2024, 7, 1))
    newer = plan("RTRW_KAB", zones("A"))
    assert one([old, newer], on=date(2024, 6, 30)).verdict == "TIDAK_SESUAI"
    assert one([old, newer], on=date(2024, 7, 1)).verdict == "SESUAI"


def test_a_day_without_a_plan_says_which_there_are() -> None:
    with pytest.raises(PlanNotFoundError, match=r"rdtr 2020-01-01\.\. \(berlaku\)"):
        one(plan("RDTR", zones("A")), on=date(2010, 1, 1))


def test_what_was_known_then_gives_the_answer_of_then() -> None:
    def layer(known_at: Any) -> gpd.GeoDataFrame:
        return zones("A" if known_at == "2024-01-01" else "B")

    subject = plan("RDTR", layer)
    then, now = one(subject, known_at="2024-01-01"), one(subject)
    assert (then.verdict, then.parts[0].zone) == ("SESUAI", "A")
    assert (now.verdict, now.parts[0].zone) == ("PERLU_KAJIAN", "B")
    assert then.evidence.known_at == "2024-01-01"
    assert then.evidence.layers != now.evidence.layers


META = plan("RDTR", zones("A"), valid_from=date(2024, 6, 13)).meta


@pytest.mark.parametrize(
    ("built", "verdict", "on", "status", "valid"),
    [
        ("belum", "TIDAK_SESUAI", date(2024, 7, 1), "disesuaikan", True),
        ("terbangun", "TIDAK_SESUAI", date(2024, 7, 1), "masa transisi", True),
        ("", "TIDAK_SESUAI", date(2024, 7, 1), "perlu status pembangunan", True),
        ("belum", "PERLU_KAJIAN", date(2024, 7, 1), "perlu kajian", True),
        ("belum", "SESUAI", date(2024, 7, 1), "tetap berlaku", True),
        ("belum", "SESUAI", date(2026, 5, 1), "masa berlaku habis", False),
        ("belum", "TIDAK_SESUAI", date(2026, 4, 30), "disesuaikan", True),
        ("terbangun", "DISETUJUI_SEBAGIAN", date(2030, 1, 1), "masa transisi", False),
    ],
)
def test_what_becomes_of_an_older_kkpr(
    built: str, verdict: Any, on: date, status: str, valid: bool
) -> None:
    older = Permit("P", kkpr_tanggal=date(2023, 5, 1), status_pembangunan=built)
    found = transition_of(older, META, verdict, on)
    assert found is not None
    assert (found.status, found.valid) == (status, valid)


def test_a_kkpr_of_the_plan_itself_has_no_transition() -> None:
    newer = Permit("P", kkpr_tanggal=date(2024, 6, 13))
    assert transition_of(newer, META, "TIDAK_SESUAI", DAY) is None


def test_the_transition_is_that_of_the_plan_that_decides() -> None:
    elsewhere = plan("RDTR", zones("A", shapely.box(560_000, 9_260_000, 560_010, 9_260_010)))
    deciding = plan("RTRW_KAB", zones("A"), valid_from=date(2024, 6, 1))
    verdict = one([elsewhere, deciding], kkpr_tanggal="2024-01-01")
    assert verdict.transition is not None
    assert verdict.transition.basis.instrument == "Peraturan RTRW_KAB"


def test_the_clock_warns_and_alters_nothing() -> None:
    subject = plan("RDTR", zones("A"), "X")
    dated, undated = one(subject, tanggal="2024-07-05"), one(subject)
    assert dated.clock is not None
    assert undated.clock is None
    assert dated.clock.to_dict()["jatuh_tempo"] == "2024-07-08"  # over the weekend
    assert dated.clock.basis.status == "belum_diverifikasi"
    assert {**dated.to_dict(), "clock": None} == undated.to_dict()


@given(st.dates(date(2021, 3, 1), date(2030, 1, 1)), st.integers(0, 60))
def test_the_clock_counts_working_days(start: date, later: int) -> None:
    clock = clock_of("PERSETUJUAN", start)
    assert clock is not None
    days = (start.toordinal() + n for n in range(1, clock.due.toordinal() - start.toordinal() + 1))
    assert sum(date.fromordinal(day).weekday() < 5 for day in days) == 20
    assert clock.due.weekday() < 5
    assert days_left(clock, start) == 20
    today = date.fromordinal(start.toordinal() + later)
    assert (days_left(clock, today) < 0) <= (today > clock.due)


def test_holidays_move_the_day() -> None:
    free = clock_of("KONFIRMASI", date(2024, 12, 24), frozenset({date(2024, 12, 25)}))
    assert free is not None
    assert free.due == date(2024, 12, 26)


def overlay(effect: str, **more: Any) -> OverlayRule:
    values: dict[str, Any] = {
        "basis": BASIS, "line": 2, "kode": "LP2B", "nama": "LP2B", "geometry": "layer",
        "layer": "lp2b", "column": "", "values": (), "distance_m": None, "ce90_m": None,
        "kegiatan": ("*",), "except_kegiatan": (), "effect": effect, "parameter": "",
        "limit": None, "conditions": (), "exemptions": ("PSN",), "deducts": False,
        "decree_column": "", "foreign": False,
    }  # fmt: skip
    return OverlayRule(**values | more)


@given(
    st.sampled_from(["I", "T1", "B1", "T1,B1", "X", "", "T|B"]),
    st.lists(st.sampled_from(["PSN:1", "PSN:", "psn : 12/2024", "LAIN:1", "PSN"]), max_size=3),
)
def test_an_exemption_turns_x_into_b_never_into_i(cell: str, documents: list[str]) -> None:
    exempt = Exemption(basis=BASIS, line=2, kode="PSN", uraian="PSN", conditions=())
    subject = plan("RDTR", zones("A"), cell)
    source = Source(zona=zones("A"), lp2b=gpd.GeoDataFrame(geometry=[PLOT.buffer(5)], crs=CRS))
    bare = replace(subject, source=source)
    covered = replace(bare, overlays=(overlay("larang"),), exemptions=(exempt,))
    base = one(bare).interval
    found = one(covered, dokumen=tuple(documents)).interval
    proven = any(d.upper().replace(" ", "").startswith("PSN:") and d[-1] != ":" for d in documents)
    restriction = Izin.B if proven else Izin.X
    assert found.lo is base.lo.join(restriction)
    assert found.hi is base.hi.join(restriction)


HOUSE = shapely.box(2, 5, 9, 16)
PARCEL = shapely.box(0, 0, 10, 20)


def turned(*shapes: Any, angle: float) -> Iterator[Any]:
    return (shapely.affinity.rotate(shape, angle, origin=(0, 0)) for shape in shapes)


@given(st.floats(0, 360))
def test_setbacks_do_not_depend_on_which_way_the_plot_lies(angle: float) -> None:
    road = shapely.LineString([(-20, -1), (30, -1)])
    parcel, house, line = turned(PARCEL, HOUSE, road, angle=angle)
    found = {name: span.middle for name, span in setbacks(parcel, house, line, 0.0).items()}
    assert found == pytest.approx({"gsb_m": 6.0, "jbs_m": 1.0, "jbb_m": 4.0}, abs=1e-6)


def test_on_a_corner_a_side_away_from_one_road_counts_for_both() -> None:
    roads = shapely.MultiLineString([[(-20, -1), (30, -1)], [(-2, -20), (-2, 40)]])
    found = {name: span.middle for name, span in setbacks(PARCEL, HOUSE, roads, 0.0).items()}
    assert found == pytest.approx({"gsb_m": 4.0, "jbs_m": 1.0, "jbb_m": 1.0})


def test_a_road_on_the_boundary_is_in_front() -> None:
    road = shapely.LineString([(0, 0), (10, 0)])
    found = {name: span.middle for name, span in setbacks(PARCEL, HOUSE, road, 0.0).items()}
    assert found == pytest.approx({"gsb_m": 5.0, "jbs_m": 1.0, "jbb_m": 4.0})


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("footprint", "POLYGON ((0 0", "permit_shape"),
        ("footprint", "LINESTRING (0 0, 1 1)", "permit_shape_kind"),
        ("footprint", 17, "permit_shape"),
        ("garis_jalan", "POINT (0 0)", "permit_shape_kind"),
        ("geom_lantai", '{"type": "Point"}', "permit_shape"),
        ("geom_hijau", "POLYGON EMPTY", "permit_shape"),
    ],
)
def test_a_drawing_that_cannot_be_read_is_the_answer(column: str, value: Any, code: str) -> None:
    [found] = permits_of(permit(**{column: value}))
    assert found.fault is not None
    assert found.fault.code == code
    verdict = one(plan("RDTR", zones("A")), **{column: value})
    assert (verdict.verdict, verdict.reasons) == ("PERLU_KAJIAN", ("INPUT_KURANG",))
    assert column in explain(verdict)[0]


def test_a_footprint_given_as_text_is_measured() -> None:
    text = shapely.box(550_001, 9_260_001, 550_011, 9_260_011).wkt
    [found] = permits_of(permit(footprint=text))
    assert found.footprint is not None
    assert found.footprint.area == 100.0


WEST = shapely.box(549_900, 9_259_900, 550_010, 9_260_100)


def split(west: str, east: str, line: float = 550_010) -> gpd.GeoDataFrame:
    """Two zones that meet on a line through the parcel."""
    boxes = [
        shapely.box(549_900, 9_259_900, line, 9_260_100),
        shapely.box(line, 9_259_900, 550_100, 9_260_100),
    ]
    return gpd.GeoDataFrame({"zona": [west, east]}, geometry=boxes, crs=CRS)


def two_cells(kind: str, layer: gpd.GeoDataFrame, **meta: Any) -> Plan:
    subject = plan(kind, layer, **meta)
    [row] = subject.matrix
    cells = {"A": parse_cell("I"), "B": parse_cell("X")}
    return replace(subject, matrix=(replace(row, cells=cells),))


def conflicts(verdict: Verdict) -> list[Any]:
    return [finding for finding in verdict.findings if finding.kind == "konflik"]


def test_plans_that_split_a_parcel_alike_do_not_contradict_each_other() -> None:
    verdict = one([two_cells("RDTR", split("A", "B")), two_cells("RTRW_KAB", split("A", "B"))])
    assert conflicts(verdict) == []
    assert verdict.verdict == "DISETUJUI_SEBAGIAN"


def test_plans_that_split_it_otherwise_contradict_each_other_where_they_differ() -> None:
    verdict = one([two_cells("RDTR", split("A", "B")), two_cells("RTRW_KAB", split("B", "A"))])
    [conflict] = conflicts(verdict)
    assert conflict.area_m2 == pytest.approx(200.0)
    assert conflict.facts["zona_pemutus"] == ["A"]
    assert (verdict.verdict, verdict.reasons[0]) == ("PERLU_KAJIAN", "KONFLIK_RENCANA")


def test_a_coarser_boundary_within_its_accuracy_is_no_contradiction() -> None:
    coarse = two_cells("RTRW_KAB", split("A", "B", 550_005), ce90_m=10.0)
    assert conflicts(one([two_cells("RDTR", split("A", "B")), coarse])) == []
    exact = two_cells("RTRW_KAB", split("A", "B", 550_005), ce90_m=1.0)
    [conflict] = conflicts(one([two_cells("RDTR", split("A", "B")), exact]))
    assert conflict.area_m2 == pytest.approx(100.0)


def test_a_plan_that_decides_the_rest_is_compared_where_it_does_not() -> None:
    detailed = plan("RDTR", gpd.GeoDataFrame({"zona": ["A"]}, geometry=[WEST], crs=CRS))
    general = two_cells("RTRW_KAB", split("B", "A"))
    verdict = one([detailed, general])
    [conflict] = conflicts(verdict)
    assert conflict.area_m2 == pytest.approx(200.0)
    assert verdict.verdict == "PERLU_KAJIAN"
    assert roles(verdict) == {"rdtr": "memutus", "rtrw_kab": "memutus"}


def test_a_national_layer_over_one_zone_contradicts_that_zone() -> None:
    subject = two_cells("RDTR", split("A", "B"))
    forest = overlay("larang", kode="HUTAN", layer="hutan", exemptions=(), foreign=True)
    source = Source(zona=split("A", "B"), hutan=gpd.GeoDataFrame(geometry=[WEST], crs=CRS))
    verdict = one(replace(subject, source=source, overlays=(forest,)))
    [conflict] = conflicts(verdict)
    assert conflict.facts["izin_pemutus"] == ["I", "I"]


def test_a_compared_plan_that_cannot_be_read_widens_and_is_named() -> None:
    blind = replace(plan("RTRW_KAB", zones("A")), source=Source())
    verdict = one([plan("RDTR", zones("A")), blind])
    assert (verdict.verdict, verdict.interval.to_list()) == ("PERLU_KAJIAN", ["I", "X"])
    assert verdict.reasons == ("DATA_KEDALUWARSA",)
    assert any("RTRW_KAB" in str(f.facts.get("rencana")) for f in verdict.findings)
