"""Neighbours: the same as trying every pair, whatever the order of rows; isolates stay visible."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from spatial.errors import GeometryError, LimitError
from spatial.weights import (
    Weights,
    block,
    build,
    contiguity,
    distance_band,
    from_neighbours,
    from_pairs,
    higher_order,
    inverse_distance,
    knn,
    queen,
    rook,
    tolerant,
)

CASES = Path(__file__).parent.parent / "cases" / "hotspots"
SHIPPED = json.loads((CASES / "F_contiguity_counts_libpysal_shipped.json").read_text())["rows"]
METRES = "EPSG:9489"


def mesh(n: int, seed: int, scale: float = 1.0) -> gpd.GeoDataFrame:
    """A Voronoi mesh of `n` areas named by codes."""
    points = shapely.multipoints(np.random.default_rng(seed).random((n, 2)) * scale)
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=points.envelope))
    names = pd.Index([f"D{i:03d}" for i in range(len(cells))])
    return gpd.GeoDataFrame(index=names, geometry=list(cells))


def links(weights: Weights) -> set[tuple[object, object]]:
    rows, columns = weights.matrix.nonzero()
    return set(zip(weights.ids[rows], weights.ids[columns], strict=True))


def by_trying(areas: gpd.GeoDataFrame, joined: Callable[..., bool]) -> set[tuple[object, object]]:
    shapes = dict(areas.geometry.items())
    found = {
        pair for pair in combinations(areas.index, 2) if joined(shapes[pair[0]], shapes[pair[1]])
    }
    return found | {(two, one) for one, two in found}


@given(st.integers(3, 40), st.integers(0, 10_000))
def test_queen_and_rook_are_what_trying_every_pair_gives(n: int, seed: int) -> None:
    areas = mesh(n, seed)
    assert links(queen(areas)) == by_trying(areas, lambda one, two: one.intersects(two))
    assert links(rook(areas)) == by_trying(areas, lambda one, two: one.intersection(two).length > 0)


def test_an_edge_split_by_a_vertex_of_the_neighbour_alone_still_joins() -> None:
    whole = shapely.box(0, 0, 1, 2)
    halves = [shapely.box(1, 0.2, 2, 1), shapely.box(1, 1, 2, 1.8)]
    areas = gpd.GeoSeries([whole, *halves], index=list("abc"))
    expected = {("a", "b"), ("a", "c"), ("b", "c")}
    assert {tuple(sorted(pair)) for pair in links(queen(areas))} == expected
    assert {tuple(sorted(pair)) for pair in links(rook(areas))} == expected


def test_places_of_one_key_and_both_zeros_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the keys of places collide (here all do) the exact order decides."""
    areas = mesh(60, 3)
    minus = gpd.GeoSeries(
        [shapely.box(-1, -1, -0.0, -0.0), shapely.box(0.0, 0.0, 1, 1), shapely.box(3, 3, 4, 4)]
    )
    quick = [links(make(shapes)) for make in (queen, rook) for shapes in (areas, minus)]
    monkeypatch.setattr(contiguity, "_MIX", np.zeros(2, dtype=np.uint64))
    assert quick == [links(make(shapes)) for make in (queen, rook) for shapes in (areas, minus)]
    assert links(queen(minus)) == {(0, 1), (1, 0)}


def test_corner_touch_is_queen_and_not_rook_and_holes_hold_neighbours() -> None:
    corner = gpd.GeoSeries([shapely.box(0, 0, 1, 1), shapely.box(1, 1, 2, 2)])
    assert queen(corner).matrix.nnz == 2
    assert rook(corner).matrix.nnz == 0
    ring = shapely.box(0, 0, 9, 9).difference(shapely.box(3, 3, 6, 6))
    held = gpd.GeoSeries([ring, shapely.box(3, 3, 6, 6)])
    assert queen(held).matrix.nnz == rook(held).matrix.nnz == 2


