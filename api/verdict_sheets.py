"""Verdicts as a workbook: one row each, and their parts and findings on sheets of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from api.text_cells import plain_text
from api.wording import VERDICTS

__all__ = ["workbook_of"]

HEADER_FILL: Final = PatternFill("solid", fgColor="1F4E79")

Json = Mapping[str, Any]


def workbook_of(
    rows: Sequence[dict[str, Any]], verdicts: Sequence[Json], shared: Sequence[dict[str, Any]]
) -> Workbook:
    """Return the workbook of verdicts.

    Parameters
    ----------
    rows : sequence of dict
        The summary, one per verdict.
    verdicts : sequence of mapping
        The verdict JSON.
    shared : sequence of dict
        Applications for the same ground.
    """
    book = Workbook()
    summary = book.active
    assert isinstance(summary, Worksheet)  # noqa: S101  a new workbook has one sheet
    summary.title = "Ringkasan"
    _fill(summary, rows)
    for row, verdict in enumerate(verdicts, start=2):
        colour = VERDICTS[verdict["verdict"]].colour.lstrip("#").upper()
        summary.cell(row, 3).font = Font(bold=True, color=colour)
    _fill(
        book.create_sheet("Bagian"), [_part_row(v, part) for v in verdicts for part in v["parts"]]
    )
    _fill(
        book.create_sheet("Temuan"), [_finding_row(v, f) for v in verdicts for f in v["findings"]]
    )
    if shared:
        _fill(book.create_sheet("Tumpang tindih"), shared)
    return book


def _part_row(verdict: Json, part: Json) -> dict[str, Any]:
    flat = {
        key: " – ".join(value) if isinstance(value, list) else value for key, value in part.items()
    }
    return {"permit_id": verdict["permit_id"], **flat}


def _finding_row(verdict: Json, finding: Json) -> dict[str, Any]:
    law = finding.get("dasar") or {}
    flat = {
        key: finding.get(key) for key in ("rule", "kind", "measured", "limit", "unit", "area_m2")
    }
    measured = {key: json.dumps(v) if isinstance(v, list) else v for key, v in flat.items()}
    return {
        "permit_id": verdict["permit_id"],
        **measured,
        "interval": " – ".join(finding["interval"]),
        "syarat": "; ".join(map(str, finding["conditions"])),
        "instrumen": law.get("instrument"),
        "pasal": law.get("pasal"),
        "kutipan": law.get("kutipan"),
    }


def _fill(sheet: Worksheet, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows below a head that stays in view, in columns wide enough to read."""
    if not rows:
        sheet.append(["tidak ada / none"])
        return
    heads = list(rows[0])
    sheet.append(heads)
    for row in rows:
        sheet.append([plain_text(row[head]) for head in heads])
    for column, head in enumerate(heads, start=1):
        cell = sheet.cell(1, column)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), HEADER_FILL
        longest = max(len(str(row[head] if row[head] is not None else "")) for row in rows)
        sheet.column_dimensions[get_column_letter(column)].width = (
            min(max(longest, len(head)), 60) + 2
        )
        if longest > 60:
            for line in range(2, len(rows) + 2):
                sheet.cell(line, column).alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = sheet.dimensions
