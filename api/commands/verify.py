"""`tataruang verify`: every stored byte against its hash, every log entry against the chain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from api.options import AsJson, WorkspaceOption, atomic_path
from layers.store import open_store
from layers.store.chain import Head
from layers.workspace import Workspace
from spatial.errors import StoreError
from spatial.text import describe

__all__ = ["verify"]

EXIT_FAULTS = 1


def verify(
    workspace: WorkspaceOption,
    head: Annotated[
        Path | None, typer.Option(help="Kepala log yang disimpan di luar / a head kept elsewhere")
    ] = None,
    export_head: Annotated[
        Path | None, typer.Option(help="Tulis kepala log ke berkas / write the head to a file")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Cocokkan setiap byte dan catatan log / check every byte and log entry; 1 if any differs."""
    store = open_store(Workspace.open(workspace))
    found = store.verify(_read_head(head) if head else None)
    if export_head and not found:
        with atomic_path(export_head) as partial:
            partial.write_text(json.dumps(store.head()._asdict()) + "\n", encoding="utf-8")
    if as_json:
        said = {"ok": not found, "faults": [note.to_dict() for note in found]}
        typer.echo(json.dumps(said, ensure_ascii=False, default=str))
    else:
        for note in found:
            typer.echo(f"✗ {describe(note)[0]}")
        if not found:
            at = store.head()
            typer.echo(f"✓ Semua versi utuh, log {at.seq} catatan, kepala {at.hash[:12]}")
            if export_head:
                typer.echo(f"Kepala log disimpan: {export_head}")
    raise typer.Exit(EXIT_FAULTS if found else 0)


def _read_head(path: Path) -> Head:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return Head(int(said["seq"]), str(said["hash"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            "{path} holds no head of a log",
            code="head_unreadable",
            hint="Write one: tataruang verify --export-head {path}",
            path=str(path),
        ) from error
