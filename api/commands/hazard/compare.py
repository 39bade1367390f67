"""`tataruang hazard compare`: two hazard maps or scenarios as a table and a map of the change."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import geopandas as gpd
import typer

from api.commands.exposure import read_hazard
from api.formats import area, number
from api.options import SourceCrs, atomic_path
from api.reports.hazard_map import HazardSheet, draw_change_map
from hazard import Hazard, change_areas, compare_hazards
from layers import read

__all__ = ["compare"]


def compare(
    before: Annotated[Path, typer.Option(help="Peta bahaya sebelum")],
    after: Annotated[Path, typer.Option(help="Peta bahaya sesudah")],
    by: Annotated[Path, typer.Option("--by", help="Unit: desa, kecamatan, DAS")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder hasil")],
    of: Annotated[Path | None, typer.Option(help="Yang terpapar; kosong: lahan")] = None,
    count: Annotated[bool, typer.Option("--count", help="Hitung bangunan")] = False,
    classes: Annotated[str | None, typer.Option(help="Aturan kelas")] = None,
    column: Annotated[str, typer.Option(help="Kolom kelas pada poligon")] = "kelas",
    mapped: Annotated[Path | None, typer.Option(help="Wilayah kajian poligon")] = None,
    unit_id: Annotated[str, typer.Option(help="Kolom kode unit")] = "kode_desa",
    nodata: Annotated[float | None, typer.Option(help="Nilai tanpa data raster")] = None,
    source_crs: SourceCrs = None,
) -> None:
    """Bandingkan dua skenario per unit dan kelas / two scenarios as a table and a map."""
    units = read(by, source_crs=source_crs)
    key = units.column(unit_id)
    one, two = (
        read_hazard(path, classes, column=column, mapped=mapped, nodata=nodata, crs=source_crs)
        for path in (before, after)
    )
    exposed = None if of is None else read(of, source_crs=source_crs).features
    table, unit = compare_hazards(one, two, units.features, unit_id=key, of=exposed, count=count)
    output.mkdir(parents=True, exist_ok=True)
    with atomic_path(output / "perubahan.csv") as partial:
        table.to_csv(partial, index=False)
    _map(one, two, units.features, key, output, [before.name, after.name, by.name])
    sums = table.groupby("hazard_class", sort=False)[["before", "after", "change"]].sum()
    text = area if unit == "m2" else (lambda value: number(value, 0))
    typer.echo(f"{'kelas':<16}{'sebelum':>18}{'sesudah':>18}{'berubah':>18}")
    for name, row in sums.iterrows():
        typer.echo(f"{name!s:<16}" + "".join(f"{text(float(v)):>18}" for v in row))
    for path in sorted(output.iterdir()):
        typer.echo(f"→ {path}")


def _map(
    one: Hazard,
    two: Hazard,
    units: gpd.GeoDataFrame,
    key: str,
    folder: Path,
    sources: list[str],
) -> None:
    facts = HazardSheet(
        "Perubahan kelas bahaya",
        f"{one.name} → {two.name}",
        units,
        change_areas(one, two, units, unit_id=key),
        sources,
        (one.rule.citation,),
        key,
    )
    for form in ("png", "pdf"):
        with atomic_path(folder / f"perubahan.{form}") as partial:
            partial.write_bytes(
                draw_change_map((one, one.scenarios[0]), (two, two.scenarios[0]), facts, form=form)
            )
