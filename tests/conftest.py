"""What all tests share: the folder of real data, and hypothesis that repeats itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.postgres import Missing, Server, start_server

settings.register_profile(
    "ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci")

ROOT = Path(__file__).resolve().parent.parent


def geodata_folder() -> Path | None:
    """The folder of real layers, or None where this machine has none."""
    default = ROOT.parent / "shared" / "geodata"
    folder = Path(os.environ.get("TATARUANG_GEODATA", default))
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def geodata() -> Path:
    """Folder of real layers; the test is skipped, saying so, where it is absent."""
    folder = geodata_folder()
    if folder is None:
        pytest.skip("real data absent: set TATARUANG_GEODATA to its folder")
    return folder


@pytest.fixture(scope="session")
def sample_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample workspace, built once; tests that change it take a copy."""
    from api.demo import build_workspace

    return build_workspace(tmp_path_factory.mktemp("sample") / "contoh").folder


@pytest.fixture(scope="session")
def sample_files(sample_workspace: Path) -> Path:
    """Raw files of the fictional district; tests read and never change them."""
    from api.demo import RAW

    return sample_workspace / RAW


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server of our own with PostGIS; skipped, saying why, where there is none."""
    try:
        server = start_server()
    except Missing as why:
        pytest.skip(f"no PostGIS here: {why}")
    yield server
    server.remove()
