"""`tataruang replay`: judge a recorded decision again and say whether the bytes are the same."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from api.engine import Engine
from api.options import AsJson, WorkspaceOption
from spatial.text import describe
from zoning.register import Replay

__all__ = ["replay"]

EXIT_DIFFERS = 1


def replay(
    decision: Annotated[str, typer.Argument(help="Nomor register, mis. 2026-000123", metavar="ID")],
    workspace: WorkspaceOption,
    as_json: AsJson = False,
) -> None:
    """Nilai ulang keputusan dengan aturan dan layer saat itu / judge it again as it was then."""
    result = Engine.open(workspace).replay(decision)
    if as_json:
        typer.echo(json.dumps(result.to_dict(), ensure_ascii=False))
    else:
        _tell(result)
    if not result.same:
        raise typer.Exit(EXIT_DIFFERS)


def _tell(result: Replay) -> None:
    entry = result.decision.entry
    typer.echo(
        f"{result.decision.id}: {entry['permit_id']}, {entry['verdict']}, "
        f"hukum per {entry['on']}, dicatat {entry['recorded_at'][:19]} UTC"
    )
    if result.same:
        typer.echo("✓ Sama, bita demi bita / the same, byte for byte")
        return
    typer.echo("✗ " + ("Berbeda / differs" if result.answer else "Tidak dapat dinilai ulang"))
    for cause in result.causes:
        typer.echo(f"  sebab: {describe(cause)[0]}")
    for one in result.differences:
        typer.echo(f"  {one.path}: {_short(one.then)} → {_short(one.now)}")


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"
