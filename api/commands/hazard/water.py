"""`tataruang hazard water`: DAS by kab/kota, supply against demand, and what crosses borders."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from api.formats import number
from api.options import SourceCrs, atomic_path
from hazard.water import das_shares, water_balance
from layers import read
from spatial.errors import LayerError

__all__ = ["water"]


def water(
    das: Annotated[Path, typer.Option(help="DAS")],
    kabkota: Annotated[Path, typer.Option(help="Batas kabupaten/kota")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Hasil .csv")],
    runoff: Annotated[
        Path | None, typer.Option(help="Tabel: das, hasil air mm/tahun (kolom limpasan_mm)")
    ] = None,
    users: Annotated[Path | None, typer.Option(help="Tabel pemakai air per kab/kota")] = None,
    coefficient: Annotated[
        list[str] | None, typer.Option(help="KOLOM=m³ per tahun, mis. jiwa=43,8")
    ] = None,
    das_id: Annotated[str, typer.Option(help="Kolom nama DAS")] = "nama_das",
    kabkota_id: Annotated[str, typer.Option(help="Kolom kode kab/kota")] = "kode_kab",
    source_crs: SourceCrs = None,
) -> None:
    """Hitung air lintas kabupaten per DAS / water across kabupaten, DAS by DAS."""
    basins = read(das, source_crs=source_crs)
    borders = read(kabkota, source_crs=source_crs)
    table = das_shares(
        basins.features,
        borders.features,
        das_id=basins.column(das_id),
        kabkota_id=borders.column(kabkota_id),
    )
    if (runoff is None) != (users is None):
        raise LayerError(
            "a balance needs both what the DAS yield and who uses it",
            code="balance_incomplete",
            hint="Give --runoff and --users with --coefficient, or neither for shares alone",
        )
    if runoff is not None and users is not None:
        yields, people = read(runoff), read(users)
        needs = dict(map(_coefficient, coefficient or []))
        depth = _indexed(pd.DataFrame(yields.frame), yields.column(das_id))["limpasan_mm"]
        amounts = _indexed(pd.DataFrame(people.frame), people.column(kabkota_id))
        table = water_balance(
            table, pd.to_numeric(depth, errors="coerce"), _numbers(amounts, needs), needs
        )
    with atomic_path(output) as partial:
        table.to_csv(partial, index=False)
    outside = table.loc[table["kabkota"].isna(), "area_m2"].sum() / 1e6
    typer.echo(
        f"{table['das'].nunique()} DAS, {table['kabkota'].nunique()} kab/kota; di luar "
        f"semua kab/kota {number(outside)} km²"
    )
    if "transfer_m3" in table:
        moved = table["transfer_m3"].clip(lower=0).sum()
        typer.echo(
            f"antarkab/kota {number(moved, 0)} m³/tahun; kekurangan yang tersisa "
            f"{number(table['deficit_m3'].sum(), 0)} m³/tahun"
        )
    typer.echo(f"→ {output}")


def _indexed(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    return frame.set_index(frame[key].astype(str))


def _numbers(frame: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """Read the columns that are counted; a cell that is no number is not given."""
    known = [name for name in names if name in frame]
    return frame.assign(**{name: pd.to_numeric(frame[name], errors="coerce") for name in known})


def _coefficient(word: str) -> tuple[str, float]:
    name, _, value = word.partition("=")
    try:
        return name, float(value.replace(",", "."))
    except ValueError as error:
        raise LayerError(
            "{word!r} is no coefficient",
            code="coefficient_malformed",
            hint="Write COLUMN=cubic metres a year, such as jiwa=43.8",
            word=word,
        ) from error
