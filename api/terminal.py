"""Verdicts on a terminal: one line for each permit within 100 columns, totals last."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.formats import area
from api.wording import VERDICTS

__all__ = ["console", "print_verdicts"]

WIDTH: Final = 100


def console() -> Console:
    """Return a console that is 100 columns wide at most, and coloured only on a terminal."""
    plain = Console()
    width = plain.width if plain.is_terminal else WIDTH
    return Console(width=min(width, WIDTH), highlight=False, no_color="NO_COLOR" in os.environ)


def print_verdicts(
    verdicts: Sequence[Mapping[str, Any]],
    because: Sequence[str],
    *,
    files: Iterable[Path] = (),
    next_step: str = "",
    screen: Console | None = None,
) -> None:
    """Print the table, the totals, where the files are and what to do next."""
    out = screen or console()
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", show_edge=False, expand=True)
    names = [len(str(verdict["permit_id"])) for verdict in verdicts]
    table.add_column("Izin", width=min(max([4, *names]), 20), overflow="ellipsis", no_wrap=True)
    table.add_column("Hasil", width=28, no_wrap=True)
    table.add_column("Luas", width=11, justify="right", no_wrap=True)
    table.add_column("Alasan", ratio=1, overflow="ellipsis", no_wrap=True)
    for verdict, why in zip(verdicts, because, strict=True):
        table.add_row(
            str(verdict["permit_id"]),
            _word(verdict["verdict"]),
            area(verdict["parcel"]["area_m2"]),
            _brief(why),
        )
    out.print(table)
    out.print()
    counts = Counter(str(verdict["verdict"]) for verdict in verdicts)
    for code in VERDICTS:
        if counts[code]:
            out.print(Text(f"{counts[code]:>5}  ").append_text(_word(code)))
    out.print(f"{len(verdicts):>5}  diperiksa")
    for path in files:
        out.print(f"Tersimpan: {path}", soft_wrap=True)
    if next_step:
        out.print(f"→ {next_step}", soft_wrap=True)


def _brief(sentence: str) -> str:
    """Leave out of a sentence what the report spells out: names of zones, long parameters."""
    plain = re.sub(r"Koefisien [a-z ]+ \((\w+)\)", r"\1", sentence)
    return re.sub(r"(zona \S+) \([^)]*\)", r"\1", plain)


def _word(code: str) -> Text:
    words = VERDICTS[code]
    return Text(f"{words.sign:<2} {words.id.split(':')[0]}", style=words.terminal)
