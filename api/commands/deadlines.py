"""`tataruang deadlines`: when applications are due, before the law deems them granted."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from api.options import AsJson, SourceCrs, WorkspaceOption
from api.terminal import console

__all__ = ["deadlines"]


def deadlines(
    permits: Annotated[Path, typer.Argument(help="Berkas permohonan / file of permits")],
    workspace: WorkspaceOption,
    today: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Per hari ini / as of")
    ] = None,
    source_crs: SourceCrs = None,
    as_json: AsJson = False,
) -> None:
    """Jatuh tempo permohonan KKPR (fiktif positif) / when applications are due.

    Hanya memperingatkan: tidak mengubah putusan dan tidak menerbitkan apa pun. Hari kerja
    tanpa Sabtu dan Minggu; libur nasional tidak dihitung, jadi jatuh tempo yang sebenarnya
    tidak lebih awal dari yang ditampilkan. Only warns; national holidays are not counted.
    """
    from api.desk import Desk
    from api.engine import today as office_day

    day = today.date() if today else office_day()
    answers = Desk.open(workspace).check(permits, source_crs=source_crs)
    rows = sorted((_row(verdict, day) for verdict in answers.verdicts), key=_urgency)
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    _print(rows, day)


def _row(verdict: Any, day: date) -> dict[str, Any]:
    from zoning.kkpr import days_left

    clock = verdict.clock
    return {
        "permit_id": verdict.permit_id,
        "verdict": verdict.verdict,
        "route": verdict.route,
        "jatuh_tempo": clock.due.isoformat() if clock else None,
        "hari_kerja": clock.working_days if clock else None,
        "sisa": days_left(clock, day) if clock else None,
    }


def _urgency(row: dict[str, Any]) -> tuple[bool, int, str]:
    return row["sisa"] is None, row["sisa"] or 0, row["permit_id"]


def _print(rows: list[dict[str, Any]], day: date) -> None:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for head in ("Permohonan", "Jalur", "Jatuh tempo", "Sisa hari kerja"):
        table.add_column(head, no_wrap=True, justify="right" if head.startswith("Sisa") else "left")
    for row in rows:
        left = row["sisa"]
        late = left is not None and left < 0
        near = left is not None and 0 <= left * 5 <= row["hari_kerja"]
        style = "red" if late else "yellow" if near else ""
        words = "tanggal tidak disebut" if left is None else f"{left}"
        table.add_row(
            row["permit_id"],
            row["route"] or "–",
            row["jatuh_tempo"] or "–",
            Text(("✗ " if late else "! " if near else "") + words, style=style),
        )
    out = console()
    out.print(table)
    late = sum(row["sisa"] is not None and row["sisa"] < 0 for row in rows)
    out.print(f"{len(rows)} permohonan per {day.isoformat()}, {late} lewat jatuh tempo")
    out.print("Hanya peringatan: putusan tidak berubah. Libur nasional tidak dihitung.")
