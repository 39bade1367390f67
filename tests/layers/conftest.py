"""Layers that several tests need."""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

if (here := str(Path(__file__).parent)) not in sys.path:
    sys.path.append(here)

import layer_making


@pytest.fixture
def zones() -> gpd.GeoDataFrame:
    """Nine squares with a zone each, in an order that is not that of place."""
    order = [4, 0, 8, 2, 6, 1, 7, 3, 5]
    cells = [shapely.box(110 + i % 3, -7 + i // 3, 111 + i % 3, -6 + i // 3) for i in order]
    codes = [f"Z-{i}" for i in order]
    return gpd.GeoDataFrame({"zona": codes, "luas": np.arange(9.0)}, geometry=cells, crs=4326)


@pytest.fixture
def shapefile(tmp_path: Path) -> Path:
    """A complete shapefile of two zones in UTM 49S, alone in its folder."""
    folder = tmp_path / "shp"
    folder.mkdir()
    path = folder / "pola_ruang.shp"
    layer_making.zones("EPSG:32749").to_file(path)
    return path
