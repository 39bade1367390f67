"""`tataruang hazard uncertainty`: how far errors of the heights carry into areas and people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import typer

from api.commands.hazard.maps import Maps
from api.formats import number
from api.options import AsJson, SourceCrs, Yes, atomic_path, on_terminal
from hazard import class_rule, exposure, hazard_from_grid, people_exposure
from hazard.flood import geomorphic_flood
from hazard.uncertainty import correlated_noise, probability, simulate
from layers import read
from spatial.errors import LayerError
from spatial.terrain import check_heights, flow_of
from spatial.zonal import Grid, open_grid

__all__ = ["uncertainty"]


def uncertainty(
    dem: Annotated[Path, typer.Argument(help="DEM, meter, CRS meter")],
    output_dir: Annotated[Path, typer.Option("--output-dir", "-o", help="Folder hasil")],
    sd: Annotated[float, typer.Option(min=0.0, help="Simpangan baku galat tinggi, m")],
    reach: Annotated[
        float, typer.Option(min=0.0, help="Jarak korelasi galat (turun menjadi 1/e), m")
    ],
    runs: Annotated[int, typer.Option(help="Banyak ulangan")] = 100,
    seed: Annotated[int, typer.Option(help="Benih; sama berarti hasil sama")] = 0,
    river_km2: Annotated[float | None, typer.Option(help="Luas tangkapan awal sungai")] = None,
    rule: Annotated[str, typer.Option(help="Aturan banjir")] = "gfi_bnpb_2019",
    a: Annotated[float | None, typer.Option(help="Faktor hr = a * A^n hasil kalibrasi")] = None,
    classes: Annotated[str, typer.Option(help="Aturan kelas")] = "banjir_kedalaman_bnpb",
    by: Annotated[Path | None, typer.Option("--by", help="Unit: desa, kecamatan")] = None,
    homes: Annotated[Path | None, typer.Option(help="Bangunan, bila --people")] = None,
    people: Annotated[Path | None, typer.Option(help="Tabel penduduk per unit")] = None,
    people_column: Annotated[str, typer.Option(help="Kolom jumlah")] = "jumlah_penduduk",
    unit_id: Annotated[str, typer.Option(help="Kolom kode unit")] = "kode_desa",
    nodata: Annotated[float | None, typer.Option(help="Nilai tanpa data DEM")] = None,
    source_crs: SourceCrs = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Ulangi peta banjir dengan galat DEM / flood again and again with errors of the heights."""
    grid = open_grid(dem, crs=source_crs, nodata=nodata)
    check_heights(grid)
    maps = Maps(output_dir, grid, yes=yes, names=("peluang",))
    heights, reach_cells = grid.values(), reach / abs(grid.dx)
    done = 0

    def depth(rng: np.random.Generator) -> Any:
        nonlocal done
        done += 1
        if on_terminal():
            typer.echo(f"ulangan {done}", err=True)
        noise = correlated_noise(grid.shape, sd=sd, reach_cells=reach_cells, rng=rng)
        flow = flow_of(grid.with_values(heights + noise))
        return geomorphic_flood(flow, river_km2=river_km2, rule=rule, a=a).depth_m

    facts: dict[str, Any] = {
        "dem": dem.name,
        "parameters": {"sd_m": sd, "reach_m": reach, "runs": runs, "seed": seed, "a": a},
    }
    maps.write("peluang", probability(depth, runs=runs, seed=seed), "peluang tergenang 0..1")
    if by is not None:
        measure = _measure(grid, by, homes, people, people_column, unit_id, classes, source_crs)
        # The same seed draws the same errors as for the map.
        result = simulate(lambda rng: measure(depth(rng)), runs=runs, seed=seed)
        with atomic_path(output_dir / "kuantil.csv") as partial:
            result.table.reset_index().to_csv(partial, index=False)
        facts["total"] = _totals(result.table)
    maps.finish("ketidakpastian", facts, as_json=as_json)
    if not as_json:
        for label, row in facts.get("total", {}).items():
            low, middle, high = (number(row[name], 0) for name in ("p05", "p50", "p95"))
            typer.echo(f"  {label:<16} {middle} ({low} sampai {high}, jumlah kuantil unit)")


def _measure(
    grid: Grid,
    by: Path,
    homes: Path | None,
    people: Path | None,
    column: str,
    unit_id: str,
    classes: str,
    crs: str | None,
) -> Any:
    """Return what turns a depth map into amounts by unit and class."""
    units = read(by, source_crs=crs)
    key, rule = units.column(unit_id), class_rule(classes)
    shapes: gpd.GeoDataFrame = units.features
    settlement = None
    if people is not None:
        if homes is None:
            raise LayerError(
                "people are placed on settlements, and none are given",
                code="settlement_not_given",
                hint="Give the buildings or settlements: --homes bangunan.gpkg",
            )
        numbers = read(people)
        at = numbers.column(column)
        table = pd.DataFrame(numbers.frame).set_index(
            numbers.frame[numbers.column(key)].astype(str)
        )
        shapes = shapes.assign(**{at: shapes[key].astype(str).map(table[at])})
        settlement = read(homes, source_crs=crs).features

    def measured(depth: Any) -> pd.Series[Any]:
        hazard = hazard_from_grid(grid.with_values(depth), rule, name="banjir")
        if settlement is None:
            made = exposure(hazard, shapes, unit_id=key)
        else:
            made = people_exposure(hazard, shapes, unit_id=key, people=at, settlement=settlement)
        return made.table.set_index(["unit_id", "hazard_class"])["amount"]

    return measured


def _totals(table: pd.DataFrame) -> dict[str, dict[str, float]]:
    sums = table.groupby(level="hazard_class", sort=False)[["p05", "p50", "p95"]].sum()
    return {str(name): dict(row) for name, row in sums.iterrows()}
