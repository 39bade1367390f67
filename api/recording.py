"""Files of permits onto the record and onto paper: recorded once, summed up for the office."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import geopandas as gpd

from api.desk import Answers, Desk
from api.engine import Engine, today
from api.formats import day
from api.letterhead import Letterhead
from api.options import atomic_path
from api.reports.summary import SummaryRow, render_summary
from api.verdict_files import verdict_bytes
from zoning import read_permits
from zoning.register import Draft, Receipt
from zoning.register.entry import sha256

__all__ = ["record_answers", "record_checked", "record_file", "write_summary"]


def record_file(
    engine: Engine, permits: Path, *, on: date | None = None, source_crs: str | None = None
) -> list[str]:
    """Judge a file of permits, record the decisions, and return their register numbers."""
    frame = read_permits(permits, source_crs=source_crs, within=engine.extent)
    verdicts = engine.check(frame, on=on)
    answers = [verdict_bytes(verdict.to_dict()) for verdict in verdicts]
    return [receipt.id for receipt in record_answers(engine, frame, answers, on=on)]


def record_checked(
    desk: Desk,
    answers: Answers,
    *,
    on: date | None = None,
    plan: str | None = None,
    policy: str = "strict_parts",
) -> list[Receipt]:
    """Record what a desk has answered to a file."""
    said = [verdict_bytes(body) for body in answers.bodies]
    return record_answers(desk.engine, answers.permits, said, on=on, plan=plan, policy=policy)


def record_answers(
    engine: Engine,
    permits: gpd.GeoDataFrame,
    answers: Sequence[bytes],
    *,
    on: date | None = None,
    plan: str | None = None,
    policy: str = "strict_parts",
) -> list[Receipt]:
    """Record answers of a file: the same application with the same answer is recorded once."""
    drafts = engine.drafts(permits, answers, on, plan, policy=policy)
    keyed = [Draft(d.permit_id, d.request, d.answer, _key(d)) for d in drafts]
    return engine.recorder.submit(keyed).result()


def _key(draft: Draft) -> str:
    return f"berkas:{sha256(draft.request + draft.answer)[:32]}"


def write_summary(
    engine: Engine, answers: Answers, target: Path, receipts: Sequence[Receipt] = ()
) -> None:
    """Write the summary of a batch as PDF: charts, and one line for each application.

    Parameters
    ----------
    receipts : sequence of Receipt
        Of the answers in their order, where they were recorded.
    """
    letterhead = Letterhead.of(engine.workspace)
    rows = [
        SummaryRow(
            body,
            str(answers.applicant(place).get("kegiatan") or "–"),
            answers.because[place],
            receipts[place].id if receipts else "",
        )
        for place, body in enumerate(answers.bodies)
    ]
    days = sorted({str(body["evidence"]["on"]) for body in answers.bodies})
    when = day(today())
    pdf = render_summary(
        rows,
        letterhead=letterhead,
        on=" – ".join(day(one) for one in days[:: max(len(days) - 1, 1)]),
        place_and_date=f"{letterhead.kota}, {when}" if letterhead.kota else when,
        official=answers.official,
    )
    with atomic_path(target) as partial:
        partial.write_bytes(pdf)
