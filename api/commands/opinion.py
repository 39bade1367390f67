"""`tataruang opinion`: the letter that an office signs, on decisions that stand in the register."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, cast

import typer

from api.options import AsJson, SourceCrs, WorkspaceOption, atomic_path
from spatial.errors import PermitError

__all__ = ["opinion"]


def opinion(
    workspace: WorkspaceOption,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder surat / folder")],
    decisions: Annotated[
        list[str] | None,
        typer.Argument(help="Nomor register / register numbers", metavar="[ID]..."),
    ] = None,
    permits: Annotated[
        Path | None,
        typer.Option(help="Berkas permohonan: dinilai dan dicatat dahulu / judged and recorded"),
    ] = None,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Hukum per tanggal / law of day")
    ] = None,
    language: Annotated[str, typer.Option("--lang", help="id | en")] = "id",
    html: Annotated[bool, typer.Option("--html", help="Juga sebagai HTML / as HTML too")] = False,
    source_crs: SourceCrs = None,
    as_json: AsJson = False,
) -> None:
    """Pendapat teknis (PDF A4) atas keputusan tercatat / technical opinions on the record."""
    if language not in ("id", "en"):
        raise typer.BadParameter("--lang id | en")
    # Imported here: --help needs no engine.
    from api.engine import Engine
    from api.opinions import Opinions
    from api.recording import record_file

    engine = Engine.open(workspace)
    names = list(decisions or ())
    if permits is not None:
        day = on.date() if on else None
        names += record_file(engine, permits, on=day, source_crs=source_crs)
    if not names:
        raise PermitError(
            "neither a register number nor a file of permits was given",
            code="opinion_of_nothing",
            hint="tataruang opinion 2026-000001 ..., or --permits FILE",
        )
    letters = Opinions(engine, cast(Literal["id", "en"], language))
    files = _write(letters, names, output, html=html)
    if as_json:
        typer.echo(json.dumps([str(path) for path in files]))
    else:
        typer.echo(f"{len(names)} pendapat teknis → {output}")
        typer.echo(f"→ tataruang register list --workspace {workspace}")


def _write(letters: object, names: Sequence[str], folder: Path, *, html: bool) -> list[Path]:
    from api.opinions import Opinions

    assert isinstance(letters, Opinions)  # noqa: S101  imported late, so typed late
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name in dict.fromkeys(names):
        decision = letters.engine.register.get(name)
        target = folder / f"{name}.pdf"
        with atomic_path(target) as partial:
            partial.write_bytes(letters.pdf(decision))
        files.append(target)
        if html:
            page = folder / f"{name}.html"
            with atomic_path(page) as partial:
                partial.write_text(letters.html(decision), encoding="utf-8")
            files.append(page)
    return files
