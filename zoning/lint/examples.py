"""Examples inside a plan, run as tests of its rules."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from spatial.notes import Note
from zoning.limits import zone_limits
from zoning.plan import Plan
from zoning.plot import AreaRange
from zoning.ruleset import rules_on

__all__ = ["ExampleResult", "example_notes", "run_examples"]


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """One example: what was asked, what its author expects, what the rules say.

    Parameters
    ----------
    number : int
        Its place among the examples of the plan, from 1.
    question, expected, found : str
    """

    number: int
    question: str
    expected: str
    found: str

    @property
    def passed(self) -> bool:
        """Whether the rules say what the author expects."""
        return self.expected == self.found


def run_examples(plan: Plan) -> tuple[ExampleResult, ...]:
    """Run the examples of a plan.

    Examples
    --------
    >>> from zoning import load_plan, sample_plan_folder
    >>> results = run_examples(load_plan(sample_plan_folder("rdtr")))
    >>> results[0].question, results[0].found, results[0].passed
    ('rumah tunggal / R-2', 'I', True)
    """
    return tuple(
        _limit(plan, number, example) if "parameter" in example else _cell(plan, number, example)
        for number, example in enumerate(plan.meta.examples, start=1)
    )


def _day(plan: Plan, example: Mapping[str, Any]) -> date:
    return date.fromisoformat(example["pada"]) if "pada" in example else plan.meta.valid_from


def _cell(plan: Plan, number: int, example: Mapping[str, Any]) -> ExampleResult:
    rules = rules_on(plan, _day(plan, example))
    name, kbli, zone = example.get("kegiatan", ""), example.get("kbli", ""), example["zona"]
    selection = rules.select(name, kbli)
    question = f"{name or f'KBLI {kbli}'} / {zone}"
    if not selection.rows:
        near = ", ".join(selection.suggestions)
        found = "tidak tercantum" + (f" (mungkin: {near})" if near else "")
        return ExampleResult(number, question, _span(example["izin"]), found)
    found = _span(rules.zone_interval(selection, zone).to_list())
    return ExampleResult(number, question, _span(example["izin"]), found)


def _span(izin: list[str]) -> str:
    """Write an interval: one class, or the least and the strictest."""
    low, high = izin
    return low if low == high else f"{low}..{high}"


def _limit(plan: Plan, number: int, example: Mapping[str, Any]) -> ExampleResult:
    rules = rules_on(plan, _day(plan, example))
    zone, parameter = example["zona"], example["parameter"]
    area = float(example.get("luas_m2", 0.0))
    selection = rules.select(example.get("kegiatan", ""), example.get("kbli", ""))
    limits = zone_limits(
        rules, zone, selection, parameter, example.get("kelas_jalan", ""), AreaRange(area, area)
    )
    place = f"{parameter} / {zone}" + (f" / {area:g} m2" if "luas_m2" in example else "")
    if limits is None:
        found = "tidak dibatasi"
    elif limits.gap:
        found = "tidak ada kelas"
    elif math.isclose(limits.strict, limits.loose):
        found = f"{limits.strict:g}"
    else:
        found = f"{limits.strict:g}..{limits.loose:g}"
    return ExampleResult(number, place, f"{float(example['batas']):g}", found)


def example_notes(plan: Plan) -> Iterator[Note]:
    """Yield examples that the rules do not fulfil."""
    for result in run_examples(plan):
        if not result.passed:
            text = "plan.toml, example {number}: {question} should be {expected}, but the tables "
            text += "say {found}; correct the example or the table"
            facts = {
                "number": result.number,
                "question": result.question,
                "expected": result.expected,
                "found": result.found,
            }
            place = {"file": "plan.toml", "row": None, "column": f"contoh.{result.number - 1}"}
            yield Note("lint_example_fails", text, "error", place | facts)
