"""`tataruang ingest`: read a file, tell what was met, and publish it as a version of a layer."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Annotated, Any, Final

import typer

from api.options import AsJson, SourceCrs, WorkspaceOption
from layers.ingest import ingest_file
from layers.store import Version, open_store
from layers.workspace import Workspace
from spatial.errors import LimitError, RasterError
from spatial.notes import Note
from spatial.text import describe

__all__ = ["ingest"]

#: A layer with more rows may not fit memory; its tiles are cut by `tataruang tiles`.
MOST_ROWS: Final = 400_000
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]


def ingest(
    file: Annotated[
        str,
        typer.Argument(help="Berkas layer, atau https://... / a layer file, or a WFS or OGC API"),
    ],
    workspace: WorkspaceOption,
    name: Annotated[str, typer.Option(help="Nama layer / name of the layer")],
    kind: Annotated[
        str | None, typer.Option("--as", help="Jenis layer / kind of layer, e.g. pola_ruang")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Layer di dalam berkas / layer inside")] = None,
    source_crs: SourceCrs = None,
    encoding: Annotated[str | None, typer.Option(help="Atribut shapefile / of attributes")] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Tolak geometri tidak sah / refuse invalid geometry")
    ] = False,
    heal: Annotated[
        float | None,
        typer.Option(metavar="METER", help="Rapikan serpihan, paling lebar CE90 / heal slivers"),
    ] = None,
    nodata: Annotated[
        float | None, typer.Option(help="Nilai tanpa data raster / of a raster without one")
    ] = None,
    valid_from: Day = None,
    valid_to: Day = None,
    instrument: Annotated[str, typer.Option(help="Dasar hukum / legal instrument")] = "",
    number: Annotated[str, typer.Option(help="Nomor peraturan / number of the law")] = "",
    dated: Day = None,
    ce90: Annotated[
        float | None, typer.Option(min=0.0, help="Ketelitian CE90 dalam meter / accuracy")
    ] = None,
    scale: Annotated[int | None, typer.Option(min=100, help="Penyebut skala / denominator")] = None,
    licence: Annotated[str, typer.Option(help="Lisensi / licence")] = "",
    tiles: Annotated[
        bool, typer.Option("--tiles/--no-tiles", help="Potong ubin zum rendah / cut low zooms")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Masukkan layer ke ruang kerja / publish a version of a layer."""
    place = Workspace.open(workspace)
    legal: dict[str, Any] = {
        "instrument": instrument,
        "number": number,
        "date": dated and dated.date().isoformat(),
        "scale": scale,
        "ce90_m": ce90,
        "licence": licence,
    }
    version, notes = ingest_file(
        open_store(place),
        file,
        name=name,
        within=place.extent,
        kind=kind,
        layer=layer,
        source_crs=source_crs,
        encoding=encoding,
        strict=strict,
        heal_m=heal,
        nodata=nodata,
        valid_from=_day(valid_from),
        valid_to=_day(valid_to),
        legal={key: value for key, value in legal.items() if value},
        private=place.private,
    )
    if tiles and (version.rows or 0) <= MOST_ROWS:
        _cut_tiles(place, version)
    if as_json:
        typer.echo(json.dumps(version.to_dict(), ensure_ascii=False, default=str))
    else:
        _tell(version, notes)


def _cut_tiles(place: Workspace, version: Version) -> None:
    """Cut the low zooms now, so that the first map does not wait for them."""
    # Imported here: --help needs neither engine nor encoder.
    from api.engine import Engine
    from api.tiles.aligned import aligned_path
    from api.tiles.pyramid import keep_pyramid
    from api.tiles.raster import keep_aligned

    folder = place.folder / "service" / "ubin"
    engine = Engine(place, open_store(place), ())
    if version.form == "vector":
        keep_pyramid(engine, version.name, folder)
    elif version.form == "raster":
        path = engine.layer(version.name).path
        try:
            keep_aligned(path, version.name, aligned_path(folder, version.name, version.id[:12]))
        except LimitError:  # too fine to be laid out: drawn through a warp
            return
        except RasterError as error:  # kept, but not drawn nor measured by a rule nobody named
            told, hint = describe(error)
            typer.echo(f"! {told}\n  → {hint}", err=True)


def _day(value: datetime | None) -> date | None:
    return value.date() if value else None


def _tell(version: Version, notes: tuple[Note, ...]) -> None:
    for note in notes:
        sign = {"info": "·", "warning": "!", "error": "✗"}[note.level]
        typer.echo(f"{sign} {describe(note)[0]}")
    rows = "raster" if version.rows is None else f"{version.rows} baris"
    typer.echo(f"Layer {version.name} ({version.kind or 'tanpa jenis'}): {rows}, {version.crs}")
    typer.echo(f"Versi {version.id[:12]}, nomor log {version.seq}")
    if record := version.provenance.get("healing", {}).get("record"):
        typer.echo(f"→ Setiap potongan yang dirapikan: tataruang export {record['layer']} …")
