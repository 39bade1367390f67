"""A report of sections with text, tables and pictures, as a page that stands alone and as PDF.

Studies fill a `Document`; what it looks like on screen and paper is decided here once.
"""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Final

import pandas as pd
import typst
from markupsafe import Markup

from api.fonts import font_folder
from api.reports.html import environment, page_fonts, page_style

__all__ = [
    "SAMPLE",
    "Document",
    "Figure",
    "Section",
    "Table",
    "document_html",
    "document_pdf",
    "is_sample",
]

#: How invented data mark themselves.
SAMPLE: Final = "contoh, bukan data resmi"

#: Longer tables are cut in the report; the whole stands in the files beside it.
MOST_ROWS: Final = 60


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts; `numbers` are the columns set to the right (0-based).

    `total` is the row of the sums, which is shown however long the table is.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[int] = ()
    total: Sequence[str] = ()

    @property
    def cut(self) -> int:
        """How many rows are left out of the report."""
        return max(len(self.rows) - MOST_ROWS, 0)

    def shown(self) -> list[list[str]]:
        """Return the rows that the report has room for."""
        return [list(row) for row in self.rows[:MOST_ROWS]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture (PNG) with its caption."""

    png: bytes
    caption: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands below it, in this order: text, points, picture, table, note."""

    title: str
    text: Sequence[str] = ()
    points: Sequence[str] = ()
    figure: Figure | None = None
    table: Table | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A report.

    Parameters
    ----------
    title, subtitle : str
    answer : str
        The one sentence that a reader in a hurry takes away.
    sections : sequence of Section
    facts : sequence of (label, value)
    office, notice : str
        Letterhead; a warning over everything, such as that the data are a sample.
    colour : str
        Of the band that holds the answer.
    """

    title: str
    subtitle: str
    answer: str
    sections: Sequence[Section]
    facts: Sequence[tuple[str, str]] = field(default=())
    office: str = ""
    notice: str = ""
    colour: str = "#1f4e79"


def is_sample(frame: pd.DataFrame) -> bool:
    """Say whether rows of a frame call themselves invented: whatever shows them must say so too.

    Examples
    --------
    >>> is_sample(pd.DataFrame({"REMARK": ["contoh, bukan data resmi"]}))
    True
    """
    texts = frame.select_dtypes(include=["object", "string"])
    return any(bool((texts[column] == SAMPLE).any()) for column in texts.columns)


def document_html(document: Document) -> str:
    """Return the report as one HTML page with style, typeface and pictures inside.

    Examples
    --------
    >>> page = document_html(Document("Judul", "", "Jawaban <1>.", [Section("Isi", ["Teks."])]))
    >>> "Jawaban &lt;1&gt;." in page, "http" in page
    (True, False)
    """
    return (
        environment()
        .get_template("document.html.j2")
        .render(
            doc=document, css=page_style(), fonts=page_fonts(), picture=_picture, cut=_cut_words
        )
    )


def _picture(figure: Figure) -> Markup:
    data = base64.b64encode(figure.png).decode("ascii")
    return Markup('<img src="data:image/png;base64,{}" alt="{}">').format(data, figure.caption)


def _cut_words(table: Table) -> str:
    return f"… dan {table.cut} baris lagi di berkas tabelnya." if table.cut else ""


def document_pdf(document: Document) -> bytes:
    """Set the report on A4 and return the PDF."""
    with tempfile.TemporaryDirectory(prefix="tataruang-pdf-") as name:
        folder = Path(name)
        sections = [_section(folder, i, one) for i, one in enumerate(document.sections)]
        content: dict[str, Any] = {
            "title": document.title,
            "subtitle": document.subtitle,
            "answer": document.answer,
            "facts": [list(fact) for fact in document.facts],
            "office": document.office,
            "notice": document.notice,
            "colour": document.colour,
            "sections": sections,
        }
        (folder / "page.json").write_text(json.dumps(content), encoding="utf-8")
        template = resources.files("api.reports") / "templates" / "document.typ"
        source = folder / "document.typ"
        source.write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
        pdf: bytes = typst.compile(
            source, root=folder, font_paths=[font_folder()], ignore_system_fonts=True
        )
        return pdf


def _section(folder: Path, number: int, section: Section) -> dict[str, Any]:
    """Write the picture of a section, and return the rest as plain JSON."""
    picture = ""
    if section.figure is not None:
        picture = f"figure-{number}.png"
        (folder / picture).write_bytes(section.figure.png)
    table = section.table
    return {
        "title": section.title,
        "text": list(section.text),
        "points": list(section.points),
        "note": section.note,
        "picture": picture,
        "caption": section.figure.caption if section.figure else "",
        "head": list(table.head) if table else [],
        "rows": table.shown() if table else [],
        "numbers": list(table.numbers) if table else [],
        "total": list(table.total) if table else [],
        "cut": _cut_words(table) if table else "",
    }
