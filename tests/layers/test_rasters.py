"""Rasters come through the same opener: what they must say, and what they become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from layers.files import format_of, raster_file
from layers.ingest import ingest_file
from layers.store import open_store
from layers.workspace import Workspace
from spatial.errors import CrsError, EngineError, LimitError, RasterError

PLACE = Affine(30, 0, 440_000, 0, -30, 9_226_000)


def geotiff(path: Path, **options: Any) -> Path:
    told = {"crs": "EPSG:32749", "nodata": -9999.0, "transform": PLACE} | options
    values = np.arange(600, dtype="float32").reshape(20, 30)
    values[0, 0] = -9999.0
    with rasterio.open(
        path, "w", driver="GTiff", width=30, height=20, count=1, dtype="float32", **told
    ) as sink:
        sink.write(values, 1)
    return path


def test_a_geotiff_is_kept_as_it_is(tmp_path: Path) -> None:
    path = geotiff(tmp_path / "dem.dat")
    assert format_of(path) == "geotiff"
    with raster_file(geotiff(tmp_path / "dem.tif")) as (file, facts):
        assert file == tmp_path / "dem.tif"
        assert (facts["width"], facts["height"], facts["nodata"]) == (30, 20, -9999.0)


def test_an_ascii_grid_becomes_a_geotiff_with_the_same_cells(tmp_path: Path) -> None:
    rows = "\n".join(" ".join(str(r * 4 + c) for c in range(4)) for r in range(3))
    (tmp_path / "a.asc").write_text(
        f"ncols 4\nnrows 3\nxllcorner 440000\nyllcorner 9226000\ncellsize 30\n"
        f"NODATA_value -9999\n{rows}\n"
    )
    with pytest.raises(CrsError, match="states no coordinate reference system"):
        raster_file(tmp_path / "a.asc").__enter__()
    with raster_file(tmp_path / "a.asc", crs="EPSG:32749") as (file, facts):
        assert facts["format"] == "ascii_grid"
        with rasterio.open(file, driver="GTiff") as source:
            assert source.read(1).tolist() == np.arange(12).reshape(3, 4).tolist()
            assert source.crs.to_epsg() == 32749
            assert source.nodata == -9999


@pytest.mark.parametrize(
    ("options", "error", "code"),
    [
        ({"nodata": None}, RasterError, "raster_no_nodata"),
        ({"crs": None}, CrsError, "crs_missing"),
        (
            {"transform": Affine(28.2, 10.3, 440_000, 10.3, -28.2, 9_226_000)},
            RasterError,
            "raster_rotated",
        ),
    ],
)
def test_71_72_what_a_raster_must_say(
    tmp_path: Path, options: dict[str, Any], error: type[EngineError], code: str
) -> None:
    with pytest.raises(error) as caught:
        raster_file(geotiff(tmp_path / "a.tif", **options)).__enter__()
    assert caught.value.code == code


def test_71_no_data_and_crs_can_be_said_for_it(tmp_path: Path) -> None:
    path = geotiff(tmp_path / "a.tif", nodata=None, crs=None)
    with (
        raster_file(path, crs="EPSG:32749", nodata=-9999) as (file, _),
        rasterio.open(file, driver="GTiff") as source,
    ):
        assert source.read(1, masked=True).mask.sum() == 1


def test_72_a_cut_raster_is_refused(tmp_path: Path) -> None:
    path = geotiff(tmp_path / "a.tif")
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(RasterError):
        raster_file(path).__enter__()


def test_72_a_raster_of_billions_of_cells_in_a_small_file(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=60_000, height=60_000, count=1, dtype="uint8",
        crs="EPSG:32749", transform=PLACE, nodata=0, tiled=True, compress="DEFLATE",
        SPARSE_OK=True,
    ):  # fmt: skip
        pass
    assert path.stat().st_size < 2_000_000
    with pytest.raises(LimitError) as caught:
        raster_file(path).__enter__()
    assert caught.value.code == "raster_too_large"


def test_a_raster_is_ingested_with_what_it_said(tmp_path: Path) -> None:
    place = Workspace.create(tmp_path / "ws", name="Contoh")
    store = open_store(place)
    version, _ = ingest_file(store, geotiff(tmp_path / "dem.tif"), name="dem", kind="dem")
    assert version.form == "raster"
    assert version.to_dict()["provenance"]["format"] == "geotiff"
    stored = store.get("dem").path
    assert stored is not None
    with rasterio.open(stored, driver="GTiff") as source:
        assert source.read(1)[1, 1] == 31


@pytest.mark.realdata
def test_real_grids(geodata: Path) -> None:
    folder = geodata / "dem-merapi-pf3d"
    with raster_file(folder / "merapi_topography.asc") as (file, facts):
        assert facts["crs"] == "EPSG:32749"
        with (
            rasterio.open(file, driver="GTiff") as grid,
            rasterio.open(folder / "dem_jateng_1342m_utm49s.tif", driver="GTiff") as tif,
        ):
            assert np.array_equal(grid.read(1), tif.read(1))
    with pytest.raises(CrsError):
        raster_file(folder / "merapi_03h_ash_thickness.asc").__enter__()
