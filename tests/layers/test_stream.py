"""Files too large for memory, record by record: the same rows as read whole, bounded memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import layers
from api.cli import main
from layers.files import stream_to_parquet
from spatial.errors import CrsError, LayerError

SUFFIXES = {"GeoJSON": ".geojson", "GPKG": ".gpkg", "FlatGeobuf": ".fgb", "ESRI Shapefile": ".shp"}


def _frame(rows: int = 50) -> gpd.GeoDataFrame:
    shapes: list[shapely.Geometry | None] = [
        shapely.box(110 + i / 1000, -7, 110.0008 + i / 1000, -6.999) for i in range(rows)
    ]
    return gpd.GeoDataFrame(
        {"permit_id": [f"P-{i}" for i in range(rows)], "nilai": [i / 7 for i in range(rows)]},
        geometry=shapes, crs="EPSG:4326",
    )  # fmt: skip


@pytest.mark.parametrize("driver", SUFFIXES)
def test_a_streamed_file_holds_what_it_holds_when_read_whole(driver: str, tmp_path: Path) -> None:
    file = tmp_path / f"besar{SUFFIXES[driver]}"
    _frame().to_file(file, driver=driver)
    told = stream_to_parquet(file, tmp_path / "besar.parquet")
    streamed = gpd.read_parquet(tmp_path / "besar.parquet").sort_values("permit_id")
    whole = layers.read(file).frame.sort_values("permit_id")
    assert told["rows"] == len(whole) == 50
    assert streamed["permit_id"].tolist() == whole["permit_id"].tolist()
    assert streamed["nilai"].to_numpy() == pytest.approx(whole["nilai"].to_numpy(), abs=1e-9)
    assert streamed.geometry.to_numpy().tolist() == whole.geometry.to_numpy().tolist()
    assert streamed.crs.equals(whole.crs, ignore_axis_order=True)


def test_rows_without_geometry_and_with_heights_are_kept_and_counted(tmp_path: Path) -> None:
    frame = _frame(3)
    frame.loc[1, "geometry"] = None
    frame.loc[2, "geometry"] = shapely.force_3d(frame.geometry[2], 8.0)
    frame.to_file(tmp_path / "a.geojson", driver="GeoJSON")
    told = stream_to_parquet(tmp_path / "a.geojson", tmp_path / "a.parquet")
    assert (told["rows"], told["without_geometry"], told["with_heights"]) == (3, 1, 1)
    back = gpd.read_parquet(tmp_path / "a.parquet")
    assert back.geometry.isna().tolist() == [False, True, False]
    assert not back.has_z.any()


def test_no_crs_is_guessed_and_nothing_is_left_behind(tmp_path: Path) -> None:
    _frame(2).to_file(tmp_path / "a.shp")
    (tmp_path / "a.prj").unlink()
    target = tmp_path / "a.parquet"
    with pytest.raises(CrsError) as refused:
        stream_to_parquet(tmp_path / "a.shp", target)
    assert refused.value.code == "crs_missing"
    assert not list(tmp_path.glob("*.parquet*"))
    stream_to_parquet(tmp_path / "a.shp", target, source_crs="EPSG:9489")
    assert gpd.read_parquet(target).crs == "EPSG:9489"


def test_what_is_not_read_record_by_record_is_refused(tmp_path: Path) -> None:
    pd.DataFrame({"id": [1], "x": [2]}).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(LayerError) as refused:
        stream_to_parquet(tmp_path / "a.csv", tmp_path / "a.parquet")
    assert refused.value.code == "stream_format"
    assert main(["parquet", str(tmp_path / "a.csv"), "-o", str(tmp_path / "a.txt")]) == 2


def _peak_kb(folder: Path, rows: int) -> int:
    """Peak memory of a process that streams a file of so many rows."""
    file = folder / f"{rows}.geojson"
    ring = [[110, -7], [110.001, -7], [110.001, -6.999], [110, -7]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    with file.open("w", encoding="utf-8") as out:
        out.write('{"type":"FeatureCollection","features":[')
        for i in range(rows):
            feature = {"type": "Feature", "properties": {"id": f"P-{i}"}, "geometry": geometry}
            out.write(("," if i else "") + json.dumps(feature))
        out.write("]}")
    code = (
        "import resource, sys; from pathlib import Path; from layers.files.opener import Opened;"
        "from layers.files.stream import write_stream; p = Path(sys.argv[1]);"
        "write_stream(Opened(p, 'geojson', p.name), p.with_suffix('.parquet'));"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[-1])


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="this system counts no peak memory")
    small, large = _peak_kb(tmp_path, 25_000), _peak_kb(tmp_path, 150_000)
    # Six times the rows: read whole, they alone would take over 100 MB more.
    assert large - small < 40_000
