"""What the documents of all studies share: names, sources, and how a cell is written."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import pandas as pd

from api.formats import percent
from api.reports.document import Section

__all__ = ["called_by", "cell", "sources"]


def called_by(names: pd.Series) -> dict[Hashable, str]:
    """Return the name of each feature by its label."""
    return dict(zip(names.index, names.astype(str), strict=True))


def sources(names: Sequence[str], *more: str) -> Section:
    """Name the files and the rules a study was made from."""
    return Section("Sumber", points=[*(f"Berkas: {name}" for name in names), *more])


def cell(value: object) -> str:
    """Write any value of a frame: shares in percent, a dash for nothing."""
    if isinstance(value, float):
        return percent(value, 0)
    return "–" if value is None or value is pd.NA else str(value)
