"""Numbers per unit as offices write them: joined by code, counts read whole, nothing guessed."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest
import shapely

from api.unit_numbers import UnitNumbers
from spatial.errors import LayerError

UNITS = gpd.GeoDataFrame(
    {"kode_desa": ["33.12.01.2001", "33.12.01.2002", "33.12.01.2003"]},
    geometry=[shapely.box(x, 0, x + 1, 1) for x in range(3)],
    crs="EPSG:32749",
)


def _table(path: Path, rows: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in [["Kode Desa", "Jumlah Penduduk"], *rows]:
        book.active.append(row)
    book.save(path)
    return path


def test_codes_and_counts_of_a_spreadsheet_find_their_units(tmp_path: Path) -> None:
    rows: list[list[object]] = [[3312012001, "4.821"], ["33 12 01 2003", 17], ["3312012099", "-"]]
    numbers = UnitNumbers.of(_table(tmp_path / "p.xlsx", rows), "kode_desa")
    joined, name = numbers.joined(UNITS, "kode_desa", "jumlah_penduduk")
    assert joined[name].iloc[[0, 2]].tolist() == [4821.0, 17.0]
    # A desa that the table does not know has no number, which is not zero people.
    assert joined[name].isna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([[3312012001, "4.821"], ["33.12.01.2001", "5"]], "people_repeated"),
        ([[3312012001, "kira-kira 40"]], "count_unreadable"),
        ([["KEC-1", "4.821"]], "people_none_match"),
    ],
)
def test_what_cannot_be_joined_is_refused_by_name(
    tmp_path: Path, rows: list[list[object]], code: str
) -> None:
    numbers = UnitNumbers.of(_table(tmp_path / "p.xlsx", rows), "kode_desa")
    with pytest.raises(LayerError) as refused:
        numbers.joined(UNITS, "kode_desa", "jumlah_penduduk")
    assert refused.value.code == code
