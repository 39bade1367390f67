"""`tataruang warmup`: compile and prepare once, so that no first answer waits for it."""

from __future__ import annotations

import json
import time
from typing import Annotated

import typer

from api.options import AsJson

__all__ = ["warmup"]


def warmup(
    workspace: Annotated[
        str | None,
        typer.Option(
            "--workspace",
            "-w",
            help="Siapkan juga peta rencana ruang kerja ini / prepare the maps of its plans too",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Kompilasi di muka / compile and prepare ahead of the first answer."""
    # Imported here: --help compiles nothing.
    from api.tiles.warmup import cut_a_few
    from spatial.warmup import warm_up

    seconds = {name: round(value, 3) for name, value in warm_up().items()}
    seconds["tiles"] = round(cut_a_few(), 3)
    if workspace is not None:
        seconds["workspace"] = round(_prepared(workspace), 3)
    if as_json:
        typer.echo(json.dumps(seconds))
        return
    for name, value in seconds.items():
        typer.echo(f"{name}: {value:.1f} s")


def _prepared(workspace: str) -> float:
    """Make what the plans of a workspace make of their layers; return the seconds it took."""
    from api.engine import Engine

    begin = time.perf_counter()
    Engine.open(workspace).prepare()
    return time.perf_counter() - begin
