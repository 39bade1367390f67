"""The table of river strips: every kind of river must have exactly one width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final

from spatial.notes import Note
from zoning.lint.intensities import days_of_change
from zoning.plan import Plan, RiverWidth

__all__ = ["river_notes"]

FILE: Final = "sempadan.csv"
WORDS: Final = {True: "ya", False: "tidak"}
SIZES: Final = {True: "besar", False: "kecil"}


def river_notes(plan: Plan) -> Iterator[Note]:
    """Yield kinds of rivers and depths that have no width, or two."""
    seen: set[str] = set()
    for day in days_of_change(plan, plan.rivers):
        rules = [rule for rule in plan.rivers if rule.holds(day)]
        for urban, levee, large in product((True, False), repeat=3) if rules else ():
            fitting = [
                rule
                for rule in rules
                if _fits(rule.urban, urban)
                and _fits(rule.levee, levee)
                and _fits(rule.large, large)
            ]
            kind = f"perkotaan={WORDS[urban]}, bertanggul={WORDS[levee]}, kelas={SIZES[large]}"
            for note in _of_kind(kind, fitting):
                if str(note) not in seen:
                    seen.add(str(note))
                    yield note


def _fits(wanted: bool | None, value: bool) -> bool:
    return wanted is None or wanted == value


def _of_kind(kind: str, fitting: Sequence[RiverWidth]) -> Iterator[Note]:
    reached = 0.0
    for rule in sorted(fitting, key=lambda one: (one.depth_from_m, one.depth_to_m)):
        place = {"file": FILE, "row": rule.line, "column": "kedalaman_dari_m", "kind": kind}
        span = {"low": f"{reached:g}", "high": f"{rule.depth_from_m:g}"}
        if rule.depth_from_m > reached:
            text = "{file}, row {row}, column {column}: no width for depths from {low} to {high} m "
            text += "({kind}); let the classes follow each other"
            yield Note("lint_river_gap", text, "error", place | span)
        elif rule.depth_from_m < reached:
            text = "{file}, row {row}, column {column}: a river of {kind} also has the width of "
            text += "another row up to {low} m depth; keep one"
            yield Note("lint_river_twice", text, "error", place | span)
        reached = max(reached, rule.depth_to_m)
    if reached != float("inf"):
        text = "{file}: no width for rivers of {kind} deeper than {low} m; add a row, or every "
        text += "such river gets the whole range of widths"
        facts = {
            "file": FILE,
            "row": None,
            "column": "jarak_m",
            "kind": kind,
            "low": f"{reached:g}",
        }
        yield Note("lint_river_missing", text, "warning", facts)
