"""The benchmark of starting in small; bounds are wide, for machines are busy."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.prefork import can_fork
from tests.benchmarks.province import build_province
from tests.benchmarks.served import applications, build_workspace
from tests.benchmarks.starting import pyramid_of, started, tiles, workers


@pytest.mark.skipif(not can_fork(), reason="this system cannot share memory between workers")
@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs /proc to measure")
def test_a_warm_start_is_quick_workers_share_and_cut_tiles_cost_next_to_nothing(
    tmp_path: Path,
) -> None:
    province = build_province(0.003)
    bodies = applications(province, 40)
    folder = build_workspace(tmp_path / "ruang", province)
    places = pyramid_of(folder, "zoning")
    with started(folder, bodies[0]):
        assert list((folder / "store").rglob("*.map"))
    with started(folder, bodies[0], 2) as (served, took):
        # On a quiet machine little over a second; it was nine before maps were kept.
        assert took["processor_s"] < 5.0
        assert took["first_verdict_ms"] < 1_000.0
        private = workers(served, bodies)
        assert len(private) == 2
        assert max(private) < 100.0
        found = tiles(served, folder, "zoning", places, 100)
        assert found["in_process_us"] < 1_000.0
        assert found["tile_processor_ms"] < 10.0
        assert found["unchanged_processor_ms"] < 10.0
