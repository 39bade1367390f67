"""The live index beside brute force, and under threads that add and ask at once."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import shapely

from spatial.errors import LimitError
from spatial.live import LiveIndex
from tests.spatial.agreeing import array_of, carried, star


def _permits(count: int, seed: int = 2) -> list[shapely.Polygon]:
    chance = np.random.default_rng(seed)
    return carried([star(chance, *chance.uniform(0, 300, 2), 15, 8) for _ in range(count)])


def test_neighbours_are_those_of_brute_force() -> None:
    shapes = _permits(150)
    live = LiveIndex((f"P{i:03d}", shape) for i, shape in enumerate(shapes))
    for asked in _permits(25, seed=3):
        away = shapely.distance(asked, array_of(shapes))
        both = shapely.area(shapely.intersection(asked, array_of(shapes)))
        found = live.neighbours(asked, within=12.0)
        assert [n.name for n in found] == [f"P{i:03d}" for i in np.flatnonzero(away <= 12.0)]
        for one in found:
            place = int(one.name[1:])
            assert one.away == pytest.approx(away[place], abs=1e-7)
            assert one.overlap == pytest.approx(both[place], abs=1e-5)
            union = shapely.area(shapely.union(asked, shapes[place]))
            assert one.alike == pytest.approx(both[place] / union, abs=1e-6)


def test_what_is_put_is_found_and_what_is_dropped_is_gone() -> None:
    live = LiveIndex()
    plot = shapely.box(0, 0, 10, 10)
    assert live.neighbours(plot) == []
    live.put("A", plot)
    live.put("B", shapely.box(10, 0, 20, 10))
    assert [(n.name, n.overlap) for n in live.neighbours(plot)] == [("A", 100.0), ("B", 0.0)]
    assert [n.name for n in live.overlapping(plot)] == ["A"]
    live.put("A", shapely.box(100, 0, 110, 10))
    assert [n.name for n in live.neighbours(plot)] == ["B"]
    assert live.drop("B")
    assert not live.drop("B")
    assert len(live) == 1
    assert live.neighbours(plot) == []


def test_the_same_ground_drawn_anew_is_a_duplicate() -> None:
    plot = _permits(1)[0]
    dense = shapely.segmentize(plot, 1.0).reverse()
    live = LiveIndex([("P-1", plot), ("P-2", shapely.box(*plot.bounds))])
    assert [n.name for n in live.duplicates(dense)] == ["P-1"]


def test_an_outline_over_thousands_is_refused() -> None:
    boxes = shapely.box(*np.mgrid[0:50, 0:50].reshape(2, -1), *np.mgrid[1:51, 1:51].reshape(2, -1))
    live = LiveIndex((str(i), box) for i, box in enumerate(boxes))
    with pytest.raises(LimitError, match="2500 outlines lie beside this one; at most 2000"):
        live.neighbours(shapely.box(-1, -1, 99, 99))


def test_threads_may_add_and_ask() -> None:
    shapes = _permits(120)
    live = LiveIndex((f"P{i}", shape) for i, shape in enumerate(shapes[:60]))
    faults: list[Exception] = []

    def work(offset: int) -> None:
        try:
            for i in range(60 + offset, 120, 3):
                live.put(f"P{i}", shapes[i])
                assert f"P{i}" in [n.name for n in live.duplicates(shapes[i])]
        except Exception as error:  # noqa: BLE001  handed to the test's own thread
            faults.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert len(live) == 120
