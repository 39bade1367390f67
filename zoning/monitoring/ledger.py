"""Cumulative limits: how often or how much was approved, against what the plan allows in all.

The ledger is a view of the register: each line names the decisions it counts, and nothing
is counted twice. Where a plan limits a number (T3) but no limit is written down, the count
stands with the limit open; it is never taken as free.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.crs import project
from spatial.errors import PlanError
from zoning.plan import Plan, normal
from zoning.register.entry import Decision
from zoning.register.request import frame_of
from zoning.ruleset import RuleSet, rules_on

__all__ = ["COLUMNS", "LimitRow", "ledger", "read_limits"]

COLUMNS: Final = (
    "rencana", "zona", "blok", "kegiatan", "ukuran", "batas", "pasal", "sumber", "status",
)  # fmt: skip
#: What is added up: decisions, or a declared number of theirs in m2.
MEASURES: Final = ("jumlah", "luas_tapak_m2", "luas_lantai_m2", "luas_terbangun_m2")
STATUSES: Final = ("contoh", "belum_diverifikasi", "resmi")
#: The sub-code that limits a number: pembatasan jumlah.
NUMBER_LIMITED: Final = "T3"
APPROVED: Final = ("SESUAI", "SESUAI_TERBATAS", "SESUAI_BERSYARAT", "DISETUJUI_SEBAGIAN")


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One cumulative limit; an empty zone, block or activity means all of them."""

    rencana: str
    zona: str
    blok: str
    kegiatan: str
    ukuran: str
    batas: float | None
    pasal: str = ""
    sumber: str = ""
    status: str = "belum_diverifikasi"


