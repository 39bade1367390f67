"""One store per backend, opened as often as a test likes; the contract is tested on each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from layers.store import Store
from tests.layers.store.places import opener
from tests.postgres import Server

Open = Callable[[], Store]


@pytest.fixture(params=["files", pytest.param("postgis", marks=pytest.mark.postgis)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the store of this test is: a folder, or the address of a database."""
    if request.param == "files":
        return str(tmp_path / "store")
    server: Server = request.getfixturevalue("postgres")
    return server.fresh()


@pytest.fixture
def reopen(place: str) -> Open:
    """Open the store of this test; each call is like a process that starts."""
    return opener(place)


@pytest.fixture
def store(reopen: Open) -> Store:
    return reopen()
