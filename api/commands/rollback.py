"""`tataruang rollback`: let a layer stand again as it stood after an older version."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from api.options import AsJson, WorkspaceOption
from layers.store import open_store
from layers.workspace import Workspace

__all__ = ["rollback"]


def rollback(
    layer: Annotated[str, typer.Argument(help="Nama layer / name of the layer")],
    version: Annotated[
        str, typer.Argument(help="Awal nama versi, lihat history / beginning of its id")
    ],
    workspace: WorkspaceOption,
    reason: Annotated[str, typer.Option(help="Alasan, dicatat di log / kept in the log")] = "",
    as_json: AsJson = False,
) -> None:
    """Kembalikan layer ke versi lama; log tetap mencatat semuanya / go back to a version."""
    store = open_store(Workspace.open(workspace))
    before = store.find(layer)
    chosen = store.rollback(layer, version, reason=reason)
    if as_json:
        said = {"layer": layer, "before": before.id, "newest": chosen.id, "reason": reason}
        typer.echo(json.dumps(said, ensure_ascii=False))
        return
    typer.echo(f"Layer {layer}: versi {before.id[:12]} → {chosen.id[:12]}")
    typer.echo("Versi lain tidak dihapus dan tetap dapat dibaca.")
    typer.echo(f"→ tataruang history {layer} --workspace {workspace}")