def test_areas_drawn_over_each_other_are_neighbours() -> None:
    over = gpd.GeoSeries([shapely.box(0, 0, 4, 4), shapely.box(1, 1, 2, 2)])
    assert queen(over).matrix.nnz == rook(over).matrix.nnz == 2


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_contiguity_of_published_layers(name: str) -> None:
    """Case F: the layers travel in the wheel of another library, not in this repository."""
    spec = importlib.util.find_spec("libpysal")
    if spec is None or spec.origin is None:
        pytest.skip("libpysal is not installed: its wheel carries these layers")
    path = next(Path(spec.origin).parent.rglob(name))
    areas = gpd.GeoDataFrame(gpd.read_file(path).geometry)
    found, expected = queen(areas), SHIPPED[name]
    assert found.matrix.nnz == expected["intersects_links"]
    # The other library writes an isolate as a link of weight zero to itself.
    assert found.matrix.nnz + len(expected["islands_queen"]) == expected["queen_links"]
    assert np.flatnonzero(found.isolates).tolist() == expected["islands_queen"]
    assert found.components.nunique() == expected["components"]
    ours = rook(areas)
    assert ours.matrix.nnz + int(ours.isolates.sum()) == expected["rook_links"]


def test_slivers_cut_no_neighbours_when_tolerance_allows_them() -> None:
    areas = gpd.GeoDataFrame(
        geometry=[
            shapely.box(0, 0, 100, 100),
            shapely.box(103, 0, 200, 100),  # a gap of 3 m
            shapely.box(0, 98, 100, 200),  # an overlap of 2 m with the first
            shapely.box(103, 104, 200, 200),  # only a corner near the first
        ],
        index=list("abcd"),
        crs=METRES,
    )
    assert queen(areas).isolates.to_dict() == {"a": False, "b": True, "c": False, "d": True}
    found = tolerant(areas, gap_m=5, shared_m=20)
    assert found.neighbours("a").to_list() == ["b", "c"]
    assert found.neighbours("d").to_list() == ["b", "c"]
    assert "d" in tolerant(areas, gap_m=5).neighbours("a")
    assert tolerant(areas, gap_m=1, shared_m=20).isolates["b"]


def test_tolerance_is_in_metres_for_a_layer_in_degrees() -> None:
    east = 110.0 + 100 / 110_500  # about 100 m further, then a gap of about 11 m
    areas = gpd.GeoSeries(
        [shapely.box(110, -7, east, -6.999), shapely.box(east + 0.0001, -7, east + 0.001, -6.999)],
        crs="EPSG:4326",
    )
    assert tolerant(areas, gap_m=8, shared_m=20).matrix.nnz == 0
    assert tolerant(areas, gap_m=15, shared_m=20).matrix.nnz == 2


def points(n: int, seed: int) -> gpd.GeoDataFrame:
    xy = np.random.default_rng(seed).integers(0, 30, (n, 2)) * 100.0
    names = pd.Index([f"P{i:03d}" for i in range(n)])
    return gpd.GeoDataFrame(index=names, geometry=shapely.points(xy), crs=METRES)


@given(st.integers(9, 60), st.integers(0, 10_000), st.integers(1, 8))
def test_nearest_are_those_of_sorting_all_distances_in_any_order(n: int, seed: int, k: int) -> None:
    areas = points(n, seed)
    xy = shapely.get_coordinates(areas.geometry)
    away = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)).round(6)
    np.fill_diagonal(away, np.inf)
    expected = {
        (areas.index[i], areas.index[j])
        for i in range(n)
        for j in np.lexsort((np.arange(n), away[i]))[:k]
    }
    assert links(knn(areas, k)) == expected
    assert links(knn(areas.sample(frac=1, random_state=seed), k)) == expected


@given(st.integers(2, 60), st.integers(0, 10_000))
def test_band_and_inverse_distance_are_those_of_all_pairs(n: int, seed: int) -> None:
    areas = points(n, seed)
    areas = areas[~areas.geometry.duplicated()]
    xy = shapely.get_coordinates(areas.geometry)
    away = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    near = (away <= 500) & (away > 0)
    np.testing.assert_array_equal(distance_band(areas, 500).matrix.toarray(), near)
    expected = np.divide(1.0, away**2, out=np.zeros_like(away), where=near)
    found = inverse_distance(areas, 500, power=2).matrix.toarray()
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@given(st.integers(3, 25), st.integers(0, 10_000), st.integers(1, 4))
def test_higher_orders_are_steps_on_the_graph(n: int, seed: int, order: int) -> None:
    weights = queen(mesh(n, seed))
    reach = np.full((weights.n, weights.n), np.inf)
    np.fill_diagonal(reach, 0)
    reach[weights.matrix.toarray() > 0] = 1
    for middle in range(weights.n):
        reach = np.minimum(reach, reach[:, [middle]] + reach[[middle]])
    np.testing.assert_array_equal(higher_order(weights, order).matrix.toarray(), reach == order)
    np.testing.assert_array_equal(
        higher_order(weights, order, lower=True).matrix.toarray(), (reach <= order) & (reach > 0)
    )


