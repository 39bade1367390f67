"""The benchmark of serving in small: every answer is one, and the peer gives the same verdicts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.agreement import agreement
from tests.benchmarks.load import load, posts
from tests.benchmarks.province import build_province
from tests.benchmarks.served import applications, build_workspace
from tests.benchmarks.servers import engine_served, postgis_served
from tests.benchmarks.serving import EQUAL, stages
from tests.postgres import Missing


def test_the_endpoint_answers_a_load_and_agrees_with_postgis(tmp_path: Path) -> None:
    """Bounds are wide: a busy machine gives a tenth of what a quiet one does."""
    province = build_province(0.003)
    bodies = applications(province, 200)
    folder = build_workspace(tmp_path / "ruang", province)
    with engine_served(folder, 1, bodies[0]) as engine:
        found = load(engine.port, posts("/v1/conformity", bodies), seconds=2.0, connections=8)
        assert found.refused == 0
        assert found.rate > 30.0
        assert engine.ask("/v1/conformity?dry_run=true", bodies[0])["parts"]
        try:
            with postgis_served(province, folder, 1, bodies[0]) as peer:
                assert agreement(engine, peer, bodies[:40]) < EQUAL
                recorded = load(peer.port, posts("/v1/conformity", bodies), seconds=0.5)
                assert recorded.refused == 0
                areas = peer.ask("/v1/shares", bodies[0])
                assert {layer for layer, _, _ in areas} >= {"zoning"}
        except Missing as why:
            pytest.skip(f"the load was answered; areas were not compared: {why}")


def test_a_verdict_takes_a_few_thousandths_of_a_second(tmp_path: Path) -> None:
    province = build_province(0.003)
    bodies = applications(province, 60)
    taken = stages(build_workspace(tmp_path / "ruang", province), bodies)
    assert sum(taken.values()) < 10_000
