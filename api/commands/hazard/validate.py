"""`tataruang hazard validate`: a hazard map held against points or the extent of an event."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from api.commands.exposure import read_hazard
from api.formats import number, percent
from api.options import AsJson, SourceCrs, atomic_path
from hazard.validation import Validation, validate_hazard
from layers import read

__all__ = ["validate"]

#: Area under the curve of a map that knows nothing.
GUESSING: Final = 0.5


def validate(
    hazard: Annotated[Path, typer.Option("--hazard", "-H", help="Peta bahaya")],
    events: Annotated[Path, typer.Option(help="Titik kejadian, atau poligon genangan teramati")],
    within: Annotated[Path, typer.Option(help="Wilayah yang diamati")],
    from_class: Annotated[str, typer.Option(help="Mulai kelas ini peta berkata 'ya'")],
    classes: Annotated[str, typer.Option(help="Aturan kelas atau berkas .toml")] = "tiga_kelas",
    column: Annotated[str, typer.Option(help="Kolom kelas pada poligon")] = "kelas",
    mapped: Annotated[Path | None, typer.Option(help="Wilayah kajian poligon bahaya")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Hasil .json")] = None,
    nodata: Annotated[float | None, typer.Option(help="Nilai tanpa data raster")] = None,
    source_crs: SourceCrs = None,
    as_json: AsJson = False,
) -> None:
    """Ukur kecocokan peta bahaya dengan kejadian / hits, false alarms, CSI and AUC of a map."""
    made = read_hazard(hazard, classes, column=column, mapped=mapped, nodata=nodata, crs=source_crs)
    result = validate_hazard(
        made,
        read(events, source_crs=source_crs).features,
        read(within, source_crs=source_crs).features,
        from_class=from_class,
    )
    body = _body(result, hazard, events)
    text = json.dumps(body, ensure_ascii=False, indent=1)
    if output is not None:
        with atomic_path(output) as partial:
            partial.write_text(text + "\n", encoding="utf-8")
    if as_json:
        typer.echo(text)
        return
    _show(result)
    if output is not None:
        typer.echo(f"→ {output}")


def _body(result: Validation, hazard: Path, events: Path) -> dict[str, Any]:
    scores = {} if result.table is None else result.table.to_dict()
    body = {
        "hazard": hazard.name,
        "events": events.name,
        "from_class": result.from_class,
        "hit_rate": result.hit_rate,
        "area_share": result.area_share,
        "auc": result.auc,
        "unknown_events": result.unknown_events,
        "classes": result.classes.to_dict("records"),
        "contingency": {k: None if v != v else v for k, v in scores.items()} or None,
    }
    return {key: None if value != value else value for key, value in body.items()}


def _show(result: Validation) -> None:
    typer.echo(f"{'kelas':<16}{'bagian wilayah':>16}{'bagian kejadian':>18}")
    for row in result.classes.to_dict("records"):
        typer.echo(
            f"{row['hazard_class']!s:<16}{percent(row['area_share']):>16}"
            f"{percent(row['event_share']):>18}"
        )
    typer.echo(
        f"mulai {result.from_class}: {percent(result.hit_rate)} kejadian di dalam "
        f"{percent(result.area_share)} wilayah; AUC {number(result.auc, 3)}"
    )
    if result.table is not None:
        typer.echo(
            f"kena {percent(result.table.hit_rate)} · alarm palsu "
            f"{percent(result.table.false_alarm_ratio)} · CSI {number(result.table.csi, 3)}"
        )
    if result.auc < GUESSING:
        typer.echo(
            "! AUC di bawah 0,5: lebih buruk daripada menebak. Apakah arti kode kelasnya terbalik?",
            err=True,
        )
    if result.unknown_events:
        typer.echo(
            f"! {number(result.unknown_events, 0)} kejadian di luar peta atau tanpa data: "
            "tidak dinilai",
            err=True,
        )
