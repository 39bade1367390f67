"""A workspace of plan D1 with its layers in a store, and permits scattered over it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

sys.path.insert(0, str(Path(__file__).parent))
from case_runner import CASES, CRS, EMPTY, GEOMETRY, frame_of

from layers.store import open_store
from layers.workspace import Workspace

#: The ground of D1 and a strip around it, EPSG:32749.
WEST, SOUTH, EAST, NORTH = 549_650, 9_260_490, 550_065, 9_260_705


def make(folder: Path) -> Path:
    """Create the workspace and return its folder."""
    workspace = Workspace.create(folder, name="Uji", resmi=False)
    shutil.copytree(CASES / "plans" / "D1", workspace.plans / "D1")
    store = open_store(workspace)
    zones = [{"zona": z["kode"], "geometri": z["wkt"]} for z in GEOMETRY["plan"]["zones"]]
    store.publish(frame_of(zones, ["zona"]), name="zona_d1", kind="pola_ruang")
    for name, columns in EMPTY.items():
        store.publish(frame_of([], columns), name=name)
    return workspace.folder


def permits(count: int, seed: int = 7) -> gpd.GeoDataFrame:
    """Return small parcels over and around the zones, with numbers, blanks and faults."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(WEST, EAST, count), rng.uniform(SOUTH, NORTH, count)
    east, north = x + rng.uniform(4, 25, count), y + rng.uniform(5, 20, count)
    shapes = shapely.box(x, y, east, north)
    kinds = ["rumah tunggal", "toko", "pabrik", "kandang ternak", "tak dikenal"]
    return gpd.GeoDataFrame(
        {
            "permit_id": [f"P-{i:04d}" for i in range(count)],
            "kegiatan": rng.choice(kinds, count),
            "luas_tapak_m2": np.where(rng.random(count) < 0.5, np.nan, rng.uniform(20, 200, count)),
            "lantai": rng.integers(1, 4, count).astype(object),
            "tanggal": rng.choice(["2024-07-01", "2024-12-31", "", "bukan tanggal"], count),
            "dokumen": ["PSN:12/2024" if i % 5 == 0 else None for i in range(count)],
            "footprint": [s.buffer(-2) if i % 3 == 0 else None for i, s in enumerate(shapes)],
            "garis_jalan": [s.boundary if i % 4 == 0 else None for i, s in enumerate(shapes)],
            "geom_hijau": [s.buffer(-3) if i % 6 == 0 else None for i, s in enumerate(shapes)],
        },
        geometry=shapes,
        crs=CRS,
    )
