"""An engine of three lines for tests of the service: what it gets, it says."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from spatial.errors import LayerNotFoundError, PlanNotFoundError
from zoning.permit import Permit
from zoning.permits import Permits

EXTENT = (110.4, -7.1, 110.9, -6.6)


@dataclass
class Said:
    body: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return self.body


@dataclass
class Stored:
    frame: Any
    version: str = "0123456789abcdef0123"


class FakeEngine:
    extent = EXTENT

    @classmethod
    def open(cls, workspace: str) -> FakeEngine:
        return cls()

    def check(
        self, permits: Permits, on: date | None = None, plan: str | None = None
    ) -> list[Said]:
        if plan == "tiada":
            raise PlanNotFoundError("no plan {name}", code="plan_of_a_test", name=plan)
        return [self._one(permit, permits.crs, on) for permit in permits]

    def _one(self, permit: Permit, crs: Any, on: date | None) -> Said:
        kegiatan, parcel = permit.kegiatan, permit.parcel
        assert parcel is not None
        if kegiatan == "lama":
            time.sleep(60)
        if kegiatan == "boros":
            np.ones(10**12)
        if kegiatan == "rusak":
            raise ZeroDivisionError("a fault of ours")
        return Said(
            {
                "permit_id": permit.permit_id,
                "verdict": "PERLU_KAJIAN",
                "interval": ["I", "X"],
                "reasons": ["TANPA_CAKUPAN"],
                "parcel": {"area_m2": float(parcel.area), "crs": str(crs)},
                "parts": [],
                "uncovered_m2": 0.0,
                "findings": [],
                "conditions": [],
                "approvable": None,
                "evidence": {"on": str(on), "kegiatan": kegiatan, "has_z": parcel.has_z},
            }
        )

    def zones_at(self, lon: float, lat: float, on: date | None = None) -> list[dict[str, Any]]:
        return [{"instrument": "rdtr", "zona": "R-2", "on": str(on)}] if lon < 110.7 else []

    def layers(self) -> list[dict[str, Any]]:
        return [{"name": "rdtr", "kind": "pola_ruang", "version": "0123456789ab"}]

    def layer(self, name: str) -> Stored:
        if name == "banjir":
            return Stored(object())
        if name != "rdtr":
            raise LayerNotFoundError("there is no layer {name}", code="layer_of_a_test", name=name)
        cells = [shapely.box(110.4 + i * 0.01, -7, 110.41 + i * 0.01, -6.9) for i in range(50)]
        frame = gpd.GeoDataFrame(
            {"zona": ["R-2", "K-3"] * 25, "luas_m2": np.arange(50.0)},
            geometry=cells, crs="EPSG:4326",
        )  # fmt: skip
        return Stored(frame)
