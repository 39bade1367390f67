"""What a client asks of a collection: its parameters checked, its page of features found."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from api.errors import RequestError
from api.faults import wanted
from api.ogc.collection import Collection
from api.ogc.cql import select
from api.ogc.systems import CRS84, System, system_named, to_lonlat
from spatial.errors import LayerNotFoundError

__all__ = [
    "DEFAULT_LIMIT",
    "MAX_LIMIT",
    "PARAMETERS",
    "Page",
    "Query",
    "one",
    "page_of",
    "read_query",
    "run",
]

DEFAULT_LIMIT: Final = 10
MAX_LIMIT: Final = 10_000
MAX_OFFSET: Final = 100_000_000
PARAMETERS: Final = (
    "limit", "offset", "bbox", "bbox-crs", "crs", "datetime", "filter", "filter-lang",
    "filter-crs", "f",
)  # fmt: skip
LANGUAGES: Final = ("cql2-text", "cql2-json")
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?")
_BOUND: Final = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2}))?")


@dataclass(frozen=True, slots=True)
class Query:
    """A checked question."""

    limit: int
    offset: int
    box: shapely.Polygon | None
    system: System
    day: tuple[str, str] | None
    wanted: Mapping[str, str]
    filter: str | None
    filter_lang: str
    filter_system: System


@dataclass(frozen=True, slots=True)
class Page:
    """The features that answer: row numbers of this page, and how many match in all."""

    rows: NDArray[np.int64]
    matched: int


def read_query(given: Mapping[str, str], collection: Collection) -> Query:
    """Check the parameters of a request for features.

    Raises
    ------
    RequestError
        For the first that cannot be used.
    """
    known = set(PARAMETERS) | set(collection.fields)
    for name in given:
        if name not in known:
            raise RequestError(
                "the parameter {name!r} is not known here",
                code="parameter_unknown",
                hint="Known are: {known}",
                name=name[:80],
                known=", ".join(sorted(known)),
            )
    system = system_named(given.get("crs", CRS84), "crs")
    lang = given.get("filter-lang", LANGUAGES[0])
    if lang not in LANGUAGES:
        raise _refused("filter-lang", "one_of", "one of {known}", known=", ".join(LANGUAGES))
    return Query(
        limit=_whole(given, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT, clamp=True),
        offset=_whole(given, "offset", 0, 0, MAX_OFFSET),
        box=_box(given["bbox"], given.get("bbox-crs", CRS84)) if "bbox" in given else None,
        system=system,
        day=_interval(given["datetime"]) if "datetime" in given else None,
        wanted={name: given[name] for name in given if name in collection.fields},
        filter=given.get("filter"),
        filter_lang=lang,
        filter_system=system_named(given.get("filter-crs", CRS84), "filter-crs"),
    )


def run(query: Query, collection: Collection) -> Page:
    """Find the features that a question asks for, in the order of the layer."""
    mask = np.ones(len(collection), dtype=bool)
    if query.day is not None and not _law_in(collection, query.day):
        mask[:] = False
    if query.box is not None:
        inside = np.zeros(len(collection), dtype=bool)
        inside[collection.in_box(query.box)] = True
        mask &= inside
    for name, text in query.wanted.items():
        mask &= _equal(collection, name, text)
    if query.filter is not None:
        mask &= select(collection, query.filter, query.filter_lang, query.filter_system)
    return page_of(query, np.flatnonzero(mask))


def page_of(query: Query, rows: NDArray[np.int64]) -> Page:
    """Return the page of some rows that a question asks for."""
    return Page(rows[query.offset : query.offset + query.limit], len(rows))


def one(collection: Collection, feature: str) -> Page:
    """Find one feature by its name.

    Raises
    ------
    LayerNotFoundError
        `feature_unknown`.
    """
    row = collection.places.get(feature)
    if row is None:
        raise LayerNotFoundError(
            "the collection {name} has no feature {feature!r}",
            code="feature_unknown",
            hint="Its {count} features are listed with their ids under items",
            name=collection.name,
            feature=feature[:80],
            count=len(collection),
        )
    return Page(np.array([row]), 1)


def _whole(
    given: Mapping[str, str], name: str, default: int, low: int, high: int, *, clamp: bool = False
) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"\d{1,12}", text) or int(text) < low or (int(text) > high and not clamp):
        raise _refused(name, "whole", "a whole number from {low} to {high}", low=low, high=high)
    return min(int(text), high)


def _box(text: str, crs: str) -> shapely.Polygon:
    parts = text.split(",")
    if len(parts) not in (4, 6) or not all(_NUMBER.fullmatch(part.strip()) for part in parts):
        raise _refused("bbox", "box", "four or six numbers: west,south,east,north")
    numbers = [float(part) for part in parts]
    half = len(numbers) // 2
    low, high = numbers[:2], numbers[half : half + 2]
    system = system_named(crs, "bbox-crs")
    if low[1] > high[1] or (low[0] > high[0]):
        raise _refused("bbox", "box_order", "from south-west to north-east, not over 180 degrees")
    given = shapely.box(low[0], low[1], high[0], high[1])
    moved = to_lonlat(np.array([given], dtype=np.object_), system)[0]
    corners = shapely.get_coordinates(moved)
    if not np.isfinite(corners).all() or np.abs(corners).max() > 1e6:
        raise _refused("bbox", "box_inside", "inside of its reference system")
    box: shapely.Polygon = shapely.box(*moved.bounds)
    return box


def _interval(text: str) -> tuple[str, str]:
    """Return the first and last day of an instant or interval; open ends are far away."""
    bounds = text.split("/")
    if len(bounds) > 2 or bounds in (["..", ".."], ["", ""]):
        raise _refused("datetime", "interval", "an instant or an interval such as 2024-01-01/..")
    ends = [_day(bound) for bound in bounds]
    first = ends[0] or "0001-01-01"
    last = ends[-1] or "9999-12-31"
    if len(ends) == 1 and not ends[0]:
        raise _refused("datetime", "interval", "an instant or an interval such as 2024-01-01/..")
    if first > last:
        raise _refused("datetime", "interval_order", "an interval that ends after it begins")
    return first, last


def _day(text: str) -> str:
    if text in ("", ".."):
        return ""
    if not _BOUND.fullmatch(text):
        raise _refused("datetime", "dates", "dates as 2024-06-13 or 2024-06-13T00:00:00Z")
    try:
        moment = datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    except ValueError:
        raise _refused("datetime", "dates_real", "dates that exist") from None
    return moment.isoformat()[:10]


def _law_in(collection: Collection, day: tuple[str, str]) -> bool:
    """Say whether the layer is law in an interval; one without dates always is."""
    begins, ends = collection.interval
    return (begins is None or begins <= day[1]) and (ends is None or ends >= day[0])


def _equal(collection: Collection, name: str, text: str) -> Any:
    kind, column = collection.fields[name], collection.table[name]
    if kind == "string":
        return (column == text).fillna(False).to_numpy(dtype=bool)
    if kind == "boolean":
        if text not in ("true", "false"):
            raise _refused(name, "true_false", "true or false")
        return (column == (text == "true")).fillna(False).to_numpy(dtype=bool)
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise _refused(name, "number", "a number")
    return (column == float(text)).fillna(False).to_numpy(dtype=bool)


def _refused(name: str, kind: str, english: str, **facts: Any) -> RequestError:
    return RequestError(
        "the parameter {name!r} cannot be used: {reason}",
        code="parameter_refused",
        name=name,
        **wanted(kind, english.format(**facts), **facts),
    )
