"""Hazard classes: depths, indices, codes and words become ordered classes, by rule files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hazard.rule_files import Rule, load_rule
from spatial.errors import PlanError, RasterError, SchemaError

__all__ = ["NO_DATA", "UNMAPPED", "ClassRule", "class_rule"]

#: Where the hazard map has no value: not the same as no hazard.
NO_DATA: Final = "tanpa_data"
#: Beyond the edge of the hazard map.
UNMAPPED: Final = "luar_cakupan"
#: What an index from 0 to 1 is called as a unit in a rule, and how far rounding may take it.
INDEX_UNIT: Final = "indeks"
INDEX_NOISE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class ClassRule:
    """How values become classes; labels are ordered from least to worst.

    With `breaks`, a value up to and including breaks[i] has class i, and the last class
    has no upper limit. With `values`, numbers and words are looked up.
    """

    labels: tuple[str, ...]
    breaks: tuple[float, ...] = ()
    values: dict[str, str] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    citation: str = ""
    unit: str = ""

    def codes(self, values: NDArray[Any], valid: NDArray[np.bool_]) -> NDArray[np.int16]:
        """Classify an array: position of the label, or len(labels) for no data.

        Raises
        ------
        RasterError
            `class_unknown`, naming a value that the rule does not know.

        Examples
        --------
        >>> rule = class_rule("banjir_kedalaman_bnpb")
        >>> rule.codes(np.array([0.0, 0.75, 0.76, 9.0]), np.array([True, True, True, False]))
        array([0, 1, 2, 4], dtype=int16)
        """
        out = np.full(values.shape, len(self.labels), np.int16)
        if self.breaks:
            if self.unit == INDEX_UNIT:
                _check_index(values[valid])
            out[valid] = np.searchsorted(np.asarray(self.breaks), values[valid], side="left")
            return out
        for value in np.unique(values[valid]):
            out[valid & (values == value)] = self._code(_text(value), str(value))
        return out

    def words(self, column: pd.Series[Any]) -> pd.Series[int]:
        """Classify the codes or words of a column; NA and blanks become no data.

        Raises
        ------
        SchemaError
            `class_word_unknown`, naming the row and the word.

        Examples
        --------
        >>> class_rule("tiga_kelas").words(pd.Series(["Rendah", 3, None, "-"])).tolist()
        [1, 3, 4, 4]
        """
        if self.breaks:
            numbers = pd.to_numeric(column, errors="coerce").to_numpy(float)
            for row in np.flatnonzero(np.isnan(numbers)):
                text = "" if pd.isna(column.iloc[row]) else _text(column.iloc[row])
                if text not in ("", "-"):
                    raise _no_class(column.index[int(row)], column.iloc[int(row)], "numbers")
            return pd.Series(self.codes(numbers, ~np.isnan(numbers)), column.index, dtype=int)
        found = [self._word(value, row) for row, value in column.items()]
        return pd.Series(found, column.index, dtype=int)

    def _word(self, value: Any, row: Any) -> int:
        text = "" if pd.isna(value) else _text(value)
        if text in ("", "-"):
            return len(self.labels)
        try:
            return self._code(text, str(value))
        except RasterError as error:
            raise _no_class(row, value, ", ".join(self.values)) from error

    def _code(self, text: str, shown: str) -> int:
        if text in self.missing:
            return len(self.labels)
        label = self.values.get(text)
        if label is None:
            raise RasterError(
                "{value} is no class of this hazard",
                code="class_unknown",
                hint="Known: {known}. A class raster warped by bilinear has values between "
                "classes: warp it by nearest",
                value=shown,
                known=", ".join(self.values),
            )
        return self.labels.index(label)


def _no_class(row: Any, value: Any, known: str) -> SchemaError:
    return SchemaError(
        "row {row}: {value!r} is no class of this hazard",
        code="class_word_unknown",
        hint="Known: {known}",
        row=str(row),
        value=str(value),
        known=known,
    )


def _check_index(values: NDArray[Any]) -> None:
    """Refuse numbers that are no index: a depth read as one would be high almost everywhere."""
    wrong = values[(values < 0.0) | (values > 1.0 + INDEX_NOISE)]
    if wrong.size:
        raise RasterError(
            "{value} is no index between 0 and 1",
            code="class_index_range",
            hint="Name the rule that its numbers follow, or say what means no data (--nodata)",
            value=str(wrong.flat[0]),
        )


def _text(value: Any) -> str:
    """Write 1, 1.0 and '1' alike, and words in lower case."""
    if isinstance(value, (int, float, np.number)) and float(value).is_integer():
        return str(int(value))
    text = str(value).strip().lower()
    return text[:-2] if text.endswith(".0") and text[:-2].isdigit() else text


def class_rule(name: str) -> ClassRule:
    """Load the class rule of a name (`hazard.rules/classes`) or of a `.toml` path.

    Raises
    ------
    PlanError
        `class_rule_wrong`, if labels, breaks or values do not fit together.
    """
    rule = load_rule("classes", name)
    made = _from(rule)
    ordered = list(made.breaks) == sorted(set(made.breaks))
    fits = len(made.labels) == len(made.breaks) + 1 if made.breaks else bool(made.values)
    if not (made.labels and ordered and fits and set(made.values.values()) <= set(made.labels)):
        raise PlanError(
            "rule {name}: labels, breaks and values do not fit together",
            code="class_rule_wrong",
            hint="One label more than breaks, breaks rising, values naming labels",
            name=name,
        )
    return made


def _from(rule: Rule) -> ClassRule:
    data = rule.data
    return ClassRule(
        tuple(data.get("labels", ())),
        tuple(float(value) for value in data.get("breaks", ())),
        {str(key).lower(): str(value) for key, value in data.get("values", {}).items()},
        frozenset(str(value).lower() for value in data.get("missing", ())),
        rule.citation(),
        str(data.get("unit", "")),
    )
