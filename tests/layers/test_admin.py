"""Codes of areas: taken apart, joined, followed through editions, and found by place."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from api.cli import main
from layers.admin import crosswalk, dissolve, join, locate, parse_codes
from spatial.errors import SchemaError


def _desa(codes: list[str], boxes: list[tuple[float, ...]], **columns: object) -> gpd.GeoDataFrame:
    shapes = [shapely.box(*box) for box in boxes]
    return gpd.GeoDataFrame({"kode": codes, **columns}, geometry=shapes, crs="EPSG:9489")


def test_codes_are_read_with_and_without_dots() -> None:
    found = parse_codes(pd.Series([" 3374011001", "33.74.01.1001", "33", "3374", "33.74.01"]))
    assert found.tolist() == ["33.74.01.1001", "33.74.01.1001", "33", "33.74", "33.74.01"]


@pytest.mark.parametrize(
    "wrong",
    ["333", "33.7", "33.74.1", "33.74.01.100", "337.4.01", "3.374.01", "", None, "33740110011"],
)
def test_what_is_no_code_is_refused(wrong: str | None) -> None:
    with pytest.raises(SchemaError) as caught:
        parse_codes(pd.Series(["33.74.01.1001", wrong]))
    assert caught.value.code == "admin_code"


def test_names_are_no_keys() -> None:
    areas = pd.DataFrame({"kode": ["33.74.01.1001"], "nama": ["Karanganyar"]})
    people = pd.DataFrame({"desa": ["Karanganyar"], "jiwa": [10]})
    with pytest.raises(SchemaError, match="holds names, not codes: 'Karanganyar'"):
        join(areas, people, left_on="nama", right_on="desa")


def test_a_join_keeps_every_row_and_names_the_unmatched() -> None:
    areas = pd.DataFrame(
        {"kode": ["33.01.01.2002", "33.01.01.2001", "33.01.01.2009"]}, index=[7, 3, 5]
    )
    people = pd.DataFrame({"kode_desa": ["3301012001", "33.01.01.2002", "33.01.01.2003"],
                           "jiwa": [1, 2, 3]})  # fmt: skip
    frame, notes = join(areas, people, left_on="kode", right_on="kode_desa")
    assert frame.index.tolist() == [7, 3, 5]
    assert frame["jiwa"].fillna(-1).tolist() == [2, 1, -1]
    assert [(note.code, note.details["codes"]) for note in notes] == [
        ("admin_join_left", "33.01.01.2009"),
        ("admin_join_right", "33.01.01.2003"),
    ]
    with pytest.raises(SchemaError, match="more than once"):
        join(areas, pd.concat([people, people]), left_on="kode", right_on="kode_desa")


def test_a_split_is_told_with_its_shares() -> None:
    """A (10 x 10) gives 40 % to the new C; B is untouched; D goes whole into the new E and B."""
    codes = ["33.01.01.2001", "33.01.01.2002", "33.01.01.2004"]
    boxes = [(0, 0, 10, 10), (10, 0, 20, 10), (20, 0, 30, 10)]
    old = _desa(codes, boxes, nama=["A", "B", "D"])
    new = _desa(["33.01.01.2001", "33.01.01.2003", "33.01.01.2002", "33.01.02.2001"],
                [(0, 0, 6, 10), (6, 0, 10, 10), (10, 0, 22, 10), (22, 0, 30, 10)],
                nama=["A", "C", "B", "E"])  # fmt: skip
    found = crosswalk(old, new)
    rows = found.table.set_index(["code_old", "code_new"])
    assert rows.loc[("33.01.01.2001", "33.01.01.2003"), "change"] == "split"
    assert rows.loc[("33.01.01.2001", "33.01.01.2003"), "share_of_old"] == pytest.approx(
        0.4, abs=1e-6
    )
    assert rows.loc[("33.01.01.2001", "33.01.01.2001"), "share_of_old"] == pytest.approx(
        0.6, abs=1e-6
    )
    assert rows.loc[("33.01.01.2002", "33.01.01.2002"), "change"] == "same"
    assert rows.loc[("33.01.01.2004", "33.01.02.2001"), "share_of_old"] == pytest.approx(
        0.8, abs=1e-6
    )
    assert rows.loc[("33.01.01.2004", "33.01.01.2002"), "share_of_old"] == pytest.approx(
        0.2, abs=1e-6
    )
    assert found.table.groupby("code_old")["share_of_old"].sum().to_numpy() == pytest.approx(1)
    assert found.counts() == {"added": 2, "removed": 1, "renamed": 0}


def test_one_area_with_another_code_is_recoded_by_its_ground_whatever_its_name() -> None:
    old = _desa(["33.01.01.2001", "33.01.01.2002"], [(0, 0, 5, 5), (5, 0, 9, 5)], nama=["A", "B"])
    new = _desa(["33.01.02.2001", "33.01.02.2002"], [(0, 0, 5, 5), (5, 0, 9, 5)], nama=["B", "A"])
    rows = crosswalk(old, new).table
    assert rows[["code_old", "code_new", "change", "basis"]].values.tolist() == [
        ["33.01.01.2001", "33.01.02.2001", "recoded", "ground"],
        ["33.01.01.2002", "33.01.02.2002", "recoded", "ground"],
    ]


def test_two_areas_made_one_are_merged() -> None:
    old = _desa(["33.01.01.2001", "33.01.01.2002"], [(0, 0, 5, 5), (5, 0, 9, 5)], nama=["A", "B"])
    new = _desa(["33.01.01.2003"], [(0, 0, 9, 5)], nama=["AB"])
    rows = crosswalk(old, new).table
    assert rows["change"].tolist() == ["merged", "merged"]
    assert rows["share_of_new"].sum() == pytest.approx(1)


def test_without_ground_a_name_that_stands_twice_pairs_nothing() -> None:
    old = pd.DataFrame({"kode": ["33.01.01.2001", "33.01.01.2002"], "nama": ["Sari", "sari "]})
    new = pd.DataFrame({"kode": ["33.01.02.2001"], "nama": ["Sari"]})
    assert sorted(crosswalk(old, new).table["change"]) == ["added", "removed", "removed"]


def test_points_find_their_desa_or_say_why_not() -> None:
    boxes = [(4e5, 9e6, 4.1e5, 9.01e6), (4.1e5, 9e6, 4.2e5, 9.01e6)]
    desa = _desa(["33.01.01.2001", "33.01.01.2002"], boxes, nama_desa=["A", "B"])
    xs, ys = [4.05e5, 4.1e5, 4.5e5, 4.15e5], [9.005e6] * 4
    points = gpd.GeoSeries(
        [*gpd.points_from_xy(xs, ys), None], index=list("abcde"), crs="EPSG:9489"
    )
    found = locate(points.drop("b").to_crs(4326), desa)
    assert found["kode_desa"].fillna("-").tolist() == ["33.01.01.2001", "-", "33.01.01.2002", "-"]
    assert found["status"].tolist() == ["", "outside", "", "no_point"]
    assert found.loc["d", "nama_desa"] == "B"
    on_edge = locate(points, desa).loc["b"]
    assert (on_edge["status"], on_edge["candidates"]) == (
        "ambiguous",
        "33.01.01.2001; 33.01.01.2002",
    )
    assert found["kode_kab"]["a"] == "33.01"


def test_larger_areas_are_made_of_desa() -> None:
    desa = _desa(["33.01.01.2001", "33.01.01.2002", "33.01.02.2001"],
                 [(0, 0, 1, 1), (1, 0, 2, 1), (2, 0, 3, 1)], nama_kec=["K", "K", "L"])  # fmt: skip
    found = dissolve(desa, "kecamatan")
    assert found[["kode", "nama", "desa"]].values.tolist() == [
        ["33.01.01", "K", 2],
        ["33.01.02", "L", 1],
    ]
    assert found.area.tolist() == [2, 1]
    with pytest.raises(SchemaError):
        dissolve(desa, "desa")
    with pytest.raises(SchemaError, match="not those of desa"):
        dissolve(found, "kabkota")


@pytest.mark.realdata
def test_the_editions_of_jawa_tengah(
    geodata: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Published with the data: 40 codes added, 33 removed, 86 renamed from 2018 to 2025."""
    folder = geodata / "admin-jateng"
    files = [str(folder / f"kode_wilayah_33_{year}.csv") for year in ("2018", "kepmendagri_2025")]
    out = tmp_path / "padanan.csv"
    assert main(["crosswalk", *files, "--output", str(out), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["counts"] == {"added": 40, "removed": 33, "renamed": 86}
    table = pd.read_csv(out, dtype=str)
    # All 33 desa of the divided kecamatan of Boyolali kept their names.
    recoded = table[table["change"] == "recoded"]
    assert len(recoded) == 33
    assert set(recoded["basis"]) == {"name"}
    assert (recoded["code_old"].str[:5] == "33.09").all()
    seboto = recoded.set_index("code_old").loc["33.09.02.2001"]
    assert seboto["code_new"] == "33.09.20.2001"
    assert (table["level"].eq("desa") & table["code_new"].notna()).sum() == 8563


@pytest.mark.realdata
def test_real_desa_are_dissolved_and_found(geodata: Path) -> None:
    desa = gpd.read_parquet(geodata / "admin-jateng" / "desa_3374_kota_semarang_raw.parquet")
    desa["geometry"] = shapely.make_valid(np.asarray(desa.geometry), method="structure")
    kecamatan = dissolve(desa, "kecamatan", code="kode")
    assert (len(kecamatan), kecamatan["desa"].sum()) == (16, len(desa))
    flood = gpd.read_file(geodata / "semarang-barat" / "bahaya_banjir.geojson")
    inside = flood.geometry.representative_point()
    found = locate(inside, desa, code="kode")
    answered = found[found["status"] == ""]
    assert len(answered) >= 0.9 * len(found)
    # The hazard map is of Kecamatan Semarang Barat.
    assert (answered["kode_kec"] == "33.74.13").mean() > 0.9
