"""Plans as workbooks: there and back without losing a rule, and no cell guessed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from api.cli import main
from spatial.errors import PlanError
from zoning import Plan, load_plan, sample_plan_folder
from zoning.lint import lint_plan
from zoning.plan_folder import new_plan
from zoning.plan_workbook import plan_from_xlsx, plan_to_xlsx


def rules(plan: Plan) -> tuple[Any, ...]:
    return (
        plan.meta,
        plan.matrix,
        plan.intensities,
        plan.overlays,
        plan.kbli,
        plan.exemptions,
        plan.rivers,
    )


@pytest.mark.parametrize("name", ["rdtr", "rtrw_kab", "rtrw_prov"])
def test_a_plan_comes_back_from_a_workbook_as_it_went(name: str, tmp_path: Path) -> None:
    book = plan_to_xlsx(sample_plan_folder(name), tmp_path / "rencana.xlsx")
    folder = plan_from_xlsx(book, tmp_path / name)
    assert rules(load_plan(folder)) == rules(load_plan(sample_plan_folder(name)))


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return plan_to_xlsx(sample_plan_folder("rdtr"), tmp_path / "rencana.xlsx")


def edited(path: Path, sheet: str, cell: str, value: object) -> Path:
    book = openpyxl.load_workbook(path)
    book[sheet][cell] = value
    book.save(path)
    return path


def refused(path: Path, target: Path) -> PlanError:
    with pytest.raises(PlanError) as caught:
        plan_from_xlsx(path, target)
    assert not target.exists()
    return caught.value


def test_codes_keep_their_zero_and_texts_are_no_formulas(book: Path) -> None:
    sheet = openpyxl.load_workbook(book)["kbli"]
    codes = [cell for (cell,) in sheet.iter_rows(min_row=2, max_row=22, max_col=1)]
    assert "01412" in [cell.value for cell in codes]
    assert {(cell.data_type, cell.number_format) for cell in codes} == {("s", "@")}


def test_a_code_that_lost_its_zero_is_refused_not_guessed(book: Path, tmp_path: Path) -> None:
    error = refused(edited(book, "kbli", "A11", 1412), tmp_path / "baru")
    assert (error.code, error.details["row"], error.details["column"]) == (
        "plan_value_unfit",
        11,
        "kbli",
    )


def test_a_formula_is_refused_with_its_cell(book: Path, tmp_path: Path) -> None:
    error = refused(edited(book, "intensitas", "C5", "=0.3*2"), tmp_path / "baru")
    assert (error.code, error.details["cell"]) == ("plan_cell_formula", "C5")


def test_merged_cells_are_refused_with_their_range(book: Path, tmp_path: Path) -> None:
    workbook = openpyxl.load_workbook(book)
    workbook["itbx"].merge_cells("C4:F4")
    workbook.save(book)
    error = refused(book, tmp_path / "baru")
    assert (error.code, error.details["cells"]) == ("plan_cells_merged", "C4:F4")


def test_a_missing_sheet_is_named(book: Path, tmp_path: Path) -> None:
    workbook = openpyxl.load_workbook(book)
    del workbook["kbli"]
    workbook.save(book)
    assert refused(book, tmp_path / "baru").details["name"] == "kbli"


def test_percent_cells_and_date_cells_are_what_they_show(book: Path, tmp_path: Path) -> None:
    workbook = openpyxl.load_workbook(book)
    cell = workbook["intensitas"]["C2"]
    cell.value, cell.number_format = 0.55, "0 %"
    header = [c.value for c in workbook["plan"]["A"]]
    row = header.index("berlaku_sampai") + 1
    workbook["plan"].cell(row, 2, datetime(2044, 1, 1))
    workbook.save(book)
    plan = load_plan(plan_from_xlsx(book, tmp_path / "baru"))
    assert plan.intensities[0].limit == 0.55
    assert str(plan.meta.valid_to) == "2044-01-01"


def test_a_faulty_workbook_leaves_the_folder_as_it_was(book: Path, tmp_path: Path) -> None:
    folder = plan_from_xlsx(book, tmp_path / "rdtr")
    before = load_plan(folder).version
    with pytest.raises(PlanError) as caught:
        plan_from_xlsx(edited(book, "itbx", "C4", "Y"), folder, overwrite=True)
    assert (caught.value.details["file"], caught.value.details["row"]) == ("itbx.csv", 4)
    assert load_plan(folder).version == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_something_else_is_no_workbook(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(b"PK\x03\x04 not really")
    assert refused(tmp_path / "x.xlsx", tmp_path / "baru").code == "plan_workbook_unreadable"


def test_a_new_plan_is_a_draft_without_faults(tmp_path: Path) -> None:
    folder = new_plan(tmp_path / "rdtr_baru", jenis="RDTR")
    assert load_plan(folder).meta.legal_status == "rancangan"
    assert [str(note) for note in lint_plan(folder) if note.level != "info"] == []
    with pytest.raises(PlanError, match="is there already"):
        new_plan(folder)


def test_a_plan_begins_from_the_zones_that_its_layer_draws(tmp_path: Path) -> None:
    zones = {"Kawasan Hutan Lindung": "Kawasan Hutan Lindung", "R-2": "Perumahan"}
    folder = new_plan(tmp_path / "rtrw", zones=zones, skala=50000, ce90_m=12.5)
    plan = load_plan(folder)
    assert (plan.meta.zone_names, plan.meta.scale_denominator) == (zones, 50000)
    # Nobody has said yet what may be built there: each cell is asked for.
    asked = [note.details for note in lint_plan(folder) if note.code == "lint_cell_blank"]
    assert [(one["row"], one["column"]) for one in asked] == [
        (row, zone) for row in (2, 3) for zone in zones
    ]


def test_the_journey_of_a_planner(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, book = tmp_path / "rdtr_baru", tmp_path / "rdtr_baru.xlsx"
    assert main(["plan", "new", str(folder), "--name", "RDTR Baru"]) == 0
    assert main(["plan", "to-xlsx", str(folder), str(book)]) == 0
    edited(book, "itbx", "C2", None)
    assert main(["plan", "from-xlsx", str(book), str(folder)]) == 2
    assert main(["plan", "from-xlsx", str(book), str(folder), "--yes"]) == 0
    capsys.readouterr()
    assert main(["plan", "lint", str(folder)]) == 2
    told = capsys.readouterr().out
    assert "rumah tunggal di R-2 kosong" in told
    assert "[C2]" in told
    assert "1 kesalahan, 1 peringatan" in told
    assert main(["plan", "test", str(folder)]) == 2
    assert "seharusnya" not in capsys.readouterr().out
