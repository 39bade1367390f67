"""`tataruang keys`: keys of programs that use the service."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from api.access.keys import Keys
from api.access.roles import ROLES
from api.options import WorkspaceOption
from api.webhooks.outbox import FILE, Outbox
from api.webhooks.signature import Master
from layers.workspace import Workspace

__all__ = ["keys"]

EXIT_NONE = 2
keys = typer.Typer(no_args_is_help=True)


@keys.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Nama pemakai kunci / whom it is for")],
    workspace: WorkspaceOption,
    role: Annotated[
        list[str], typer.Option("--role", help=f"Peran / role: {', '.join(ROLES)}; boleh beberapa")
    ],
    expires: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Hari terakhir / last day")
    ] = None,
) -> None:
    """Buat kunci; hanya tampil sekali / make a key; it is shown once."""
    secret = _keys(workspace).add(name, role, expires.date() if expires else None)
    typer.echo(secret)
    typer.echo("Simpan sekarang: kunci ini tidak dapat ditampilkan lagi.", err=True)
    typer.echo("Keep it now: it cannot be shown again.", err=True)


@keys.command("list")
def list_keys(workspace: WorkspaceOption) -> None:
    """Daftar kunci / list keys."""
    for key in _keys(workspace).all():
        until = key.expires or "–"
        typer.echo(f"{key.name:<24} {', '.join(key.roles):<32} {key.made}  {until}")


@keys.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(help="Nama / name")], workspace: WorkspaceOption
) -> None:
    """Cabut kunci; berlaku seketika / revoke a key, at once."""
    if not _keys(workspace).revoke(name):
        typer.echo(f"Tidak ada kunci {name!r} / there is no such key", err=True)
        raise typer.Exit(EXIT_NONE)
    typer.echo(f"Dicabut / revoked: {name}")
    if ended := Outbox(_folder(workspace) / FILE).withdraw(name):
        typer.echo(f"Webhook yang tidak jadi dikirim / webhooks not sent any more: {ended}")


@keys.command("webhook")
def webhook(
    name: Annotated[str, typer.Argument(help="Nama pemakai kunci / name of the key's holder")],
    workspace: WorkspaceOption,
) -> None:
    """Rahasia tanda tangan webhook pemakai ini / secret that signs what is sent to this holder."""
    typer.echo(Master(_folder(workspace)).secret_of(name))


def _keys(workspace: object) -> Keys:
    return Keys(_folder(workspace) / "keys.json")


def _folder(workspace: object) -> Path:
    return Workspace.open(str(workspace)).folder / "service"
