"""`tataruang compare`: two proposals of one file side by side."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from api.engine import Engine
from api.formats import area
from api.options import AsJson, SourceCrs, WorkspaceOption
from api.terminal import console
from api.wording import VERDICTS
from spatial.errors import PermitError
from zoning import read_permits
from zoning.comparison import compare as compare_answers

__all__ = ["compare"]


def compare(
    permits: Annotated[Path, typer.Argument(help="Berkas permohonan / file of permits")],
    first: Annotated[str, typer.Argument(help="permit_id", metavar="A")],
    second: Annotated[str, typer.Argument(help="permit_id", metavar="B")],
    workspace: WorkspaceOption,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Hukum per tanggal / law of day")
    ] = None,
    source_crs: SourceCrs = None,
    as_json: AsJson = False,
) -> None:
    """Bandingkan dua permohonan dalam satu berkas / compare two proposals of one file."""
    engine = Engine.open(workspace)
    frame = read_permits(permits, source_crs=source_crs, within=engine.extent)
    names = frame["permit_id"].astype(str)
    for wanted in (first, second):
        if not (names == wanted).any():
            raise PermitError(
                "{file} holds no permit {name!r}",
                code="permit_unknown",
                file=permits.name,
                name=wanted[:80],
            )
    chosen = frame[names.isin((first, second))]
    answers = {
        str(verdict.permit_id): verdict.to_dict()
        for verdict in engine.check(chosen, on=on.date() if on else None)
    }
    found = compare_answers(answers[first], answers[second])
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        _tell(found)


def _tell(found: dict[str, Any]) -> None:
    screen = console()
    table = Table(box=None, padding=(0, 2, 1, 0), header_style="bold", show_edge=False)
    table.add_column("")
    for name in found["permits"]:
        table.add_column(str(name), ratio=1, overflow="fold")
    table.add_row("Hasil", *(VERDICTS[code].id for code in found["verdicts"]))
    for label, key in (("Persil", "parcel_m2"), ("Dapat disetujui", "approvable_m2")):
        table.add_row(label, *(area(value) for value in found["areas"][key]))
    for row in found["findings"]:
        table.add_row(row["rule"], row["first"] or "–", row["second"] or "–")
    for place, key in enumerate(("first", "second")):
        for text in found["conditions"][key]:
            table.add_row("Syarat", *((text, "–") if place == 0 else ("–", text)))
    screen.print(table)
    screen.print(f"{found['same']} temuan sama pada keduanya")
    if found["better"]:
        screen.print(f"Lebih ringan: {found['better']}")
