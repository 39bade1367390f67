"""Several layers in one call: the bits of each layer alone, for one parcel and for many."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import shapely

from spatial.errors import CrsError, LimitError
from spatial.index import Areas, Stack, ZoneIndex, index_of
from spatial.index import stack as stack_module
from spatial.index.stack import REST, UNMEASURED, stacks_of
from spatial.rings import flatten
from tests.spatial.agreeing import array_of, carried, mosaic, star

PLOTS = 300


def _layers() -> dict[str, ZoneIndex]:
    """A seamless map, one with holes and gaps, one whose zones overlap, and one of nothing."""
    chance = np.random.default_rng(11)
    seamless = array_of(carried(mosaic(chance, 50, 500.0)))
    rings = array_of(carried([star(chance, *chance.uniform(0, 500, 2), 60, 9) for _ in range(12)]))
    some = np.array([shape for shape in rings if shape.is_valid], dtype=object)
    lying = shapely.buffer(shapely.centroid(seamless[:20]), 70.0, quad_segs=4)
    with_holes = shapely.difference(lying, shapely.buffer(shapely.centroid(lying), 20.0))
    return {
        "pola": index_of(seamless, [f"Z{i % 7}" for i in range(len(seamless))], "ESRI:54034"),
        "banjir": index_of(some, [f"B{i}" for i in range(len(some))], "ESRI:54034"),
        "tumpuk": index_of(with_holes, [f"T{i % 5}" for i in range(20)], "ESRI:54034"),
        "kosong": index_of(np.empty(0, dtype=object), [], "ESRI:54034"),
    }


@pytest.fixture(scope="module")
def layers() -> dict[str, ZoneIndex]:
    return _layers()


@pytest.fixture(scope="module")
def plots() -> np.ndarray:
    """Small and large, with holes, of several parts, and off the map."""
    chance = np.random.default_rng(12)
    shapes = [star(chance, *chance.uniform(-40, 540, 2), 25, 9) for _ in range(PLOTS - 3)]
    sound = [shape for shape in shapes if shape.is_valid]
    sound.append(shapely.box(0, 0, 400, 300).difference(shapely.box(50, 50, 200, 90)))
    sound.append(shapely.MultiPolygon([shapely.box(0, 0, 30, 30), shapely.box(90, 90, 150, 95)]))
    sound.append(shapely.box(9_000, 9_000, 9_010, 9_010))
    return array_of(carried(sound))


def _rows(name: str, index: ZoneIndex, found: Areas, plot: int) -> list[tuple[object, ...]]:
    """What a layer alone says of a parcel, in the form of a share."""
    here, whole, rest = found.parcel == plot, found.whole[plot], found.rest[plot]
    rows: list[tuple[object, ...]] = [
        (name, index.codes[code], area, area / whole, overlap)
        for code, area, overlap in zip(
            found.code[here], found.area[here], found.overlap[here], strict=True
        )
    ]
    return [*rows, (name, None, rest, rest / whole, 0.0)] if rest else rows


def test_one_parcel_has_the_bits_of_each_layer_alone(
    layers: dict[str, ZoneIndex], plots: np.ndarray
) -> None:
    stack = Stack(layers)
    alone = {name: index.areas(plots) for name, index in layers.items()}
    for plot, shape in enumerate(plots):
        expected = [
            row for name, index in layers.items() for row in _rows(name, index, alone[name], plot)
        ]
        assert [tuple(share) for share in stack.shares(shape)] == expected


def test_many_parcels_have_the_rows_of_each_one(
    layers: dict[str, ZoneIndex], plots: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the parts and threads."""
    stack = Stack(layers)
    monkeypatch.setattr(stack_module, "_PART", 37)
    found = stack.measure(flatten(plots), threads=3)
    rows = list(
        zip(found.parcel.tolist(), found.layer.tolist(), found.code.tolist(),
            found.area.tolist(), found.share.tolist(), found.overlap.tolist(), strict=True)
    )  # fmt: skip
    names = [*stack.codes, None]
    singles = [(plot, *share) for plot, shape in enumerate(plots) for share in stack.shares(shape)]
    assert [
        (plot, stack.layers[layer], names[code], *numbers) for plot, layer, code, *numbers in rows
    ] == singles
    assert REST == -1
    for number, index in enumerate(layers.values()):
        assert np.array_equal(found.how[:, number], index.areas(plots).how)


