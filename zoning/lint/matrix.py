"""The activity matrix: blank cells, and codes that nothing explains."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

from spatial.notes import Note
from zoning.plan import Plan
from zoning.ruleset import is_compound
from zoning.tables import TableReading, columns_of

__all__ = ["known_codes", "matrix_notes"]

FILE: Final = "itbx.csv"


@cache
def known_codes(system: str, level: str) -> frozenset[str]:
    """Return the zone codes that the rule file lists for a code system; empty where none.

    Parameters
    ----------
    system : str
        `ATR2021` ...
    level : {"rdtr", "rtrw"}

    Examples
    --------
    >>> "KEG" in known_codes("ATR2021", "rdtr"), known_codes("PU2011", "rdtr")
    (True, frozenset())
    """
    text = (resources.files("zoning") / "rules" / "kode_zona.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return frozenset(
        row["kode"] for row in rows if row["sistem"] == system and level in row["tingkat"].split()
    )


def matrix_notes(plan: Plan, tables: Mapping[str, TableReading]) -> Iterator[Note]:
    """Yield blank cells and unknown codes of the matrix."""
    named = columns_of("itbx")
    zones = [name for name in tables["itbx"].columns if name not in named]
    for row in tables["itbx"].rows:
        for zone in zones:
            if zone not in row.values:
                text = "{file}, row {row}, column {column}: {kegiatan} in {column} is blank: "
                text += "neither X nor I, so its permits need review. Fill it from the annex"
                facts = {"kegiatan": row.values["kegiatan"]}
                yield Note("lint_cell_blank", text, "warning", _at(row.line, zone) | facts)
    yield from _subcodes(plan)
    yield from _zones(plan, zones)


def _at(row: int | None, column: str, file: str = FILE) -> dict[str, Any]:
    return {"file": file, "row": row, "column": column}


def _subcodes(plan: Plan) -> Iterator[Note]:
    used: dict[str, tuple[int, str]] = {}
    for row in plan.matrix:
        for zone, cell in row.cells.items():
            for code in cell.subcodes:
                used.setdefault(code, (row.line, zone))
    for code, (line, zone) in used.items():
        # Plain T and B carry no condition of their own; the class already says what they mean.
        if code not in plan.meta.subcodes and len(code) > 1:
            text = "{file}, row {row}, column {column}: sub-code {code} is not explained in "
            text += "[subkode] of plan.toml, so nobody learns its condition; add it there"
            yield Note("lint_subcode_unknown", text, "warning", _at(line, zone) | {"code": code})
    for code in sorted(plan.meta.subcodes.keys() - used.keys()):
        text = "plan.toml, subkode.{code}: no cell of itbx.csv uses it"
        place = _at(None, f"subkode.{code}", "plan.toml")
        yield Note("lint_subcode_unused", text, "info", place | {"code": code})


def _zones(plan: Plan, zones: list[str]) -> Iterator[Note]:
    meta = plan.meta
    known = known_codes(meta.code_system, "rdtr" if meta.kind == "RDTR" else "rtrw")
    for zone in zones:
        if meta.zone_names and zone not in meta.zone_names:
            text = "{file}, row {row}, column {column}: zone {column} has no name in [zona] of "
            text += "plan.toml; add it, or correct the code"
            yield Note("lint_zone_unnamed", text, "warning", _at(1, zone))
        if known and zone not in known and not is_compound(zone):
            text = "{file}, row {row}, column {column}: {column} is not among the codes known of "
            text += "{system}; check the code, or the sistem_kode of plan.toml"
            facts = {"system": meta.code_system}
            yield Note("lint_zone_code", text, "warning", _at(1, zone) | facts)
    for zone in sorted(meta.zone_names.keys() - set(zones)):
        text = "plan.toml, zona.{zone}: itbx.csv has no column for it, so every activity there "
        text += "needs review; add the column"
        place = _at(None, f"zona.{zone}", "plan.toml")
        yield Note("lint_zone_without_rules", text, "warning", place | {"zone": zone})
    for zone in sorted({*meta.rth_public, *meta.rth_private} - set(zones)):
        text = "plan.toml: {zone} is counted as green (zona_rth), but itbx.csv has no such zone; "
        text += "correct the code"
        place = _at(None, "zona_rth" if zone in meta.rth_public else "zona_rth_privat", "plan.toml")
        yield Note("lint_green_unknown", text, "error", place | {"zone": zone})
