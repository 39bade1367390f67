"""`tataruang poverty`: registers, measures, indices and codes of poverty data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from api.formats import number
from api.options import SourceCrs, atomic_path
from layers.files import read_confined
from layers.poverty.privacy import LEAST
from layers.workspace import Workspace
from spatial.errors import AccessError, LayerError
from spatial.text import describe

__all__ = ["poverty"]

poverty = typer.Typer(no_args_is_help=True, help="Data kemiskinan / poverty data.")

Output = Annotated[Path, typer.Option("--output", "-o", help="Hasil: .csv atau .xlsx")]
Closed = Annotated[
    Path | None, typer.Option("--workspace", "-w", help="Ruang kerja tertutup / private workspace")
]


@poverty.command("desil")
def desil(
    file: Annotated[Path, typer.Argument(help="Tabel desa x desil, CSV atau XLSX")],
    output: Output,
    poor: Annotated[str, typer.Option(help="Desil yang disebut miskin, mis. 1 atau 1,2")] = "1",
    least: Annotated[int, typer.Option(min=0, help="Sel di bawah ini ditutup")] = LEAST,
    workspace: Closed = None,
) -> None:
    """Jumlah keluarga miskin per desa dari DTSEN (DTKS, P3KE) / counts from a register."""
    from layers.poverty import levels_of_codes, protect
    from layers.poverty.register import read_register

    register = read_register(_table(file), private=_private(workspace), what=file.name)
    counts = register.poor(_whole_numbers(poor))
    known = counts["households"].notna().any()
    hidden = counts["poor"].isna()
    if known and least:
        mask = protect(
            counts["poor"], counts["households"], levels_of_codes(counts.index), least=least
        )
        hidden = mask.covers(counts.index)
    elif least:
        # Without the number of all families only the small counts themselves can be hidden.
        hidden = hidden | (counts["poor"] < least)
    shown = counts.assign(poor=counts["poor"].mask(hidden))
    _write(
        shown.assign(withheld=hidden, source=register.source, quarter=register.quarter)
        .rename(columns={"poor": "miskin", "households": "keluarga"})
        .rename_axis("kode_desa")
        .reset_index(),
        output,
    )
    typer.echo(f"{register.rule.citation()}, {register.quarter}")
    for note in register.notes:
        typer.echo(f"! {describe(note)[0]}", err=True)
    typer.echo(f"{number(len(shown), 0)} desa, {number(int(hidden.sum()), 0)} ditutup → {output}")


@poverty.command("fgt")
def measures(
    file: Annotated[Path, typer.Argument(help="Data rumah tangga, CSV atau XLSX")],
    workspace: Annotated[Path, typer.Option("--workspace", "-w", help="Ruang kerja tertutup")],
    spending: Annotated[str, typer.Option(help="Kolom pengeluaran per kapita")],
    line: Annotated[str, typer.Option(help="Garis kemiskinan: bilangan atau nama kolom")],
    output: Output,
    weight: Annotated[str | None, typer.Option(help="Kolom penimbang (orang)")] = None,
    by: Annotated[str | None, typer.Option(help="Kolom kelompok, mis. kode kab/kota")] = None,
    least: Annotated[int, typer.Option(min=0, help="Kelompok di bawah ini ditutup")] = LEAST,
) -> None:
    """P0, P1, P2 dari data rumah tangga, hanya di ruang kerja tertutup / FGT measures."""
    from layers.poverty import numbers
    from layers.poverty.fgt import fgt

    if not _private(workspace):
        raise AccessError(
            "unit records are read in a private workspace only",
            code="workspace_not_private",
            hint="Create one: tataruang init tertutup --name Tertutup --private",
        )
    table = _table(file)
    column = {name: numbers(_column(table, name)) for name in (spending, weight) if name}
    limit = float(line) if line.replace(".", "", 1).isdigit() else numbers(_column(table, line))
    found = fgt(
        column[spending],
        limit,
        weight=column[weight] if weight else None,
        by=_column(table, by) if by else None,
        least=least,
    )
    _write(found.reset_index(), output)
    typer.echo(f"{number(len(found), 0)} kelompok → {output}")


@poverty.command("index")
def index(
    file: Annotated[Path, typer.Argument(help="Tabel dimensi per desa, CSV atau XLSX")],
    output: Output,
    rule: Annotated[
        str, typer.Option(help="idm_2016 | indeks_desa_2025 | berkas .toml")
    ] = "idm_2016",
) -> None:
    """Indeks desa menurut berkas aturan / index of desa by a rule file."""
    from layers.poverty import codes, find_code_column, refuse_personal
    from layers.poverty.village_index import village_index

    table = _table(file)
    refuse_personal(table, what=file.name)
    found = village_index(table, rule)
    citation = str(found.attrs["citation"])
    if name := find_code_column(table.columns):
        found = found.set_axis(codes(table[name]))
    _write(found.assign(rule=citation).rename_axis("kode_desa").reset_index(), output)
    typer.echo(citation)
    for word, many in found["class"].value_counts().items():
        typer.echo(f"{word:<22}{number(int(many), 0):>8}")
    typer.echo(f"→ {output}")


@poverty.command("crosswalk")
def codes_over_time(
    old: Annotated[Path, typer.Argument(help="Edisi lama: daftar kode,nama atau poligon desa")],
    new: Annotated[Path, typer.Argument(help="Edisi baru, jenis yang sama")],
    output: Output,
    counts: Annotated[
        Path | None, typer.Option(help="Tabel jumlah menurut kode lama, untuk dibawa ke kode baru")
    ] = None,
    column: Annotated[str | None, typer.Option(help="Kolom jumlah dalam --counts")] = None,
    source_crs: SourceCrs = None,
) -> None:
    """Kode desa antaredisi, dan jumlah yang dibawa tanpa hilang / codes between editions."""
    import geopandas as gpd

    from layers import read
    from layers.admin.links import carry, compare_codes, ground_links
    from layers.poverty import codes, find_code_column, numbers

    one, two = (_table(path) for path in (old, new))
    if not isinstance(one, gpd.GeoDataFrame) or not isinstance(two, gpd.GeoDataFrame):
        lists = [_names(table, path.name) for table, path in ((one, old), (two, new))]
        found = compare_codes(*lists)
        _write(found.rename_axis("kode").reset_index(), output)
        _counted(found["kind"], output)
        return
    frames = []
    for path in (old, new):
        layer = read(path, source_crs=source_crs).features
        name = find_code_column(layer.columns) or ("kode_desa" if "kode_desa" in layer else None)
        if name is None:
            raise _no_codes(path.name, layer)
        frames.append(layer.set_index(codes(layer[name])))
    links = ground_links(*frames)
    if counts is None or column is None:
        _write(links, output)
        _counted(links["kind"], output)
        return
    table = _table(counts)
    named = find_code_column(table.columns)
    if named is None:
        raise _no_codes(counts.name, table)
    before = numbers(_column(table, column)).set_axis(codes(table[named]))
    after = carry(before, links)
    _write(after.rename(column).rename_axis("kode").reset_index(), output)
    typer.echo(f"{number(float(before.sum()), 0)} = {number(float(after.sum()), 0)} → {output}")


def _names(table: pd.DataFrame, what: str) -> pd.Series:
    from layers.poverty import codes, find_code_column

    lower = table.rename(columns=lambda name: str(name).strip().lower())
    code = find_code_column(lower.columns)
    if code is None or "nama" not in lower:
        raise _no_codes(what, table)
    return lower["nama"].set_axis(codes(lower[code]))


def _counted(kinds: pd.Series, output: Path) -> None:
    for word, many in kinds.value_counts().items():
        typer.echo(f"{word:<12}{number(int(many), 0):>8}")
    typer.echo(f"→ {output}")


def _no_codes(what: str, table: pd.DataFrame) -> LayerError:
    return LayerError(
        "{what} has no columns of codes and names",
        code="crosswalk_columns",
        hint="It has: {columns}",
        what=what,
        columns=", ".join(map(str, table.columns))[:200],
    )


def _private(workspace: Path | None) -> bool:
    return workspace is not None and Workspace.open(workspace).private


def _whole_numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise typer.BadParameter("1 | 1,2 | 1,2,3,4", param_hint="--poor") from error


def _table(path: Path) -> Any:
    """Read a table as it stands, through the one opener."""
    return read_confined(path).frame


def _column(table: pd.DataFrame, name: str) -> pd.Series:
    if name not in table.columns:
        raise LayerError(
            "there is no column {column!r}",
            code="value_column_missing",
            hint="The columns are: {columns}",
            column=name,
            columns=", ".join(map(str, table.columns)),
        )
    column: pd.Series = table[name]
    return column


def _write(table: pd.DataFrame, output: Path) -> None:
    if output.suffix.lower() not in (".csv", ".xlsx"):
        raise LayerError(
            "{name}: results are not written as {suffix!r}",
            code="output_unknown",
            hint="Use one of {suffixes}",
            name=output.name,
            suffix=output.suffix,
            suffixes=".csv, .xlsx",
        )
    with atomic_path(output) as partial:
        if output.suffix.lower() == ".csv":
            table.to_csv(partial, index=False)
        else:
            table.to_excel(partial, index=False)
