"""`tataruang tiles`: a layer as PMTiles, for a file of one's own or for the service."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from api.options import AsJson, WorkspaceOption, on_terminal

__all__ = ["tiles"]


def tiles(
    layer: Annotated[str, typer.Argument(help="Nama layer / name of the layer")],
    workspace: WorkspaceOption,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Berkas .pmtiles; tanpa: dipakai layanan / used by the service"
        ),
    ] = None,
    max_zoom: Annotated[
        int | None,
        typer.Option(
            min=0, max=16, help="Zum terdalam / deepest zoom; 11 untuk layanan, 14 berkas"
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Potong layer menjadi ubin vektor / cut a layer into vector tiles (PMTiles)."""
    # Imported here: --help needs neither engine nor encoder.
    from api.engine import Engine
    from api.tiles.generalise import Drawing
    from api.tiles.prepared import keep_prepared
    from api.tiles.pyramid import PYRAMID_ZOOM, build_pyramid, pyramid_path
    from api.tiles.source import TileSource

    engine = Engine.open(workspace)
    folder = engine.workspace.folder / "service" / "ubin"
    ready = TileSource(engine, folder=folder).prepared(layer)
    if output is None and isinstance(ready.layer.shapes, Drawing):
        keep_prepared(ready, ready.layer.shapes, folder)
    own = output or pyramid_path(folder, layer, ready.version)
    deepest = max_zoom if max_zoom is not None else (14 if output else PYRAMID_ZOOM)
    start = time.monotonic()
    count = build_pyramid(ready, own, deepest=deepest, tell=_progress)
    size = own.stat().st_size
    if as_json:
        typer.echo(json.dumps({"output": str(own), "tiles": count, "bytes": size}))
        return
    seconds = time.monotonic() - start
    typer.echo(f"{count} ubin / tiles, {size / 1e6:.1f} MB, {seconds:.1f} s")
    typer.echo(f"→ {own}")


def _progress(done: int, every: int) -> None:
    if on_terminal():
        end = "\n" if done == every else "\r"
        print(f"  {done}/{every}", end=end, file=sys.stderr, flush=True)
