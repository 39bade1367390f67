"""`tataruang inspect`: what a layer is, what is wrong with it, and where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from api.formats import area, number
from api.options import AsJson, SourceCrs, atomic_path
from api.reports.quality_page import DEFECT_WORDS, render_quality
from api.terminal import console
from layers.quality import LARGE_M2, SLIVER_WIDTH_M, Quality, examine
from layers.reading import read
from spatial.text import describe

__all__ = ["inspect"]

_SHOWN = 12


def inspect(
    file: Annotated[Path, typer.Argument(help="Berkas layer / a layer file")],
    kind: Annotated[
        str | None, typer.Option("--as", help="Jenis layer / kind of layer, e.g. pola_ruang")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Layer di dalam berkas / layer inside")] = None,
    source_crs: SourceCrs = None,
    encoding: Annotated[str | None, typer.Option(help="Atribut shapefile / of attributes")] = None,
    sliver_width: Annotated[
        float,
        typer.Option(min=0.0, help="Lebar serpihan dalam meter / of a sliver, e.g. the map's CE90"),
    ] = SLIVER_WIDTH_M,
    html: Annotated[
        Path | None, typer.Option(help="Laporan dengan peta cacat / report with a map")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Periksa mutu layer: keabsahan, celah, tumpang tindih, kode, luas / quality of a layer."""
    found = read(file, kind=kind, layer=layer, source_crs=source_crs, encoding=encoding)
    quality = examine(found, sliver_width_m=sliver_width)
    if html is not None:
        with atomic_path(html) as partial:
            partial.write_text(render_quality(quality, found), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(quality.to_dict(), ensure_ascii=False, default=str))
        return
    _tell(quality)
    if html is not None:
        typer.echo(f"Tersimpan: {html}")
    else:
        typer.echo(f"→ Peta cacat: tataruang inspect {file.name} --html mutu.html")


def _tell(quality: Quality) -> None:
    said = quality.summary
    kind = said["kind"] or "jenis tidak dikenal"
    typer.echo(
        f"{said['file']} ({kind}): {number(said['rows'], 0)} baris, "
        f"{said['crs'] or 'tanpa geometri'}"
        + (f", {number(said['area_ha'])} ha" if "area_ha" in said else "")
    )
    for note in quality.notes[:_SHOWN]:
        sign = {"info": "·", "warning": "!", "error": "✗"}[note.level]
        typer.echo(f"{sign} {describe(note)[0]}")
    if len(quality.notes) > _SHOWN:
        typer.echo(f"  … {len(quality.notes) - _SHOWN} catatan lagi (--json)")
    for one in quality.duplicates[:_SHOWN]:
        typer.echo(f"! ganda: {one['what']} {one['value']}, baris {one['rows']}")
    for one in quality.areas[:_SHOWN]:
        typer.echo(
            f"! {one['feature']}: {one['column']} {number(one['stated_ha'], 4)} ha, "
            f"terukur {number(one['measured_ha'], 4)} ha"
        )
    if quality.coverage:
        _tell_coverage(quality)


def _tell_coverage(quality: Quality) -> None:
    totals = quality.coverage
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("Cakupan")
    for head in ("Kesalahan", "Luas (ha)", "Serpihan", "Luas (ha)"):
        table.add_column(head, justify="right")
    for kind, word in DEFECT_WORDS.items():
        real, sliver = totals[f"{kind}_real"], totals[f"{kind}_sliver"]
        table.add_row(
            word,
            number(real["count"], 0),
            number(real["area_ha"], 4),
            number(sliver["count"], 0),
            number(sliver["area_ha"], 4),
        )
    console().print(table)
    typer.echo(f"Serpihan: lebar sampai {number(totals['sliver_width_m'])} m (--sliver-width)")
    real = [one for one in quality.defects if not one.sliver]
    # Narrow, but of a size that somebody will ask about: named, whatever the tolerance.
    long = [one for one in quality.defects if one.sliver and one.area_m2 >= LARGE_M2]
    for sign, word, defects in (("✗", "", real), ("!", "serpihan ", long)):
        for one in defects[:_SHOWN]:
            typer.echo(
                f"{sign} {word}{DEFECT_WORDS[one.kind]} {area(one.area_m2)}, lebar "
                f"{number(one.width_m, 3)} m di {one.lon:.6f}, {one.lat:.6f}: "
                f"{' · '.join(one.features[:4])}"
            )
        if len(defects) > _SHOWN:
            typer.echo(f"  … {len(defects) - _SHOWN} lagi (--json, --html)")
