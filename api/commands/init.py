"""`tataruang init`: create a workspace."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from api.options import AsJson
from layers.store import open_store
from layers.workspace import Workspace
from spatial.crs import INDONESIA
from spatial.errors import StoreError

__all__ = ["init"]


def init(
    folder: Annotated[
        str, typer.Argument(help="Folder baru atau postgresql://... / a new folder or a database")
    ],
    name: Annotated[str, typer.Option(help="Nama wilayah / name of the area")],
    extent: Annotated[
        str | None,
        typer.Option(help="barat,selatan,timur,utara (derajat) / west,south,east,north (degrees)"),
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Contoh, bukan data resmi / no official data")
    ] = False,
    private: Annotated[
        bool, typer.Option("--private", help="Data perseorangan boleh masuk; tidak disajikan")
    ] = False,
    database: Annotated[
        str, typer.Option(help="postgresql://... untuk layernya / keeps the layers in a database")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Buat ruang kerja baru / create a workspace."""
    made = Workspace.create(
        folder,
        name=name,
        extent=_numbers(extent) if extent else INDONESIA,
        resmi=not sample,
        private=private,
        database=database,
    )
    if made.database:
        # Now, not at the first layer: what is wrong with the address shows here.
        open_store(made)
    if as_json:
        typer.echo(json.dumps({"workspace": str(made.folder), "name": made.name}))
        return
    typer.echo(f"Ruang kerja dibuat: {made.folder}")
    typer.echo(f"→ tataruang ingest BERKAS --workspace {folder} --name rdtr")


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise StoreError(
            "{values} is no extent in degrees",
            code="workspace_extent",
            hint="Write west, south, east, north: 108.5, -8.3, 111.7, -5.7",
            values=text[:80],
        ) from error
