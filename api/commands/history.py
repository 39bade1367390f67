"""`tataruang history`: what happened to a layer, and which version holds when."""

from __future__ import annotations

import json
from typing import Annotated, Final

import typer
from rich.table import Table

from api.options import AsJson, WorkspaceOption
from api.terminal import console
from layers.store import Version, open_store
from layers.workspace import Workspace

__all__ = ["history"]

#: Events of the log as people read them.
WHAT: Final = {"publish": "masuk", "rollback": "kembali"}


def history(
    layer: Annotated[str, typer.Argument(help="Nama layer / name of the layer")],
    workspace: WorkspaceOption,
    as_json: AsJson = False,
) -> None:
    """Riwayat versi sebuah layer / every version of a layer and what happened to it."""
    store = open_store(Workspace.open(workspace))
    newest = store.find(layer)
    versions, events = store.history(layer), store.events(layer)
    if as_json:
        said = {"layer": layer, "newest": newest.id, "events": [e.to_dict() for e in events],
                "versions": [one.to_dict() for one in versions]}  # fmt: skip
        typer.echo(json.dumps(said, ensure_ascii=False, default=str))
        return
    by_id = {one.id: one for one in versions}
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for head in ("Log", "Saat (UTC)", "Peristiwa", "Versi", "Baris", "Berlaku", "Alasan"):
        table.add_column(head, justify="right" if head in {"Log", "Baris"} else "left")
    for event in events:
        one = by_id[event.version]
        table.add_row(
            str(event.seq),
            event.at[:19].replace("T", " "),
            WHAT[event.event],
            one.id[:12],
            "–" if one.rows is None else str(one.rows),
            _validity(one),
            event.reason,
        )
    console().print(table)
    typer.echo(f"Versi terbaru: {newest.id[:12]}")
    typer.echo(f"→ tataruang diff {layer} --workspace {workspace}")


def _validity(version: Version) -> str:
    if version.valid_from is None and version.valid_to is None:
        return "–"
    return f"{version.valid_from or '…'} – {version.valid_to or '…'}"
