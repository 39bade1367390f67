"""`tataruang register`: the decisions on record, whether they stand, and their exported head."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from api.engine import Engine
from api.options import AsJson, WorkspaceOption, atomic_path
from api.terminal import console
from api.wording import VERDICTS
from spatial.errors import StoreError
from spatial.text import describe
from zoning.register import Head

__all__ = ["register"]

EXIT_BROKEN = 1
register = typer.Typer(no_args_is_help=True)

HeadOption = Annotated[
    Path | None,
    typer.Option("--head", help="Kepala yang pernah diekspor / a head exported earlier"),
]


@register.command("list")
def list_decisions(
    workspace: WorkspaceOption,
    permit: Annotated[
        str | None, typer.Option("--permit", help="Hanya permohonan ini / this application only")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Paling banyak / at most")] = 50,
    as_json: AsJson = False,
) -> None:
    """Daftar keputusan tercatat, yang terbaru terakhir / decisions on record, newest last."""
    found = Engine.open(workspace).register
    after = 0 if permit else max(0, found.head().seq - limit)
    entries = [one.to_dict() for one in found.decisions(after=after, permit_id=permit)][-limit:]
    if as_json:
        typer.echo(json.dumps(entries, ensure_ascii=False))
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
    for head in ("Nomor", "Dicatat", "Permohonan", "Hasil", "Kode verifikasi"):
        table.add_column(head, no_wrap=True, overflow="ellipsis")
    for entry in entries:
        table.add_row(*_row(entry))
    screen = console()
    screen.print(table)
    screen.print(f"\n{len(entries)} dari {found.head().seq} keputusan tercatat")


def _row(entry: Mapping[str, Any]) -> tuple[str | Text, ...]:
    words = VERDICTS.get(str(entry["verdict"]))
    shown = (
        Text(f"{words.sign:<2} {words.id.split(':')[0]}", style=words.terminal) if words else "–"
    )
    when = str(entry["recorded_at"])[:16].replace("T", " ")
    return str(entry["id"]), f"{when} UTC", str(entry["permit_id"]), shown, entry["check_code"]


@register.command("verify")
def verify(workspace: WorkspaceOption, head: HeadOption = None, as_json: AsJson = False) -> None:
    """Periksa rantai dan isi register / check the chain and content of the register."""
    found = Engine.open(workspace).register
    faults = found.faults(_read_head(head) if head else None)
    if as_json:
        said = {"head": found.head().to_dict(), "faults": [fault.to_dict() for fault in faults]}
        typer.echo(json.dumps(said, ensure_ascii=False))
    elif faults:
        for fault in faults:
            typer.echo(f"✗ {describe(fault)[0]}", err=True)
    else:
        typer.echo(f"✓ {found.head().seq} keputusan utuh dan berurutan / whole and in order")
        if head is None:
            typer.echo("  Pemotongan di ujung hanya terlihat dengan --head / a cut at the end")
            typer.echo("  shows only against an exported head")
    if faults:
        raise typer.Exit(EXIT_BROKEN)


@register.command("export-head")
def export_head(
    workspace: WorkspaceOption,
    output: Annotated[Path, typer.Option("--output", "-o", help="Berkas JSON / JSON file")],
) -> None:
    """Ekspor kepala register untuk disimpan di luar / export the head, to be kept outside."""
    head = Engine.open(workspace).register.head()
    body = head.to_dict() | {"exported_at": datetime.now(UTC).isoformat(timespec="seconds")}
    with atomic_path(output) as partial:
        partial.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    typer.echo(f"Kepala pada keputusan {head.seq}: {head.hash[:16]}… → {output}")
    typer.echo("→ Simpan di luar komputer ini / keep it off this machine")


def _read_head(path: Path) -> Head:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return Head(int(said["seq"]), str(said["hash"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            "{file} is no head of a register: {reason}",
            code="register_head_unreadable",
            hint="Make one with: tataruang register export-head",
            file=path.name,
            reason=str(error),
        ) from error
