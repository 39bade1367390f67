"""What each of the sixty permits is meant to show, and the site that shows it.

The list is `permits.csv` beside this module: one row per permit, so that a planner can add
one. A row asks for a kind of place by name; the names are the functions in `PLACES`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, TypeAlias

from layers.sample.sites import Facts

__all__ = ["PLACES", "Recipe", "Site", "read_recipes"]

Where: TypeAlias = Callable[[Facts], bool]


@dataclass(frozen=True)
class Site:
    """Which plot a permit stands on.

    `zone` alone: wholly inside it. With `other`: across their border, `share` of the depth
    in the other. `plan` names the map the zones are of; `size` is front and depth, m.
    """

    zone: str
    size: tuple[float, float]
    where: Where
    other: str
    share: float
    plan: str


@dataclass(frozen=True)
class Recipe:
    """One permit: what is applied for, where, how large, and the verdict it is made for.

    `kdb`, `kdh` are shares of the plot, `floors` is a count; `change` overrides columns
    (None leaves one out); `indoors` keeps the footprint in the first zone.
    """

    kegiatan: str
    kbli: str
    site: Site
    verdict: str
    reasons: tuple[str, ...]
    kdb: float
    floors: int
    kdh: float
    indoors: bool
    change: dict[str, Any]
    why: str


def read_recipes() -> list[Recipe]:
    """Read the list of permits.

    Examples
    --------
    >>> len(read_recipes())
    60
    """
    text = files("layers.sample").joinpath("permits.csv").read_text(encoding="utf-8")
    return [_recipe(row) for row in csv.DictReader(text.splitlines())]


def _recipe(row: dict[str, str]) -> Recipe:
    size = (float(row["front_m"]), float(row["depth_m"]))
    share = float(row["share"] or 0.0)
    return Recipe(
        kegiatan=row["kegiatan"],
        kbli=row["kbli"],
        site=Site(row["zone"], size, PLACES[row["place"]], row["other"], share, row["plan"]),
        verdict=row["verdict"],
        reasons=tuple(row["reasons"].split()),
        kdb=float(row["kdb"]),
        floors=int(row["floors"]),
        kdh=float(row["kdh"]),
        indoors=row["indoors"] == "ya",
        change=json.loads(row["change"] or "{}"),
        why=row["why"],
    )


def _town(at: Facts) -> bool:
    """Say whether all three plans call a calm place a town."""
    return at.calm and at.kab == {"PK"} and at.prov == {"PK"}


def _town_edge(at: Facts) -> bool:
    """Say whether it is a town to all three plans, though paddy lies beside it."""
    quiet = at.away and not at.claimed and "Longsor Tinggi" not in at.krb
    return quiet and "Banjir Tinggi" not in at.krb and at.kab == {"PK"} and at.prov == {"PK"}


def _calm(at: Facts) -> bool:
    return at.calm


def _away(at: Facts) -> bool:
    return at.away and not at.heritage


def _only_paddy(at: Facts) -> bool:
    return at.lp2b and at.away and not (at.lsd or at.krb or at.heritage)


def _town_paddy(at: Facts) -> bool:
    return _only_paddy(at) and at.kab == {"PK"} and at.prov == {"PK"}


def _hillside(at: Facts) -> bool:
    return "Longsor Tinggi" in at.krb and not at.claimed


def _flooded(at: Facts) -> bool:
    wet = at.krb == {"Banjir Tinggi"}
    return wet and not at.claimed and at.no_forest and at.river_m > 32.0 and at.sea_m > 250.0


def _old_town(at: Facts) -> bool:
    return at.heritage and at.away and not (at.lp2b or at.lsd or at.krb)


def _sawah_map(at: Facts) -> bool:
    return at.lsd and at.away and not (at.lp2b or at.krb or at.heritage)


def _state_forest(at: Facts) -> bool:
    gentle = at.krb <= {"Longsor Rendah", "Longsor Sedang"}
    return at.forest == {1003} and gentle and not at.claimed and at.river_m > 60.0


def _unlike_kab(at: Facts) -> bool:
    return at.calm and at.kab == {"P-1"}


def _sea_side(at: Facts) -> bool:
    return not at.claimed and 130.0 < at.sea_m < 800.0 and at.river_m > 110.0


def _beach(at: Facts) -> bool:
    return _sea_side(at) and at.kab == {"W"} and at.prov == {"PK"}


def _estate(at: Facts) -> bool:
    return _away(at) and at.kab <= {"PK", "KPI"} and at.prov <= {"PK", "KPI"}


def _village(at: Facts) -> bool:
    return at.calm and at.kab == {"PD"} and at.prov <= {"PD", "PK", "P-3"}


def _open_land(at: Facts) -> bool:
    return at.no_forest and not at.claimed and at.river_m > 110.0 and at.sea_m > 250.0


def _rural(at: Facts) -> bool:
    return at.calm and len(at.kab) == 1


def _near_spring(at: Facts) -> bool:
    quiet = not (at.claimed or at.krb) and at.no_forest
    return quiet and at.spring_m < 140.0 and at.river_m > 60.0


def _riverside(at: Facts) -> bool:
    return not at.claimed and at.no_forest and at.sea_m > 250.0


def _any(_: Facts) -> bool:
    return True


#: Kinds of place a row of the list may ask for.
PLACES: Final[dict[str, Where]] = {
    "town": _town,
    "town_edge": _town_edge,
    "calm": _calm,
    "away": _away,
    "only_paddy": _only_paddy,
    "town_paddy": _town_paddy,
    "hillside": _hillside,
    "flooded": _flooded,
    "old_town": _old_town,
    "sawah_map": _sawah_map,
    "state_forest": _state_forest,
    "unlike_kab": _unlike_kab,
    "sea_side": _sea_side,
    "beach": _beach,
    "estate": _estate,
    "village": _village,
    "open_land": _open_land,
    "rural": _rural,
    "near_spring": _near_spring,
    "riverside": _riverside,
    "any": _any,
}
