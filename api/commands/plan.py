"""`tataruang plan`: lint, start, edit, import and test plan folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer
from rich.text import Text

from api.options import AsJson, Yes
from api.terminal import console
from layers.store import open_store
from layers.workspace import Workspace
from spatial.notes import Note
from spatial.text import describe
from zoning import load_plan
from zoning.lint import ExampleResult, lint_plan, run_examples
from zoning.plan_draft import code_system, known_of_layer, zones_of_layer
from zoning.plan_folder import new_plan
from zoning.plan_import import import_plan
from zoning.plan_workbook import plan_from_xlsx, plan_to_xlsx

__all__ = ["plan"]

plan = typer.Typer(no_args_is_help=True)

PlanFolder: TypeAlias = Annotated[Path, typer.Argument(help="Folder rencana / plan folder")]
LEVELS = {"error": ("✗", "red"), "warning": ("!", "yellow"), "info": ("·", "bright_black")}
WORDS = {"error": "kesalahan", "warning": "peringatan", "info": "catatan"}
FAILED = 2


@plan.command("lint")
def lint(
    folder: PlanFolder,
    workspace: Annotated[
        str | None,
        typer.Option("--workspace", "-w", help="Bandingkan dengan layer ruang kerja / its layers"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Cari kesalahan dan keraguan di folder rencana / look for faults and doubts.

    Keluar dengan 2 bila ada kesalahan. Exits with 2 when there is an error.
    """
    source = open_store(Workspace.open(workspace)) if workspace else None
    notes = lint_plan(folder, source)
    if as_json:
        typer.echo(json.dumps([_told(note) for note in notes], ensure_ascii=False))
    else:
        _print(folder, notes)
    if any(note.level == "error" for note in notes):
        raise typer.Exit(FAILED)


def _told(note: Note) -> dict[str, Any]:
    return note.to_dict() | {"pesan": describe(note)[0]}


def _print(folder: Path, notes: tuple[Note, ...]) -> None:
    out = console()
    for note in notes:
        sign, style = LEVELS[note.level]
        cell = note.details.get("cell") or ""
        line = Text(f"{sign} ", style=style)
        line.append(describe(note)[0]).append(f"  [{cell}]" if cell else "", style="bright_black")
        out.print(line, soft_wrap=True)
    counts = {level: sum(note.level == level for note in notes) for level in LEVELS}
    total = ", ".join(f"{count} {WORDS[level]}" for level, count in counts.items())
    out.print(f"{folder}: {total}", soft_wrap=True)


@plan.command("test")
def run(folder: PlanFolder, as_json: AsJson = False) -> None:
    """Jalankan contoh di plan.toml sebagai uji / run the examples inside a plan as tests."""
    results = run_examples(load_plan(folder))
    if as_json:
        typer.echo(json.dumps([_result(one) for one in results], ensure_ascii=False))
    else:
        _print_results(folder, results)
    if not all(result.passed for result in results):
        raise typer.Exit(FAILED)


def _result(one: ExampleResult) -> dict[str, Any]:
    return {
        "number": one.number,
        "question": one.question,
        "expected": one.expected,
        "found": one.found,
        "passed": one.passed,
    }


def _print_results(folder: Path, results: tuple[ExampleResult, ...]) -> None:
    out = console()
    for one in results:
        sign, style = ("✓", "green") if one.passed else ("✗", "red")
        told = "" if one.passed else f", tabel berkata {one.found}"
        line = Text(f"{sign} ", style=style).append(f"{one.question}: {one.expected}{told}")
        out.print(line, soft_wrap=True)
    passed = sum(one.passed for one in results)
    out.print(f"{folder}: {passed} dari {len(results)} contoh benar", soft_wrap=True)
    if not results:
        out.print("→ tambahkan [[contoh]] di plan.toml: kegiatan, zona, izin")


