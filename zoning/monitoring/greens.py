"""Green open space against the 30 % of the law: which greens were counted, and what lacks."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Any, Final

import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.errors import EngineError
from zoning.ground import ground_on
from zoning.plan import Plan

__all__ = ["Greens", "green_shares", "load_targets"]

SQUARE_M_PER_HA: Final = 10_000.0


@dataclass(frozen=True, eq=False)
class Greens:
    """The greens of one plan in one area.

    Parameters
    ----------
    zones : DataFrame
        `zona`, `zona_nama`, `jenis` (publik, privat), `luas_ha`: every zone counted.
    area_ha : float
        Area of the plan in the area asked about: what shares are taken of.
    targets : mapping
        `seluruh_min`, `publik_min`, `privat_min` (0..1), with their law.
    """

    plan: str
    zones: pd.DataFrame
    area_ha: float
    targets: dict[str, Any]

    def of(self, kind: str) -> float:
        """Return the area (ha) of greens: `publik`, `privat` or `seluruh`."""
        chosen = self.zones if kind == "seluruh" else self.zones[self.zones["jenis"] == kind]
        return float(chosen["luas_ha"].sum())

    def table(self) -> pd.DataFrame:
        """Return area, share, target and what lacks (ha) for each kind of green."""
        rows = []
        for kind in ("seluruh", "publik", "privat"):
            share = self.of(kind) / self.area_ha if self.area_ha else float("nan")
            target = float(self.targets[f"{kind}_min"])
            lack = max(target * self.area_ha - self.of(kind), 0.0)
            rows.append((kind, self.of(kind), share, target, lack))
        return pd.DataFrame(rows, columns=["jenis", "luas_ha", "bagian", "target", "kurang_ha"])

    @property
    def counted(self) -> str:
        """Say which greens are in the numbers, and which are not."""
        codes = ", ".join(sorted(self.zones["zona"])) or "–"
        return (
            f"Dihitung: zona {codes} menurut {self.plan}. Tidak dihitung: hijau di dalam kavling "
            "(KDH), jalur dan pekarangan di luar zona itu."
        )


def load_targets() -> dict[str, Any]:
    """Return the shares of the law with source and status.

    Examples
    --------
    >>> load_targets()["seluruh_min"], load_targets()["status"]
    (0.3, 'belum_diverifikasi')
    """
    source = resources.files("zoning") / "rules" / "rth_kota.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))


def green_shares(plan: Plan, *, on: date, area: BaseGeometry | None = None) -> Greens:
    """Measure the greens of a plan.

    Parameters
    ----------
    area : geometry, optional
        On the plan's plane of areas; the whole plan without it.

    Raises
    ------
    LayerError, LayerNotFoundError
        If the plan's layer cannot be read: a share of nothing is no share.
    """
    ground = ground_on(plan, on)
    if isinstance(ground.zones, EngineError):
        raise ground.zones
    whole = ground.zones.whole
    everything = shapely.union_all(whole.pieces)
    region = everything if area is None else everything.intersection(area)
    kinds = dict.fromkeys(plan.meta.rth_private, "privat") | dict.fromkeys(
        plan.meta.rth_public, "publik"
    )
    rows = [
        (code, plan.meta.zone_names.get(code, ""), kind, float(whole.part(region, code).area))
        for code, kind in sorted(kinds.items())
        if code in whole.codes
    ]
    zones = pd.DataFrame(rows, columns=["zona", "zona_nama", "jenis", "luas_ha"])
    zones["luas_ha"] /= SQUARE_M_PER_HA
    zones = zones[zones["luas_ha"] > 0].reset_index(drop=True)
    return Greens(plan.meta.name, zones, float(region.area) / SQUARE_M_PER_HA, load_targets())
