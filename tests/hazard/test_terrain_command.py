"""`tataruang terrain` writes every raster or none, and says what it met."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
import typer
from rasterio.transform import Affine
from typer.testing import CliRunner

from api.commands.terrain import OUTPUTS, terrain
from spatial.errors import EngineError
from spatial.zonal import open_grid


@pytest.fixture
def dem(tmp_path: Path) -> Path:
    y, x = np.mgrid[0:40, 0:50]
    heights = (200 - 4.0 * y + np.abs(x - 25) * 3).astype("float32")
    return written(tmp_path / "dem.tif", heights)


def written(path: Path, heights: np.ndarray) -> Path:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=heights.shape[0],
        width=heights.shape[1],
        count=1,
        dtype="float32",
        crs="EPSG:32749",
        transform=Affine(30, 0, 430000, 0, -30, 9230000),
        nodata=-9999,
    ) as sink:
        sink.write(heights, 1)
    return path


def run(*words: object) -> object:
    app = typer.Typer()
    app.command()(terrain)
    return CliRunner().invoke(app, [str(word) for word in words])


def test_every_raster_is_written_and_listed(dem: Path, tmp_path: Path) -> None:
    out = tmp_path / "medan"
    result = run(dem, "-o", out, "--river-km2", 0.1, "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert sorted(report["files"]) == sorted(f"{name}.tif" for name in OUTPUTS)
    assert {path.name for path in out.iterdir()} == {*report["files"], "medan.json"}
    hand = open_grid(out / "hand_m.tif").values()
    assert np.nanmin(hand) == 0
    assert open_grid(out / "akumulasi_km2.tif").values().max() == pytest.approx(1.8, rel=0.5)
    slope = open_grid(out / "lereng_persen.tif").values()
    assert np.nanmedian(slope) == pytest.approx(100 * 5 / 30, rel=1e-6)


def test_what_is_there_is_not_overwritten_unasked(dem: Path, tmp_path: Path) -> None:
    out = tmp_path / "medan"
    out.mkdir()
    (out / "hand_m.tif").write_bytes(b"lama")
    refused = run(dem, "-o", out).exception
    assert isinstance(refused, EngineError)
    assert refused.code == "terrain_files_exist"
    assert run(dem, "-o", out, "--yes").exit_code == 0


def test_feet_are_refused_or_converted(dem: Path, tmp_path: Path) -> None:
    feet = written(tmp_path / "kaki.tif", open_grid(dem).values().astype("float32") * 32)
    refused = run(feet, "-o", tmp_path / "a").exception
    assert isinstance(refused, EngineError)
    assert refused.code == "dem_heights"
    assert not (tmp_path / "a").exists()
    assert run(feet, "-o", tmp_path / "b", "--z-unit", "ft", "--json").exit_code == 0
    top = json.loads((tmp_path / "b" / "medan.json").read_text())["height_m"][1]
    assert top == pytest.approx(np.nanmax(open_grid(dem).values()) * 32 * 0.3048, rel=1e-5)
