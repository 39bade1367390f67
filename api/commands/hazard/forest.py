"""`tataruang hazard forest`: forest that went between two dates, by unit, inside what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.commands.exposure import chosen, show_exposure
from api.options import AsJson, SourceCrs, atomic_path
from api.reports.exposure_table import write_exposure
from hazard import exposure
from hazard.forest import forest_change
from layers import read

__all__ = ["forest"]


def forest(
    before: Annotated[Path, typer.Option(help="Tutupan lahan tanggal pertama")],
    after: Annotated[Path, typer.Option(help="Tutupan lahan tanggal kedua")],
    by: Annotated[Path, typer.Option("--by", help="DAS atau desa")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Hasil: .csv, .xlsx atau .json")],
    cover: Annotated[str, typer.Option(help="Kolom tutupan lahan")] = "tutupan",
    word: Annotated[
        list[str] | None, typer.Option("--forest", help="Kata yang berarti hutan; bisa beberapa")
    ] = None,
    kawasan: Annotated[Path | None, typer.Option(help="Kawasan hutan atau pola ruang")] = None,
    only: Annotated[
        str | None, typer.Option(help="Hanya poligon kawasan KOLOM=NILAI, mis. fungsi=lindung")
    ] = None,
    unit_id: Annotated[str, typer.Option(help="Kolom kode unit")] = "kode_desa",
    source_crs: SourceCrs = None,
    as_json: AsJson = False,
) -> None:
    """Ukur kehilangan hutan di kawasan lindung per DAS atau desa / forest loss by unit."""
    old, new = read(before, source_crs=source_crs), read(after, source_crs=source_crs)
    change = forest_change(
        old.features.rename(columns={old.column(cover): cover}),
        new.features.rename(columns={new.column(cover): cover}),
        column=cover,
        forest=word or ["hutan"],
    )
    units = read(by, source_crs=source_crs)
    area = None
    if kawasan is not None:
        area = read(kawasan, source_crs=source_crs).features
        if only is not None:
            area = chosen(area, only, kawasan)
    result = exposure(change, units.features, unit_id=units.column(unit_id), of=area)
    sources = [path.name for path in (before, after, by, kawasan) if path is not None]
    with atomic_path(output) as partial:
        write_exposure(result, partial, sources)
    show_exposure(result, output, sources, as_json)
