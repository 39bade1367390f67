"""Numbers that an office keeps per unit, such as people per desa, joined to the map by code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from layers import Layer, read
from layers.values import parse_count, says_none
from spatial.errors import LayerError

__all__ = ["UnitNumbers", "unit_code"]


def unit_code(value: Any) -> str:
    """Return a code by which equal units are found: points and a spreadsheet's .0 do not matter.

    Examples
    --------
    >>> unit_code("33.12.01.2001"), unit_code(3312012001.0), unit_code("33 12 01 2001 ")
    ('3312012001', '3312012001', '3312012001')
    >>> unit_code("DAS-7")
    'DAS-7'
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    return re.sub(r"[. ]", "", text) if re.fullmatch(r"\d[\d. ]*", text) else text


@dataclass(frozen=True)
class UnitNumbers:
    """A table of counts, one row per unit.

    Parameters
    ----------
    file : str
    layer : Layer
        As it was read.
    key : str
        Column of codes, by our name or its own.
    """

    file: str
    layer: Layer
    key: str

    @classmethod
    def of(cls, path: Path, key: str) -> UnitNumbers:
        """Read a table of numbers of units."""
        layer = read(path)
        return cls(path.name, layer, layer.column(key))

    def joined(
        self, units: gpd.GeoDataFrame, key: str, column: str
    ) -> tuple[gpd.GeoDataFrame, str]:
        """Return units with the counts of a column, and the name under which they are there.

        Raises
        ------
        LayerError
            `people_repeated`, a unit twice in the table; `count_unreadable`, a cell that is no
            whole number; `people_none_match`, not one code of the units in the table.
        """
        name = self.layer.column(column)
        codes = self.layer.frame[self.key].map(unit_code)
        if codes.duplicated().any():
            raise LayerError(
                "{file}: unit {unit} stands in it more than once",
                code="people_repeated",
                hint="Keep one year of the table",
                file=self.file,
                unit=str(self.layer.frame[self.key][codes.duplicated()].iloc[0]),
            )
        counts = pd.Series(
            [self._count(value, code, name) for value, code in zip(
                self.layer.frame[name], codes, strict=True)],
            index=codes, dtype=float,
        )  # fmt: skip
        wanted = units[key].map(unit_code)
        if not wanted.isin(codes).any():
            raise LayerError(
                "{file}: none of its codes, such as {theirs}, is one of the units, such as {ours}",
                code="people_none_match",
                hint="Compare the columns of codes; --unit-id names that of the units",
                file=self.file,
                theirs=", ".join(self.layer.frame[self.key].astype(str).head(2)),
                ours=", ".join(units[key].astype(str).head(2)),
            )
        return units.assign(**{name: wanted.map(counts)}), name

    def _count(self, value: Any, unit: str, column: str) -> float:
        if says_none(value):
            return float("nan")
        found = parse_count(value) if isinstance(value, str) else float(value)
        if found is None:
            raise LayerError(
                "{file}, {column} of unit {unit}: {value!r} is no whole number",
                code="count_unreadable",
                hint="Write 4821 or 4.821; leave it blank where it is not known",
                file=self.file,
                column=column,
                unit=unit,
                value=value,
            )
        return float(found)
