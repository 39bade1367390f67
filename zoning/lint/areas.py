"""Areas printed in the law against the sums of their parts, and against the map."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import shapely

from spatial.errors import EngineError
from spatial.notes import Note
from zoning.ground import ground_on
from zoning.plan import Plan
from zoning.tables import Row, TableReading

__all__ = ["StatedArea", "area_notes", "stated_areas"]

#: Half a unit of the last of two decimals, which laws print.
HALF_UNIT: Final = Decimal("0.005")
HECTARE: Final = 10_000.0


@dataclass(frozen=True, slots=True)
class StatedArea:
    """An area as the law prints it, in hectares, and what its parts add up to.

    Parameters
    ----------
    code : str
    stated : Decimal
    of_parts : Decimal or None
        Sum of the parts printed beside it.
    of_members : Decimal or None
        Sum of the rows that belong to it, as printed.
    of_mended : Decimal or None
        The same, each row replaced by the sum of its own parts where it has any.
    count : int
        How many numbers were added.
    """

    code: str
    stated: Decimal
    of_parts: Decimal | None
    of_members: Decimal | None
    of_mended: Decimal | None
    count: int
    line: int

    @property
    def rounding(self) -> Decimal:
        """By how much printed numbers alone may differ from their sum."""
        return HALF_UNIT * (self.count + 1)

    def off(self, total: Decimal) -> bool:
        """Say whether a sum differs by more than the rounding of what was printed."""
        return abs(total - self.stated) > self.rounding


def stated_areas(table: TableReading) -> tuple[StatedArea, ...]:
    """Return every printed area with the sums that can be held against it."""
    members: dict[str, list[Row]] = {}
    for row in table.rows:
        members.setdefault(row.values.get("induk", ""), []).append(row)
    return tuple(_stated(row, members.get(row.values["kode"], [])) for row in table.rows)


def _stated(row: Row, members: list[Row]) -> StatedArea:
    parts = _parts(row)
    return StatedArea(
        code=row.values["kode"],
        stated=_printed(row),
        of_parts=sum(parts, Decimal(0)) if parts else None,
        of_members=sum(map(_printed, members), Decimal(0)) if members else None,
        of_mended=sum(map(_mended, members), Decimal(0)) if members else None,
        count=len(parts or members),
        line=row.line,
    )


def _printed(row: Row) -> Decimal:
    return Decimal(str(row.values["luas_ha"]))


def _parts(row: Row) -> list[Decimal]:
    return [Decimal(text.strip()) for text in row.values.get("rincian", "").split("+") if text]


def _mended(row: Row) -> Decimal:
    return sum(_parts(row), Decimal(0)) or _printed(row)


def area_notes(plan: Plan, table: TableReading) -> Iterator[Note]:
    """Yield printed areas that their parts, their members or the map contradict."""
    found = stated_areas(table)
    for one in found:
        yield from _of_parts(one)
        yield from _of_members(one)
    if plan.source is not None:
        yield from _of_map(plan, found)


def _at(one: StatedArea) -> dict[str, Any]:
    place = {"file": "luas_tercantum.csv", "row": one.line, "column": "luas_ha"}
    return place | {"kode": one.code, "stated": str(one.stated)}


def _of_parts(one: StatedArea) -> Iterator[Note]:
    if one.of_parts is None or one.of_parts == one.stated:
        return
    facts = {"total": str(one.of_parts), "difference": str(one.of_parts - one.stated)}
    if one.off(one.of_parts):
        text = "{file}, row {row}, column {column}: {kode} is printed as {stated} ha, but its "
        text += "parts add up to {total} ha ({difference}); ask for a correction of the law"
        yield Note("lint_area_parts", text, "error", _at(one) | facts)
        return
    text = "{file}, row {row}, column {column}: {kode} {stated} ha and its parts {total} ha differ "
    text += "by rounding alone ({difference})"
    yield Note("lint_area_rounding", text, "info", _at(one) | facts)


def _of_members(one: StatedArea) -> Iterator[Note]:
    if one.of_members is None or one.of_mended is None:
        return
    facts = {
        "total": str(one.of_members),
        "mended": str(one.of_mended),
        "difference": str(one.of_mended - one.stated),
    }
    if one.off(one.of_mended):
        text = "{file}, row {row}, column {column}: {kode} is printed as {stated} ha, but the rows "
        text += "in it add up to {total} ha, and to {mended} ha with the sums of their parts"
        yield Note("lint_area_members", text, "error", _at(one) | facts)
    elif one.off(one.of_members):
        text = "{file}, row {row}, column {column}: {kode} is printed as {stated} ha; the rows in "
        text += "it add up to {total} ha as printed and to {mended} ha with the sums of their "
        text += "parts ({difference}, rounding), so the fault lies in rows named above or below"
        yield Note("lint_area_mended", text, "warning", _at(one) | facts)


def _of_map(plan: Plan, found: tuple[StatedArea, ...]) -> Iterator[Note]:
    """Yield zones whose area on the map differs by more than the plan lets pass."""
    zones = ground_on(plan, plan.meta.valid_from).zones
    if isinstance(zones, EngineError):
        return
    whole = zones.whole
    for one in found:
        if one.code not in whole.codes or not one.stated:
            continue
        mine = whole.pieces[whole.owner == whole.codes.index(one.code)]
        mapped = float(shapely.area(mine).sum()) / HECTARE
        share = mapped / float(one.stated) - 1
        if abs(share) > plan.meta.area_tolerance:
            text = "{file}, row {row}, column {column}: {kode} is printed as {stated} ha, the map "
            text += "has {mapped} ha ({percent} %)"
            facts = {"mapped": f"{mapped:.2f}", "percent": f"{share * 100:+.1f}"}
            yield Note("lint_area_map", text, "error", _at(one) | facts)
