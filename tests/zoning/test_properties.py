"""What holds for every plan, layer and permit: order, monotony, closure, sentences, batches."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field, replace
from datetime import date
from functools import reduce
from typing import Any

import geopandas as gpd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.errors import LayerNotFoundError
from zoning import Interval, Izin, Plan, Verdict, check_permits, explain
from zoning.lattice import alternatives, join_all, name_of
from zoning.matrix import parse_cell
from zoning.plan import Citation, Exemption, IntensityRule, MatrixRow, OverlayRule, PlanMeta
from zoning.verdict import Verdicts

CRS = "EPSG:9489"
EAST, NORTH, SIDE = 550_000.0, 9_260_000.0, 20.0
DAY = date(2024, 7, 1)
ZONES = ("R-2", "R-3", "K-3", "P-1")
#: Cells from the mildest to the strictest along one chain of the diamond.
CELLS = ("I", "T1", "T1,B1", "X")
BASIS = Citation("Perbup Uji 1/2024", "Pasal 45", "", "uji", "contoh")

izin = st.sampled_from(list(Izin))
intervals = st.builds(lambda a, b: Interval(Izin(a & b), Izin(a | b)), izin, izin).filter(
    lambda one: one.lo.below(one.hi)
)


def worse(after: Interval, before: Interval) -> bool:
    """Say that nothing has improved."""
    return before.lo.below(after.lo) and before.hi.below(after.hi)


# The lattice.


@given(intervals, intervals, intervals)
def test_join_is_idempotent_commutative_and_associative(
    a: Interval, b: Interval, c: Interval
) -> None:
    assert a.join(a) == a
    assert a.join(b) == b.join(a)
    assert a.join(b).join(c) == a.join(b.join(c))
    assert worse(a.join(b), a)


def test_the_diamond_is_the_one_of_the_law() -> None:
    order = {
        Izin.I: {Izin.I, Izin.T, Izin.B, Izin.TB, Izin.X},
        Izin.T: {Izin.T, Izin.TB, Izin.X},
        Izin.B: {Izin.B, Izin.TB, Izin.X},
        Izin.TB: {Izin.TB, Izin.X},
        Izin.X: {Izin.X},
    }
    for one in Izin:
        assert {other for other in Izin if one.below(other)} == order[one]
        for other in Izin:
            above = [top for top in Izin if one.below(top) and other.below(top)]
            [least] = [top for top in above if all(top.below(more) for more in above)]
            assert one.join(other) is least


@given(st.lists(intervals, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_order_never_matters_to_a_total(found: list[Interval], rng: random.Random) -> None:
    shuffled = rng.sample(found, len(found))
    assert join_all(found) == join_all(shuffled)
    assert alternatives(found) == alternatives(shuffled)


@given(st.lists(intervals, min_size=1, max_size=4))
def test_an_alternative_holds_every_choice(found: list[Interval]) -> None:
    total = alternatives(found)
    assert all(total.contains(one) for one in found)


@given(intervals)
def test_a_verdict_is_named_by_what_is_certain(total: Interval) -> None:
    name = name_of(total)
    assert (name == "TIDAK_SESUAI") == (total.lo is Izin.X)
    assert (name == "PERLU_KAJIAN") == (total.lo is not Izin.X and total.lo != total.hi)


# The engine, over plans and permits of all kinds.


@dataclass(frozen=True)
class World:
    """A plan on a grid of nine squares, its overlays, and one permit."""

    grid: tuple[str, ...]
    cells: dict[str, str]
    limits: dict[tuple[str, str], float]
    overlays: tuple[tuple[str, Any], ...]
    parcel: Any
    numbers: dict[str, float]
    ce90_m: float = 1.0
    missing: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    footprint: Any = None
    order: int | None = None
    shapes: dict[str, Any] = field(default_factory=dict)


class Source(dict[str, Any]):
    def get(self, name: str, on: Any = None, known_at: Any = None) -> Any:  # type: ignore[override]  # a source of layers
        if name not in self:
            raise LayerNotFoundError("there is no layer {name}", code="no_layer", name=name)
        return type("Layer", (), {"frame": self[name], "version": "uji"})


def box(x: float, y: float, w: float, h: float) -> Any:
    return shapely.box(EAST + x, NORTH + y, EAST + x + w, NORTH + y + h)


def shuffled(items: Any, world: World) -> list[Any]:
    found = list(items)
    if world.order is not None:
        random.Random(world.order).shuffle(found)  # noqa: S311  an order, no secret
    return found


def plan_of(world: World) -> Plan:
    meta = PlanMeta(
        id="uji", name="Rencana Uji", kind="RDTR", legal_ref="Perbup Uji 1/2024",
        promulgated=date(2024, 1, 1), valid_from=date(2024, 1, 1), valid_to=None,
        legal_status="berlaku", status="contoh", scale_denominator=5000, ce90_m=world.ce90_m,
        code_system="ATR2021", layer="zona", source="uji", area_crs=CRS, metric_crs=CRS,
    )  # fmt: skip
    cells = {zone: parse_cell(text) for zone, text in world.cells.items()}
    matrix = [
        MatrixRow(basis=BASIS, line=2, kegiatan=name, kelompok="dagang", cells=cells)
        for name in ("toko", "kios")
    ]
    limits = [
        IntensityRule(basis=BASIS, line=n, zona=zone, parameter=name, limit=value)
        for n, ((zone, name), value) in enumerate(world.limits.items(), start=2)
    ]
    overlays = [_overlay(n, effect) for n, (effect, _) in enumerate(world.overlays)]
    layers = Source(zona=_zones(world))
    for n, (_, region) in enumerate(world.overlays):
        frame = gpd.GeoDataFrame(geometry=[region], crs=CRS)
        if f"khusus{n}" not in world.missing:
            layers[f"khusus{n}"] = frame
    if "zona" in world.missing:
        del layers["zona"]
    return Plan(
        meta=meta,
        matrix=tuple(shuffled(matrix, world)),
        intensities=tuple(shuffled(limits, world)),
        overlays=tuple(shuffled(overlays, world)),
        exemptions=(Exemption(basis=BASIS, line=2, kode="TPZ", uraian="bonus", conditions=()),),
        source=layers,
    )


def _zones(world: World) -> gpd.GeoDataFrame:
    places = [
        (zone, box(SIDE * (n % 3), SIDE * (n // 3), SIDE, SIDE))
        for n, zone in enumerate(world.grid)
        if zone
    ]
    rows = shuffled(places, world)
    return gpd.GeoDataFrame(
        {"zona": [zone for zone, _ in rows]}, geometry=[shape for _, shape in rows], crs=CRS
    )


def _overlay(n: int, effect: str) -> OverlayRule:
    changing = effect in ("perketat", "longgarkan")
    return OverlayRule(
        basis=BASIS, line=n + 2, kode=f"K{n}", nama=f"Ketentuan {n}", geometry="layer",
        layer=f"khusus{n}", column="", values=(), distance_m=None, ce90_m=None,
        kegiatan=("*",), except_kegiatan=(), effect=effect,  # type: ignore[arg-type]  # one of four words
        parameter="lantai_maks" if changing else "",
        limit={"perketat": 2.0, "longgarkan": 6.0}.get(effect),
        conditions=("kajian",) if effect == "syarat" else (),
        exemptions=("TPZ",) if effect == "longgarkan" else (), deducts=False,
        decree_column="", foreign=False,
    )  # fmt: skip


def permit_of(world: World) -> gpd.GeoDataFrame:
    columns: dict[str, Any] = {"permit_id": ["P"], "kegiatan": ["toko"]}
    columns |= {name: [value] for name, value in world.numbers.items()}
    columns["dokumen"] = [world.documents]
    if world.footprint is not None:
        columns["footprint"] = [world.footprint]
    columns |= {name: [shape] for name, shape in world.shapes.items()}
    return gpd.GeoDataFrame(columns, geometry=[world.parcel], crs=CRS)


def judged(world: World) -> Verdict:
    [verdict] = check_permits(permit_of(world), plan_of(world), on=DAY)
    return verdict


span = st.floats(0.0, 45.0).map(lambda value: round(value, 1))
size = st.floats(2.0, 30.0).map(lambda value: round(value, 1))
boxes = st.builds(box, span, span, size, size)
numbers = st.fixed_dictionaries(
    {},
    optional={
        "luas_tapak_m2": st.integers(0, 900).map(float),
        "luas_lantai_m2": st.integers(0, 1500).map(float),
        "lantai": st.integers(1, 8).map(float),
        "luas_hijau_m2": st.integers(0, 300).map(float),
        "luas_sertipikat_m2": st.integers(5, 900).map(float),
    },
)
limits = st.dictionaries(
    st.tuples(
        st.sampled_from(ZONES),
        st.sampled_from(("kdb_maks", "klb_maks", "kdh_min", "lantai_maks", "kavling_min_m2")),
    ),
    st.sampled_from((0.2, 0.4, 0.6)),
    max_size=6,
).map(
    lambda found: {
        key: value * {"lantai_maks": 10, "kavling_min_m2": 200, "klb_maks": 3}.get(key[1], 1)
        for key, value in found.items()
    }
)
worlds = st.builds(
    World,
    grid=st.tuples(*[st.sampled_from((*ZONES, "")) for _ in range(9)]),
    cells=st.fixed_dictionaries({zone: st.sampled_from((*CELLS, "", "T|B")) for zone in ZONES}),
    limits=limits,
    overlays=st.lists(
        st.tuples(st.sampled_from(("larang", "perketat", "syarat", "longgarkan")), boxes),
        max_size=3,
    ).map(tuple),
    parcel=boxes,
    numbers=numbers,
    ce90_m=st.sampled_from((0.0, 1.0, 2.5)),
    documents=st.sampled_from(((), ("TPZ:FPRD 3/2024",))),
)
few = settings(max_examples=int(os.environ.get("TATARUANG_EXAMPLES", "25")))


@few
@given(worlds)
def test_every_input_gets_a_verdict_that_closes_and_speaks(world: World) -> None:
    verdict = judged(world)
    answer = verdict.to_dict()
    assert (answer["verdict"] == "PERLU_KAJIAN") <= bool(answer["reasons"])
    whole = sum(part.area_m2 for part in verdict.parts) - verdict.overlap_m2
    assert verdict.area_m2 is not None
    assert verdict.uncovered_m2 is not None
    assert whole + verdict.uncovered_m2 == pytest.approx(verdict.area_m2, rel=1e-9)
    for language in ("id", "en"):
        sentences = explain(answer, language)
        assert len(sentences) == len(answer["findings"])
        for sentence, finding in zip(sentences, answer["findings"], strict=True):
            facts = finding["facts"]
            named = facts.get("ketentuan") or facts.get("zona")
            assert sentence.strip()
            assert not isinstance(named, str) or named in sentence
    if verdict.approvable is not None:
        assert shapely.covers(world.parcel.buffer(1e-6), verdict.approvable)


@few
@given(worlds, st.sampled_from(("larang", "perketat", "syarat")), boxes)
def test_a_restricting_overlay_never_improves(world: World, effect: str, region: Any) -> None:
    more = replace(world, overlays=(*world.overlays, (effect, region)))
    assert worse(judged(more).interval, judged(world).interval)


@few
@given(worlds, st.sampled_from(ZONES), st.sampled_from(CELLS))
def test_a_worse_zone_never_improves(world: World, zone: str, cell: str) -> None:
    before = parse_cell(world.cells[zone]).interval
    after = before.join(parse_cell(cell).interval)
    strict = next((text for text in (*CELLS, "B1", "") if parse_cell(text).interval == after), None)
    if strict is not None:
        assert worse(
            judged(replace(world, cells=world.cells | {zone: strict})).interval,
            judged(world).interval,
        )


@few
@given(
    worlds,
    st.sampled_from(("luas_tapak_m2", "luas_lantai_m2", "lantai")),
    st.integers(0, 500),
    st.integers(1, 500),
)
def test_more_building_never_improves(world: World, name: str, less: int, more: int) -> None:
    if name == "lantai":
        less, more = less % 8 + 1, more % 8 + 1
    small, large = (
        replace(world, numbers=world.numbers | {name: float(value)})
        for value in (less, less + more)
    )
    assert worse(judged(large).interval, judged(small).interval)


@few
@given(worlds, st.floats(0.1, 0.9), st.floats(0.1, 0.9))
def test_a_larger_drawn_building_never_improves(world: World, one: float, other: float) -> None:
    small, large = sorted((round(one, 2), round(other, 2)))
    world = replace(world, documents=(), overlays=())
    drawn = [
        shapely.affinity.scale(world.parcel, factor, factor, origin="center")
        for factor in (small, large)
    ]
    before, after = (judged(replace(world, footprint=shape)) for shape in drawn)
    assert worse(after.interval, before.interval)


@few
@given(worlds, st.integers(0, 3))
def test_less_knowledge_only_widens(world: World, which: int) -> None:
    known = judged(world)
    name = "zona" if which == 3 else f"khusus{which}"
    unread = judged(replace(world, missing=(name,)))
    assert unread.interval.contains(known.interval)
    if known.parts and (which < len(world.overlays) or which == 3):
        assert any(name in str(f.facts.get("layer", "")) for f in unread.findings if f.reason) or (
            world.overlays[which][0] == "longgarkan"
        )


@few
@given(worlds)
def test_a_less_accurate_map_only_widens_the_zones(world: World) -> None:
    plain = replace(world, limits={}, overlays=(), ce90_m=0.0)
    assert judged(replace(plain, ce90_m=2.5)).interval.contains(judged(plain).interval)


@few
@given(worlds, st.integers(0, 1000), st.integers(0, 3))
def test_order_of_rows_layers_and_vertices_never_matters(
    world: World, order: int, turn: int
) -> None:
    ring = list(world.parcel.exterior.coords)[:-1]
    turned = shapely.Polygon([*ring[turn:], *ring[:turn]][:: 1 if order % 2 else -1])
    other = judged(replace(world, order=order, parcel=turned)).to_dict()
    answer = judged(world).to_dict()
    assert {**other, "evidence": None} == {**answer, "evidence": None}


@settings(max_examples=15)
@given(worlds, st.lists(boxes, min_size=2, max_size=5), st.integers(0, 1000))
def test_a_batch_says_what_each_says_alone(world: World, parcels: list[Any], order: int) -> None:
    plan = plan_of(world)
    frames = [permit_of(replace(world, parcel=parcel)) for parcel in parcels]
    alone = [check_permits(frame, plan, on=DAY)[0].to_dict() for frame in frames]
    batch: Any = gpd.pd.concat(frames, ignore_index=True)
    found: Verdicts = check_permits(batch, plan, on=DAY)
    assert found.to_dicts() == alone
    shuffle = random.Random(order).sample(range(len(parcels)), len(parcels))  # noqa: S311  an order
    again = check_permits(batch.iloc[shuffle], plan, on=DAY).to_dicts()
    assert again == [alone[index] for index in shuffle]


def test_join_of_many_equals_join_of_all_at_once() -> None:
    found = [Interval.of(Izin.T), Interval.of(Izin.B), Interval.up_to(Izin.X)]
    assert reduce(Interval.join, found) == join_all(found) == Interval(Izin.TB, Izin.X)
