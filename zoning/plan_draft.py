"""What a layer says already of the plan that draws it: its zones, its scale, its regulation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd

from spatial.errors import PlanError
from zoning.lint.matrix import known_codes

__all__ = ["code_system", "known_of_layer", "zones_of_layer"]

#: Code system of plans made now (Permen ATR 14/2021).
LATEST: Final = "ATR2021"


def zones_of_layer(frame: pd.DataFrame | None, layer: str, column: str = "zona") -> dict[str, str]:
    """Return code -> name of the zones that a layer draws, sorted by code.

    Parameters
    ----------
    frame : DataFrame or None
        With the column of codes and, where there is one, `<column>_nama`; a raster has none.
    layer : str
        For the error.

    Raises
    ------
    PlanError
        `plan_layer_no_zones` where the layer has no such column, or nothing in it.

    Examples
    --------
    >>> drawn = pd.DataFrame({"zona": ["R-2", "K-3", "R-2"], "zona_nama": ["Rumah", "Dagang", ""]})
    >>> zones_of_layer(drawn, "rdtr")
    {'K-3': 'Dagang', 'R-2': 'Rumah'}
    """
    named = f"{column}_nama"
    found: dict[str, str] = {}
    known = [] if frame is None else list(map(str, frame.columns))
    if frame is not None and column in known:
        names = frame[named] if named in known else frame[column]
        for code, name in zip(frame[column], names, strict=True):
            if pd.notna(code) and str(code).strip():
                told = str(name) if pd.notna(name) else ""
                found[str(code)] = found.get(str(code)) or told
    if not found:
        raise PlanError(
            "layer {layer} has no zones in a column {column}; it has {known}",
            code="plan_layer_no_zones",
            hint="Publish it as pola_ruang: tataruang ingest FILE --as pola_ruang",
            layer=layer,
            column=column,
            known=", ".join(known) or "-",
        )
    return {code: name or code for code, name in sorted(found.items())}


def code_system(zones: Iterable[str], kind: str) -> str:
    """Return the code system of a plan's zones: the one in force that knows one, or LAIN.

    Examples
    --------
    >>> code_system(["R-2", "X-9"], "RDTR"), code_system(["Kawasan Hutan Lindung"], "RTRW_KAB")
    ('ATR2021', 'LAIN')
    """
    level = "rdtr" if kind.startswith("RDTR") else "rtrw"
    return LATEST if known_codes(LATEST, level).intersection(zones) else "LAIN"


def known_of_layer(legal: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of `plan.toml` that a layer's legal metadata answer.

    Examples
    --------
    >>> known_of_layer({"scale": 50000, "ce90_m": 12.5, "instrument": "Perda", "number": "8/2011"})
    {'skala': 50000, 'ce90_m': 12.5, 'dasar': 'Perda 8/2011'}
    """
    known = {}
    for key, ours in (("scale", "skala"), ("ce90_m", "ce90_m")):
        if legal.get(key):
            known[ours] = legal[key]
    named = " ".join(str(legal[key]) for key in ("instrument", "number") if legal.get(key))
    return known | ({"dasar": named} if named else {})
