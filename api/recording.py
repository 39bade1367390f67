"""Files of permits onto the record: judged, recorded once, named by their register numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import geopandas as gpd

from api.engine import Engine
from api.verdict_files import verdict_bytes
from zoning import read_permits
from zoning.register import Draft, Receipt
from zoning.register.entry import sha256

__all__ = ["record_answers", "record_file"]


def record_file(
    engine: Engine, permits: Path, *, on: date | None = None, source_crs: str | None = None
) -> list[str]:
    """Judge a file of permits, record the decisions, and return their register numbers."""
    frame = read_permits(permits, source_crs=source_crs, within=engine.extent)
    verdicts = engine.check(frame, on=on)
    answers = [verdict_bytes(verdict.to_dict()) for verdict in verdicts]
    return [receipt.id for receipt in record_answers(engine, frame, answers, on=on)]


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
