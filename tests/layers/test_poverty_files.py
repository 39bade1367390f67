"""Poverty files as they come: joined by code, numbers beyond doubt, persons turned away."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from layers.poverty import numbers, personal_columns, read_areas, refuse_personal
from layers.workspace import Workspace
from spatial.errors import AccessError, CrsError, EngineError, SchemaError

CODES = [f"33.74.01.{1001 + i}" for i in range(6)]


def polygons(folder: Path) -> Path:
    frame = gpd.GeoDataFrame(
        {"KDEPUM": CODES, "WADMKD": [f"Desa {i}" for i in range(6)]},
        geometry=[shapely.box(110 + 0.01 * i, -7, 110.01 + 0.01 * i, -6.99) for i in range(6)],
        crs="EPSG:4326",
    )
    frame.to_file(folder / "desa.gpkg")
    return folder / "desa.gpkg"


def table(folder: Path, name: str, **columns: list[object]) -> Path:
    frame = pd.DataFrame(columns)
    path = folder / name
    if path.suffix == ".xlsx":
        frame.to_excel(path, index=False)
    else:
        frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("name", ["miskin.csv", "miskin.xlsx"])
def test_a_table_is_joined_by_code_dots_or_none_and_nothing_is_lost(
    tmp_path: Path, name: str
) -> None:
    codes = [code.replace(".", "") for code in CODES[:4]] + ["3374019999"]
    path = table(tmp_path, name, kode=codes, miskin=[1, 2, 3, 4, 5], kk=[10, 20, 30, 40, 50])
    frame, notes = read_areas(path, value="miskin", population="kk", areas=polygons(tmp_path))
    assert len(frame) == 7
    assert frame["miskin"].iloc[:5].to_list() == [1, 2, 3, 4, 5]
    assert frame.geometry.isna().to_list() == [False] * 4 + [True] + [False] * 2
    assert frame.geometry.iloc[2].bounds[0] == pytest.approx(110.02)
    assert frame["miskin"].iloc[5:].isna().all()
    assert {note.code: note.details["count"] for note in notes} == {
        "join_rows_alone": 1,
        "join_polygons_alone": 2,
    }


def test_a_join_that_matches_nothing_is_refused_without_naming_rows(tmp_path: Path) -> None:
    path = table(tmp_path, "x.csv", nama=["Budi", "Siti"], miskin=[1, 2])
    with pytest.raises(SchemaError) as refused:
        read_areas(path, value="miskin", id_column="nama", areas=polygons(tmp_path))
    assert refused.value.code in {"join_nothing", "join_no_code"}
    assert "Budi" not in str(refused.value)


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"kode": CODES, "miskin": ["banyak"] * 6}, "column_text"),
        ({"kode": CODES, "miskin": ["1.234"] * 6}, "column_doubtful"),
        ({"kode": [*CODES[:5], CODES[0]], "miskin": range(6)}, "area_code_repeats"),
        ({"kode": [*CODES[:5], None], "miskin": range(6)}, "area_code_missing"),
        ({"kode": CODES, "miskin": range(6), "tahun": [2023, 2024] * 3}, "periods_mixed"),
        ({"kode": CODES, "poor": range(6)}, "value_column_missing"),
    ],
)
def test_a_table_in_doubt_is_refused_with_its_reason(
    tmp_path: Path, columns: dict[str, list[object]], code: str
) -> None:
    path = table(tmp_path, "x.xlsx", **columns)
    with pytest.raises(SchemaError) as refused:
        read_areas(path, value="miskin", areas=polygons(tmp_path))
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1", "2,5", "1.250"], [1, 2.5, 1250]),
        (["1", "2.5", "12.125"], [1, 2.5, 12.125]),
        (["1234", "-", "12"], [1234, None, 12]),
        (["0.125", "12.5"], [0.125, 12.5]),
        ([1.5, "2.5"], [1.5, 2.5]),
        (["1.234.567"], [1_234_567]),
        (["1e-3", "2"], [0.001, 2]),
    ],
)
def test_a_column_of_texts_is_read_as_a_whole(
    texts: list[object], expected: list[float | None]
) -> None:
    found = numbers(pd.Series(texts, dtype=object))
    assert [None if pd.isna(value) else value for value in found] == expected


def test_a_decimal_mark_can_be_stated() -> None:
    texts = pd.Series(["1.234", "5.678"])
    assert numbers(texts, decimal="point").to_list() == [1.234, 5.678]
    assert numbers(texts, decimal="comma").to_list() == [1234, 5678]
    with pytest.raises(SchemaError):
        numbers(pd.Series(["1,5"]), decimal="point")


@given(st.lists(st.floats(0, 1e6, allow_nan=False).map(lambda v: round(v, 2)), min_size=1))
def test_indonesian_numbers_are_read_back(values: list[float]) -> None:
    texts = [f"{value:,.2f}".translate(str.maketrans(",.", ".,")) for value in values]
    assert numbers(pd.Series(texts)).to_list() == values


def test_planar_data_are_read_without_a_place_and_a_file_without_crs_needs_one(
    tmp_path: Path,
) -> None:
    frame = gpd.GeoDataFrame(
        {"CRIME": [1.0, 2.0]}, geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]
    )
    path = tmp_path / "columbus.shp"
    with pytest.warns(UserWarning, match="crs"):
        frame.to_file(path)
    with pytest.raises(CrsError) as refused:
        read_areas(path, value="CRIME")
    assert refused.value.code == "crs_missing"
    found, notes = read_areas(path, value="CRIME", source_crs="planar")
    assert found.crs is None
    assert found["CRIME"].to_list() == [1.0, 2.0]
    assert found.geometry.iloc[1].bounds == (1, 0, 2, 1)
    assert notes == ()


def test_a_parquet_without_crs_is_read_only_when_one_is_stated(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"CRIME": [1.0, 2.0]}, geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]
    )
    frame.to_parquet(tmp_path / "p.parquet")
    with pytest.raises(CrsError):
        read_areas(tmp_path / "p.parquet", value="CRIME")
    found, _ = read_areas(tmp_path / "p.parquet", value="CRIME", source_crs="planar")
    assert found.crs is None


def test_a_stated_crs_is_not_overruled(tmp_path: Path) -> None:
    frame = gpd.read_file(polygons(tmp_path)).assign(miskin=1)
    frame.to_file(tmp_path / "m.gpkg")
    with pytest.raises(CrsError) as refused:
        read_areas(tmp_path / "m.gpkg", value="miskin", source_crs="EPSG:32749")
    assert refused.value.code == "crs_stated"


@pytest.mark.parametrize(
    "column",
    [
        "NIK", "No. KK", "no_kk", "nomor_kk", "NO_KTP", "nama_krt", "Nama Kepala Keluarga",
        "ALAMAT", "alamat_rumah", "tgl_lahir", "no_hp", "koordinat_rumah", "lat_rumah",
        "nama_penerima", "NPWP", "No Rekening",
    ],
)  # fmt: skip
def test_columns_of_persons_are_known_by_name(column: str) -> None:
    frame = pd.DataFrame({"kode_desa": CODES, column: ["x"] * 6})
    assert personal_columns(frame) == [column]


@pytest.mark.parametrize(
    "values",
    [
        ["3374010101800001"] * 6,
        [3374010101800001] * 6,
        [3374010101800001.0, None, 3374010101800002.0, None, None, None],
        ["'3374010101800001"] * 6,
        ["3374-0101-0180-0001"] * 6,
    ],
)
def test_numbers_of_persons_are_known_by_what_they_are(values: list[object]) -> None:
    frame = pd.DataFrame({"kode_desa": CODES, "nomor": values})
    assert personal_columns(frame) == ["nomor"]


def test_a_long_decimal_is_no_number_of_a_person() -> None:
    frame = pd.DataFrame({"kode_desa": CODES, "persen": ["8.571428571428571"] * 6})
    assert personal_columns(frame) == []
    grouped = frame.assign(persen="33.74.01.010180.0001")
    assert personal_columns(grouped) == ["persen"]


def test_tables_of_areas_are_no_persons() -> None:
    frame = pd.DataFrame(
        {
            "kode_desa": CODES,
            "nama": ["a", "b", "c", "d", "e", "f"],
            "jumlah_kk": [1, 2, 3, 4, 5, 6],
            "kepala_keluarga": [1, 2, 3, 4, 5, 6],
            "jumlah_penduduk": [10] * 6,
            "luas_m2": [1.5e6] * 6,
        }
    )
    assert personal_columns(frame) == []
    refuse_personal(frame)
    households = frame.assign(kode_desa=[CODES[0]] * 6)
    assert personal_columns(households) == ["nama", "kepala_keluarga"]


def test_points_of_houses_stay_outside_a_private_workspace(tmp_path: Path) -> None:
    houses = gpd.GeoDataFrame(
        {"desil": [1, 2], "kode_desa": [CODES[0]] * 2},
        geometry=gpd.points_from_xy([110.4, 110.41], [-7.0, -7.01]),
        crs="EPSG:4326",
    )
    with pytest.raises(AccessError) as refused:
        refuse_personal(houses, what="rumah.gpkg")
    assert refused.value.code == "house_points"
    refuse_personal(houses, private=True)
    houses.to_file(tmp_path / "rumah.gpkg")
    with pytest.raises(EngineError):
        read_areas(tmp_path / "rumah.gpkg", value="desil")
    closed = Workspace.create(tmp_path / "tertutup", name="Tertutup", private=True)
    assert Workspace.open(closed.folder).private
    assert not Workspace.create(tmp_path / "umum", name="Umum").private


def test_the_refusal_repeats_no_value() -> None:
    with pytest.raises(AccessError) as refused:
        refuse_personal(pd.DataFrame({"NIK": ["3374010101800001"]}), what="dtsen.csv")
    assert "3374010101800001" not in str(refused.value)
    assert "3374010101800001" not in str(refused.value.details)
