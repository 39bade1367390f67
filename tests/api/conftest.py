"""A running service over an engine of three lines."""

from __future__ import annotations

import copy
import importlib.util
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from api.heavy import HeavyJudge
from api.models import PERMIT_EXAMPLE
from api.service import Service
from api.settings import ServeSettings

with warnings.catch_warnings():
    # It asks for another client library at import; the one that is locked serves.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

HERE = Path(__file__).resolve().parent


def _fake_engine() -> Any:
    """Import the fake under a name that a fresh process finds too."""
    if str(HERE) not in sys.path:
        sys.path.append(str(HERE))
    if "fake_engine" not in sys.modules:
        spec = importlib.util.find_spec("fake_engine")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["fake_engine"] = module
        spec.loader.exec_module(module)
    return sys.modules["fake_engine"]


@pytest.fixture(scope="session")
def settings() -> ServeSettings:
    return ServeSettings(
        max_body_bytes=300_000, max_features=5, judge_seconds=3.0, body_seconds=2.0
    )


@pytest.fixture(scope="session")
def fake() -> Any:
    """The class of the engine of three lines."""
    return _fake_engine().FakeEngine


@pytest.fixture(scope="session")
def client(settings: ServeSettings) -> Iterator[TestClient]:
    engine = _fake_engine().FakeEngine
    heavy = HeavyJudge("fake_engine:FakeEngine.open", "-", seconds=3.0, memory_mb=4096)
    app = create_app(lambda: Service(engine(), settings, heavy), settings)
    with TestClient(app, raise_server_exceptions=False) as started:
        for _ in range(100):
            if started.get("/readyz").status_code == 200:
                break
        yield started


@pytest.fixture
def permit() -> dict[str, Any]:
    """A good application, to be spoiled."""
    return copy.deepcopy(PERMIT_EXAMPLE)
