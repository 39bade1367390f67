"""`tataruang export`: any version of a layer as a file, with its symbols beside it."""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated

import geopandas as gpd
import typer

from api.options import AsJson, WorkspaceOption, Yes
from api.symbology.qml import as_qml
from api.symbology.sld import as_sld
from api.symbology.symbols import symbology_of
from layers.export import format_named, official_names, write_layer
from layers.store import StoredLayer, open_store
from layers.workspace import Workspace
from spatial.errors import LayerError, SchemaError

__all__ = ["export"]


def export(
    layer: Annotated[str, typer.Argument(help="Nama layer / name of the layer")],
    workspace: WorkspaceOption,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="OUT.gpkg .shp .gdb .fgb .geojson .parquet .csv .tif"),
    ],
    version: Annotated[
        str | None, typer.Option(help="Awal nama versi / beginning of a version's id")
    ] = None,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Tanggal hukum / day of law")
    ] = None,
    known_at: Annotated[
        str | None, typer.Option(help="Seperti diketahui saat itu / as known at an instant")
    ] = None,
    official: Annotated[
        bool, typer.Option("--official", help="Nama kolom resmi / official names of columns")
    ] = False,
    rename: Annotated[
        list[str] | None, typer.Option(help="lama=baru; berulang / old=new; repeatable")
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Ekspor versi layer beserta simbologinya (QML, SLD) / export with its symbology."""
    found = open_store(Workspace.open(workspace)).get(
        layer, on=on.date() if on else None, known_at=known_at, version=version
    )
    raster = found.version.form == "raster"
    if not raster:
        format_named(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    # All files are made beside and take their places only when all went well.
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".export-") as folder:
        made = Path(folder) / output.name
        if raster:
            _copy_raster(found, made)
        else:
            names = _names(found, output, rename or [], official=official)
            write_layer(found, made, names=names)
            _write_styles(found, made, names)
        ready = sorted(Path(folder).iterdir())
        if not yes:
            _refuse_overwriting(ready, output.parent)
        files = [_put(one, output.parent) for one in ready]
    _tell(found, files, as_json=as_json)


def _refuse_overwriting(ready: list[Path], parent: Path) -> None:
    """Also the files beside: the symbols of another export fit other names of columns."""
    there = [one.name for one in ready if (parent / one.name).exists()]
    if there:
        raise LayerError(
            "{name} is there already",
            code="export_exists",
            hint="Choose another name, or overwrite it with --yes",
            name=", ".join(there),
        )


def _copy_raster(found: StoredLayer, made: Path) -> None:
    if made.suffix.lower() not in {".tif", ".tiff"} or found.path is None:
        raise LayerError(
            "layer {name} is a raster and is exported as .tif",
            code="export_raster",
            name=found.version.name,
        )
    shutil.copyfile(found.path, made)


def _names(
    found: StoredLayer, output: Path, renamed: list[str], *, official: bool
) -> dict[str, str]:
    """Return the names of columns in the file: official ones if asked or usual, then as asked."""
    if found.frame is None:
        return {}
    usual = official or format_named(output).official
    names = official_names(found.frame, found.version.kind) if usual else {}
    for words in renamed:
        old, equals, new = words.partition("=")
        if not equals or not new or old not in found.frame.columns:
            raise SchemaError(
                "--rename {words}: write old=new with a column of the layer",
                code="export_rename",
                hint="Its columns: {known}",
                words=words,
                known=", ".join(map(str, found.frame.columns)),
            )
        names[old] = new
    return names


def _write_styles(found: StoredLayer, made: Path, names: dict[str, str]) -> None:
    if not isinstance(found.frame, gpd.GeoDataFrame):
        return
    symbology = symbology_of(found.frame, name=found.version.name, kind=found.version.kind)
    column = names.get(symbology.column or "", symbology.column)
    made.with_suffix(".qml").write_bytes(as_qml(symbology, column))
    made.with_suffix(".sld").write_bytes(as_sld(symbology, found.version.name, column))


def _put(made: Path, parent: Path) -> Path:
    target = parent / made.name
    if target.is_dir():
        shutil.rmtree(target)
    made.replace(target)
    return target


def _tell(found: StoredLayer, files: list[Path], *, as_json: bool) -> None:
    version = found.version
    if as_json:
        said = version.to_dict() | {"files": [str(path) for path in files]}
        said.pop("report")
        typer.echo(json.dumps(said, ensure_ascii=False))
        return
    rows = "raster" if version.rows is None else f"{version.rows} baris"
    typer.echo(f"Layer {version.name} versi {version.id[:12]}: {rows}, {version.crs or 'tabel'}")
    for path in files:
        typer.echo(f"Tersimpan: {path}")
