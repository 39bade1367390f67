"""`tataruang crosswalk`: which code became which between two editions of the codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.table import Table

from api.options import AsJson, SourceCrs, atomic_path
from api.terminal import console
from layers.admin import code_column
from layers.admin import crosswalk as compare
from layers.reading import read
from spatial.errors import LayerError

__all__ = ["crosswalk"]

SHOWN = 30
WORDS = {
    "added": "ditambah",
    "removed": "dihapus",
    "recoded": "berganti kode",
    "split": "dipecah",
    "merged": "digabung",
}
BASIS = {"code": "kode", "ground": "luas", "name": "nama (usulan)"}


def crosswalk(
    old: Annotated[Path, typer.Argument(help="Edisi lama: tabel atau layer / older edition")],
    new: Annotated[Path, typer.Argument(help="Edisi baru: tabel atau layer / newer edition")],
    output: Annotated[Path | None, typer.Option(help="OUT.csv")] = None,
    code: Annotated[str | None, typer.Option(help="Kolom kode / column of codes")] = None,
    name: Annotated[str | None, typer.Option(help="Kolom nama / column of names")] = None,
    source_crs: SourceCrs = None,
    as_json: AsJson = False,
) -> None:
    """Padanan kode wilayah antara dua edisi / codes of areas side by side."""
    if output is not None and output.suffix.lower() != ".csv":
        raise LayerError(
            "{name}: a crosswalk is written as .csv",
            code="crosswalk_suffix",
            hint="Write it as {stem}.csv",
            name=output.name,
            stem=output.stem,
        )
    found = compare(_edition(old, code, name, source_crs), _edition(new, code, name, source_crs))
    table, counts = found.table, found.counts()
    if output is not None:
        with atomic_path(output) as partial:
            table.to_csv(partial, index=False, lineterminator="\n")
    if as_json:
        changed = table[table["change"] != "same"].astype(object)
        rows = changed.where(changed.notna(), None).to_dict("records")
        said = {"codes": len(table), "counts": counts, "changes": rows,
                "output": str(output) if output else None}  # fmt: skip
        typer.echo(json.dumps(said, ensure_ascii=False))
    else:
        _tell(table, counts, output)


def _edition(
    path: Path, code: str | None, name: str | None, source_crs: str | None
) -> pd.DataFrame:
    layer = read(path, source_crs=source_crs)
    frame = layer.frame
    codes = layer.column(code) if code else code_column(frame, what=path.name)
    names = layer.column(name) if name else _name_column(frame, path.name)
    return frame.rename(columns={codes: "kode", names: "nama"})


def _name_column(frame: pd.DataFrame, what: str) -> str:
    for column in ("nama_desa", "nama", "wadmkd", "namobj"):
        if column in frame.columns:
            return column
    raise LayerError(
        "{what} has no column with names of areas",
        code="admin_name_column",
        hint="Name it with --name. Columns there: {columns}",
        what=what,
        columns=", ".join(map(str, frame.columns)),
    )


def _tell(table: pd.DataFrame, counts: dict[str, int], output: Path | None) -> None:
    out = console()
    changed = table[~table["change"].isin(["same", "renamed"])]
    shown = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for head in ("Lama", "Baru", "Nama", "Perubahan", "Dasar", "Bagian"):
        shown.add_column(head, no_wrap=True, overflow="ellipsis")
    for row in changed.head(SHOWN).to_dict("records"):
        shown.add_row(*_cells(row))
    out.print(shown)
    if len(changed) > SHOWN:
        out.print(f"… dan {len(changed) - SHOWN} perubahan lagi")
    out.print(
        f"{counts['added']} kode ditambah, {counts['removed']} dihapus, "
        f"{counts['renamed']} berganti nama"
    )
    if (changed["basis"] == "name").any():
        out.print("Padanan menurut nama hanya usulan: periksa dengan peta kedua edisi.")
    if output is not None:
        out.print(f"Tersimpan: {output}", soft_wrap=True)


def _cells(row: dict[Any, Any]) -> list[str]:
    plain = {key: "–" if pd.isna(value) else value for key, value in row.items()}
    name = plain["name_new"] if plain["name_new"] != "–" else plain["name_old"]
    share = "–" if pd.isna(row["share_of_old"]) else f"{row['share_of_old']:.1%}".replace(".", ",")
    return [
        str(plain["code_old"]), str(plain["code_new"]), str(name),
        WORDS[row["change"]], BASIS[row["basis"]], share,
    ]  # fmt: skip
