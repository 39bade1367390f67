"""`tataruang exposure`: what stands in which hazard class, per unit, in a table that closes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import geopandas as gpd
import pandas as pd
import typer

from api.formats import number
from api.options import AsJson, SourceCrs, atomic_path
from api.reports.exposure_table import SUFFIXES, as_json_text, write_exposure
from api.unit_numbers import UnitNumbers
from hazard import (
    Exposure,
    Hazard,
    check_monotone,
    column_rule,
    expected_exposed,
    grid_rule,
    hazard_from_grid,
    hazard_from_polygons,
    people_exposure,
)
from hazard import (
    exposure as measure,
)
from layers import read
from spatial.errors import LayerError
from spatial.text import describe
from spatial.zonal import open_grid, stack_grids

__all__ = ["chosen", "exposure", "read_hazard", "show_exposure"]

RASTERS: Final = (".tif", ".tiff", ".asc")


def exposure(
    output: Annotated[Path, typer.Option("--output", "-o", help="Hasil: .csv, .xlsx atau .json")],
    by: Annotated[
        Path | None,
        typer.Option("--by", help="Unit: desa, kecamatan, zona, DAS; kosong: semua menjadi satu"),
    ] = None,
    hazard: Annotated[
        list[Path] | None,
        typer.Option("--hazard", "-H", help="Raster atau poligon bahaya; boleh beberapa kali"),
    ] = None,
    return_period: Annotated[
        list[str] | None,
        typer.Option(help="TAHUN=raster, satu per kala ulang: satu bahaya, beberapa skenario"),
    ] = None,
    of: Annotated[
        Path | None,
        typer.Option("--of", help="Yang terpapar: bangunan, jalan, titik, raster; kosong: lahan"),
    ] = None,
    classes: Annotated[
        str | None, typer.Option(help="Aturan kelas (hazard/rules/classes) atau berkas .toml")
    ] = None,
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
    units = None if by is None else read(by, source_crs=source_crs)
    key = "unit" if units is None else units.column(unit_id)
    hazards = [
        read_hazard(
            path, classes, column=column, only=only, mapped=mapped, nodata=nodata, crs=source_crs
        )
        for path in hazard or ()
    ]
    years = _years(return_period or [])
    if years:
        hazards.append(_by_return_period(years, classes, nodata, source_crs))
    if not hazards:
        raise LayerError(
            "no hazard map is given",
            code="hazard_not_given",
            hint="Give --hazard map.tif, or --return-period 5=q5.tif --return-period 100=q100.tif",
        )
    exposed = _exposed(of, source_crs, nodata)
    if people is None:
        shapes = None if units is None else units.features
        result = measure(hazards, shapes, unit_id=key, of=exposed, count=count)
    elif units is None:
        raise LayerError(
            "people are numbers of units, and no units are given",
            code="people_need_units",
            hint="Give the desa that the table counts: --by desa.gpkg",
        )
    else:
        result = _people(hazards, units.features, key, exposed, people, people_column)
    given = (*(hazard or ()), *years.values(), *filter(None, (by, of, people)))
    sources = [path.name for path in given]
    with atomic_path(output) as partial:
        write_exposure(result, partial, sources)
    show_exposure(result, output, sources, as_json)
    if years:
        _write_per_year(result, years, hazards[-1], output)


def _years(words: list[str]) -> dict[str, Path]:
    """Read TAHUN=raster; scenarios are named by their years, rarest last."""
    found: dict[str, Path] = {}
    for word in words:
        years, _, path = word.partition("=")
        if not path or not years.replace(".", "", 1).isdigit() or float(years) <= 0:
            raise LayerError(
                "{word!r} is no return period with its raster",
                code="return_period_malformed",
                hint="Write YEARS=file.tif, such as 100=banjir_q100.tif",
                word=word,
            )
        found[years] = Path(path)
    return dict(sorted(found.items(), key=lambda item: float(item[0])))


def _by_return_period(
    years: dict[str, Path], classes: str | None, nodata: float | None, crs: str | None
) -> Hazard:
    """Make one hazard of a raster per return period, noting where rarer is shallower."""
    grids = [open_grid(path, crs=crs, nodata=nodata) for path in years.values()]
    stacked = stack_grids(grids, name="kala ulang")
    made = hazard_from_grid(
        stacked, grid_rule(stacked, classes), name="kala_ulang", scenarios=list(years)
    )
    notes = check_monotone(stacked, [float(name) for name in years])
    return replace(made, notes=(*made.notes, *notes))


def _write_per_year(result: Exposure, years: dict[str, Path], hazard: Hazard, output: Path) -> None:
    """Write what to expect per year beside the table: all classes above the least."""
    table = expected_exposed(
        result.table[result.table["hazard"] == hazard.name],
        {name: float(name) for name in years},
        from_class=hazard.labels[1],
        labels=hazard.labels,
    )
    target = output.with_name(f"{output.stem}_per_tahun.csv")
    with atomic_path(target) as partial:
        table.assign(satuan=result.unit).to_csv(partial, index=False)
    typer.echo(
        f"→ {target}: {number(float(table['per_year'].sum()))} {result.unit} per tahun "
        f"(mulai kelas {hazard.labels[1]})",
        err=True,
    )


def read_hazard(
    path: Path,
    classes: str | None,
    *,
    column: str = "kelas",
    only: str | None = None,
    mapped: Path | None = None,
    nodata: float | None = None,
    crs: str | None = None,
) -> Hazard:
    """Read a hazard map, raster or polygons, named like its file.

    Without a rule of classes a raster is read as depths, where its numbers can be nothing
    else, and polygons by words or codes of classes.
    """
    if path.suffix.lower() in RASTERS:
        grid = open_grid(path, crs=crs, nodata=nodata)
        bands = [f"band_{i + 1}" for i in range(grid.count)] if grid.count > 1 else None
        rule = grid_rule(grid, classes)
        return hazard_from_grid(grid, rule, name=path.stem, scenarios=bands)
    layer = read(path, source_crs=crs)
    frame = layer.features
    if only is not None:
        frame = chosen(frame, only, path)
    studied = None if mapped is None else read(mapped, source_crs=crs).features
    name = layer.column(column)
    rule = column_rule(frame[name], classes)
    return hazard_from_polygons(frame, rule, column=name, name=path.stem, mapped=studied)


def chosen(frame: gpd.GeoDataFrame, only: str, path: Path) -> gpd.GeoDataFrame:
    """Keep the polygons of one kind; none at all is a mistake, not an empty hazard."""
    name, _, value = only.partition("=")
    known = frame[name].astype(str).str.lower() if name in frame else pd.Series(dtype=str)
    found = frame[known == value.lower()] if len(known) else frame.iloc[:0]
    if found.empty:
        raise LayerError(
            "{file} has no polygon with {only}",
            code="hazard_none_chosen",
            hint="Write COLUMN=VALUE; {name} holds: {known}",
            file=path.name,
            only=only,
            name=name,
            known=", ".join(sorted(set(known)))[:200],
        )
    return found


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
    joined, name = UnitNumbers.of(table, key).joined(units, key, column)
    return people_exposure(hazards, joined, unit_id=key, people=name, settlement=settlement)


def show_exposure(result: Exposure, output: Path, sources: list[str], as_json: bool) -> None:
    """Print the sums of a table with its balance and notes, or JSON alone."""
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
    for rule in result.citations:
        typer.echo(f"Kelas: {rule}")
    for note in result.notes[:10]:
        typer.echo(f"! {describe(note)[0]}", err=True)
    if len(result.notes) > 10:
        typer.echo(f"! dan {len(result.notes) - 10} catatan lagi di {output.name}", err=True)
    typer.echo(f"→ {output}")
