"""The tiles of the engine and of its peers hold the same features with the same outlines."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest

from tests.benchmarks.pages import TABLES
from tests.benchmarks.province import zoning
from tests.benchmarks.tiling import ENGINES, Layer, measured


@pytest.fixture(scope="module")
def layer() -> Layer:
    scale = 0.002
    zones: gpd.GeoDataFrame = zoning(scale, 185_000.0 * np.sqrt(scale), np.random.default_rng(4))
    return Layer.of(zones)


# mapbox-vector-tile calls what shapely has deprecated.
@pytest.mark.filterwarnings("ignore:The 'shapely.ops.transform:DeprecationWarning")
def test_peers_cut_the_same_tiles(layer: Layer) -> None:
    said = measured(layer, (10, 14), count=4, repeat=1)
    for z in ("10", "14"):
        rows = said[z]
        assert {"engine", "mapbox_vector_tile"} <= rows.keys() <= ENGINES.keys()
        for row in rows.values():
            assert row["features"] > 0
            assert row["lonely"] == 0
            assert row["apart_units"] < 1.5
    assert "zoom 14" in TABLES["tiles"]({"tiles": said | {"zones": 70}})
