"""`tataruang webhooks`: what receivers were told, what still waits, what none of them took."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from api.clock import OFFICE_TIME
from api.options import WorkspaceOption
from api.webhooks.outbox import FILE, Outbox, Waiting
from layers.workspace import Workspace

__all__ = ["webhooks"]

EXIT_NONE = 2
webhooks = typer.Typer(no_args_is_help=True)


@webhooks.command("list")
def list_messages(
    workspace: WorkspaceOption,
    dead: Annotated[
        bool, typer.Option("--dead", help="Hanya yang tidak diterima / only what none took")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Sebagai JSON / as JSON")] = False,
) -> None:
    """Daftar pesan, yang terlama dahulu / list messages, the oldest first."""
    found = [one for one in _outbox(workspace).all() if not dead or one.state == "dead"]
    if as_json:
        typer.echo(json.dumps([_told(one) for one in found], indent=1))
        return
    for one in found:
        told = _told(one)
        typer.echo(
            f"{one.id}  {one.state:<9} {one.owner[:16]:<16} {told['host'][:24]:<24} "
            f"{one.event:<15} x{one.attempts}  {one.said}"
        )


@webhooks.command("retry")
def retry(
    name: Annotated[str, typer.Argument(help="Id pesan / id of a message")],
    workspace: WorkspaceOption,
) -> None:
    """Kirim lagi pesan yang gagal, dengan id yang sama / send a dead message again."""
    if not _outbox(workspace).again(name):
        typer.echo(f"Tidak ada pesan gagal {name!r} / there is no such dead message", err=True)
        raise typer.Exit(EXIT_NONE)
    typer.echo(f"Menunggu dikirim / waits to be sent: {name}")


def _told(one: Waiting) -> dict[str, Any]:
    """Tell a message without its body, and of its address the host alone: a query may be secret."""
    due = datetime.fromtimestamp(one.due, OFFICE_TIME).isoformat(timespec="seconds")
    told = asdict(one) | {"host": urlsplit(one.url).netloc, "due": due}
    return {name: value for name, value in told.items() if name not in ("url", "body", "lease")}


def _outbox(workspace: object) -> Outbox:
    return Outbox(Workspace.open(str(workspace)).folder / "service" / FILE)
