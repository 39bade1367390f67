"""What a hazard raster's numbers may mean: an index or classes are never read as mild depths."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
from affine import Affine

from api.cli import main
from api.tiles.raster import rule_of
from hazard import class_rule, column_rule, grid_rule, meaning
from spatial.errors import RasterError, SchemaError
from spatial.zonal import open_grid

RANDOM = np.random.default_rng(4)
INDEX = np.round(RANDOM.uniform(0, 1, (40, 50)), 3)


def _raster(path: Path, cells: np.ndarray, unit: str = "", nodata: float = -9999.0) -> Path:
    height, width = cells.shape
    with rasterio.open(
        path, "w", driver="GTiff", height=height, width=width, count=1, dtype="float32",
        crs="EPSG:32749", transform=Affine(30, 0, 480000, 0, -30, 9130000), nodata=nodata,
    ) as out:  # fmt: skip
        out.write(cells.astype("float32"), 1)
        if unit:
            out.set_band_unit(1, unit)
    return path


@pytest.mark.parametrize(
    ("cells", "unit", "said"),
    [
        (INDEX, "", "indeks"),
        (np.floor(INDEX * 4), "", "kelas"),
        (INDEX * 3, "", "kedalaman"),
        (INDEX, "m", "kedalaman"),
        (np.where(INDEX > 2, 1, -9999.0), "", ""),
        (np.where(INDEX > 0.5, INDEX, -9999.0), "", "indeks"),
    ],
)
def test_numbers_say_what_they_may_be(
    tmp_path: Path, cells: np.ndarray, unit: str, said: str
) -> None:
    assert meaning(open_grid(_raster(tmp_path / "peta.tif", cells, unit))) == said


def test_deep_water_in_one_corner_of_a_large_raster_is_seen(tmp_path: Path) -> None:
    cells = np.zeros((2500, 1900))
    cells[-60:, -60:] = 2.5
    assert meaning(open_grid(_raster(tmp_path / "luas.tif", cells))) == "kedalaman"


def test_an_index_is_refused_until_its_rule_is_named(tmp_path: Path) -> None:
    path = _raster(tmp_path / "inarisk.tif", INDEX)
    with pytest.raises(RasterError) as refused:
        grid_rule(open_grid(path), None)
    assert refused.value.code == "class_rule_unsaid"
    assert "indeks_bnpb" in refused.value.hint
    target = tmp_path / "paparan.csv"
    assert main(["exposure", "--hazard", str(path), "--output", str(target)]) == 2
    assert not target.exists()
    named = ["--classes", "indeks_bnpb", "--output", str(target)]
    assert main(["exposure", "--hazard", str(path), *named]) == 0
    high = float(pd.read_csv(target)["tinggi"].iloc[0])
    assert high == pytest.approx(
        (INDEX.astype("float32") > 0.666).mean() * INDEX.size * 900, rel=0.01
    )


def test_a_depth_is_no_index() -> None:
    rule = class_rule("indeks_bnpb")
    with pytest.raises(RasterError) as refused:
        rule.codes(np.array([0.2, 1.4]), np.array([True, True]))
    assert refused.value.code == "class_index_range"
    # What the map does not know may be any number.
    assert rule.codes(np.array([0.2, -9999.0]), np.array([True, False])).tolist() == [1, 4]


def test_words_of_polygons_are_classes_and_never_lost(tmp_path: Path) -> None:
    words = pd.Series(["Rendah", "Tinggi", None])
    assert column_rule(words, None).words(words).tolist() == [1, 3, 4]
    # Five classes are those of another rule, and no depths either.
    with pytest.raises(RasterError) as refused:
        column_rule(pd.Series([1, 5, 3], name="kelas"), None)
    assert refused.value.code == "class_rule_unsaid"
    # Whole metres in a column of depths are no codes: 1 m is more than low.
    metres = pd.Series([1, 2, 0], name="Kedalaman")
    assert column_rule(metres, None).words(metres).tolist() == [2, 3, 0]
    depths = pd.Series([0.4, 2.5])
    assert column_rule(depths, None).words(depths).tolist() == [1, 3]
    # By a rule for numbers a word is refused; it was taken for ground without data.
    with pytest.raises(SchemaError, match="Rendah"):
        class_rule("banjir_kedalaman_bnpb").words(words)


@pytest.mark.parametrize(
    ("name", "classes"),
    [("indeks_banjir", "indeks_bnpb"), ("banjir_kelas", None), ("banjir_inarisk", None)],
)
def test_a_published_map_is_drawn_by_what_its_name_says(
    tmp_path: Path, name: str, classes: str | None
) -> None:
    path = _raster(tmp_path / f"{name}.tif", INDEX)
    if name == "banjir_inarisk":
        with pytest.raises(RasterError) as refused:
            rule_of(path, name)
        assert refused.value.code == "raster_rule_unsaid"
    elif classes is None:
        assert rule_of(path, name).labels == class_rule("tiga_kelas").labels
    else:
        assert rule_of(path, name) == class_rule(classes)
