"""`tataruang hotspots`: where poverty clusters, how sure that is, and why."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from api.options import AsJson
from spatial.notes import Note
from spatial.text import describe

__all__ = ["hotspots"]


def hotspots(
    file: Annotated[Path, typer.Argument(help="Wilayah, atau tabel dengan --areas")],
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
    areas: Annotated[
        Path | None, typer.Option(help="Poligon untuk tabel CSV/XLSX, digabung menurut kode")
    ] = None,
    id_column: Annotated[
        str | None, typer.Option("--id", metavar="COL", help="Kolom kode wilayah / column of codes")
    ] = None,
    smooth: Annotated[
        str, typer.Option(help="none | eb | eb-local | standardised: rasio yang dipelajari")
    ] = "none",
    permutations: Annotated[
        int, typer.Option(min=0, max=99_999, help="Pengacakan untuk calon / draws for candidates")
    ] = 0,
    least: Annotated[
        int | None,
        typer.Option(min=0, help="Sel di bawah ini ditutup (baku 10 untuk desa; 0: tanpa)"),
    ] = None,
    mask: Annotated[
        Path | None,
        typer.Option(help="Daftar sel tertutup: dibaca bila ada, ditulis untuk versi berikut"),
    ] = None,
    before: Annotated[
        str | None, typer.Option(metavar="COL", help="Kolom nilai periode sebelumnya")
    ] = None,
    before_rate_of: Annotated[
        str | None, typer.Option(metavar="POP", help="Kolom penduduk periode sebelumnya")
    ] = None,
    profile: Annotated[
        str, typer.Option(metavar="COL,COL", help="Indikator untuk profil kelompok")
    ] = "",
    stability: Annotated[
        bool, typer.Option("--stability", help="Minta suara cara lain dan tingkat kecamatan")
    ] = False,
    scan: Annotated[
        bool, typer.Option("--scan", help="Pendapat kedua: pemindaian lingkaran / circular scan")
    ] = False,
    hazard: Annotated[
        list[Path] | None, typer.Option("--hazard", "-H", help="Peta bahaya untuk prioritas")
    ] = None,
    hazard_classes: Annotated[
        str | None, typer.Option(help="Aturan kelas bahaya atau berkas .toml")
    ] = None,
    hazard_column: Annotated[str, typer.Option(help="Kolom kelas pada poligon bahaya")] = "kelas",
    mapped: Annotated[
        Path | None,
        typer.Option(help="Wilayah kajian poligon bahaya; di luarnya bukan aman / area mapped"),
    ] = None,
    exposed: Annotated[
        Path | None, typer.Option(help="Yang terpapar, mis. bangunan; kosong: lahan")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Folder laporan: HTML, PDF, peta, kelompok")
    ] = None,
    title: Annotated[str, typer.Option(help="Judul laporan")] = "Kantong kemiskinan",
    decimal: Annotated[
        str | None, typer.Option(help="point | comma: tanda pecahan dalam tabel")
    ] = None,
    workspace: Annotated[
        str | None, typer.Option(help="Ruang kerja tertutup: data perseorangan boleh dibaca")
    ] = None,
    source_crs: Annotated[
        str | None,
        typer.Option(
            metavar="CODE",
            help="CRS berkas yang tidak menyebutkannya, mis. EPSG:32749; planar: bidang tanpa "
            "satuan, hanya untuk statistik",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Cari kantong kemiskinan / find clusters of high and low values."""
    from api.hotspots.exposing import expose
    from api.hotspots.output import check_target, read_mask, write_mask, write_table
    from api.hotspots.study import Question, study
    from api.hotspots.wording import with_reasons
    from layers.poverty import read_areas
    from layers.workspace import Workspace

    indicators = [name.strip() for name in profile.split(",") if name.strip()]
    frame, notes = read_areas(
        file,
        value=value,
        population=rate_of,
        others=[*filter(None, (before, before_rate_of)), *indicators],
        id_column=id_column,
        areas=areas,
        source_crs=source_crs,
        decimal=_one_of(decimal, ("point", "comma"), "--decimal"),
        private=workspace is not None and Workspace.open(workspace).private,
    )
    check_target(output, frame)
    question = Question(
        value,
        rate_of,
        weights,
        fdr,
        _one_of(smooth, ("none", "eb", "eb-local", "standardised"), "--smooth"),
        permutations,
        least,
        before,
        before_rate_of,
        tuple(indicators),
        stability,
        scan,
    )
    wet = (
        expose(
            frame,
            hazard,
            classes=hazard_classes,
            column=hazard_column,
            of=exposed,
            mapped=mapped,
        )
        if hazard
        else None
    )
    done = study(frame, question, exposed=wet, earlier=read_mask(mask), notes=notes)
    sources = [file, *filter(None, (areas, exposed)), *(hazard or [])]
    done = replace(done, sources=tuple(sources))
    write_table(with_reasons(done.table(), done.found), frame, output)
    write_mask(done.mask, mask)
    if report is not None:
        from api.hotspots.folder import write_report

        write_report(done, report, title=title)
    _tell(_summary(done, output, report), done.notes, as_json=as_json)


def _one_of(word: str | None, known: tuple[str, ...], option: str) -> Any:
    if word is not None and word not in known:
        raise typer.BadParameter(" | ".join(known), param_hint=option)
    return word


def _summary(done: Any, output: Path, report: Path | None) -> dict[str, Any]:
    found = done.found
    counts = found.table["class"].value_counts()
    overall = found.overall
    hot = done.groups.objects[done.groups.objects["class"] == "hot"]
    return {
        "output": str(output),
        "report": None if report is None else str(report),
        "areas": len(found.table),
        "classes": {str(name): int(count) for name, count in counts.items()},
        "clusters": len(hot),
        "withheld": int((found.table["status"] == "suppressed").sum()),
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
        typer.echo(f"{words.name:<22}{summary['classes'].get(code, 0):>7}")
    typer.echo(f"{'Kelompok kantong':<22}{summary['clusters']:>7}")
    for note in notes:
        typer.echo(f"! {describe(note)[0]}", err=True)
    typer.echo(f"→ {summary['output']}")
    if summary["report"]:
        typer.echo(f"→ {summary['report']}/laporan.html, laporan.pdf")
