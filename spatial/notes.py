"""What the engine met on its way and did not refuse: listed, never silent.

A note has the same shape as an error (code, sentence, facts), so one catalogue of
messages serves both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from spatial.errors import EngineError

__all__ = ["Level", "Note"]

Level = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Note:
    """One thing met: its code, an English sentence with `{name}` fields, and the facts.

    Parameters
    ----------
    code : str
        Stable snake_case name; the key of its text in other languages.
    text : str
        English sentence with fields for `details`.
    level : {"info", "warning", "error"}
        `info`: done and recorded. `warning`: read, but look at it. `error`: this row or
        feature has no answer.
    details : dict
        JSON-ready facts: row, place, area, values.

    Examples
    --------
    >>> note = Note("z_dropped", "{count} geometries had heights; dropped", "info", {"count": 3})
    >>> str(note)
    '3 geometries had heights; dropped'
    """

    code: str
    text: str
    level: Level = "info"
    details: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, error: EngineError, level: Level = "error") -> Note:
        """Turn an error met in one row into a note about that row."""
        return replace(cls.told(error.code, str(error), error.details), level=level)

    @classmethod
    def told(cls, code: str, sentence: str, details: Mapping[str, Any]) -> Note:
        """Make a note again from its code, its whole English sentence and its facts.

        Examples
        --------
        >>> str(Note.told("z_dropped", "3 geometries had heights; {dropped}", {"count": 3}))
        '3 geometries had heights; {dropped}'
        """
        escaped = sentence.replace("{", "{{").replace("}", "}}")
        return cls(code, escaped, "error", dict(details))

    def __str__(self) -> str:
        return self.text.format_map(self.details)

    def to_dict(self) -> dict[str, Any]:
        """Return the note as JSON-ready dictionary."""
        return {
            "code": self.code,
            "level": self.level,
            "message": str(self),
            "details": self.details,
        }