def test_pairs_name_what_overlaps(layers: dict[str, ZoneIndex], plots: np.ndarray) -> None:
    stack = Stack(layers)
    found = stack.measure(flatten(plots))
    first = len(layers["pola"].codes) + len(layers["banjir"].codes)
    lying = found.pairs[found.pairs[:, 1] == 2]
    assert len(lying) > 20
    assert (lying[:, [0, 2, 3]] - [0, first, first]).tolist() == layers["tumpuk"].areas(
        plots
    ).pairs.tolist()


def test_places_are_those_of_each_layer(layers: dict[str, ZoneIndex]) -> None:
    stack = Stack(layers)
    points = np.random.default_rng(4).uniform(-50, 550, (400, 2))
    points = shapely.get_coordinates(array_of(carried(list(shapely.points(points)))))
    expected: list[list[tuple[str, str]]] = [[] for _ in points]
    for name, index in layers.items():
        for row, code in zip(*index.at(points), strict=True):
            expected[row].append((name, index.codes[code]))
    assert [stack.at(x, y) for x, y in points.tolist()] == expected
    assert max(map(len, expected)) > 3


def test_a_parcel_without_bound_is_told_and_the_others_answered(
    layers: dict[str, ZoneIndex], plots: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = Stack(layers)
    calm, narrow = stack.measure(flatten(plots)), stack.measure(flatten(plots), budget=300)
    left = narrow.code == UNMEASURED
    assert left.any()
    assert np.isnan(narrow.area[left]).all()
    assert np.isnan(narrow.share[left]).all()
    gone = set(zip(narrow.parcel[left].tolist(), narrow.layer[left].tolist(), strict=True))
    pair = list(zip(calm.parcel.tolist(), calm.layer.tolist(), strict=True))
    kept = np.array([one not in gone for one in pair])
    for name in ("parcel", "layer", "code", "area", "overlap"):
        assert np.array_equal(getattr(narrow, name)[~left], getattr(calm, name)[kept])
    monkeypatch.setattr(stack_module, "BUDGET", 300)
    with pytest.raises(LimitError, match="crosses so many boundaries") as error:
        stack.shares(plots[narrow.parcel[left][0]])
    assert error.value.code == "parcel_too_complex"


def test_layers_of_several_planes_are_not_mixed(layers: dict[str, ZoneIndex]) -> None:
    other = index_of(np.array([shapely.box(0, 0, 9, 9)]), ["A"], "EPSG:9489")
    with pytest.raises(CrsError, match="2 planes") as error:
        Stack(layers | {"lain": other})
    assert error.value.code == "planes_differ"
    assert [one.layers for one in stacks_of(layers | {"lain": other})] == [
        tuple(layers),
        ("lain",),
    ]


def test_nothing_is_asked_of_nothing(layers: dict[str, ZoneIndex], plots: np.ndarray) -> None:
    none = np.empty(0, dtype=object)
    assert len(Stack(layers).measure(flatten(none)).parcel) == 0
    empty = Stack({})
    assert empty.shares(plots[0]) == []
    assert empty.at(1.0, 1.0) == []
    assert empty.measure(flatten(plots)).whole.shape == (len(plots),)


def test_a_stack_keeps_the_arrays_whose_addresses_it_holds(plots: np.ndarray) -> None:
    """Indexes that nobody else holds any more; memory is taken and given back meanwhile."""
    expected = [Stack(_layers()).shares(shape) for shape in plots[:40]]
    stack = Stack(_layers())
    gc.collect()
    for shape, before in zip(plots[:40], expected, strict=True):
        ballast = [np.full(200_000, 7.0) for _ in range(4)]
        assert stack.shares(shape) == before
        del ballast


def test_threads_share_a_stack(layers: dict[str, ZoneIndex], plots: np.ndarray) -> None:
    stack = Stack(layers)
    expected = [stack.shares(shape) for shape in plots]
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: [stack.shares(shape) for shape in plots], range(16)):
            assert found == expected
