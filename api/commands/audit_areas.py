"""`tataruang audit-areas`: printed areas against the sums of their parts and against the map."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import pandas as pd
import shapely
import typer
from rich.table import Table

from api.formats import number
from api.options import AsJson, SourceCrs
from api.terminal import console
from layers.area_audit import audit_areas as audit
from layers.files import read_confined
from layers.reading import read
from spatial.crs import AREA_CRS, project
from spatial.text import describe

__all__ = ["audit_areas"]

_WORDS = {
    "cocok": "✓ cocok",
    "pembulatan": "✓ pembulatan",
    "salah_jumlah": "✗ salah jumlah",
    "berbeda_dari_peta": "! berbeda dari peta",
    "tanpa_bagian": "· tanpa bagian",
    "tanpa_luas": "? luas tidak terbaca",
}


def audit_areas(
    table: Annotated[Path, typer.Argument(help="Tabel luas dalam peraturan / areas as printed")],
    layer: Annotated[
        Path | None, typer.Option(help="Layer pola ruang untuk dibandingkan / the map")
    ] = None,
    by: Annotated[str, typer.Option(help="Kolom kode pada layer / its column of codes")] = "zona",
    source_crs: SourceCrs = None,
    tolerance: Annotated[
        float, typer.Option(min=0.0, help="Beda nisbi peta dan aturan / share of difference")
    ] = 0.01,
    as_json: AsJson = False,
) -> None:
    """Audit luas dalam peraturan: jumlah bagian dan peta / audit of printed areas."""
    printed = read_confined(table)
    measured = None if layer is None else _measured(layer, by, source_crs)
    found, notes = audit(pd.DataFrame(printed.frame), measured, map_tolerance=tolerance)
    if as_json:
        rows = json.loads(found.to_json(orient="records"))
        said = [note.to_dict() for note in notes]
        typer.echo(json.dumps({"rows": rows, "notes": said}, ensure_ascii=False))
        return
    _tell(found)
    for note in notes:
        typer.echo(f"{'✗' if note.level == 'error' else '·'} {describe(note)[0]}")


def _measured(path: Path, by: str, source_crs: str | None) -> pd.Series[float]:
    """Return hectares by code, on the equal-area plane."""
    layer = read(path, source_crs=source_crs)
    shapes = layer.features.geometry.to_numpy()
    hectares = shapely.area(project(shapes, layer.features.crs, AREA_CRS)) / 1e4
    codes = layer.frame[layer.column(by)].astype(str).to_numpy()
    return pd.Series(hectares).groupby(codes).sum()


def _tell(found: pd.DataFrame) -> None:
    screen = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for head in ("Kode", "Pasal"):
        screen.add_column(head, no_wrap=True)
    for head in ("Tertulis (ha)", "Bagian (ha)", "Selisih", "Peta (ha)"):
        screen.add_column(head, justify="right", no_wrap=True)
    screen.add_column("Hasil", no_wrap=True)
    for row in found.to_dict("records"):
        amounts = [row[name] for name in ("parts_ha", "difference_ha", "map_ha")]
        screen.add_row(
            row["kode"],
            str(row["pasal"] or ""),
            number(row["stated_ha"]),
            *("–" if pd.isna(amount) else number(amount) for amount in amounts),
            _WORDS[row["finding"]],
        )
    console().print(screen)
