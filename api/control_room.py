"""The figures of the operation room: decisions on record, plans against each other, greens."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import geopandas as gpd
import orjson
import shapely

from api.clock import now
from spatial.crs import operation, parse_crs
from spatial.errors import EngineError, LayerNotFoundError
from spatial.text import describe
from zoning.crossplan import plan_conflicts
from zoning.monitoring.greens import green_shares
from zoning.register import Decision

__all__ = ["DecisionTally", "state_of_plans"]

#: Decisions read for one answer; the next answer goes on where this one stopped.
MOST_AT_ONCE: Final = 20_000
MOST_RECENT: Final = 8
#: Where the parcel is not known to lie in any area.
ELSEWHERE: Final = ""
VILLAGES: Final = "batas_desa"
LANGUAGES: Final = ("id", "en")


@dataclass
class DecisionTally:
    """Counts over the register that are carried on, never begun anew.

    Of a permit with several decisions the last one counts.

    Parameters
    ----------
    engine : object
        May have `register`, and `layer("batas_desa")`.
    """

    engine: Any
    _seq: int = 0
    _last: dict[str, tuple[str, str]] = field(default_factory=dict)
    _recent: list[dict[str, Any]] = field(default_factory=list)
    _areas: _Areas | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def figures(self) -> dict[str, Any]:
        """Return permits by verdict and area, and the newest decisions.

        Raises
        ------
        EngineError
            If the register cannot be used.
        """
        with self._lock:
            register = self.engine.register
            if self._areas is None or self._areas.unread:
                self._take(_Areas.of(self.engine))
            assert self._areas is not None  # noqa: S101  taken above
            for one in register.decisions(after=self._seq, limit=MOST_AT_ONCE):
                self._count(one, self._areas)
            return {
                "decisions": self._seq,
                "uncounted": register.head().seq - self._seq,
                "permits": len(self._last),
                "verdicts": dict(Counter(verdict for verdict, _ in self._last.values())),
                "by": self._areas.level,
                "unread": self._areas.unread,
                "areas": self._by_area(self._areas),
                "recent": list(reversed(self._recent)),
            }

    def _take(self, areas: _Areas) -> None:
        """Go on with areas; those that could not be read before have decisions counted anew."""
        if self._areas is not None and not areas.unread:
            self._seq, self._last, self._recent = 0, {}, []
        self._areas = areas

    def _count(self, decision: Decision, areas: _Areas) -> None:
        entry = decision.to_dict()
        permit, verdict = str(entry["permit_id"]), str(entry.get("verdict"))
        area = areas.of_request(decision.request)
        self._last[permit] = (verdict, area)
        self._seq = decision.seq
        told = {
            "id": decision.id,
            "permit_id": permit,
            "verdict": verdict,
            "area": areas.names.get(area, ""),
            "recorded_at": entry["recorded_at"],
        }
        self._recent = [*self._recent, told][-MOST_RECENT:]

    def _by_area(self, areas: _Areas) -> list[dict[str, Any]]:
        counts: dict[str, Counter[str]] = {}
        for verdict, area in self._last.values():
            counts.setdefault(area, Counter())[verdict] += 1
        rows = [
            {"code": code, "name": areas.names.get(code), "verdicts": dict(counts[code])}
            for code in counts
        ]
        return sorted(rows, key=lambda row: (-sum(row["verdicts"].values()), row["code"]))


@dataclass(frozen=True)
class _Areas:
    """Administrative areas by which decisions are grouped.

    Kabupaten and kota where the workspace has several of them, else kecamatan. `unread` names
    the layer of villages where it is there and cannot be read: nobody knows then which area.
    """

    level: str
    frame: gpd.GeoDataFrame | None
    codes: tuple[str, ...]
    names: dict[str, str]
    unread: str | None = None

    @classmethod
    def of(cls, engine: Any) -> _Areas:
        try:
            frame = engine.layer(VILLAGES).frame
        except LayerNotFoundError:
            return cls("", None, (), {})
        except EngineError:
            return cls("", None, (), {}, unread=VILLAGES)
        for level, code, name in (
            ("kabkota", "kode_kab", "nama_kab"),
            ("kecamatan", "kode_kec", "nama_kec"),
        ):
            if code in frame and name in frame and frame[code].nunique() > 1:
                codes = tuple(frame[code].astype(str))
                return cls(level, frame, codes, dict(zip(codes, frame[name], strict=True)))
        return cls("", None, (), {})

    def of_request(self, request: bytes) -> str:
        """Return the code of the area where a recorded parcel lies."""
        if self.frame is None:
            return ELSEWHERE
        said = orjson.loads(request)
        text = said["permit"].get("parcel")
        if not text:
            return ELSEWHERE
        place = shapely.point_on_surface(shapely.from_wkb(text))
        move = operation(parse_crs(said["crs"]), parse_crs(self.frame.crs)).transformer
        x, y = move.transform(place.x, place.y)
        rows = self.frame.sindex.query(shapely.Point(x, y), predicate="intersects")
        return self.codes[min(rows)] if len(rows) else ELSEWHERE


def state_of_plans(engine: Any, on: date) -> dict[str, Any]:
    """Measure where plans contradict each other, and the greens of plans that name any.

    Parameters
    ----------
    engine : object with `plans`
    on : date
        Legal date.

    Returns
    -------
    dict
        `conflicts` and `greens`; what cannot be measured says why in `fault` or in `notes`.
        An `area_ha` of 0 is peace only where `compared_ha` is above 0.
    """
    return {
        "on": str(on),
        "measured_at": now(),
        "conflicts": _conflicts(engine, on),
        "greens": [
            _greens(plan, on)
            for plan in engine.plans
            if plan.meta.in_force(on) and (plan.meta.rth_public or plan.meta.rth_private)
        ],
    }


def _conflicts(engine: Any, on: date) -> dict[str, Any]:
    found = plan_conflicts(engine.plans, on=on)
    patches = found.patches
    pairs = patches.groupby("kelas", sort=False)[["luas_ha", "terbukti_ha"]].sum()
    return {
        "compared_ha": float(found.compared_ha),
        "area_ha": found.conflict_ha,
        "pairs": [
            {"pair": str(pair), "area_ha": float(row.luas_ha), "proven_ha": float(row.terbukti_ha)}
            for pair, row in pairs.sort_values("luas_ha", ascending=False).iterrows()
        ],
        "notes": [
            note.to_dict() | {"words": {one: describe(note, one)[0] for one in LANGUAGES}}
            for note in found.notes
        ],
    }


def _greens(plan: Any, on: date) -> dict[str, Any]:
    about: Mapping[str, Any] = {"plan": plan.meta.id, "name": plan.meta.name}
    try:
        found = green_shares(plan, on=on)
    except EngineError as error:
        return {**about, "fault": error.code}
    return {
        **about,
        "area_ha": found.area_ha,
        "kinds": found.table().to_dict("records"),
        "counted": found.counted,
        "source": found.targets["sumber"],
        "status": found.targets["status"],
    }
