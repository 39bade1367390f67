"""The benchmark in small: equal answers, and ratios far below those that are claimed."""

from __future__ import annotations

import time

import pandas as pd
import pytest

from tests.benchmarks.engine import engine
from tests.benchmarks.frames import geopandas_sjoin, shapely_tree
from tests.benchmarks.province import build_province, parcels_of, split
from tests.benchmarks.tasks import Run, Task, difference


def _used(run: Run) -> tuple[float, pd.DataFrame]:
    """Return seconds of processor, which a busy machine does not stretch, and answers."""
    begin = time.process_time()
    answers = run()
    return time.process_time() - begin, answers


@pytest.fixture(scope="module")
def task() -> Task:
    province = build_province(0.01)
    pieces = {name: split(frame) for name, frame in province.layers.items()}
    return Task(parcels_of(province, 20_000), pieces)


def test_the_province_is_the_same_for_the_same_seed() -> None:
    one, other = (build_province(0.002) for _ in range(2))
    for name, frame in one.layers.items():
        assert frame.geometry.is_valid.all(), name
        assert frame.geometry.geom_equals_exact(other.layers[name].geometry, 0).all(), name


def test_the_engine_agrees_with_its_peers_and_is_faster(task: Task) -> None:
    """The bounds are a third of what a quiet machine gives."""
    run = engine(task, threads=1)
    run()
    seconds, answers = min((_used(run) for _ in range(3)), key=lambda pair: pair[0])
    assert set(answers["layer"]) == set(task.layers)
    for peer, ratio in ((shapely_tree(task), 15.0), (geopandas_sjoin(task), 30.0)):
        peer_seconds, peer_answers = _used(peer)
        assert difference(answers, peer_answers, task.parcels) < 1e-8
        assert peer_seconds > ratio * seconds


def test_unsplit_zones_cost_the_engine_no_more(task: Task) -> None:
    """Its cost follows the borders near a parcel, not the size of the zone they belong to."""
    whole = Task(task.parcels, build_province(0.01).layers)
    pieces, plain = engine(task, threads=1), engine(whole, threads=1)
    pieces(), plain()
    split_seconds = min(_used(pieces)[0] for _ in range(3))
    plain_seconds, answers = min((_used(plain) for _ in range(3)), key=lambda pair: pair[0])
    assert plain_seconds < 1.5 * split_seconds
    assert difference(answers, pieces(), task.parcels) < 1e-8
