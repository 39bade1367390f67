"""`tataruang demo`: build the sample district, check its permits, draw maps and reports."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Final

import typer

from api.options import AsJson, on_terminal
from spatial.errors import StoreError

__all__ = ["demo"]

#: Marks a folder as one that this command made and may make anew.
MARK: Final = ".tataruang-demo"


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder hasil / folder of the results")
    ] = Path("out"),
    seed: Annotated[
        int, typer.Option(min=0, help="Wilayah lain / another seed is another district")
    ] = 33,
    reports: Annotated[
        bool, typer.Option(help="Peta dan laporan tiap izin / a map and a report per permit")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Bangun wilayah contoh dan periksa izinnya / build the sample and check its permits."""
    _clear(output)
    # Imported here: --help needs no engine.
    from api.demo import RAW, build_workspace
    from api.desk import Desk
    from api.recording import record_checked

    made = build_workspace(output / "contoh", seed=seed, tell=_progress)
    (output / MARK).touch()
    desk = Desk.open(made.folder)
    answers = desk.check(made.folder / RAW / "permohonan.geojson")
    # On the record, as an office would: the operation room and the letters begin from it.
    record_checked(desk, answers)
    files = []
    for name in ("hasil.json", "hasil.xlsx", "hasil.geojson"):
        answers.write(output / name)
    files.append(output / "hasil.xlsx")
    if reports:
        files.append(desk.write_reports(answers, output))
    if as_json:
        answers.print_json()
        return
    answers.print_table(
        files,
        next_step=f"buka {output / 'index.html'} di peramban, atau: make serve"
        if reports
        else f"tataruang serve --workspace {made.folder}",
    )


def _progress(words: str) -> None:
    if on_terminal():
        typer.echo(f"… {words}", err=True)


def _clear(folder: Path) -> None:
    """Remove an earlier demonstration; anything else in the folder is not ours to touch."""
    if not folder.exists() or not any(folder.iterdir()):
        folder.mkdir(parents=True, exist_ok=True)
        return
    if not (folder / MARK).exists():
        raise StoreError(
            "{folder} exists and was not made by this command",
            code="demo_folder_taken",
            hint="Choose another folder with --output; nothing was changed",
            folder=str(folder),
        )
    for name in ("contoh", "peta", "laporan"):
        shutil.rmtree(folder / name, ignore_errors=True)
