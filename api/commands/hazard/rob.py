"""`tataruang hazard rob`: the sea on sinking ground, joined to the sea or behind a dike."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer

from api.commands.hazard.maps import Maps, mask_of
from api.formats import number
from api.options import AsJson, SourceCrs, Yes, ZUnit
from hazard import class_rule
from hazard.rob import rob_depth
from layers import read
from spatial.errors import LayerError, RasterError
from spatial.terrain import open_heights
from spatial.zonal import cell_areas, open_grid

__all__ = ["rob"]

NAMES: Final = ("kedalaman_rob_m", "kelas_rob", "di_balik_penghalang")


def rob(
    dem: Annotated[Path, typer.Argument(help="DEM, meter di atas datum muka laut")],
    output_dir: Annotated[Path, typer.Option("--output-dir", "-o", help="Folder hasil (COG)")],
    dem_date: Annotated[
        datetime,
        typer.Option(formats=["%Y-%m-%d"], help="Tanggal data tinggi DEM / date of heights"),
    ],
    on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Hari yang ditanyakan")],
    sea_level: Annotated[float, typer.Option(help="Muka laut rata-rata pada datum DEM, m")],
    tide: Annotated[float, typer.Option(help="Pasang di atas muka laut rata-rata, m")],
    sinking: Annotated[
        str, typer.Option(help="Penurunan tanah m/tahun, atau raster dengan sel yang sama")
    ],
    land: Annotated[
        Path | None, typer.Option(help="Poligon daratan; di luarnya laut (mis. garis pantai)")
    ] = None,
    sea: Annotated[Path | None, typer.Option(help="Poligon laut")] = None,
    layer: Annotated[
        str | None, typer.Option(help="Layer di dalam --land atau --sea, bila ada beberapa")
    ] = None,
    classes: Annotated[str, typer.Option(help="Aturan kelas")] = "banjir_kedalaman_bnpb",
    nodata: Annotated[float | None, typer.Option(help="Nilai tanpa data DEM")] = None,
    z_unit: ZUnit = None,
    source_crs: SourceCrs = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Petakan rob pada tanah yang turun / tidal flood on the ground of a later day."""
    if (land is None) == (sea is None):
        raise LayerError(
            "say where the sea is: either land polygons or sea polygons",
            code="sea_not_given",
            hint="--land garis_pantai.gpkg or --sea laut.gpkg",
        )
    grid = open_heights(dem, crs=source_crs, nodata=nodata, unit=z_unit)
    maps = Maps(output_dir, grid, yes=yes, names=NAMES)
    drawn = read(land or sea or dem, layer=layer, source_crs=source_crs).features
    water = ~mask_of(drawn, grid) if land is not None else mask_of(drawn, grid)
    heights = grid.values()
    depth, behind = rob_depth(
        heights,
        water,
        sea_level_m=sea_level,
        tide_m=tide,
        dem_date=dem_date.date(),
        on=on.date(),
        sinking_m_per_year=_sinking(sinking, grid),
    )
    # Sea is no flooded land.
    depth = np.where(water, np.nan, depth)
    rule = class_rule(classes)
    known = np.isfinite(depth)
    maps.write("kedalaman_rob_m", depth, "kedalaman rob, meter")
    maps.write_codes("kelas_rob", rule.codes(depth, known), rule.labels, rule.citation)
    codes = np.where(known, behind, 2)
    maps.write_codes(
        "di_balik_penghalang", codes, ("tidak", "ya"), "lebih rendah dari air, tanpa jalan ke laut"
    )
    area = np.broadcast_to(cell_areas(grid), grid.shape)
    flooded, shielded = float(area[depth > 0].sum()), float(area[behind & known].sum())
    facts: dict[str, Any] = {
        "dem": dem.name,
        "parameters": {
            "sea_level_m": sea_level,
            "tide_m": tide,
            "dem_date": dem_date.date().isoformat(),
            "on": on.date().isoformat(),
            "sinking": sinking,
            "sea": (land or sea or dem).name,
        },
        "classes": rule.citation,
        "flooded_m2": flooded,
        "behind_m2": shielded,
        "no_data_on_land_m2": float(area[np.isnan(heights) & ~water].sum()),
    }
    maps.finish("rob", facts, as_json=as_json)
    if not as_json:
        typer.echo(
            f"  tergenang {number(flooded / 1e4)} ha; di balik penghalang "
            f"{number(shielded / 1e4)} ha (kering selama penghalang bertahan)"
        )


def _sinking(text: str, grid: Any) -> Any:
    """Read a rate in metres a year, or a raster of rates; missing rates leave no answer."""
    try:
        return float(text)
    except ValueError:
        rates = open_grid(Path(text))
    if not rates.same_cells(grid):
        raise RasterError(
            "{one} and {other} do not have the same cells",
            code="grids_differ",
            hint="Warp the rates to the cells of the model: gdalwarp -r bilinear -tr -te",
            one=rates.name,
            other=grid.name,
        )
    return rates.values()
