"""Permits judged again after plans or layers changed: which answers turned, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from zoning.check import check_permits
from zoning.explain import explain
from zoning.plan import Plan
from zoning.register.entry import Decision
from zoning.register.request import frame_of

__all__ = ["Flip", "Rejudged", "rejudge", "rejudge_decisions"]

Json = Mapping[str, Any]
#: How strict a verdict is; one that is not decided stands apart.
RANK: Final = {
    "SESUAI": 0,
    "SESUAI_TERBATAS": 1,
    "SESUAI_BERSYARAT": 2,
    "DISETUJUI_SEBAGIAN": 3,
    "TIDAK_SESUAI": 4,
}


@dataclass(frozen=True, slots=True)
class Flip:
    """An answer that turned.

    Parameters
    ----------
    permit_id, decision : str
        `decision` is the register number; empty where a file was judged.
    then, now : str
        Verdicts.
    direction : {"lebih_berat", "lebih_ringan", "belum_pasti"}
    reasons : tuple of str
        Sentences of the findings that are new or say something else now.
    gone : tuple of str
        Rules of findings that are no longer there.
    causes : tuple of str
        Plans and layers that are not the ones of then.
    transition : str
        What the transitional rule says of a KKPR issued before; empty where none is named.
    """

    permit_id: str
    decision: str
    then: str
    now: str
    direction: str
    reasons: tuple[str, ...]
    gone: tuple[str, ...]
    causes: tuple[str, ...]
    transition: str

    def to_dict(self) -> dict[str, Any]:
        """Return the flip as one flat row."""
        return {
            "permit_id": self.permit_id,
            "nomor": self.decision,
            "dahulu": self.then,
            "sekarang": self.now,
            "arah": self.direction,
            "alasan": " ".join(self.reasons),
            "tidak_lagi": "; ".join(self.gone),
            "sebab": "; ".join(self.causes),
            "peralihan": self.transition,
        }


@dataclass(frozen=True, slots=True)
class Rejudged:
    """All answers compared: those that turned, and how many did not."""

    flips: tuple[Flip, ...]
    unchanged: int

    @property
    def total(self) -> int:
        """Number of permits that were judged again."""
        return len(self.flips) + self.unchanged


def rejudge(
    permits: gpd.GeoDataFrame,
    plans: Sequence[Plan],
    *,
    before: date,
    after: date,
    language: str = "id",
) -> Rejudged:
    """Judge permits by the law of two days and compare the answers.

    Parameters
    ----------
    permits, plans
        As for `check_permits`.
    before, after : date
        Legal dates.
    """
    then = check_permits(permits, plans, on=before).to_dicts()
    now = check_permits(permits, plans, on=after).to_dicts()
    pairs = (("", one, other) for one, other in zip(then, now, strict=True))
    return _compared(pairs, language)


def rejudge_decisions(
    decisions: Iterable[Decision], plans: Sequence[Plan], *, on: date, language: str = "id"
) -> Rejudged:
    """Judge what stands on record again, by the plans and layers of today.

    Of several decisions on one permit the last counts. Only those that were approved, whole
    or in part, or left open are judged again: a refusal issues nothing.

    Parameters
    ----------
    on : date
        Legal date of the new judgement.
    """
    last = {str(one.entry["permit_id"]): one for one in decisions}
    chosen = [one for one in last.values() if one.entry["verdict"] != "TIDAK_SESUAI"]
    by_crs: dict[str, list[Decision]] = defaultdict(list)
    for one in chosen:
        by_crs[str(one.application["crs"])].append(one)
    pairs: list[tuple[str, Json, Json]] = []
    for members in by_crs.values():
        frames = [frame_of(one.application) for one in members]
        frame = gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=frames[0].crs)
        verdicts = check_permits(frame, plans, on=on)
        pairs += [
            (one.id, one.verdict, verdict.to_dict())
            for one, verdict in zip(members, verdicts, strict=True)
        ]
    return _compared(sorted(pairs, key=lambda pair: pair[0]), language)


def _compared(pairs: Iterable[tuple[str, Json, Json]], language: str) -> Rejudged:
    flips, unchanged = [], 0
    for number, then, now in pairs:
        if then["verdict"] == now["verdict"]:
            unchanged += 1
        else:
            flips.append(_flip(number, then, now, language))
    return Rejudged(tuple(flips), unchanged)


def _flip(number: str, then: Json, now: Json, language: str) -> Flip:
    still = {f["rule"] for f in now["findings"]}
    return Flip(
        permit_id=str(now["permit_id"]),
        decision=number,
        then=str(then["verdict"]),
        now=str(now["verdict"]),
        direction=_direction(str(then["verdict"]), str(now["verdict"])),
        reasons=_reasons(then, now, language),
        gone=tuple(
            dict.fromkeys(
                f["rule"]
                for f in then["findings"]
                if f["rule"] not in still and f["interval"][1] != "I"
            )
        ),
        causes=_causes(then["evidence"], now["evidence"]),
        transition=str(now["transition"]["status"]) if now["transition"] else "",
    )


def _reasons(then: Json, now: Json, language: str) -> tuple[str, ...]:
    """Return the sentences that are new, those first that restrict; else all new ones."""
    said = {(f["rule"], tuple(f["interval"])) for f in then["findings"]}
    fresh = [
        (f, text)
        for f, text in zip(now["findings"], explain(now, language), strict=True)
        if (f["rule"], tuple(f["interval"])) not in said
    ]
    weighty = [text for f, text in fresh if f["interval"][1] != "I" or f["kind"] == "konflik"]
    return tuple(weighty or (text for _, text in fresh))


def _direction(then: str, now: str) -> str:
    if then not in RANK or now not in RANK:
        return "belum_pasti"
    return "lebih_berat" if RANK[now] > RANK[then] else "lebih_ringan"


def _causes(then: Json, now: Json) -> tuple[str, ...]:
    """Name plans and layers whose version is not the one of then."""
    found = []
    for what, key, name in (("rencana", "plans", "id"), ("layer", "layers", "name")):
        old = {one[name]: str(one["version"]) for one in then[key]}
        new = {one[name]: str(one["version"]) for one in now[key]}
        for each in dict.fromkeys([*old, *new]):
            if old.get(each) != new.get(each):
                short = [one[:8] if one else "–" for one in (old.get(each), new.get(each))]
                found.append(f"{what} {each}: {short[0]} → {short[1]}")
    if then["on"] != now["on"]:
        found.append(f"hukum per {then['on']} → {now['on']}")
    return tuple(found)
