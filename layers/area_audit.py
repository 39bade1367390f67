"""Areas printed in a law, held against the sums of their own parts and against the map.

A plan prints an area for each zone, for the blocks it is made of, and for the whole. They need
not agree, and which of them is wrong can be told: the one whose parts say otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layers.values import to_numbers
from spatial.errors import SchemaError
from spatial.notes import Note

__all__ = ["COLUMNS", "audit_areas"]

#: Our column: names it may have in the table of areas.
COLUMNS: Final = {
    "kode": ("kode", "kode_zona", "zona", "code"),
    "stated_ha": ("luas_ha_stated", "luas_tertulis_ha", "luas_ha", "stated_ha"),
    "parts_ha": ("sum_of_parts_ha", "jumlah_bagian_ha", "parts_ha"),
    "pasal": ("pasal", "article"),
    "note": ("note", "bagian", "catatan", "parts"),
}
#: Beginnings of the codes of ketentuan khusus (Permen ATR/BPN 14/2021 attribute names): they lie
#: over the zones and are no part of the whole.
OVERLAYS: Final = (
    "LP2B", "KP2B", "LSD", "KRB", "CAGBUD", "SEMP", "KSMPDN", "KKOP", "TOD", "TEB", "PUSLIT",
    "RESAIR", "HANKAM", "KKARST", "PTBGMB", "MGRSAT", "RDBUMI", "TPZ",
)  # fmt: skip
TOTALS: Final = ("WP", "TOTAL", "JUMLAH", "LUAS")
#: Half of the last printed digit, for each printed number that a sum is made of.
_HALF_DIGIT: Final = 0.005
_SUM: Final = re.compile(r"\d+(?:\.\d+)?(?:\+\d+(?:\.\d+)?)+")


def audit_areas(
    table: pd.DataFrame,
    measured_ha: pd.Series[float] | None = None,
    *,
    map_tolerance: float = 0.01,
) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Audit a table of printed areas.

    Parameters
    ----------
    table : DataFrame
        One row for each printed area: `kode`, `luas_ha_stated`, and where they are printed
        `sum_of_parts_ha` or the parts themselves in `note` ("338.68+1417.36"). A row WP or
        TOTAL is the whole. A code that another begins with ("PL" and "PL-6") holds it.
    measured_ha : Series of float, optional
        Area of each code on the map.
    map_tolerance : float
        Share by which map and law may differ.

    Returns
    -------
    audit : DataFrame
        `kode, pasal, stated_ha, parts_ha, map_ha, difference_ha, finding`; difference is what
        the parts give less what is printed. Findings: "cocok", "pembulatan" (within the
        rounding of what is printed), "salah_jumlah", "berbeda_dari_peta", "tanpa_bagian",
        "tanpa_luas" (what is printed could not be read).
    notes : tuple of Note

    Raises
    ------
    SchemaError
        `audit_column`, if a column is not there.

    Examples
    --------
    >>> printed = pd.DataFrame({"kode": ["P", "R"], "luas_ha_stated": ["1949.31", "10.00"],
    ...                         "sum_of_parts_ha": ["1939.95", "10.01"]})
    >>> audit, notes = audit_areas(printed)
    >>> audit[["kode", "difference_ha", "finding"]].values.tolist()
    [['P', -9.36, 'salah_jumlah'], ['R', 0.01, 'pembulatan']]
    """
    frame = _renamed(table)
    audit = frame[["kode", "pasal", "stated_ha"]].copy()
    counted, listed = _listed(frame["note"])
    audit["parts_ha"] = frame["parts_ha"].fillna(listed).round(6)
    whole = audit["kode"].str.upper().isin(TOTALS)
    zones = ~whole & ~_within(audit["kode"], OVERLAYS) & ~_held(audit["kode"].tolist())
    corrected = audit["parts_ha"].where(_off(audit, counted), audit["stated_ha"])
    if whole.any():
        # One zone without a readable area, and the sum of all is not known.
        audit.loc[whole, "parts_ha"] = round(float(corrected[zones].sum(skipna=False)), 6)
        counted[whole] = int(zones.sum())
    audit["map_ha"] = (
        np.nan if measured_ha is None else audit["kode"].map(measured_ha).astype(float)
    )
    audit["difference_ha"] = (audit["parts_ha"] - audit["stated_ha"]).round(6)
    audit["finding"] = _findings(audit, counted, map_tolerance)
    return audit, tuple(_notes(audit, float(audit["stated_ha"][zones].sum()), whole))