def test_a_block_joins_equal_codes_and_nobody_without_one() -> None:
    found = block(pd.Series(["k1", "k2", "k1", None, "k1"], index=list("abcde")))
    assert found.neighbours("a").to_list() == ["c", "e"]
    assert found.isolates.to_dict() == {"a": False, "b": True, "c": False, "d": True, "e": False}


@pytest.mark.parametrize("make", [queen, rook, lambda areas: knn(areas, 2)])
def test_a_row_without_geometry_is_an_isolate(make: Callable[..., Weights]) -> None:
    areas = gpd.GeoSeries(
        [*[shapely.box(x, 0, x + 1, 1) for x in range(4)], None, shapely.Polygon()]
    )
    found = make(areas)
    assert found.isolates.to_list() == [False] * 4 + [True] * 2


def test_rows_in_any_order_give_the_same_neighbours() -> None:
    areas = mesh(60, 5)
    mixed = areas.sample(frac=1, random_state=1)
    for spec in ("queen", "rook", "knn:4", "distance:0.2", "tolerant:0.01:0.01", "inverse:0.3:2"):
        straight, crooked = build(areas, spec), build(mixed, spec)
        assert straight.kind == crooked.kind
        difference = crooked.reindex(areas.index).matrix - straight.matrix
        assert abs(difference).max() < 1e-9, spec


def test_rows_sum_to_one_or_to_nothing() -> None:
    weights = from_neighbours([[1, 2], [0], [0], []]).row_standardised()
    assert weights.matrix.sum(axis=1).tolist() == [1, 1, 1, 0]
    assert weights.isolates.to_list() == [False, False, False, True]


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ("bishop", "weights_unknown"),
        ("knn", "weights_unknown"),
        ("knn:2.5", "weights_unknown"),
        ("knn:0", "knn_k"),
        ("knn:99", "knn_k"),
        ("distance:0", "weights_distance"),
        ("distance:nan", "weights_unknown"),
        ("distance:-5", "weights_unknown"),
        ("queen:1", "weights_unknown"),
        ("", "weights_unknown"),
    ],
)
def test_a_word_that_names_no_weights_is_refused(spec: str, code: str) -> None:
    with pytest.raises(GeometryError) as refused:
        build(mesh(6, 1), spec)
    assert refused.value.code == code


def test_impossible_weights_are_refused() -> None:
    line = gpd.GeoSeries([shapely.LineString([(0, 0), (1, 1)]), shapely.box(0, 0, 1, 1)])
    twins = gpd.GeoSeries([shapely.Point(0, 0), shapely.Point(0, 0)])
    names = pd.Index(["a", "a"])
    for make, code in (
        (lambda: queen(line), "contiguity_needs_polygons"),
        (lambda: inverse_distance(twins, 5), "centres_coincide"),
        (lambda: tolerant(line, gap_m=-1), "weights_tolerance"),
        (lambda: from_pairs([0], [1], names, kind="x"), "weights_ids_repeat"),
        (lambda: higher_order(from_neighbours([[1], [0]]), 0), "weights_order"),
    ):
        with pytest.raises(GeometryError) as refused:
            make()
        assert refused.value.code == code


def test_everyone_as_everyones_neighbour_is_refused_before_memory_ends() -> None:
    crowd = gpd.GeoSeries(shapely.points(np.random.default_rng(0).random((8_000, 2))))
    with pytest.raises(LimitError) as refused:
        distance_band(crowd, 5)
    assert refused.value.code == "too_many_links"
    with pytest.raises(LimitError):
        block(pd.Series(["same"] * 8_000))


@pytest.mark.realdata
def test_real_desa_have_neighbours(geodata: Path) -> None:
    desa = gpd.read_parquet(geodata / "admin-jateng" / "desa_33_raw.parquet").set_index("kode")
    found = queen(desa)
    assert found.matrix.nnz == 2 * len(_once(desa))
    # Islands of Karimunjawa, and nothing else that is cut off by a sliver.
    assert 0 < found.isolates.sum() <= 6


def _once(desa: gpd.GeoDataFrame) -> np.ndarray:
    """Pairs that meet, from the index of boxes and GEOS alone."""
    shapes = np.asarray(desa.geometry.array)
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    return left[left < right]
