"""`tataruang parquet`: a file too large for memory becomes a GeoParquet, record by record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from api.options import AsJson, SourceCrs
from layers.files import stream_to_parquet
from spatial.errors import LayerError

__all__ = ["parquet"]


def parquet(
    file: Annotated[Path, typer.Argument(help="Berkas besar / a large vector file")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Hasil: .parquet")],
    layer: Annotated[str | None, typer.Option(help="Layer di dalam berkas / layer inside")] = None,
    encoding: Annotated[str | None, typer.Option(help="Atribut shapefile / of attributes")] = None,
    source_crs: SourceCrs = None,
    as_json: AsJson = False,
) -> None:
    """Ubah berkas besar menjadi GeoParquet / a large file as GeoParquet, in bounded memory."""
    if output.suffix.lower() != ".parquet":
        raise LayerError(
            "{name} does not end in .parquet",
            code="parquet_suffix",
            hint="Write --output {stem}.parquet",
            name=output.name,
            stem=output.stem,
        )
    output.parent.mkdir(parents=True, exist_ok=True)
    told = stream_to_parquet(file, output, layer=layer, source_crs=source_crs, encoding=encoding)
    if as_json:
        typer.echo(json.dumps(told | {"output": str(output)}))
        return
    typer.echo(f"{told['rows']} baris, {told['crs']} → {output}")
    if told["without_geometry"]:
        typer.echo(f"! {told['without_geometry']} baris tanpa geometri")
    if told["with_heights"]:
        typer.echo(f"· {told['with_heights']} geometri memuat ketinggian; dibuang")
    typer.echo(f"→ tataruang check {output} --workers 2 …")