def _renamed(table: pd.DataFrame) -> pd.DataFrame:
    by_lower = {str(name).strip().lower(): name for name in table.columns}
    found: dict[str, Any] = {}
    for ours, names in COLUMNS.items():
        there = next((by_lower[name] for name in names if name in by_lower), None)
        if there is None and ours in ("kode", "stated_ha"):
            raise SchemaError(
                "the table of areas has no column {column}",
                code="audit_column",
                hint="It needs {names}, and better also sum_of_parts_ha",
                column=ours,
                names=names[0],
            )
        found[ours] = None if there is None else table[there].tolist()
    frame = pd.DataFrame(found, index=range(len(table)))
    for column in ("stated_ha", "parts_ha"):
        frame[column] = to_numbers(frame[column])[0].astype(float)
    frame["kode"] = frame["kode"].astype(str).str.strip()
    return frame


def _listed(notes: pd.Series[Any]) -> tuple[NDArray[np.int64], pd.Series[float]]:
    """Return how many parts a note prints, and their sum; two parts where it prints none."""
    counts, sums = [], []
    for text in notes:
        found = _SUM.search(str(text or ""))
        parts = [float(part) for part in found[0].split("+")] if found else []
        counts.append(len(parts) or 2)
        sums.append(sum(parts) if parts else np.nan)
    return np.array(counts), pd.Series(sums, index=notes.index, dtype=float)


def _within(codes: pd.Series[str], beginnings: Sequence[str]) -> pd.Series[bool]:
    return codes.str.upper().str.startswith(tuple(beginnings))


def _held(codes: list[str]) -> pd.Series[bool]:
    """Say which codes are parts of another that is printed too: PL-6 of PL."""
    return pd.Series([any(code.startswith(f"{other}-") for other in codes) for code in codes])


def _allowed(counted: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how far a sum of rounded numbers may be from the rounded sum."""
    return (_HALF_DIGIT * (counted + 1) + 1e-9).astype(np.float64)


def _off(audit: pd.DataFrame, counted: NDArray[np.int64]) -> pd.Series[bool]:
    return (audit["parts_ha"] - audit["stated_ha"]).abs() > _allowed(counted)


def _findings(audit: pd.DataFrame, counted: NDArray[np.int64], map_tolerance: float) -> list[str]:
    off = _off(audit, counted)
    on_map = (audit["map_ha"] / audit["stated_ha"] - 1).abs() > map_tolerance
    found = np.where(audit["difference_ha"].abs() < 1e-6, "cocok", "pembulatan")
    found = np.where(audit["parts_ha"].isna(), "tanpa_bagian", found)
    found = np.where(audit["map_ha"].notna() & on_map, "berbeda_dari_peta", found)
    found = np.where(audit["stated_ha"].isna(), "tanpa_luas", found)
    return list(map(str, np.where(off, "salah_jumlah", found)))


def _notes(audit: pd.DataFrame, printed: float, whole: pd.Series[bool]) -> list[Note]:
    notes = [
        Note(
            "area_sum_wrong",
            "{kode} ({pasal}): {stated} ha is printed, its parts give {parts} ha: "
            "{difference:+.2f} ha",
            "error",
            {
                "kode": row["kode"],
                "pasal": row["pasal"],
                "stated": row["stated_ha"],
                "parts": row["parts_ha"],
                "difference": row["difference_ha"],
            },
        )
        for row in audit[audit["finding"] == "salah_jumlah"].to_dict("records")
    ]
    notes += [
        Note(
            "area_total",
            "the whole {kode}: {stated} ha is printed, its zones as printed give {printed} ha, "
            "with the wrong ones replaced by their parts {corrected} ha",
            "info",
            {
                "kode": row["kode"],
                "stated": row["stated_ha"],
                "printed": round(printed, 2),
                "corrected": round(row["parts_ha"], 2),
            },
        )
        for row in audit[whole & audit["parts_ha"].notna()].to_dict("records")
    ]
    return notes
