"""Permits from tables, workbooks and corner points: one row, one answer, nothing repaired."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pytest
import shapely

from spatial.errors import CrsError, LayerError, PermitError
from zoning import read_permits
from zoning.permits import permit_of, permits_of

UTM = "EPSG:9489"
SQUARE = (
    "POLYGON ((460000 9250000, 460010 9250000, 460010 9250012, 460000 9250012, 460000 9250000))"
)
CORNERS = [
    ("A", 1, 460000.0, 9250000.0),
    ("A", 2, 460010.0, 9250000.0),
    ("A", 3, 460010.0, 9250012.0),
    ("A", 4, 460000.0, 9250012.0),
]


def _csv(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_text(text, encoding=encoding)
    return path


def _workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_a_csv_with_wkt_is_read_with_its_numbers_and_footprint(tmp_path: Path) -> None:
    small = SQUARE.replace("460010", "460004")
    file = _csv(
        tmp_path / "p.csv",
        "\ufeffpermit_id;kegiatan;luas_tapak_m2;footprint;geometry\n"
        f"P-1;rumah tunggal;48;{small};{SQUARE}\n",
    )
    frame = read_permits(file, source_crs=UTM)
    assert frame.crs == UTM
    assert frame.geometry.area.tolist() == [120.0]
    assert frame["footprint"].iloc[0].area == 48.0
    assert frame["kendala"].tolist() == [None]


def test_corner_points_make_parcels_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    shuffled = [CORNERS[k] for k in (2, 0, 3, 1)]
    rows = "\n".join(",".join(map(str, row)) for row in shuffled)
    frame = read_permits(_csv(tmp_path / "titik.csv", f"id,no,x,y\n{rows}\n"), source_crs=UTM)
    assert frame["permit_id"].tolist() == ["A"]
    assert frame.geometry.iloc[0].equals(shapely.from_wkt(SQUARE))


def test_a_workbook_carries_numbers_and_corners_on_two_sheets(tmp_path: Path) -> None:
    other = [("B", no, x + 100, y) for _, no, x, y in CORNERS]
    file = _workbook(
        tmp_path / "p.xlsx",
        {
            "permohonan": [
                ["permit_id", "kegiatan", "footprint"],
                ["A", "toko", SQUARE],
                ["C", "toko", None],
            ],
            "titik": [["id", "no", "x", "y"], *map(list, CORNERS), *map(list, other)],
        },
    )  # fmt: skip
    frame = read_permits(file, source_crs=UTM)
    # The row without corners and the corners without a row both stay.
    assert frame["permit_id"].tolist() == ["A", "C", "B"]
    assert frame.geometry.isna().tolist() == [False, True, False]
    assert frame["footprint"].iloc[0].area == 120.0
    assert frame["kegiatan"].tolist() == ["toko", "toko", None]


def test_a_corner_that_is_no_number_is_the_reason_of_its_row(tmp_path: Path) -> None:
    rows = "A,1,460000,9250000\nA,2,460.010,50,1\nB,1,x,9250000\n"
    with pytest.raises(PermitError) as refused:
        read_permits(_csv(tmp_path / "w.csv", "id,no,x,y\n" + rows), source_crs=UTM)
    assert refused.value.code == "permit_row_width"
    rows = "A,1,460000,9250000\nA,2,460010,9250000\nA,2,460010,9250012\nB,1,utara,9250000\n"
    frame = read_permits(_csv(tmp_path / "t.csv", "id,no,x,y\n" + rows), source_crs=UTM)
    assert [note.code for note in frame["kendala"]] == ["corner_number_twice", "corner_unreadable"]
    assert "row 5" in str(frame["kendala"].iloc[1])


def test_names_of_columns_may_differ_in_case_or_be_told(tmp_path: Path) -> None:
    text = f"No Permohonan;Kegiatan;KBLI;Geometri;Luas (m2)\n007;toko;47111;{SQUARE};1.250,5\n"
    file = _csv(tmp_path / "oss.csv", text)
    told = {"permit_id": "no permohonan", "luas_sertipikat_m2": "Luas (m2)"}
    frame = read_permits(file, source_crs=UTM, columns=told)
    permit = permits_of(frame)[0]
    assert (permit.permit_id, permit.kegiatan, permit.kbli) == ("007", "toko", "47111")
    assert permit.numbers == {"luas_sertipikat_m2": 1250.5}
    # Without the name of a permit its line in the file stands for it.
    assert [permit.permit_id for permit in permits_of(read_permits(file, source_crs=UTM))] == ["2"]
    frame.drop(columns="kendala").to_file(tmp_path / "oss.gpkg")
    layer = read_permits(tmp_path / "oss.gpkg", columns={"permit_id": "kegiatan"})
    assert layer["permit_id"].tolist() == ["toko"]


@pytest.mark.parametrize("told", [{"permit_id": "Nomor"}, {"pemohon": "kegiatan"}])
def test_a_column_that_is_not_there_is_refused_by_name(
    tmp_path: Path, told: dict[str, str]
) -> None:
    file = _csv(tmp_path / "p.csv", f"kegiatan;geometry\ntoko;{SQUARE}\n")
    with pytest.raises(PermitError) as refused:
        read_permits(file, source_crs=UTM, columns=told)
    assert refused.value.code == "permit_column_unknown"
    assert "kegiatan, geometry" in str(refused.value)


def test_corners_may_be_written_with_a_comma_and_capitals(tmp_path: Path) -> None:
    rows = "".join(f"A;{no};{x:.0f},50;{y:.0f},25\n" for _, no, x, y in CORNERS)
    frame = read_permits(_csv(tmp_path / "t.csv", "ID;No;X;Y\n" + rows), source_crs=UTM)
    assert frame.geometry.iloc[0].bounds == (460000.5, 9250000.25, 460010.5, 9250012.25)


@pytest.mark.parametrize(
    ("written", "code"),
    [("1.200", "permit_number_doubtful"), ("1,200", "permit_number_doubtful"),
     ("seribu", "permit_number"), ("-5", "permit_number")],
)  # fmt: skip
def test_a_number_that_may_be_two_is_not_guessed(tmp_path: Path, written: str, code: str) -> None:
    text = f"permit_id;luas_tapak_m2;geometry\nP-1;{written};{SQUARE}\n"
    permit = permits_of(read_permits(_csv(tmp_path / "p.csv", text), source_crs=UTM))[0]
    assert permit.fault is not None
    assert permit.fault.code == code
    assert permit.numbers == {}


def test_a_day_may_be_written_as_in_indonesia(tmp_path: Path) -> None:
    text = f"permit_id;tanggal;geometry\nP-1;13 Juni 2024;{SQUARE}\nP-2;06/13/2024;{SQUARE}\n"
    one, other = permits_of(read_permits(_csv(tmp_path / "p.csv", text), source_crs=UTM))
    assert str(one.tanggal) == "2024-06-13"
    assert other.fault is not None
    assert other.fault.code == "permit_date"


def test_a_curve_is_the_reason_of_its_row_and_of_no_other(tmp_path: Path) -> None:
    curve = "CURVEPOLYGON (CIRCULARSTRING (0 0, 1 1, 2 0, 1 -1, 0 0))"
    text = f'permit_id;footprint;geometry\nP-1;;"{curve}"\nP-2;"{curve}";{SQUARE}\nP-3;;{SQUARE}\n'
    frame = read_permits(_csv(tmp_path / "p.csv", text), source_crs=UTM)
    first, second, third = permits_of(frame)
    assert [permit.fault and permit.fault.code for permit in (first, second, third)] == [
        "permit_geometry_unreadable", "permit_geometry_unreadable", None,
    ]  # fmt: skip
    drawn = permit_of({"permit_id": "P-4", "geom_hijau": curve}, third.parcel)
    assert drawn.fault is not None
    assert drawn.fault.code == "permit_shape"


def test_a_geometry_that_cannot_be_read_is_the_reason_of_its_row(tmp_path: Path) -> None:
    file = _csv(tmp_path / "p.csv", f'permit_id,geometry\nP-1,"POLYGON 1 2"\nP-2,"{SQUARE}"\n')
    frame = read_permits(file, source_crs=UTM)
    assert [n and n.code for n in frame["kendala"]] == ["permit_geometry_unreadable", None]
    assert "row 2" in str(frame["kendala"].iloc[0])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("permit_id,kegiatan\nP-1,toko\n", "permit_no_geometry"),
        (f'permit_id,geometry\nP-1,"{SQUARE}",x\n', "permit_row_width"),
    ],
)
def test_a_table_that_makes_no_parcels_is_refused(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(PermitError) as refused:
        read_permits(_csv(tmp_path / "p.csv", text), source_crs=UTM)
    assert refused.value.code == code


def test_a_table_states_no_crs_and_none_is_guessed(tmp_path: Path) -> None:
    with pytest.raises(CrsError) as refused:
        read_permits(_csv(tmp_path / "p.csv", f'permit_id,geometry\nP-1,"{SQUARE}"\n'))
    assert refused.value.code == "crs_missing"


def test_a_workbook_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.xlsx").write_bytes(b"PK\x03\x04 not a workbook")
    with pytest.raises(PermitError) as refused:
        read_permits(tmp_path / "p.xlsx", source_crs=UTM)
    assert refused.value.code == "permit_file_unreadable"


def test_one_row_outside_is_a_reason_all_rows_outside_an_error(tmp_path: Path) -> None:
    far = SQUARE.replace("460", "160")
    both = f'permit_id,geometry\nP-1,"{SQUARE}"\nP-2,"{far}"\n'
    within = (110.5, -7.0, 110.8, -6.7)
    frame = read_permits(_csv(tmp_path / "p.csv", both), source_crs=UTM, within=within)
    assert [n is None for n in frame["kendala"]] == [True, False]
    alone = f'permit_id,geometry\nP-2,"{far}"\n'
    with pytest.raises(CrsError):
        read_permits(_csv(tmp_path / "q.csv", alone), source_crs=UTM, within=within)


def test_an_invalid_parcel_of_a_layer_file_keeps_its_row_and_its_fault(tmp_path: Path) -> None:
    bow = shapely.Polygon([(110.6, -6.9), (110.601, -6.899), (110.601, -6.9), (110.6, -6.899)])
    good = shapely.box(110.61, -6.9, 110.611, -6.899)
    gpd.GeoDataFrame(
        {"permit_id": ["P-1", "P-2"], "kegiatan": ["toko", "toko"]},
        geometry=[bow, good], crs="EPSG:4326",
    ).to_file(tmp_path / "p.gpkg")  # fmt: skip
    frame = read_permits(tmp_path / "p.gpkg")
    assert frame["permit_id"].tolist() == ["P-1", "P-2"]
    assert [n is None for n in frame["kendala"]] == [False, True]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match=r"tiada\.geojson"):
        read_permits(tmp_path / "tiada.geojson")


def test_documents_of_a_file_are_each_their_own(tmp_path: Path) -> None:
    place = {"type": "Polygon", "coordinates": [[[110.6, -6.9], [110.601, -6.9], [110.601, -6.899],
             [110.6, -6.899], [110.6, -6.9]]]}  # fmt: skip
    said = {"permit_id": "P-1", "kegiatan": "toko", "dokumen": ["PSN:1/2024", "TPZ:A; B"]}
    text = {"type": "Feature", "properties": said, "geometry": place}
    (tmp_path / "p.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": [text]})
    )
    [permit] = permits_of(read_permits(tmp_path / "p.geojson"))
    assert permit.dokumen == ("PSN:1/2024", "TPZ:A; B")
