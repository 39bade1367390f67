"""`tataruang hazard risk`: hazard, vulnerability, capacity and risk of every unit, by rule."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal

import pandas as pd
import typer

from api.commands.exposure import read_hazard
from api.options import SourceCrs, atomic_path
from hazard import exposure, indices, load_rule, risk_table, unit_hazard
from layers import read
from spatial.errors import LayerError
from spatial.text import describe

__all__ = ["risk"]

SUFFIXES: Final = (".csv", ".xlsx")


def risk(
    hazard: Annotated[Path, typer.Option("--hazard", "-H", help="Peta bahaya")],
    by: Annotated[Path, typer.Option("--by", help="Unit: desa, kecamatan")],
    indicators: Annotated[
        Path, typer.Option(help="Tabel indikator kerentanan dan kapasitas, satu baris per unit")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Hasil: .csv atau .xlsx")],
    vulnerability: Annotated[str, typer.Option(help="Aturan kerentanan")] = "banjir_bnpb_2012",
    capacity: Annotated[str, typer.Option(help="Aturan kapasitas")] = "ikd_ikm_2019",
    rule: Annotated[str, typer.Option(help="Aturan risiko")] = "akar_tiga_2019",
    method: Annotated[
        Literal["terburuk", "terluas", "rata_rata"],
        typer.Option(help="Indeks bahaya unit: kelas terburuk, kelas terluas, atau rata-rata luas"),
    ] = "rata_rata",
    classes: Annotated[str, typer.Option(help="Aturan kelas bahaya")] = "tiga_kelas",
    column: Annotated[str, typer.Option(help="Kolom kelas pada poligon bahaya")] = "kelas",
    mapped: Annotated[Path | None, typer.Option(help="Wilayah kajian poligon bahaya")] = None,
    unit_id: Annotated[str, typer.Option(help="Kolom kode unit")] = "kode_desa",
    nodata: Annotated[float | None, typer.Option(help="Nilai tanpa data raster")] = None,
    source_crs: SourceCrs = None,
) -> None:
    """Hitung risiko per unit menurut aturan yang disebut / risk per unit by a cited rule."""
    if output.suffix.lower() not in SUFFIXES:
        raise LayerError(
            "{name}: results are written as {known}",
            code="exposure_format",
            name=output.name,
            known=", ".join(SUFFIXES),
        )
    units = read(by, source_crs=source_crs)
    key = units.column(unit_id)
    made = read_hazard(hazard, classes, column=column, mapped=mapped, nodata=nodata, crs=source_crs)
    measured = exposure(made, units.features, unit_id=key)
    where = (made.name, made.scenarios[0])
    first = pd.DataFrame(measured.wide().xs(where, level=("hazard", "scenario")))
    numbers = read(indicators)
    rows = pd.DataFrame(numbers.frame).set_index(numbers.frame[numbers.column(unit_id)].astype(str))
    weak, able = indices("vulnerability", vulnerability, rows), indices("capacity", capacity, rows)
    table = risk_table(unit_hazard(first, method=method), weak, able, rule=rule)
    rules = {
        "bahaya": f"{made.rule.citation}; unit: {method}",
        "kerentanan": weak.citation,
        "kapasitas": able.citation,
        "risiko": load_rule("risk", rule).citation(),
    }
    with atomic_path(output) as partial:
        _write(table, rules, partial)
    for note in (*measured.notes, *weak.notes, *able.notes):
        typer.echo(f"! {describe(note)[0]}", err=True)
    counts = table["kelas_risiko"].fillna("belum pasti").value_counts()
    typer.echo("  ".join(f"{name}: {count} unit" for name, count in counts.items()))
    typer.echo(f"→ {output}")


def _write(table: pd.DataFrame, rules: dict[str, str], target: Path) -> None:
    named = table.rename_axis("kode").reset_index()
    if target.suffix.lower() == ".csv":
        cited: dict[str, Any] = {f"aturan_{name}": text for name, text in rules.items()}
        named.assign(**cited).to_csv(target, index=False)
        return
    with pd.ExcelWriter(target, engine="openpyxl") as book:
        named.to_excel(book, sheet_name="risiko", index=False, freeze_panes=(1, 1))
        pd.DataFrame(rules.items(), columns=["bagian", "aturan"]).to_excel(
            book, sheet_name="aturan", index=False
        )
