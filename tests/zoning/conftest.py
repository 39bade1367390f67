"""A copy of the sample plan that a test may break."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from zoning import sample_plan_folder


@dataclass(frozen=True)
class PlanCopy:
    """A plan folder in a temporary place, with the edits that a person would make."""

    folder: Path

    def toml(self, old: str, new: str) -> None:
        text = (self.folder / "plan.toml").read_text(encoding="utf-8")
        assert old in text
        (self.folder / "plan.toml").write_text(text.replace(old, new, 1), encoding="utf-8")

    def rows(self, table: str) -> list[dict[str, str]]:
        with (self.folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def write(self, table: str, rows: list[dict[str, str]], header: list[str]) -> None:
        with (self.folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, header, restval="")
            writer.writeheader()
            writer.writerows(rows)

    def cell(self, table: str, line: int, column: str, value: str) -> None:
        """Write a cell; lines count as in a spreadsheet, a column that is new is added."""
        rows = self.rows(table)
        header = list(rows[0]) + ([] if column in rows[0] else [column])
        rows[line - 2][column] = value
        self.write(table, rows, header)

    def add(self, table: str, **values: str) -> int:
        """Append a row and return its line."""
        rows = self.rows(table)
        header = list(rows[0])
        header += [name for name in values if name not in header]
        cited = {"pasal": "Pasal 1", "sumber": "uji", "status": "contoh"}
        self.write(table, [*rows, cited | values], header)
        return len(rows) + 2


@pytest.fixture
def plan_copy(tmp_path: Path) -> PlanCopy:
    folder = tmp_path / "rdtr"
    shutil.copytree(sample_plan_folder("rdtr"), folder)
    return PlanCopy(folder)


@pytest.fixture
def broken(plan_copy: PlanCopy) -> Callable[[Callable[[PlanCopy], object]], PlanCopy]:
    def apply(edit: Callable[[PlanCopy], object]) -> PlanCopy:
        edit(plan_copy)
        return plan_copy

    return apply
