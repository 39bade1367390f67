"""One index under threads and forked processes at once: never a crash, always the same bits."""

from __future__ import annotations

import hashlib
import multiprocessing
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import shapely

from spatial.index import ZoneIndex, index_of, open_index, save_index
from tests.spatial.agreeing import array_of, carried, mosaic, star

SHAPES = 400


def _plots() -> np.ndarray:
    chance = np.random.default_rng(8)
    return array_of(
        carried([star(chance, *chance.uniform(0, 500, 2), 30, 9) for _ in range(SHAPES)])
    )


def _digest(index: ZoneIndex, threads: int = 2) -> str:
    plots = _plots()
    found = index.areas(plots, threads=threads)
    near = index.borders(plots[:50], 40.0)
    parts = (found.parcel, found.code, found.area, found.overlap, *near)
    return hashlib.sha256(b"".join(np.ascontiguousarray(p).tobytes() for p in parts)).hexdigest()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    chance = np.random.default_rng(6)
    zones = [*mosaic(chance, 40, 500.0), *(star(chance, 250, 250, 200, 80) for _ in range(3))]
    target = tmp_path_factory.mktemp("index") / "zona.idx"
    save_index(index_of(array_of(carried(zones)), [f"Z{i:02d}" for i in range(len(zones))]), target)
    return target


def _many(path: Path, results: object) -> None:
    index = open_index(path)
    with ThreadPoolExecutor(4) as pool:
        results.put(set(pool.map(lambda _: _digest(index), range(8))))  # type: ignore[attr-defined]  # a queue


def test_threads_and_processes_share_an_index(path: Path) -> None:
    """Sixteen threads here, and two processes with four threads each on the same pages."""
    index = open_index(path)
    expected = _digest(index, threads=1)
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    others = [context.Process(target=_many, args=(path, results)) for _ in range(2)]
    for other in others:
        other.start()
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(lambda k: _digest(index, threads=1 + k % 3), range(48))) == {expected}
    assert [results.get(timeout=120) for _ in others] == [{expected}, {expected}]
    for other in others:
        other.join()
        assert other.exitcode == 0


def test_a_process_forked_after_use_answers_too(path: Path) -> None:
    """Pre-forking servers load once and fork; the children ask the parent's pages."""
    program = textwrap.dedent(
        """
        import os, sys
        from pathlib import Path
        from spatial.index import open_index
        from tests.spatial.test_index_stress import _digest

        index = open_index(Path(sys.argv[1]))
        expected = _digest(index)
        children = []
        for _ in range(4):
            child = os.fork()
            if child == 0:
                os._exit(0 if all(_digest(index) == expected for _ in range(5)) else 1)
            children.append(child)
        assert all(_digest(index) == expected for _ in range(5))
        assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
        """
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(path)],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_plots_of_other_threads_are_never_prepared(path: Path) -> None:
    """shapely.prepare on shared geometries crashes processes; the engine does without."""
    index, plots = open_index(path), _plots()
    index.areas(plots)
    index.borders(plots, 10.0)
    assert not shapely.is_prepared(plots).any()
