"""The page on plan folders says everything: every column, and an example that loads."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from zoning import load_plan
from zoning.lint import lint_plan
from zoning.plan_files import TABLES
from zoning.plan_workbook import plan_from_xlsx, plan_to_xlsx
from zoning.tables import schema

PAGE = Path(__file__).parents[2] / "docs" / "format-rencana.md"


@pytest.mark.parametrize("name", ["plan", *TABLES])
def test_every_column_is_described_as_its_schema_does(name: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for column, rule in schema(name)["properties"].items():
        needed = "ya" if column in schema(name)["required"] else ""
        meaning = rule["description"].split(" / ")[0].replace("|", "\\|")
        if "enum" in rule:
            meaning += ": " + ", ".join(f"`{value}`" for value in rule["enum"])
        assert f"| `{column}` | {needed} | {meaning} |" in text


def test_the_example_of_the_page_is_a_plan_without_a_doubt(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8").split("## Contoh lengkap")[1]
    folder = tmp_path / "rdtr_kecil"
    folder.mkdir()
    for name, body in re.findall(r"`([a-z_.]+)`\n```\w+\n(.*?)```", text, flags=re.DOTALL):
        (folder / name).write_text(body, encoding="utf-8")
    assert lint_plan(folder) == ()
    assert load_plan(folder).meta.id == "rdtr_kecil"
    back = plan_from_xlsx(plan_to_xlsx(folder, tmp_path / "x.xlsx"), tmp_path / "kembali")
    assert load_plan(back).matrix == load_plan(folder).matrix


def test_schemas_are_schemas() -> None:
    from jsonschema import Draft202012Validator

    for name in ("plan", *TABLES):
        Draft202012Validator.check_schema(json.loads(json.dumps(schema(name))))