@plan.command("new")
def new(
    folder: Annotated[Path, typer.Argument(help="Folder baru / a new folder")],
    name: Annotated[str | None, typer.Option(help="Nama lengkap / full name")] = None,
    kind: Annotated[str, typer.Option(help="RDTR, RTRW_KAB, RTRW_PROV ... / level")] = "RDTR",
    layer: Annotated[
        str | None,
        typer.Option(
            help="Layer pola ruang: zonanya menjadi kolom matriks / zones of this layer become "
            "the columns of the matrix"
        ),
    ] = None,
    workspace: Annotated[
        str | None,
        typer.Option("--workspace", "-w", help="Ruang kerja layer itu / where the layer is"),
    ] = None,
    yes: Yes = False,
) -> None:
    """Mulai folder rencana yang siap diisi / start a plan folder to fill in."""
    if (layer is None) != (workspace is None):
        raise typer.BadParameter("--layer dan/and --workspace: keduanya/both")
    values: dict[str, Any] = {"nama": name} if name else {}
    zones = None
    if layer is not None and workspace is not None:
        place = Workspace.open(workspace)
        drawn = open_store(place).get(layer)
        zones = zones_of_layer(drawn.frame, layer)
        system = code_system(zones, kind)
        values |= {"layer": layer, "sistem_kode": system, "metric_crs": place.metric_crs}
        values |= known_of_layer(drawn.version.legal)
    made = new_plan(folder, overwrite=yes, zones=zones, jenis=kind, **values)
    typer.echo(f"Folder rencana dibuat: {made}")
    if zones:
        typer.echo(f"{len(zones)} zona dari layer {layer} menjadi kolom itbx.csv")
    typer.echo(f"→ isi tabelnya, lalu tataruang plan lint {made}")
    typer.echo(f"→ atau sunting di lembar kerja: tataruang plan to-xlsx {made} {made.name}.xlsx")


@plan.command("to-xlsx")
def to_xlsx(
    folder: PlanFolder,
    target: Annotated[Path, typer.Argument(help="Buku kerja / workbook (.xlsx)")],
    yes: Yes = False,
) -> None:
    """Tulis folder rencana sebagai buku kerja / write a plan folder as a workbook."""
    if target.exists() and not yes:
        raise typer.BadParameter(f"{target} sudah ada; --yes menimpanya / overwrites it")
    plan_to_xlsx(folder, target)
    typer.echo(f"Tersimpan: {target}")
    typer.echo(f"→ setelah disunting: tataruang plan from-xlsx {target} FOLDER")


@plan.command("from-xlsx")
def from_xlsx(
    source: Annotated[Path, typer.Argument(help="Buku kerja / workbook (.xlsx)")],
    folder: PlanFolder,
    yes: Yes = False,
) -> None:
    """Tulis buku kerja menjadi folder rencana, bila tidak ada kesalahan / and back."""
    made = plan_from_xlsx(source, folder, overwrite=yes)
    typer.echo(f"Folder rencana ditulis: {made}")
    typer.echo(f"→ tataruang plan lint {made}")


@plan.command("import")
def import_(
    matrix: Annotated[Path, typer.Argument(help="CSV: kelompok, kegiatan, satu kolom per zona")],
    folder: PlanFolder,
    pasal: Annotated[str, typer.Option(help="Tempatnya dalam hukum, mis. 'Lampiran III'")],
    sumber: Annotated[str, typer.Option(help="Dokumen tempat tabel dibaca / where it was read")],
    limits: Annotated[
        Path | None,
        typer.Option(help="CSV: luas_min_m2, luas_max_m2, param, zona, nilai"),
    ] = None,
    yes: Yes = False,
) -> None:
    """Bangun folder rencana dari matriks ITBX yang dipublikasikan / from a published matrix."""
    made = import_plan(folder, matrix, limits, pasal=pasal, sumber=sumber, overwrite=yes)
    typer.echo(f"Folder rencana ditulis: {made}")
    typer.echo(f"→ lengkapi {made / 'plan.toml'}, lalu tataruang plan lint {made}")
