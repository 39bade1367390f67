"""How far a line on a map may be from the truth: CE90, as stated or as the scale allows."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

__all__ = ["ce90_classes", "ce90_of"]


@cache
def ce90_classes() -> dict[int, tuple[float, float]]:
    """Return the CE90 of class 1 and class 3 by denominator of the scale, from the rule file.

    Examples
    --------
    >>> ce90_classes()[5000]
    (1.0, 2.5)
    """
    text = (resources.files("layers") / "rules" / "ketelitian_peta.csv").read_text("utf-8")
    return {
        int(row["skala"]): (float(row["kelas_1_m"]), float(row["kelas_3_m"]))
        for row in csv.DictReader(text.splitlines())
    }


def ce90_of(legal: Mapping[str, Any]) -> tuple[float, str] | None:
    """Return the CE90 of a map in metres, and whether it was stated or follows from the scale.

    From the scale alone it is that of class 1, the narrowest: a map of a lower class has a
    wider one, which its maker must state.

    Examples
    --------
    >>> ce90_of({"ce90_m": 2.5}), ce90_of({"scale": 5000}), ce90_of({"scale": 7})
    ((2.5, 'ce90_m'), (1.0, 'scale'), None)
    """
    if stated := legal.get("ce90_m"):
        return float(stated), "ce90_m"
    found = ce90_classes().get(int(legal.get("scale") or 0))
    return (found[0], "scale") if found else None
