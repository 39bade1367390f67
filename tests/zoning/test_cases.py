"""The planner's cases: each file is input and expected verdict, readable without code."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from case_runner import CASES, folders_of, run

from spatial.errors import PlanError
from zoning import explain, load_plan
from zoning.lint import lint_plan


def cases() -> list[Any]:
    found = []
    for path in sorted(CASES.glob("*.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        for number, case in enumerate(data["uji"]):
            label = f"{path.stem}-{case.get('nama', number)}".replace(" ", "_")
            found.append(pytest.param(case, id=label))
    return found


@pytest.mark.parametrize("case", cases())
def test_case(case: dict[str, Any], tmp_path: Path) -> None:
    expected = case["harap"]
    if "lint" in expected:
        _check_lint(case, tmp_path)
    if "persil" in case:
        _check_verdict(case, tmp_path)


def _check_lint(case: dict[str, Any], folder: Path) -> None:
    """Compare what the linter finds in the first plan, and what loading it says."""
    home = folders_of(case, folder / "lint")[0]
    notes = lint_plan(home)
    told = [f"{note.code} {note.details['cell']}".strip() for note in notes]
    for wanted in case["harap"]["lint"]:
        assert wanted in told, told
    for words in case["harap"].get("lint_teks", []):
        assert any(words in str(note) for note in notes), [str(note) for note in notes]
    if "ditolak" in case["harap"]:
        with pytest.raises(PlanError) as caught:
            load_plan(home)
        assert caught.value.code == case["harap"]["ditolak"]


def _check_verdict(case: dict[str, Any], folder: Path) -> None:
    verdict = run(case, folder)
    answer, expected = verdict.to_dict(), case["harap"]
    story = "\n".join([str(verdict), *explain(verdict)])
    for key in ("verdict", "interval", "reasons", "route", "possible"):
        if key in expected:
            assert answer[key] == expected[key], story
    for key in ("uncovered_m2", "approvable_m2", "overlap_m2"):
        if key in expected:
            assert answer[key] == pytest.approx(expected[key], abs=1e-3), story
    if "parts" in expected:
        areas = {part["zone"]: part["area_m2"] for part in answer["parts"]}
        assert areas == pytest.approx(expected["parts"], abs=1e-3)
    if "shares" in expected:
        shares = {part["zone"]: part["share"] for part in answer["parts"]}
        assert shares == pytest.approx(expected["shares"], abs=1e-6)
    if "jumlah_syarat" in expected:
        assert len(answer["conditions"]) == expected["jumlah_syarat"], answer["conditions"]
    for words in expected.get("conditions", []):
        assert any(words in condition for condition in answer["conditions"]), answer["conditions"]
    _check_details(answer, expected)


def _check_details(answer: dict[str, Any], expected: dict[str, Any]) -> None:
    findings = {finding["rule"]: finding for finding in answer["findings"]}
    for rule, wanted in expected.get("findings", {}).items():
        flat = findings[rule] | findings[rule]["facts"]
        for key, value in wanted.items():
            near = pytest.approx(value, abs=1e-4) if isinstance(value, float) else value
            assert flat[key] == near, (rule, key)
    for rule in expected.get("tanpa_findings", []):
        assert rule not in findings
    if "slivers" in expected:
        assert [part["zone"] for part in answer["parts"] if part["sliver"]] == expected["slivers"]
    for code in expected.get("kode_catatan", []):
        assert code in {note["code"] for note in answer["notes"]}
    for note in expected.get("notes", []):
        code, zone, distance = note.split()
        details = [n["details"] for n in answer["notes"] if n["code"] == code]
        assert (zone, float(distance)) in [(d["zone"], d["distance_m"]) for d in details]
    if "saran" in expected:
        assert expected["saran"] in findings["itbx:kegiatan"]["facts"]["saran"]
    if "dua_dasar" in expected:
        conflict = findings[expected["dua_dasar"]]
        assert conflict["dasar"]
        assert conflict["dasar_lain"]
    if "transisi" in expected:
        assert answer["transition"]["status"] == expected["transisi"]
        assert answer["transition"]["kkpr_berlaku"] is True
    if "kkpr" in expected:
        assert answer["kkpr"] == expected["kkpr"]
