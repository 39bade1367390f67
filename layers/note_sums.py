"""Notes of a layer that was read part by part, summed up to those of the whole."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from spatial.notes import Note

__all__ = ["NoteSums"]

#: Facts of a note that belong to the part and not to what is told.
_OF_THE_PART: Final = ("count", "rows", "example")
#: Rows named in one note; the rest is counted.
_NAMED: Final = 20
#: Notes on single rows that are kept for each code; the rest is counted.
_LISTED: Final = 1000


class NoteSums:
    """Takes the notes of one part after the other.

    Examples
    --------
    >>> sums = NoteSums()
    >>> for first_row in (0, 100):
    ...     note = Note("geometry_null", "{count} rows: {rows}", "warning",
    ...                 {"count": 1, "rows": [7]})
    ...     sums.add([note], first_row=first_row)
    >>> [str(note) for note in sums.told()]
    ['2 rows: [7, 107]']
    """

    def __init__(self, notes: Iterable[Note] = ()) -> None:
        self._sums: dict[str, Note] = {}
        self._single: Counter[str] = Counter()
        self.add(notes)

    def add(self, notes: Iterable[Note], *, first_row: int = 0) -> None:
        """Take the notes of a part; `first_row` is the number of its first row."""
        for note in notes:
            if "row" in note.details:
                self._single[note.code] += 1
                if self._single[note.code] > _LISTED:
                    continue
            moved = _moved(note, first_row)
            same = {
                name: value for name, value in moved.details.items() if name not in _OF_THE_PART
            }
            key = json.dumps([note.code, same], default=str, sort_keys=True)
            known = self._sums.get(key)
            self._sums[key] = moved if known is None else _summed(known, moved)

    def told(self) -> tuple[Note, ...]:
        """Return the notes of the whole, in the order in which they were first met."""
        text = "{count} more rows have the note {note}; the first {listed} are listed"
        left = [
            Note("notes_left_out", text, "warning",
                 {"count": count - _LISTED, "note": code, "listed": _LISTED})
            for code, count in self._single.items() if count > _LISTED
        ]  # fmt: skip
        return (*self._sums.values(), *left)


def _moved(note: Note, first_row: int) -> Note:
    if "rows" not in note.details:
        return note
    rows = [row + first_row for row in note.details["rows"]]
    return Note(note.code, note.text, note.level, note.details | {"rows": rows})


def _summed(one: Note, other: Note) -> Note:
    details: dict[str, Any] = dict(one.details)
    if "count" in details:
        details["count"] += other.details["count"]
    if "rows" in details:
        details["rows"] = (details["rows"] + other.details["rows"])[:_NAMED]
    return Note(one.code, one.text, one.level, details)
