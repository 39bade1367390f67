"""`tataruang layers`: what a workspace holds."""

from __future__ import annotations

import json

import typer
from rich.table import Table

from api.options import AsJson, WorkspaceOption
from api.terminal import console
from layers.store import open_store
from layers.workspace import Workspace

__all__ = ["layers"]


def layers(workspace: WorkspaceOption, as_json: AsJson = False) -> None:
    """Daftar layer beserta versinya / list layers and versions."""
    versions = open_store(Workspace.open(workspace)).layers()
    if as_json:
        typer.echo(json.dumps([one.to_dict() for one in versions], ensure_ascii=False))
        return
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for head in ("Layer", "Jenis", "Baris", "CRS", "Berlaku", "Versi"):
        table.add_column(head, justify="right" if head == "Baris" else "left", no_wrap=True)
    for one in versions:
        table.add_row(
            one.name,
            one.kind or "–",
            "–" if one.rows is None else str(one.rows),
            one.crs or "–",
            f"{one.valid_from or '…'} – {one.valid_to or '…'}" if one.valid_from else "–",
            one.id[:12],
        )
    console().print(table)
    if not versions:
        typer.echo(f"Belum ada layer. → tataruang ingest BERKAS --workspace {workspace} --name ...")
