"""`tataruang terrain`: slope, curvature, flow and height above rivers from a height model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import numpy as np
import typer

from api.options import AsJson, SourceCrs, Yes, ZUnit, atomic_path
from api.progress import Clock
from spatial.errors import LayerError
from spatial.terrain import (
    check_heights,
    curvature,
    flow_of,
    height_above_drainage,
    in_windows,
    open_heights,
    slope_deg,
    slope_percent,
    terrain_windows,
    write_cog,
)
from spatial.zonal import Grid

__all__ = ["Making", "scratch_of", "terrain"]

#: More cells than this are worked on in files instead of memory (15 bytes each).
IN_MEMORY_CELLS: Final = 30_000_000
Windows: TypeAlias = Iterable[tuple[int, Any]]
#: File -> what its numbers mean.
OUTPUTS: Final = {
    "lereng_derajat": "kemiringan lereng (Horn), derajat",
    "lereng_persen": "kemiringan lereng (Horn), persen",
    "kelengkungan": "kelengkungan (Zevenbergen-Thorne), 1/m; di atas nol punggung",
    "dem_terisi": "ketinggian setelah cekungan diisi, m",
    "arah_d8": "arah aliran D8: 1 timur, 2 tenggara, 4 selatan ... 128 timur laut; 0 keluaran",
    "akumulasi_km2": "luas tangkapan sampai sel ini, km2",
    "cekungan_air": "nomor daerah tangkapan",
    "orde_sungai": "orde sungai (Strahler); 0 bukan sungai",
    "hand_m": "tinggi di atas sungai terdekat menurut aliran (HAND), m",
}


#: Share of the whole time that a file or a step of the flow takes, measured on a large model.
SHARES: Final = {
    "lereng_derajat": 0.07, "lereng_persen": 0.07, "kelengkungan": 0.06,
    "isi cekungan": 0.27, "naikkan ke titik limpas": 0.02, "arah aliran": 0.02,
    "dataran": 0.11, "arah dataran": 0.01, "lintas petak": 0.04,
    "akumulasi per petak": 0.03, "akumulasi": 0.03, "dem_terisi": 0.05, "arah_d8": 0.01,
    "akumulasi_km2": 0.03, "bawa ke hulu": 0.09, "cekungan_air": 0.02, "orde_sungai": 0.02,
    "hand_m": 0.05,
}  # fmt: skip


def terrain(
    dem: Annotated[Path, typer.Argument(help="DEM (GeoTIFF atau ASCII grid), meter, CRS meter")],
    output_dir: Annotated[Path, typer.Option("--output-dir", "-o", help="Folder hasil (COG)")],
    river_km2: Annotated[
        float, typer.Option(min=0.0, help="Sungai mulai luas tangkapan ini, km² / river threshold")
    ] = 1.0,
    z_unit: ZUnit = None,
    nodata: Annotated[
        float | None, typer.Option(help="Nilai tanpa data, bila berkas tidak menyebutkannya")
    ] = None,
    source_crs: SourceCrs = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Turunkan lereng, aliran, dan HAND dari DEM / slope, flow and HAND from a height model."""
    _refuse_overwriting(output_dir, yes)
    grid = open_heights(dem, crs=source_crs, nodata=nodata, unit=z_unit)
    low, high = check_heights(grid)
    report = _write_all(grid, output_dir, river_km2) | {
        "dem": dem.name,
        "height_m": [low, high],
        "river_km2": river_km2,
        "z_factor": grid.factor,
    }
    with atomic_path(output_dir / "medan.json") as partial:
        partial.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(report))
        return
    for note in report["notes"]:
        typer.echo(f"! {note['message']}", err=True)
    for name in report["files"]:
        typer.echo(f"✓ {output_dir / name}: {OUTPUTS[Path(name).stem]}")


def _refuse_overwriting(folder: Path, yes: bool) -> None:
    there = [name for name in OUTPUTS if (folder / f"{name}.tif").exists()]
    if there and not yes:
        raise LayerError(
            "{folder} already holds {names}",
            code="terrain_files_exist",
            hint="Choose another folder, or overwrite with --yes",
            folder=str(folder),
            names=", ".join(f"{name}.tif" for name in there),
        )


def _write_all(grid: Grid, folder: Path, river_km2: float) -> dict[str, Any]:
    """Write every output, first what needs a cell's neighbours, then what needs the flow."""
    folder.mkdir(parents=True, exist_ok=True)
    clock = Making()

    def write(name: str, windows: Windows, dtype: str, nodata: float) -> None:
        tags = {"keterangan": OUTPUTS[name], "river_km2": str(river_km2)}
        target = folder / f"{name}.tif"
        write_cog(target, grid, windows, dtype=dtype, nodata=nodata, tags=tags)
        clock.made(name)

    local: dict[str, Callable[..., Any]] = {
        "lereng_derajat": slope_deg,
        "lereng_persen": slope_percent,
        "kelengkungan": curvature,
    }
    for name, work in local.items():
        write(name, terrain_windows(grid, work), "float32", -9999.0)
    flow = flow_of(grid, folder=scratch_of(grid, folder), progress=clock.step)
    write("dem_terisi", in_windows(flow.filled), "float32", -9999.0)
    write("arah_d8", in_windows(flow.d8), "uint8", 247)
    write("akumulasi_km2", in_windows(flow.area_km2()), "float32", -9999.0)
    write("cekungan_air", in_windows(flow.basins()), "uint32", 0)
    rivers = flow.rivers(river_km2)
    order = flow.stream_order(rivers)
    ordered = (
        (row, np.where(d8 == 247, np.int8(-1), part))
        for (row, part), (_, d8) in zip(in_windows(order), in_windows(flow.d8), strict=True)
    )
    write("orde_sungai", ordered, "int16", -1)
    write("hand_m", in_windows(height_above_drainage(flow, rivers)), "float32", -9999.0)
    return {
        "files": clock.files,
        "seconds": round(clock.seconds(), 1),
        "cells": grid.height * grid.width,
        "notes": [note.to_dict() for note in flow.notes],
    }


def scratch_of(grid: Grid, folder: Path) -> Path | None:
    """Return where a large model is worked on, beside the results; a small one in memory."""
    return folder if grid.height * grid.width > IN_MEMORY_CELLS else None


class Making(Clock):
    """What was made and how long it took; on a terminal, what is being done and until when."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[str] = []
        self._behind: dict[str, float] = {}

    def _share(self) -> float:
        return min(sum(self._behind.values()), 1.0)

    def made(self, name: str) -> None:
        """Count a file."""
        self.files.append(f"{name}.tif")
        self._behind[name] = SHARES.get(name, 0.0)
        self.tell(f"{name}.tif", self._share(), always=True)

    def step(self, what: str, done: int, total: int) -> None:
        """Show how far a step of the flow is."""
        # A step that is repeated counts once, as far as it ever came.
        part = SHARES.get(what, 0.0) * done / total
        self._behind[what] = max(self._behind.get(what, 0.0), part)
        self.tell(f"{what}, petak {done}/{total}", self._share())
