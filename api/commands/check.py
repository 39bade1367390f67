"""`tataruang check`: judge a file of permits against the plans of a workspace."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from api.options import AsJson, SourceCrs, WorkspaceOption
from api.verdict_files import SUFFIXES, check_suffix
from zoning.permit import NUMBERS, SHAPES

if TYPE_CHECKING:
    from zoning.register import Receipt

__all__ = ["check"]

#: What a table of permits may hold, for `--help`.
COLUMNS_HELP: Final = "\n".join(
    (
        "Kolom berkas permohonan / columns of a file of permits (only the parcel is needed):",
        "",
        "- permit_id, kegiatan, kbli, kelas_jalan: teks / text",
        *(f"- {name}: {text}" for name, text in NUMBERS.items()),
        *(f"- {name}: {text}; WKT atau GeoJSON" for name, text in SHAPES.items()),
        "- tanggal, kkpr_tanggal: 2024-06-13",
        "- status_pembangunan: belum | terbangun",
        "- dokumen: KODE:nomor; KODE:nomor",
        "- geometry: WKT, GeoJSON; atau satu baris per titik / or one row per corner: id,no,x,y",
    )
)


def check(
    permits: Annotated[Path, typer.Argument(help="Berkas permohonan / file of permits")],
    workspace: WorkspaceOption,
    output: Annotated[
        Path | None, typer.Option(help=f"Hasil / result: {', '.join(SUFFIXES)}")
    ] = None,
    plan: Annotated[
        str | None, typer.Option(help="Hanya satu rencana / against one plan alone")
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Per tanggal / legal date; tanpa: tanggal izin"),
    ] = None,
    policy: Annotated[
        str,
        typer.Option(
            help="Persil terbelah / split parcels: strict_parts, footprint_only, majority, nyc10"
        ),
    ] = "strict_parts",
    corners: Annotated[
        Path | None, typer.Option(help="Tabel titik sudut / corner points: id, no, x, y")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Lembar XLSX / sheet of a workbook")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMA=KOLOM",
            help="Kolom yang bernama lain, mis. permit_id='No Permohonan'; dapat diulang / "
            "a column that has another name",
        ),
    ] = None,
    reports: Annotated[
        Path | None,
        typer.Option(help="Folder peta dan laporan tiap izin / maps and reports of each permit"),
    ] = None,
    pdf: Annotated[
        Path | None, typer.Option("--pdf", help="Ringkasan dengan grafik / summary with charts")
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Catat dalam register / put on the record")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="Berkas GeoParquet besar: proses / large GeoParquet file: processes"
        ),
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Dask: tcp://host:8786, atau/or local")
    ] = None,
    source_crs: SourceCrs = None,
    as_json: AsJson = False,
) -> None:
    """Periksa kesesuaian izin / check permits against the plans."""
    if workers is not None or scheduler is not None:
        _only_answers(corners, sheet, column, reports, pdf, record)
        question = Question(workspace, plan, _day(on), policy, source_crs)
        _batch(permits, output, question, workers or 1, scheduler, as_json=as_json)
        return
    if output is not None:
        check_suffix(output)
    # Imported here: --help and a wrong suffix need no engine.
    from api.desk import Desk

    desk = Desk.open(workspace)
    answers = desk.check(
        permits,
        source_crs=source_crs,
        corners=corners,
        sheet=sheet,
        columns=named_columns(column or []),
        on=_day(on),
        plan=plan,
        policy=policy,
    )
    receipts = []
    if record:
        from api.recording import record_checked

        receipts = record_checked(desk, answers, on=_day(on), plan=plan, policy=policy)
    files = []
    if output is not None:
        answers.write(output)
        files.append(output)
    if reports is not None:
        files.append(desk.write_reports(answers, reports))
    if pdf is not None:
        from api.recording import write_summary

        write_summary(desk.engine, answers, pdf, receipts)
        files.append(pdf)
    if as_json:
        answers.print_json()
    else:
        answers.print_table(files, next_step=_next(receipts))


def named_columns(told: Sequence[str]) -> dict[str, str]:
    """Read options such as `permit_id=No Permohonan`."""
    pairs = [one.partition("=") for one in told]
    if wrong := [name for name, sign, column in pairs if not (name and sign and column)]:
        raise typer.BadParameter(f"--column {wrong[0]}: NAMA=KOLOM, mis./e.g. permit_id=Nomor")
    return {name.strip(): column for name, _, column in pairs}


def _next(receipts: Sequence[Receipt]) -> str:
    """Tell what stands on the record now, and how to print letters on it."""
    if not receipts:
        return ""
    first, last = receipts[0].id, receipts[-1].id
    return f"tercatat {first} … {last}; surat: tataruang opinion {first} -w … -o surat"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every permit of a batch."""

    workspace: str
    plan: str | None
    on: date | None
    policy: str
    source_crs: str | None


def _only_answers(*others: object) -> None:
    """Refuse what a batch does not do, rather than leave it out in silence."""
    if any(others):
        raise typer.BadParameter(
            "--workers, --scheduler: tanpa/without --corners --sheet --column --reports --pdf "
            "--record"
        )


def _everywhere(workspace: str) -> str:
    """Return the workspace as other processes find it: a database, or a whole path."""
    return workspace if "://" in workspace else str(Path(workspace).resolve())


def _batch(
    permits: Path,
    output: Path | None,
    question: Question,
    workers: int,
    scheduler: str | None,
    *,
    as_json: bool,
) -> None:
    if output is None:
        raise typer.BadParameter("--workers: --output hasil.jsonl | .csv | .parquet")
    # Imported here: a plain check needs none of it.
    from api.bulk.job import Order
    from api.bulk.run import run_batch

    order = Order(
        _everywhere(question.workspace),
        question.plan,
        question.on.isoformat() if question.on else None,
        question.policy,
        question.source_crs,
    )
    result = run_batch(permits, order, output, workers=workers, scheduler=scheduler)
    said = {
        "output": str(output),
        "permits": result.permits,
        "resumed": result.resumed,
        "verdicts": dict(sorted(result.verdicts.items())),
        "not_judgeable": list(result.refused),
    }
    if as_json:
        typer.echo(json.dumps(said, ensure_ascii=False))
        return
    counts = ", ".join(f"{name} {count}" for name, count in sorted(result.verdicts.items()))
    typer.echo(f"{result.permits} izin / permits → {output}: {counts}")
    for line in result.refused:
        typer.echo(f"✗ tidak dapat dinilai / could not be judged: {line}")


def _day(value: datetime | None) -> date | None:
    return value.date() if value else None


check.__doc__ = f"{check.__doc__}\n\n{COLUMNS_HELP}"
