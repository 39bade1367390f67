"""`tataruang shares`: how much of each parcel lies in each zone of a file or of stored layers."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Final

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely
import typer

from api.options import AsJson, SourceCrs, WorkspaceOption, atomic_path
from layers.reading import read
from layers.store import Store, open_store
from layers.workspace import Workspace
from spatial.crs import (
    AREA_CRS,
    LONLAT,
    Bounds,
    area_of_use_note,
    lonlat_bounds,
    parse_crs,
    project,
)
from spatial.errors import LayerError
from spatial.index import ZoneIndex, build_index
from spatial.notes import Note
from spatial.parcels import open_source
from spatial.shares import shares_in_all as measure
from spatial.shares_file import SUFFIXES as STREAMED
from spatial.shares_file import Written, shares_to_file
from spatial.text import describe

__all__ = ["shares"]

SUFFIXES: Final = (".csv", ".parquet", ".geojson")
#: What a layer of a plan calls the code of its zone.
DEFAULT_COLUMN: Final = "zona"


def shares(
    parcels: Annotated[Path, typer.Argument(help="Berkas persil / parcels")],
    zones: Annotated[
        Path | None, typer.Argument(help="Berkas zona; tanpa ini --layer / zones, or --layer")
    ] = None,
    *,
    output: Annotated[Path, typer.Option(help="OUT.csv, .parquet, .geojson")],
    by: Annotated[
        str, typer.Option(help="Kolom kode zona / column of the zone's code")
    ] = DEFAULT_COLUMN,
    layer: Annotated[
        list[str] | None,
        typer.Option(help="Layer ruang kerja, atau NAMA:KOLOM; boleh diulang / a stored layer"),
    ] = None,
    workspace: WorkspaceOption = "",
    id_column: Annotated[
        str | None, typer.Option("--id", help="Kolom nama persil / column that names a parcel")
    ] = None,
    crs: Annotated[
        str, typer.Option(help="Bidang hitung luas / plane on which areas are taken")
    ] = AREA_CRS,
    source_crs: SourceCrs = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Tolak zona tidak sah / refuse invalid zones")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Luas tiap persil di tiap zona / area of each parcel in each zone.

    Persil GeoParquet dibaca dan ditulis (.parquet, .csv) blok demi blok, berapa pun besarnya;
    layer ruang kerja memakai indeks yang tersimpan di sampingnya.
    """
    _check_suffix(output)
    if (zones is None) == (not layer):
        raise typer.BadParameter("berkas ZONES atau --layer / a file of zones or --layer")
    if layer and not workspace:
        raise typer.BadParameter("--layer memerlukan --workspace / needs a workspace")
    plane = parse_crs(crs, what="--crs")
    notes: list[Note] = []
    if zones is not None:
        indexes = {"": _index_of_file(zones, by, plane, source_crs, strict, notes)}
    else:
        store = open_store(Workspace.open(workspace))
        indexes = dict(_index_of_layer(store, one, by, plane) for one in layer or [])
    stream = output.suffix.lower() in STREAMED and open_source(parcels, crs=source_crs)
    with atomic_path(output) as partial:
        if stream:
            written = shares_to_file(stream, indexes, partial, id_column=id_column)
            corners = lonlat_bounds(written.bounds, stream.crs)
        else:
            written, corners = _by_frame(parcels, indexes, partial, id_column, source_crs, notes)
    if np.isfinite(corners).all():
        # The plane may not be made for the place of the parcels.
        notes += filter(None, [area_of_use_note(corners, plane, what=parcels.name)])
    _tell(written, notes, str(plane.to_string()), output, as_json=as_json)


def _index_of_file(
    path: Path, by: str, plane: Any, source_crs: str | None, strict: bool, notes: list[Note]
) -> ZoneIndex:
    plan = read(path, source_crs=source_crs, strict=strict)
    notes += plan.report
    frame = plan.features
    return build_index(frame[frame.geometry.notna()], by=plan.column(by), crs=plane)


def _index_of_layer(store: Store, word: str, by: str, plane: Any) -> tuple[str, ZoneIndex]:
    name, _, column = word.partition(":")
    return name, store.index(name, by=column or by, crs=plane)


