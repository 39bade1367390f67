"""`tataruang exposure`: what stands in which hazard class, per unit, in a table that closes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import geopandas as gpd
import pandas as pd
import typer

from api.formats import number
from api.options import AsJson, SourceCrs, atomic_path
from api.reports.exposure_table import SUFFIXES, as_json_text, write_exposure
from api.text import describe
from hazard import (
    Exposure,
    Hazard,
    class_rule,
    hazard_from_grid,
    hazard_from_polygons,
    people_exposure,
)
from hazard import (
    exposure as measure,
)
from layers import read
from spatial.errors import LayerError
from spatial.zonal import open_grid

__all__ = ["exposure", "read_hazard"]

RASTERS: Final = (".tif", ".tiff", ".asc")


def exposure(
    hazard: Annotated[
        list[Path],
        typer.Option("--hazard", "-H", help="Raster atau poligon bahaya; boleh beberapa kali"),
    ],
    by: Annotated[Path, typer.Option("--by", help="Unit: desa, kecamatan, zona, DAS")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Hasil: .csv, .xlsx atau .json")],
    of: Annotated[
        Path | None,
        typer.Option("--of", help="Yang terpapar: bangunan, jalan, titik, raster; kosong: lahan"),
    ] = None,
    classes: Annotated[
        str, typer.Option(help="Aturan kelas (hazard/rules/classes) atau berkas .toml")
    ] = "banjir_kedalaman_bnpb",
    column: Annotated[str, typer.Option(help="Kolom kelas pada poligon bahaya")] = "kelas",
    only: Annotated[
        str | None, typer.Option(help="Hanya poligon bahaya dengan KOLOM=NILAI, mis. jenis=banjir")
    ] = None,
    mapped: Annotated[
        Path | None, typer.Option(help="Wilayah kajian poligon bahaya; di luarnya bukan aman")
    ] = None,
    unit_id: Annotated[str, typer.Option(help="Kolom kode unit")] = "kode_desa",
    people: Annotated[
        Path | None, typer.Option(help="Tabel penduduk per unit; --of lalu berisi permukiman")
    ] = None,
    people_column: Annotated[str, typer.Option(help="Kolom jumlah")] = "jumlah_penduduk",
    count: Annotated[bool, typer.Option("--count", help="Hitung bangunan, bukan luasnya")] = False,
    nodata: Annotated[
        float | None, typer.Option(help="Nilai tanpa data raster yang tidak menyebutkannya")
    ] = None,
    source_crs: SourceCrs = None,
    as_json: AsJson = False,
) -> None:
    """Hitung yang terpapar bahaya per unit / who and what stands in a hazard, unit by unit."""
    if output.suffix.lower() not in SUFFIXES:
        raise LayerError(
            "{name}: results are written as {known}",
            code="exposure_format",
            name=output.name,
            known=", ".join(SUFFIXES),
        )
    units = read(by, source_crs=source_crs)
    key = units.column(unit_id)
    hazards = [
        read_hazard(
            path, classes, column=column, only=only, mapped=mapped, nodata=nodata, crs=source_crs
        )
        for path in hazard
    ]
    exposed = _exposed(of, source_crs, nodata)
    if people is None:
        result = measure(hazards, units.features, unit_id=key, of=exposed, count=count)
    else:
        result = _people(hazards, units.features, key, exposed, people, people_column)
    sources = [path.name for path in (*hazard, by, *filter(None, (of, people)))]
    with atomic_path(output) as partial:
        write_exposure(result, partial, sources)
    _show(result, output, sources, as_json)


def read_hazard(
    path: Path,
    classes: str,
    *,
    column: str = "kelas",
    only: str | None = None,
    mapped: Path | None = None,
    nodata: float | None = None,
    crs: str | None = None,
) -> Hazard:
    """Read a hazard map, raster or polygons, named like its file."""
    rule = class_rule(classes)
    if path.suffix.lower() in RASTERS:
        grid = open_grid(path, crs=crs, nodata=nodata)
        bands = [f"band_{i + 1}" for i in range(grid.count)] if grid.count > 1 else None
        return hazard_from_grid(grid, rule, name=path.stem, scenarios=bands)
    layer = read(path, source_crs=crs)
    frame = layer.features
    if only is not None:
        frame = _chosen(frame, only, path)
    studied = None if mapped is None else read(mapped, source_crs=crs).features
    return hazard_from_polygons(
        frame, rule, column=layer.column(column), name=path.stem, mapped=studied
    )


def _chosen(frame: gpd.GeoDataFrame, only: str, path: Path) -> gpd.GeoDataFrame:
    """Keep the polygons of one kind; none at all is a mistake, not an empty hazard."""
    name, _, value = only.partition("=")
    known = frame[name].astype(str).str.lower() if name in frame else pd.Series(dtype=str)
    chosen = frame[known == value.lower()] if len(known) else frame.iloc[:0]
    if chosen.empty:
        raise LayerError(
            "{file} has no polygon with {only}",
            code="hazard_none_chosen",
            hint="Write COLUMN=VALUE; {name} holds: {known}",
            file=path.name,
            only=only,
            name=name,
            known=", ".join(sorted(set(known)))[:200],
        )
    return chosen


def _exposed(of: Path | None, crs: str | None, nodata: float | None) -> Any:
    if of is None:
        return None
    if of.suffix.lower() in RASTERS:
        return open_grid(of, crs=crs, nodata=nodata)
    return read(of, source_crs=crs).features


def _people(
    hazards: list[Hazard],
    units: gpd.GeoDataFrame,
    key: str,
    settlement: Any,
    table: Path,
    column: str,
) -> Exposure:
    """Join the official numbers by code and place them on the settlements."""
    if settlement is None:
        raise LayerError(
            "people are placed on settlements, and none are given",
            code="settlement_not_given",
            hint="Give the buildings or settlements: --of bangunan.gpkg",
        )
    numbers = read(table)
    name = numbers.column(column)
    code = numbers.column(key)
    people = numbers.frame.set_index(numbers.frame[code].astype(str))[name]
    if people.index.has_duplicates:
        raise LayerError(
            "{file}: unit {unit} stands in it more than once",
            code="people_repeated",
            hint="Keep one year of the table",
            file=table.name,
            unit=str(people.index[people.index.duplicated()][0]),
        )
    joined = units.assign(**{name: units[key].astype(str).map(people)})
    return people_exposure(hazards, joined, unit_id=key, people=name, settlement=settlement)


def _show(result: Exposure, output: Path, sources: list[str], as_json: bool) -> None:
    if as_json:
        typer.echo(as_json_text(result, sources))
        return
    decimals = 0 if result.unit in ("jiwa", "jumlah") else 2
    for account in result.accounts.to_dict("records"):
        parts = result.table[
            (result.table["hazard"] == account["hazard"])
            & (result.table["scenario"] == account["scenario"])
        ]
        typer.echo(f"{account['hazard']} / {account['scenario']}  [{result.unit}]")
        sums = parts.groupby("hazard_class", sort=False)["amount"].sum()
        for label, amount in sums.items():
            typer.echo(f"  {label!s:<16}{number(float(amount), decimals):>22}")
        typer.echo(
            f"  celah {number(account['gap'], decimals)} · tumpang tindih "
            f"{number(account['overlap'], decimals)} · keseluruhan "
            f"{number(account['whole'], decimals)} · selisih {account['residual']:.1e}"
        )
    for note in result.notes[:10]:
        typer.echo(f"! {describe(note)[0]}", err=True)
    if len(result.notes) > 10:
        typer.echo(f"! dan {len(result.notes) - 10} catatan lagi di {output.name}", err=True)
    typer.echo(f"→ {output}")
