"""`tataruang shares`: how much of each parcel lies in each zone, on plain files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import pyproj
import shapely
import typer

from api.options import AsJson, SourceCrs, atomic_path
from api.text import describe
from layers.reading import read
from spatial.crs import AREA_CRS, LONLAT, area_of_use_note, parse_crs, project
from spatial.errors import LayerError
from spatial.notes import Note
from spatial.shares import shares as measure

__all__ = ["shares"]

SUFFIXES: Final = (".csv", ".parquet", ".geojson")


def shares(
    parcels: Annotated[Path, typer.Argument(help="Berkas persil / parcels")],
    zones: Annotated[Path, typer.Argument(help="Berkas zona / zones")],
    by: Annotated[str, typer.Option(help="Kolom kode zona / column of the zone's code")],
    output: Annotated[Path, typer.Option(help="OUT.csv, .parquet, .geojson")],
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
    """Luas tiap persil di tiap zona / area of each parcel in each zone."""
    _check_suffix(output)
    plane = parse_crs(crs, what="--crs")
    # A parcel is never repaired: an invalid one keeps its row, with the reason and no area.
    plots = read(parcels, source_crs=source_crs, repair=False)
    plan = read(zones, source_crs=source_crs, strict=strict)
    frame = plots.features.reset_index(drop=True)
    zone_frame = plan.features
    table = measure(frame, zone_frame[zone_frame.geometry.notna()], by=plan.column(by), crs=plane)
    lonlat = _lonlat(frame)
    shapes = lonlat.take(table["parcel_id"].to_numpy(dtype=np.intp))
    if id_column:
        names = frame[plots.column(id_column)]
        table["parcel_id"] = names.take(table["parcel_id"].to_numpy(dtype=np.intp)).to_numpy()
    with atomic_path(output) as partial:
        _write(table, shapes, partial)
    notes = [*plots.report, *plan.report, *_beyond(lonlat, plane, parcels.name)]
    _tell(table, notes, str(plane.to_string()), output, as_json=as_json)


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


def _beyond(parcels: gpd.GeoSeries, plane: pyproj.CRS, name: str) -> list[Note]:
    """Warn where the plane is not made for the place of the parcels."""
    west, south, east, north = shapely.total_bounds(np.asarray(parcels.array)).tolist()
    if not np.isfinite(west):
        return []
    note = area_of_use_note((west, south, east, north), plane, what=name)
    return [note] if note else []


def _tell(
    table: pd.DataFrame, notes: list[Note], plane: str, output: Path, *, as_json: bool
) -> None:
    refused = int((table["status"] != "").sum())
    overlapping = sorted(set(table.loc[table["overlap_with"] != "", "overlap_with"]))
    said = {
        "output": str(output),
        "crs": plane,
        "parcels": int(table["parcel_id"].nunique()),
        "rows": len(table),
        "without_answer": refused,
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
