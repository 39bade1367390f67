"""Options that many commands share, so that they mean the same everywhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

__all__ = ["AsJson", "SourceCrs", "WorkspaceOption", "Yes", "ZUnit", "atomic_path", "on_terminal"]

WorkspaceOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--workspace",
        "-w",
        envvar="TATARUANG_WORKSPACE",
        help="Folder atau postgresql://... / workspace folder or database",
    ),
]
SourceCrs: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--source-crs",
        metavar="CODE",
        help="CRS berkas yang tidak menyebutkannya, mis. EPSG:32749 / CRS of a file without one",
    ),
]
ZUnit: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="Satuan tinggi berkas yang tidak menyebutkannya: m, ft, us-ft / unit of heights"
    ),
]
AsJson: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Hanya JSON, untuk mesin / JSON alone, for a machine")
]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", help="Timpa berkas yang ada / overwrite")]


def on_terminal() -> bool:
    """Say whether a person is looking: only then is there progress and colour."""
    return sys.stderr.isatty()


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Give a path beside `target` to write to; it takes its place only when all went well.

    The temporary name keeps the suffix, because drivers choose the format by it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.stem}.{os.getpid()}.partial{target.suffix}")
    try:
        yield partial
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
