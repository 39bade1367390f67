"""`tataruang hotspots`: where poverty clusters, how sure that is, and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from api.options import AsJson, SourceCrs
from api.text import describe
from spatial.notes import Note

__all__ = ["hotspots"]


def hotspots(
    file: Annotated[Path, typer.Argument(help="Berkas wilayah / file of areas")],
    value: Annotated[
        str,
        typer.Option(metavar="COL", help="Kolom nilai atau jumlah / column of values or counts"),
    ],
    output: Annotated[Path, typer.Option(help="Hasil: .csv .xlsx .gpkg .geojson .parquet .fgb")],
    rate_of: Annotated[
        str | None,
        typer.Option(metavar="POP", help="Kolom penduduk atau rumah tangga / population column"),
    ] = None,
    weights: Annotated[
        str,
        typer.Option(help="queen | rook | knn:8 | distance:5000 | inverse:5000 | tolerant:25:10"),
    ] = "queen",
    fdr: Annotated[float, typer.Option(help="Laju temuan keliru / false discovery rate")] = 0.05,
    id_column: Annotated[
        str | None, typer.Option("--id", metavar="COL", help="Kolom kode wilayah / column of codes")
    ] = None,
    smooth: Annotated[
        str, typer.Option(help="none | eb | eb-local | standardised: rasio yang dipelajari")
    ] = "none",
    permutations: Annotated[
        int, typer.Option(min=0, max=99_999, help="Pengacakan untuk calon / draws for candidates")
    ] = 0,
    source_crs: SourceCrs = None,
    as_json: AsJson = False,
) -> None:
    """Cari kantong kemiskinan / find clusters of high and low values."""
    from api.hotspots.output import check_target, write_table
    from api.hotspots.wording import reasons
    from hazard.vulnerability import find_hotspots
    from layers.poverty import read_areas

    areas = read_areas(
        file, value=value, population=rate_of, id_column=id_column, source_crs=source_crs
    )
    check_target(output, areas)
    found = find_hotspots(
        areas,
        value,
        population=rate_of,
        weights=weights,
        fdr=fdr,
        smooth=_smooth(smooth),
        draws=permutations,
    )
    write_table(found.table.assign(reason=reasons(found)), areas, output)
    _tell(_summary(found, output), found.notes, as_json=as_json)


def _smooth(word: str) -> Any:
    if word not in {"none", "eb", "eb-local", "standardised"}:
        raise typer.BadParameter("none | eb | eb-local | standardised", param_hint="--smooth")
    return word


def _summary(found: Any, output: Path) -> dict[str, Any]:
    counts = found.table["class"].value_counts()
    overall = found.overall
    return {
        "output": str(output),
        "areas": len(found.table),
        "classes": {str(name): int(count) for name, count in counts.items()},
        "weights": found.spec,
        "fdr": found.fdr,
        "moran_i": None if overall.status != "ok" else overall.statistic,
        "moran_p": None if overall.status != "ok" else overall.p,
    }


def _tell(summary: dict[str, Any], notes: tuple[Note, ...], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({**summary, "notes": [note.to_dict() for note in notes]}))
        return
    from api.hotspots.wording import CLASS_WORDS

    for code, words in CLASS_WORDS.items():
        typer.echo(f"{words.name}: {summary['classes'].get(code, 0)}")
    typer.echo(f"→ {summary['output']}")
    for note in notes:
        typer.echo(f"! {describe(note)[0]}", err=True)
