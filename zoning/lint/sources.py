"""Where values come from: articles, their status, and whether a map can be as accurate as said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from layers.accuracy import ce90_classes
from spatial.notes import Note
from zoning.plan import Plan
from zoning.tables import TableReading

__all__ = ["source_notes"]

#: Words by which a place in a law is named.
PLACE: Final = re.compile(r"\d|lampiran|amar|diktum|ketentuan", re.IGNORECASE)


def source_notes(plan: Plan, tables: Mapping[str, TableReading]) -> Iterator[Note]:
    """Yield rows without an article, rows less sure than their plan, and doubtful accuracy."""
    for table in tables.values():
        for row in table.rows:
            if not PLACE.search(row.values["pasal"]):
                text = "{file}, row {row}, column {column}: {value!r} names no article; write it "
                text += "like Pasal 45(2) or Lampiran III"
                facts = {"value": row.values["pasal"]}
                place = {"file": table.file, "row": row.line, "column": "pasal"}
                yield Note("lint_article_missing", text, "warning", place | facts)
        yield from _less_sure(plan, table)
    yield from _accuracy(plan)


def _less_sure(plan: Plan, table: TableReading) -> Iterator[Note]:
    """Yield one note per table of an official plan that holds rows which are not."""
    rows = [row for row in table.rows if row.values["status"] != "resmi"]
    if plan.meta.status == "resmi" and rows:
        text = "{file}, row {row}, column {column}: {count} rows are not resmi although the plan "
        text += "is; verify them against the law, or let the plan say belum_diverifikasi"
        place = {"file": table.file, "row": rows[0].line, "column": "status"}
        yield Note("lint_status_mixed", text, "warning", place | {"count": len(rows)})


def _accuracy(plan: Plan) -> Iterator[Note]:
    scale, ce90 = plan.meta.scale_denominator, plan.meta.ce90_m
    if scale not in ce90_classes():
        return
    best, worst = ce90_classes()[scale]
    if not best <= ce90 <= worst:
        text = "plan.toml, ce90_m: a map at 1:{scale} has CE90 {best} to {worst} m (class 1 to 3), "
        text += "not {ce90} m; write the accuracy of the map that was published"
        place = {"file": "plan.toml", "row": None, "column": "ce90_m"}
        facts = {"scale": scale, "best": best, "worst": worst, "ce90": ce90}
        yield Note("lint_accuracy", text, "warning", place | facts)
