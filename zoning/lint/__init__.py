"""Look through a plan folder: what refuses it, what contradicts itself, what can never apply.

A fault (see `zoning.plan_checks`) refuses a plan. What is found here beyond faults is a plan
as its law was printed, with blanks and gaps: it can be used, its answers are wider there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from openpyxl.utils import get_column_letter

from spatial.errors import PlanError
from spatial.notes import Note
from zoning.lint.areas import area_notes
from zoning.lint.dead import dead_rules
from zoning.lint.examples import ExampleResult, example_notes, run_examples
from zoning.lint.intensities import intensity_notes
from zoning.lint.layers import layer_notes
from zoning.lint.matrix import matrix_notes
from zoning.lint.rivers import river_notes
from zoning.lint.sources import source_notes
from zoning.plan_files import TABLES, PlanReading, read_plan_folder

__all__ = ["ExampleResult", "lint_plan", "run_examples"]

FILES: Final = ("plan.toml", *(f"{name}.csv" for name in TABLES))


def lint_plan(folder: Path | str, source: Any = None) -> tuple[Note, ...]:
    """List everything that is wrong or doubtful in a plan folder.

    Parameters
    ----------
    folder : path
    source : LayerSource, optional
        Where its layers come from; with it, codes and values are compared with the layers.

    Returns
    -------
    tuple of Note
        `error`: the plan is refused, contradicts itself or fails an example; `warning`:
        answers are wider there, or a rule can never apply; `info`. Each names `file`,
        `row` (as a spreadsheet counts), `column` and `cell`, and what would mend it.

    Raises
    ------
    PlanNotFoundError
        If there is no such folder.

    Examples
    --------
    >>> from zoning import sample_plan_folder
    >>> [note.details["cell"] for note in lint_plan(sample_plan_folder("rdtr"))
    ...  if note.code == "lint_cell_blank"]
    ['U23']
    """
    try:
        reading = read_plan_folder(Path(folder), source)
    except PlanError as error:
        facts = {"row": None, "column": None, "cell": ""} | dict(error.details)
        return (replace(Note.of(error), details=facts),)
    notes = list(reading.faults) if reading.faults else list(_doubts(reading, source))
    columns = {table.file: table.columns for table in reading.tables.values()}
    return tuple(sorted((_with_cell(note, columns) for note in notes), key=_place))


def _doubts(reading: PlanReading, source: Any) -> Iterator[Note]:
    plan = reading.plan
    if plan is None:
        return
    yield from matrix_notes(plan, reading.tables)
    yield from intensity_notes(plan)
    yield from river_notes(plan)
    yield from dead_rules(plan)
    yield from source_notes(plan, reading.tables)
    yield from example_notes(plan)
    if "luas_tercantum" in reading.tables:
        yield from area_notes(plan, reading.tables["luas_tercantum"])
    if source is not None:
        yield from layer_notes(plan, reading.tables["itbx"].columns)


def _with_cell(note: Note, columns: Mapping[str, tuple[str, ...]]) -> Note:
    """Add the cell as a spreadsheet names it, such as `L149`."""
    facts = {"file": "", "row": None, "column": None} | note.details
    header = columns.get(facts["file"], ())
    cell = ""
    if facts["row"] is not None and facts["column"] in header:
        cell = f"{get_column_letter(header.index(facts['column']) + 1)}{facts['row']}"
    return replace(note, details=facts | {"cell": cell})


def _place(note: Note) -> tuple[int, int, str, str]:
    facts = note.details
    file = FILES.index(facts["file"]) if facts["file"] in FILES else len(FILES)
    return file, facts["row"] or 0, str(facts["column"] or ""), note.code
