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

from api.commands.terrain import OUTPUTS, SHARES, Making, terrain
from spatial.errors import EngineError
from spatial.zonal import open_grid


@pytest.fixture
def dem(tmp_path: Path) -> Path:
    y, x = np.mgrid[0:40, 0:50]
    heights = (200 - 4.0 * y + np.abs(x - 25) * 3).astype("float32")
    return written(tmp_path / "dem.tif", heights)


def written(path: Path, heights: np.ndarray, unit: str | None = None, scale: float = 1.0) -> Path:
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
        sink.scales = (scale,)
        if unit is not None:
            sink.units = (unit,)
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


@pytest.mark.parametrize(("unit", "foot"), [("ft", 0.3048), ("US survey foot", 1200 / 3937)])
def test_the_unit_that_a_file_states_is_heeded(
    dem: Path, tmp_path: Path, unit: str, foot: float
) -> None:
    metres = open_grid(dem).values()
    feet = written(tmp_path / "kaki.tif", (metres / foot).astype("float32"), unit)
    assert run(feet, "-o", tmp_path / "a", "--json").exit_code == 0
    assert run(dem, "-o", tmp_path / "b", "--json").exit_code == 0
    for name in ("lereng_persen", "dem_terisi", "hand_m"):
        ours, theirs = (
            open_grid(tmp_path / folder / f"{name}.tif").values() for folder in ("a", "b")
        )
        np.testing.assert_allclose(ours, theirs, atol=1e-3)
    report = json.loads((tmp_path / "a" / "medan.json").read_text())
    assert report["z_factor"] == pytest.approx(foot)


def test_units_that_contradict_or_that_nobody_knows_are_refused(dem: Path, tmp_path: Path) -> None:
    heights = open_grid(dem).values().astype("float32")
    for unit, asked, code in (
        ("m", "ft", "z_unit_contradicts"),
        ("fathom", None, "z_unit_unknown"),
        (None, "cm", "z_unit_unknown"),
    ):
        file = written(tmp_path / f"{unit}.tif", heights, unit)
        words = [] if asked is None else ["--z-unit", asked]
        refused = run(file, "-o", tmp_path / "c", *words).exception
        assert isinstance(refused, EngineError)
        assert refused.code == code
    assert run(written(tmp_path / "m.tif", heights, "metre"), "-o", tmp_path / "d").exit_code == 0


def test_scaled_values_are_refused_not_misread(dem: Path, tmp_path: Path) -> None:
    file = written(tmp_path / "x.tif", open_grid(dem).values().astype("float32"), scale=0.1)
    refused = run(file, "-o", tmp_path / "c").exception
    assert isinstance(refused, EngineError)
    assert refused.code == "raster_scaled"
    assert "gdal_translate -unscale" in refused.hint


def test_progress_tells_how_long_it_still_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr("api.progress.on_terminal", lambda: True)
    monkeypatch.setattr("api.progress.typer.echo", lambda text, err: told.append(text))
    clock = Making()
    clock.began -= 30
    clock.step("isi cekungan", 1, 2)
    clock.made("lereng_derajat")
    clock.step("isi cekungan", 2, 2)
    assert told[0] == " 14 %  isi cekungan, petak 1/2  (30 d, sisa 3 mnt 12 d)"
    assert told[1].startswith(" 20 %  lereng_derajat.tif  (30 d, sisa")
    # What follows at once is not told: two seconds pass between lines.
    assert len(told) == 2
    assert sum(SHARES.values()) == pytest.approx(1, abs=0.02)
