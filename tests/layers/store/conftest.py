"""One store per backend, opened as often as a test likes; the contract is tested on each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from layers.store import Store
from tests.layers.store.places import opener

Open = Callable[[], Store]


@pytest.fixture(params=["files"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the store of this test is: a folder, or the address of a database."""
    return str(tmp_path / "store")


@pytest.fixture
def reopen(place: str) -> Open:
    """Open the store of this test; each call is like a process that starts."""
    return opener(place)


@pytest.fixture
def store(reopen: Open) -> Store:
    return reopen()


@pytest.fixture
def zones() -> gpd.GeoDataFrame:
    """Nine squares with a zone each, in an order that is not that of place."""
    order = [4, 0, 8, 2, 6, 1, 7, 3, 5]
    cells = [shapely.box(110 + i % 3, -7 + i // 3, 111 + i % 3, -6 + i // 3) for i in order]
    codes = [f"Z-{i}" for i in order]
    return gpd.GeoDataFrame({"zona": codes, "luas": np.arange(9.0)}, geometry=cells, crs=4326)
