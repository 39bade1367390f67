"""`tataruang hazard uncertainty`: how far errors of the heights carry into areas and people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from api.commands.hazard.many_runs import (
    By,
    Homes,
    Measured,
    People,
    PeopleColumn,
    Runs,
    Seed,
    UnitId,
    units_of,
)
from api.commands.hazard.maps import Maps
from api.options import AsJson, SourceCrs, Yes, ZUnit
from hazard import class_rule
from hazard.flood import geomorphic_flood
from hazard.uncertainty import correlated_noise
from spatial.terrain import flow_of, open_heights

__all__ = ["uncertainty"]


def uncertainty(
    dem: Annotated[Path, typer.Argument(help="DEM, CRS meter")],
    output_dir: Annotated[Path, typer.Option("--output-dir", "-o", help="Folder hasil")],
    sd: Annotated[float, typer.Option(min=0.0, help="Simpangan baku galat tinggi, m")],
    reach: Annotated[
        float, typer.Option(min=0.0, help="Jarak korelasi galat (turun menjadi 1/e), m")
    ],
    runs: Runs = 100,
    seed: Seed = 0,
    river_km2: Annotated[float | None, typer.Option(help="Luas tangkapan awal sungai")] = None,
    rule: Annotated[str, typer.Option(help="Aturan banjir")] = "gfi_bnpb_2019",
    a: Annotated[float | None, typer.Option(help="Faktor hr = a * A^n hasil kalibrasi")] = None,
    classes: Annotated[str, typer.Option(help="Aturan kelas")] = "banjir_kedalaman_bnpb",
    by: By = None,
    homes: Homes = None,
    people: People = None,
    people_column: PeopleColumn = "jumlah_penduduk",
    unit_id: UnitId = "kode_desa",
    nodata: Annotated[float | None, typer.Option(help="Nilai tanpa data DEM")] = None,
    z_unit: ZUnit = None,
    source_crs: SourceCrs = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Ulangi peta banjir dengan galat DEM / flood again and again with errors of the heights."""
    grid = open_heights(dem, crs=source_crs, nodata=nodata, unit=z_unit)
    maps = Maps(output_dir, grid, yes=yes, names=("peluang",))
    heights, reach_cells = grid.values(), reach / abs(grid.dx)

    def depth(rng: np.random.Generator) -> Any:
        noise = correlated_noise(grid.shape, sd=sd, reach_cells=reach_cells, rng=rng)
        flow = flow_of(grid.with_values(heights + noise))
        return geomorphic_flood(flow, river_km2=river_km2, rule=rule, a=a).depth_m

    facts: dict[str, Any] = {
        "dem": dem.name,
        "parameters": {"sd_m": sd, "reach_m": reach, "runs": runs, "seed": seed, "a": a},
    }
    units = units_of(by, homes, people, people_column, unit_id, source_crs)
    measured = Measured(grid, class_rule(classes), units, lambda values: values > 0)
    measured.write(maps, depth, facts, text="peluang tergenang 0..1", as_json=as_json)
