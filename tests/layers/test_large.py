"""Layers that do not fit memory: published part by part, the same version as read whole."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import layers.large
from layers.ingest import ingest_file
from layers.store import FileStore, Store
from layers.store.content import canonical
from layers.store.parts import PartsWriter
from layers.store.sorting import in_order
from spatial.errors import AccessError, CrsError, LimitError
from spatial.notes import Note

SUFFIXES = {"GeoJSON": ".geojson", "GPKG": ".gpkg", "FlatGeobuf": ".fgb", "ESRI Shapefile": ".shp"}
#: Enough that every file is larger than a megabyte, the least for which parts can be asked.
ROWS = 5_000


def _zones(rows: int = ROWS) -> gpd.GeoDataFrame:
    """A plan with everything a reader meets: gaps, bad shapes, doubtful numbers, unknown codes."""
    west = 110 + np.arange(rows) % 100 / 1000
    south = -7 + np.arange(rows) // 100 / 1000
    shapes: Any = shapely.box(west, south, west + 0.001, south + 0.001)
    shapes[7] = None
    shapes[rows - 5] = shapely.Polygon([(110, -7), (110.001, -6.999), (110.001, -7), (110, -6.999)])
    shapes[rows - 2] = shapes[3]
    numbers = [None if row % 1000 == 11 else row for row in range(rows)]
    return gpd.GeoDataFrame(
        {
            "KODSZN": ["R-2", "P-1", "K-9z", "Tidak Ada"] * (rows // 4),
            "NAMOBJ": [f"Zona {row} " + "é" * 80 for row in range(rows)],
            "LUASHA": ["1.234,5" if row % 7 else "147.041" for row in range(rows)],
            "URUT": np.arange(rows),
            "KOSONG": numbers,
            "HARI": pd.to_datetime(["2024-06-13"] * rows),
            "CATATAN": [None] * (rows - 1) + ["akhir"],
        },
        geometry=shapes,
        crs="EPSG:4326",
    )


def _ingested(store: Store, file: Path, **how: Any) -> tuple[Any, list[str]]:
    version, notes = ingest_file(store, file, name="rdtr", valid_from=date(2024, 6, 13), **how)
    return version, sorted(_text(note) for note in notes)


def _text(note: Note) -> str:
    return f"{note.code} {sorted((k, str(v)) for k, v in note.details.items())}"


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def switch() -> None:
        monkeypatch.setenv("TATARUANG_STREAM_MB", "1")
        monkeypatch.setattr(layers.large, "ROWS", 700)

    return switch


@pytest.mark.parametrize("driver", SUFFIXES)
def test_rows_in_parts_are_the_version_of_rows_read_whole(
    driver: str, tmp_path: Path, in_parts: Callable[[], None]
) -> None:
    file = tmp_path / f"zona{SUFFIXES[driver]}"
    more = {"SPATIAL_INDEX": "NO"} if driver == "FlatGeobuf" else {}
    frame = _zones().drop(columns="HARI") if driver == "ESRI Shapefile" else _zones()
    frame.to_file(file, driver=driver, engine="pyogrio", encoding="utf-8", **more)
    whole, said_whole = _ingested(FileStore(tmp_path / "whole"), file)
    in_parts()
    large, said_large = _ingested(FileStore(tmp_path / "large"), file)
    assert large.provenance["quality"]["not_examined"] == ["coverage"]
    assert large.id == whole.id
    data = [tmp_path / name / "versions" / whole.id / "data.parquet" for name in ("whole", "large")]
    assert data[0].read_bytes() == data[1].read_bytes()
    assert set(said_large) - set(said_whole) == {"coverage_not_examined [('kind', 'pola_ruang')]"}
    assert set(said_whole) <= set(said_large)
    for found in ("duplicates", "areas"):
        assert len(large.provenance["quality"][found]) == len(whole.provenance["quality"][found])
    assert FileStore(tmp_path / "large").verify() == []


@pytest.mark.postgis
def test_a_database_takes_rows_in_parts_too(
    tmp_path: Path, in_parts: Callable[[], None], request: pytest.FixtureRequest
) -> None:
    from layers.store.postgis import PostgisStore

    file = tmp_path / "zona.gpkg"
    _zones().to_file(file)
    whole, _ = _ingested(FileStore(tmp_path / "whole"), file)
    in_parts()
    store = PostgisStore(request.getfixturevalue("postgres").fresh())
    large, _ = _ingested(store, file)
    assert large.id == whole.id
    assert store.verify() == []
    assert store.get("rdtr").frame["zona"].tolist()[:3] == ["R-2", "P-1", "K-9z"]


def test_what_may_not_be_published_is_refused_in_any_part(
    tmp_path: Path, in_parts: Callable[[], None]
) -> None:
    file = tmp_path / "a.gpkg"
    frame = _zones()
    identity = [""] * (ROWS - 1) + ["3374015503850001"]
    frame.assign(NIK=identity).to_file(file)
    in_parts()
    store = FileStore(tmp_path / "store")
    with pytest.raises(AccessError):
        _ingested(store, file)
    frame.loc[ROWS - 1, "geometry"] = shapely.box(10, 50, 10.1, 50.1)
    frame.to_file(file)
    with pytest.raises(CrsError) as outside:
        _ingested(store, file)
    assert outside.value.details["what"] == "a.gpkg"
    with pytest.raises(LimitError) as refused:
        _ingested(store, file, heal_m=1.0)
    assert refused.value.code == "healing_too_large"
    assert store.layers() == []
    assert not list((tmp_path / "store" / "versions").iterdir())


@given(
    st.lists(st.lists(st.integers(0, 2**40), max_size=30), max_size=8),
    st.integers(1, 400),
)
def test_rows_come_in_the_order_of_their_keys(
    tmp_path_factory: pytest.TempPathFactory, given_parts: list[list[int]], range_bytes: int
) -> None:
    seen: set[int] = set()
    parts = []
    for part in given_parts:
        keys = [key for key in dict.fromkeys(part) if key not in seen]
        seen.update(keys)
        parts.append((pa.table({"n": pa.array(keys, pa.int64())}), np.array(keys, np.uint64)))
    folder = tmp_path_factory.mktemp("runs")
    tables = list(in_order(parts, folder, range_bytes=range_bytes))
    assert [n for table in tables for n in table["n"].to_pylist()] == sorted(seen)


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ([[1, 2], [None, None], [3, 4]], "int"),
        ([["a"], [None], [2]], "text"),
        ([[None], [None]], "text"),
        ([[True], [None]], "bool"),
        ([[date(2020, 1, 2)], [None]], "date"),
        ([[1], [2.5]], "float"),
    ],
)
def test_a_column_is_what_all_its_parts_make_it(
    columns: list[list[Any]], kind: str, tmp_path: Path
) -> None:
    writer = PartsWriter(tmp_path)
    for values in columns:
        writer.add(pd.DataFrame({"x": pd.Series(values, dtype="object")}))
    parts = writer.finish()
    whole = canonical(pd.DataFrame({"x": pd.Series(list(chain(*columns)), dtype="object")}))
    assert parts.facts.types == {"x": kind}
    assert canonical(parts).id == whole.id
    assert [note.code for note in parts.notes] == [note.code for note in whole.notes]


def _peak_kb(folder: Path, rows: int) -> int:
    """Peak memory of a process that publishes a file of so many rows in parts."""
    file = folder / f"{rows}.gpkg"
    west = 110 + np.arange(rows) % 1000 / 1e4
    south = -7 + np.arange(rows) // 1000 / 1e4
    frame = gpd.GeoDataFrame(
        {"bangunan": [f"B-{row:08} " + "x" * 80 for row in range(rows)]},
        geometry=shapely.box(west, south, west + 5e-5, south + 5e-5),
        crs="EPSG:4326",
    )
    frame.to_file(file)
    code = (
        "import sys; from pathlib import Path; from layers.ingest import ingest_file;"
        "from layers.store import FileStore; from layers.store.sorting import in_order;"
        # Ranges of two megabytes: at the usual 64 a file would have to be far larger to show.
        "in_order.__kwdefaults__['range_bytes'] = 2 << 20; p = Path(sys.argv[1]);"
        "ingest_file(FileStore(p.with_suffix('.store')), p, name='bangunan');"
        # Its own peak: what the system counts by name holds that of its parent too.
        "status = Path('/proc/self/status').read_text().split();"
        "print(status[status.index('VmHWM:') + 1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"TATARUANG_STREAM_MB": "1"},
    )
    return int(done.stdout.split()[-1])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of one process")
def test_memory_does_not_grow_with_the_layer(tmp_path: Path) -> None:
    small, large = _peak_kb(tmp_path, 30_000), _peak_kb(tmp_path, 120_000)
    # Four times the rows; as one frame, with its copies, they would take over 150 MB more.
    assert large - small < 40_000
