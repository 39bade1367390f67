"""From file to file: the very values of the call in memory, whatever the file holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from spatial.errors import CrsError
from spatial.index import ZoneIndex, build_index
from spatial.parcels import open_source, source
from spatial.shares import shares_in_all
from spatial.shares_file import Written, shares_to_file

ORIGIN = np.array([12_100_000.0, -800_000.0])
TEXT = ["layer", "zone", "overlap_with", "status"]


@pytest.fixture(scope="module")
def indexes() -> dict[str, ZoneIndex]:
    rng = np.random.default_rng(2)
    middle = rng.uniform(0, 1000, (60, 2)) + ORIGIN
    zones = gpd.GeoDataFrame(
        {"zona": [f"Z{i % 7}" for i in range(60)]},
        geometry=shapely.buffer(shapely.points(middle), rng.uniform(20, 120, 60), quad_segs=5),
        crs="ESRI:54034",
    )
    other = gpd.GeoDataFrame(
        {"zona": ["LP2B"]}, geometry=[shapely.box(*ORIGIN, *(ORIGIN + 500))], crs="ESRI:54034"
    )
    return {
        "pola_ruang": build_index(zones, by="zona"),
        "lp2b": build_index(other, by="zona", crs="EPSG:9489"),
    }


@pytest.fixture(scope="module")
def parcels() -> gpd.GeoDataFrame:
    rng = np.random.default_rng(3)
    low = rng.uniform(0, 1000, (300, 2)) + ORIGIN
    shapes: list[Any] = list(shapely.box(*low.T, *(low + rng.uniform(5, 90, (300, 2))).T))
    shapes[4], shapes[9] = None, shapely.Point(*ORIGIN)
    shapes[17] = shapely.MultiPolygon([shapes[1], shapely.box(*(ORIGIN - 99), *(ORIGIN - 9))])
    shapes[40] = shapes[40].difference(shapes[40].centroid.buffer(2.0))
    shapes[55] = shapely.transform(
        shapely.from_wkt("POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))"), lambda xy: xy + ORIGIN
    )
    # So long that its edges bend between two planes.
    shapes[70] = shapely.box(*ORIGIN, *(ORIGIN + np.array([40_000, 30])))
    names = [f"33.{i:04d}" for i in range(300)]
    return gpd.GeoDataFrame({"NOP": names}, geometry=shapes, crs="ESRI:54034")


def _run(
    frame: gpd.GeoDataFrame, indexes: dict[str, ZoneIndex], folder: Path, suffix: str = ".parquet"
) -> tuple[Written, pd.DataFrame]:
    frame.to_parquet(folder / "persil.parquet")
    opened = open_source(folder / "persil.parquet")
    assert opened is not None
    target = folder / f"luas{suffix}"
    written = shares_to_file(opened, indexes, target, id_column="nop")
    read = pd.read_parquet if suffix == ".parquet" else pd.read_csv
    return written, read(target)


def _expected(frame: gpd.GeoDataFrame, indexes: dict[str, ZoneIndex]) -> pd.DataFrame:
    table = shares_in_all(frame.set_index("NOP"), indexes)
    place = {name: number for number, name in enumerate(frame["NOP"])}
    order = np.argsort(table["parcel_id"].map(place).to_numpy(), kind="stable")
    return table.iloc[order].reset_index(drop=True)


@pytest.mark.parametrize("block", [1, 7, 65_536])
@pytest.mark.parametrize("crs", ["ESRI:54034", "EPSG:4326", "EPSG:9489"])
def test_the_file_holds_the_answers_of_the_call(
    tmp_path: Path,
    parcels: gpd.GeoDataFrame,
    indexes: dict[str, ZoneIndex],
    crs: str,
    block: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(source, "BLOCK_ROWS", block)
    frame = parcels.to_crs(crs)
    written, found = _run(frame, indexes, tmp_path)
    expected = _expected(frame, indexes)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert (written.parcels, written.rows) == (300, len(expected))
    assert written.statuses == dict.fromkeys(
        ("geometry_missing", "not_polygon", "self_intersection"), 1
    )
    assert set(found["parcel_id"]) == set(frame["NOP"])
    assert written.overlapping == set(expected["overlap_with"]) - {""}


def test_csv_says_the_same(
    tmp_path: Path, parcels: gpd.GeoDataFrame, indexes: dict[str, ZoneIndex]
) -> None:
    _, found = _run(parcels, indexes, tmp_path, ".csv")
    expected = _expected(parcels, indexes)
    np.testing.assert_array_equal(found["area_m2"], expected["area_m2"])
    assert found["zone"].fillna("").tolist() == expected["zone"].fillna("").tolist()
    assert found["status"].fillna("").tolist() == expected["status"].tolist()


def test_parcels_that_are_elsewhere_are_refused_before_they_are_measured(
    tmp_path: Path, parcels: gpd.GeoDataFrame, indexes: dict[str, ZoneIndex]
) -> None:
    wrong = parcels.set_crs("EPSG:32748", allow_override=True)
    with pytest.raises(CrsError):
        _run(wrong, indexes, tmp_path)


def test_a_file_without_rows_becomes_one_without_rows(
    tmp_path: Path, parcels: gpd.GeoDataFrame, indexes: dict[str, ZoneIndex]
) -> None:
    written, found = _run(parcels.iloc[:0], indexes, tmp_path)
    assert written.rows == len(found) == 0
    assert list(found.columns[:3]) == ["layer", "parcel_id", "zone"]