def _by_frame(
    path: Path,
    indexes: dict[str, ZoneIndex],
    target: Path,
    id_column: str | None,
    source_crs: str | None,
    notes: list[Note],
) -> tuple[Written, Bounds]:
    """Measure parcels of any format, all in memory; also return their bounds in degrees."""
    # A parcel is never repaired: an invalid one keeps its row, with the reason and no area.
    plots = read(path, source_crs=source_crs, repair=False)
    notes += plots.report
    frame = plots.features.reset_index(drop=True)
    table = measure(frame, indexes)
    table = table.sort_values("parcel_id", kind="stable", ignore_index=True)
    if "" in indexes:
        table = table.drop(columns="layer")
    row = table["parcel_id"].to_numpy(dtype=np.intp)
    if id_column:
        table["parcel_id"] = frame[plots.column(id_column)].take(row).to_numpy()
    lonlat = _lonlat(frame)
    _write(table, lonlat.take(row), target)
    refused = table.loc[table["status"] != ""].drop_duplicates(["parcel_id", "status"])
    west, south, east, north = shapely.total_bounds(np.asarray(lonlat.array)).tolist()
    written = Written(
        parcels=len(frame),
        rows=len(table),
        statuses=Counter(refused["status"].tolist()),
        overlapping=set(table["overlap_with"]) - {""},
    )
    return written, (west, south, east, north)


def _check_suffix(output: Path) -> None:
    if output.suffix.lower() not in SUFFIXES:
        raise LayerError(
            "{name}: shares cannot be written as {suffix}",
            code="shares_suffix",
            hint="Use one of {known}",
            name=output.name,
            suffix=output.suffix or "-",
            known=", ".join(SUFFIXES),
        )


def _lonlat(parcels: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return the parcels in degrees, longitude first, as GeoJSON wants them."""
    shapes = np.asarray(parcels.geometry.array, dtype=object)
    return gpd.GeoSeries(project(shapes, parcels.crs, LONLAT), index=parcels.index)


def _write(table: pd.DataFrame, shapes: gpd.GeoSeries, target: Path) -> None:
    suffix = target.suffix.lower()
    if suffix == ".csv":
        table.to_csv(target, index=False, lineterminator="\n")
    elif suffix == ".parquet":
        table.to_parquet(target, index=False)
    else:
        target.write_bytes(_geojson(table, shapes))


def _geojson(table: pd.DataFrame, shapes: gpd.GeoSeries) -> bytes:
    """One feature per row, with the geometry of its parcel."""
    features = [
        {
            "type": "Feature",
            "geometry": shape.__geo_interface__ if shape is not None else None,
            "properties": {k: None if _missing(value) else value for k, value in row.items()},
        }
        for row, shape in zip(table.to_dict("records"), shapes, strict=True)
    ]
    body = {"type": "FeatureCollection", "features": features}
    return orjson.dumps(body, default=str, option=orjson.OPT_SERIALIZE_NUMPY)


def _missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))


def _tell(written: Written, notes: list[Note], plane: str, output: Path, *, as_json: bool) -> None:
    refused = sum(written.statuses.values())
    overlapping = sorted(written.overlapping)
    said = {
        "output": str(output),
        "crs": plane,
        "parcels": written.parcels,
        "rows": written.rows,
        "without_answer": refused,
        "reasons": dict(sorted(written.statuses.items())),
        "overlapping_zones": overlapping,
        "notes": [note.to_dict() for note in notes],
    }
    if as_json:
        typer.echo(json.dumps(said, ensure_ascii=False))
        return
    for note in notes:
        typer.echo(f"! {describe(note)[0]}", err=True)
    typer.echo(f"{said['parcels']} persil, {said['rows']} baris → {output}")
    typer.echo(f"Luas dihitung pada bidang {plane}")
    if refused:
        typer.echo(f"{refused} persil tanpa jawaban: lihat kolom status")
    if overlapping:
        typer.echo(f"Zona bertumpuk dengan: {'; '.join(overlapping)}")