def read_limits(path: Path) -> list[LimitRow]:
    """Read a table of cumulative limits (CSV, UTF-8, columns as `COLUMNS`).

    Raises
    ------
    PlanError
        `limits_fault`, with row and column.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise _fault(path, 1, ",".join(COLUMNS), "the header is another")
        return [_limit(path, line, row) for line, row in enumerate(reader, start=2)]


def _limit(path: Path, line: int, row: Mapping[str, Any]) -> LimitRow:
    for column, known in (("ukuran", MEASURES), ("status", STATUSES)):
        if row[column] not in known:
            raise _fault(path, line, column, f"{row[column]!r} is none of {', '.join(known)}")
    try:
        limit = float(row["batas"]) if row["batas"].strip() else None
    except ValueError as error:
        raise _fault(path, line, "batas", f"{row['batas']!r} is no number") from error
    if limit is not None and not limit >= 0:
        raise _fault(path, line, "batas", "a limit is zero or more")
    return LimitRow(**{**{name: row[name].strip() for name in COLUMNS}, "batas": limit})


def _fault(path: Path, line: int, column: str, reason: str) -> PlanError:
    return PlanError(
        "{file}, row {row}, column {column}: {reason}",
        code="limits_fault",
        hint="Correct the cell; nothing was counted",
        file=path.name,
        row=line,
        column=column,
        reason=reason,
    )


def ledger(
    decisions: Iterable[Decision],
    plans: Sequence[Plan],
    *,
    on: date,
    limits: Sequence[LimitRow] = (),
    blocks: gpd.GeoDataFrame | None = None,
    block_column: str = "kodblk",
) -> pd.DataFrame:
    """Add up what was approved.

    Parameters
    ----------
    decisions : iterable of Decision
        In their order; of several on one permit the last counts.
    limits : sequence of LimitRow
        Without a limit for it, every activity with a T3 in its zone has a row of its own.
    blocks : GeoDataFrame, optional
        Blocks of the plan, for limits by block.

    Returns
    -------
    DataFrame
        `rencana`, `zona`, `blok`, `kegiatan`, `ukuran`, `terpakai`, `batas`, `sisa` (None
        where no limit is known), `keadaan` (tersedia, habis, terlampaui, batas_tidak_diketahui,
        angka_tidak_lengkap), `keputusan` (register numbers), `pasal`, `status`.
    """
    last = {str(one.entry["permit_id"]): one for one in decisions}
    approved = [one for one in last.values() if one.entry["verdict"] in APPROVED]
    uses = [use for one in approved for use in _uses(one, plans, on, blocks, block_column)]
    rows = [_line(limit, uses) for limit in limits]
    named = {(limit.rencana, limit.zona, normal(limit.kegiatan)) for limit in limits}
    open_ones = dict.fromkeys(
        (use["rencana"], use["zona"], use["kegiatan"])
        for use in uses
        if use["T3"] and (use["rencana"], use["zona"], normal(use["kegiatan"])) not in named
    )
    rows += [
        _line(LimitRow(plan, zone, "", activity, "jumlah", None), uses)
        for plan, zone, activity in open_ones
    ]
    columns = [
        "rencana", "zona", "blok", "kegiatan", "ukuran", "terpakai", "batas", "sisa", "keadaan",
        "keputusan", "pasal", "status",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _uses(
    decision: Decision,
    plans: Sequence[Plan],
    on: date,
    blocks: gpd.GeoDataFrame | None,
    column: str,
) -> list[dict[str, Any]]:
    """Return what a decision uses up, in each zone that decided."""
    permit = decision.application["permit"]
    rules = {plan.id: rules_on(plan, on) for plan in plans}
    block = _block(decision, blocks, column)
    found = []
    for part in decision.verdict["parts"]:
        if not part["counted"] or part["izin"] == "X" or part["instrument"] not in rules:
            continue
        selection = rules[part["instrument"]].select(permit["kegiatan"], permit["kbli"])
        found.append(
            {
                "keputusan": decision.id,
                "rencana": part["instrument"],
                "zona": part["zone"],
                "blok": block,
                "kegiatan": selection.name,
                "bagian": part["share"],
                "numbers": permit["numbers"],
                "T3": _number_limited(rules[part["instrument"]], selection.rows, part["zone"]),
            }
        )
    return found


def _number_limited(rules: RuleSet, rows: Sequence[Any], zone: str) -> bool:
    return any(NUMBER_LIMITED in rules.cell(row, zone).subcodes for row in rows)


def _block(decision: Decision, blocks: gpd.GeoDataFrame | None, column: str) -> str:
    if blocks is None:
        return ""
    frame = frame_of(decision.application)
    inside = np.empty(1, dtype=object)
    inside[0] = frame.geometry.iloc[0].representative_point()
    [point] = project(inside, frame.crs, blocks.crs)
    rows = blocks.iloc[blocks.sindex.query(point, predicate="intersects")]
    return str(rows[column].iloc[0]) if len(rows) else ""


def _line(limit: LimitRow, uses: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    mine = [use for use in uses if _meant(limit, use)]
    numbers = sorted({str(use["keputusan"]) for use in mine})
    used: float = float(len(numbers))
    complete = True
    if limit.ukuran != "jumlah":
        declared = [(use["numbers"].get(limit.ukuran), use["bagian"]) for use in mine]
        complete = all(value is not None for value, _ in declared)
        used = sum(value * share for value, share in declared if value is not None)
    left = None if limit.batas is None else limit.batas - used
    return {
        "rencana": limit.rencana,
        "zona": limit.zona,
        "blok": limit.blok,
        "kegiatan": limit.kegiatan,
        "ukuran": limit.ukuran,
        "terpakai": used,
        "batas": limit.batas,
        "sisa": left,
        "keadaan": _state(left, complete=complete),
        "keputusan": "; ".join(numbers),
        "pasal": limit.pasal,
        "status": limit.status,
    }


def _state(left: float | None, *, complete: bool) -> str:
    if left is None:
        return "batas_tidak_diketahui"
    if left < 0:
        return "terlampaui"
    if not complete:
        # A number that nobody stated may be any: what is left is not known.
        return "angka_tidak_lengkap"
    return "habis" if left == 0 else "tersedia"


def _meant(limit: LimitRow, use: Mapping[str, Any]) -> bool:
    return (
        limit.rencana == use["rencana"]
        and limit.zona in ("", use["zona"])
        and limit.blok in ("", use["blok"])
        and (not limit.kegiatan or normal(limit.kegiatan) == normal(use["kegiatan"]))
    )
