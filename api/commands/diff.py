"""`tataruang diff`: what changed between two versions of a layer, as table, layer and map."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

import geopandas as gpd
import pandas as pd
import typer
from rich.table import Table

from api.formats import area
from api.options import AsJson, WorkspaceOption, atomic_path
from api.reports.diff_map import draw_diff_map
from api.terminal import console
from api.version_changes import class_column, polygons
from layers.diff import Difference, difference
from layers.store import Store, StoredLayer, open_store
from layers.workspace import Workspace
from spatial.crs import LONLAT, to_crs
from spatial.errors import LayerError, LayerNotFoundError
from spatial.text import describe

__all__ = ["diff"]

SUFFIXES: Final = (".csv", ".json", ".geojson", ".gpkg", ".parquet", ".png")
NOBODY: Final = "–"
SHOWN: Final = 20


def diff(
    layer: Annotated[str, typer.Argument(help="Nama layer / name of the layer")],
    workspace: WorkspaceOption,
    before: Annotated[
        str | None,
        typer.Option("--from", help="Versi atau tanggal hukum / version or day of law"),
    ] = None,
    after: Annotated[
        str | None, typer.Option("--to", help="Versi atau tanggal hukum / version or day of law")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Kolom kelas / column of the class")] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", help="OUT.csv .json .geojson .gpkg .parquet .png; berulang"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Apa yang berubah antara dua versi: siapa kehilangan apa kepada siapa / who lost what."""
    outputs = output or []
    _check_suffixes(outputs)
    place = Workspace.open(workspace)
    old, new = _chosen(open_store(place), layer, before, after)
    column = by or class_column(polygons(old.frame), polygons(new.frame))
    found = difference(polygons(old.frame), polygons(new.frame), by=column, crs=place.area_crs)
    said = {
        "layer": layer, "by": column, "crs": place.area_crs,
        "before": old.version.id, "after": new.version.id,
    } | found.to_dict()  # fmt: skip
    for path in outputs:
        with atomic_path(path) as partial:
            _write(partial, found, said, polygons(new.frame))
    if as_json:
        typer.echo(json.dumps(said | {"files": [str(p) for p in outputs]}, ensure_ascii=False))
    else:
        _tell(found, old, new, outputs)


def _check_suffixes(outputs: list[Path]) -> None:
    for path in outputs:
        if path.suffix.lower() not in SUFFIXES:
            raise LayerError(
                "{name}: a difference cannot be written as {suffix}",
                code="diff_suffix",
                hint="Use one of {known}",
                name=path.name,
                suffix=path.suffix or "-",
                known=", ".join(SUFFIXES),
            )


def _chosen(
    store: Store, layer: str, before: str | None, after: str | None
) -> tuple[StoredLayer, StoredLayer]:
    """Return the two versions that are meant; without words the newest and what it replaced."""
    new = _one(store, layer, after) if after else store.get(layer)
    if before:
        return _one(store, layer, before), new
    events = store.events(layer)
    last = max(one.seq for one in events if one.version == new.version.id)
    older = [one for one in events if one.seq < last and one.version != new.version.id]
    if not older:
        raise LayerNotFoundError(
            "layer {name!r} has no version before {version}",
            code="version_no_older",
            hint="Name one with --from; tataruang history {name} lists them",
            name=layer,
            version=new.version.id[:12],
        )
    return store.get(layer, version=older[-1].version), new


def _one(store: Store, layer: str, words: str) -> StoredLayer:
    try:
        return store.get(layer, on=date.fromisoformat(words))
    except ValueError:
        return store.get(layer, version=words)


def _write(
    path: Path, found: Difference, said: dict[str, Any], surroundings: gpd.GeoDataFrame
) -> None:
    suffix = path.suffix.lower()
    if suffix == ".csv":
        found.changes.to_csv(path, index=False, lineterminator="\n")
    elif suffix == ".json":
        path.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    elif suffix == ".geojson":
        text = to_crs(found.pieces, LONLAT).to_json(drop_id=True, ensure_ascii=False)
        path.write_text(text, encoding="utf-8")
    elif suffix == ".parquet":
        found.pieces.to_parquet(path, index=False)
    elif suffix == ".gpkg":
        found.pieces.to_file(path, layer="perubahan", driver="GPKG")
    else:
        path.write_bytes(draw_diff_map(found, surroundings, title=str(said["layer"])))


def _tell(found: Difference, old: StoredLayer, new: StoredLayer, outputs: list[Path]) -> None:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for head in ("Semula", "Menjadi", "Luas"):
        table.add_column(head, justify="right" if head == "Luas" else "left", overflow="fold")
    shown = found.changes.head(SHOWN)
    for before, after, size in zip(shown["before"], shown["after"], shown["area_m2"], strict=True):
        table.add_row(_name(before), _name(after), area(size))
    out = console()
    out.print(f"{old.version.id[:12]} → {new.version.id[:12]}")
    out.print(table)
    if (more := len(found.changes) - SHOWN) > 0:
        out.print(f"… dan {more} perubahan lagi")
    out.print(f"Berubah seluruhnya: {area(float(found.changes['area_m2'].sum()))}")
    for note in found.notes:
        out.print(f"! {describe(note)[0]}", soft_wrap=True)
    for path in outputs:
        out.print(f"Tersimpan: {path}", soft_wrap=True)


def _name(value: Any) -> str:
    return NOBODY if pd.isna(value) else str(value)
