"""Rows of a table as JSON takes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

__all__ = ["records"]


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table with plain values; what is missing is None.

    Examples
    --------
    >>> records(pd.DataFrame({"id": ["a", "b"], "n": [1, 2], "q": [0.5, float("nan")]}))
    [{'id': 'a', 'n': 1, 'q': 0.5}, {'id': 'b', 'n': 2, 'q': None}]
    """
    plain = table.astype(object).where(table.notna(), None)
    return [
        {str(name): _plain(cell) for name, cell in row.items()} for row in plain.to_dict("records")
    ]


def _plain(cell: Any) -> Any:
    return cell.item() if isinstance(cell, np.generic) else cell
