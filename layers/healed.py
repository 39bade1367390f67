"""Healing at ingest: no wider than the map is accurate, and every piece of ground on record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from layers.accuracy import ce90_of
from layers.healing import heal
from layers.layer import Layer
from layers.quality import names_of
from spatial.errors import LayerError
from spatial.notes import Note

__all__ = ["Healed", "healed", "tolerated"]


@dataclass(frozen=True, eq=False)
class Healed:
    """A healed layer, with the table of every piece that was given to one feature.

    Parameters
    ----------
    frame : GeoDataFrame
    record : DataFrame
        `baris` and `pemilik` (row and name of who has the piece now), `semula` (names of who
        claimed it before; empty for a gap), `berpindah` (whether somebody lost it), `luas_m2`,
        `lebar_m`, `lon`, `lat`.
    facts : dict
        Totals and the largest pieces, for the provenance.
    note : Note
    """

    frame: gpd.GeoDataFrame
    record: pd.DataFrame
    facts: dict[str, Any]
    note: Note


def tolerated(width_m: float, legal: Mapping[str, Any]) -> tuple[float, str]:
    """Return the CE90 of the map and where it is from; a wider healing is refused.

    What is wider than CE90 may be somebody's ground: only a survey, not a program, may give
    it to one of two.

    Raises
    ------
    LayerError
        `heal_accuracy_unknown`, if neither CE90 nor scale is said; `heal_too_wide`.

    Examples
    --------
    >>> tolerated(0.5, {"scale": 5000})
    (1.0, 'scale')
    """
    found = ce90_of(legal)
    if found is None:
        raise LayerError(
            "nobody said how accurate the map is, so nothing of it can be healed",
            code="heal_accuracy_unknown",
            hint="Give its CE90 (--ce90 2.5) or its scale (--scale 5000)",
        )
    if width_m > found[0]:
        raise LayerError(
            "healing up to {width} m is wider than the accuracy of the map, CE90 {ce90} m: it "
            "would give away ground",
            code="heal_too_wide",
            hint="At most --heal {ce90}; wider overlaps and gaps are corrected on the map",
            width=width_m,
            ce90=found[0],
            known_by=found[1],
        )
    return found


def healed(
    frame: gpd.GeoDataFrame | pd.DataFrame, found: Layer, width_m: float, legal: Mapping[str, Any]
) -> Healed:
    """Heal a layer within the accuracy of its map.

    Raises
    ------
    LayerError, SchemaError, TimeLimitError
        As `tolerated` and `layers.healing.heal`; a table has nothing to heal.
    """
    ce90, known_by = tolerated(width_m, legal)
    if not isinstance(frame, gpd.GeoDataFrame):
        frame = found.features  # refuses a table
    done = heal(frame, sliver_width_m=width_m)
    told = done.to_dict()
    record = _record(done.slivers, names_of(found))
    lost = record["berpindah"]
    facts = {
        "count": told["slivers"],
        "width": width_m,
        "ce90": ce90,
        "area": told["slivers_m2"],
        "moved": int(lost.sum()),
        "moved_m2": round(float(record["luas_m2"][lost].sum()), 4),
        "left": done.left["overlap"]["count"] + done.left["gap"]["count"],
        "features": len(done.areas),
    }
    text = (
        "{count} slivers up to {width} m wide (CE90 {ce90} m), {area} m2 together, went to one "
        "feature each; of {moved} of them, {moved_m2} m2, another feature lost its claim; {left} "
        "wider overlaps and gaps are left"
    )
    more = {"sliver_width_m": width_m, "ce90_m": ce90, "ce90_known_by": known_by}
    return Healed(done.frame, record, more | told, Note("layer_healed", text, "warning", facts))


def _record(slivers: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return every piece with the names of who had it and who has it, largest first."""
    pieces = slivers.sort_values("area_m2", ascending=False, kind="stable", ignore_index=True)
    claims = pieces["claimed_by"]
    return pd.DataFrame(
        {
            "baris": pieces["owner"].astype("int64"),
            "pemilik": [names[int(row)] for row in pieces["owner"]],
            "semula": ["; ".join(names[int(row)] for row in rows) for rows in claims],
            "berpindah": [len(rows) > 1 for rows in claims],
            "luas_m2": pieces["area_m2"].astype("float64"),
            "lebar_m": pieces["width_m"].astype("float64"),
            "lon": pieces["lon"].astype("float64"),
            "lat": pieces["lat"].astype("float64"),
        }
    ).astype({"pemilik": "str", "semula": "str", "berpindah": "bool"})
