"""The rows of an answer as numbers, and how they become a table: Arrow or pandas.

Names are put to numbers last and once, as dictionaries: a million rows name the same sixty
zones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from spatial.index.areas import Areas

__all__ = ["COLUMNS", "Answer", "Rows", "arrow_columns", "frame_of", "joined", "rows_of"]

COLUMNS: Final = (
    "parcel_id",
    "zone",
    "area_m2",
    "share",
    "overlap_m2",
    "overlap_with",
    "status",
)
I8 = NDArray[np.int64]
F8 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Answer:
    """Areas that were found, and which parcel each of the measured ones is.

    Parameters
    ----------
    found : Areas
    parcel : array of int, shape (len(found.whole),)
        Position of each measured parcel among all.
    """

    found: Areas
    parcel: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows by parcel and code.

    Parameters
    ----------
    parcel : array of int, shape (m,)
        Position of the parcel.
    zone : array of int, shape (m,)
        Position of the code; the number of codes where the row is the rest or a refusal.
    area, share, overlap : arrays, shape (m,)
        NaN where there is no answer.
    earlier : array of int, shape (m,)
        Position in `earlier_names`.
    status : array of int, shape (m,)
        Position in `status_names`.
    layer : array of int, shape (m,)
        Position of the layer, where several were joined.
    """

    parcel: NDArray[np.intp]
    zone: NDArray[np.int32]
    area: F8
    share: F8
    overlap: F8
    earlier: NDArray[np.int32]
    status: NDArray[np.int32]
    codes: tuple[str, ...]
    earlier_names: list[str]
    status_names: list[str]
    layer: NDArray[np.int32]


def rows_of(
    answers: list[Answer], refused: NDArray[np.intp], reasons: list[str], codes: tuple[str, ...]
) -> Rows:
    """Put measured rows, uncovered rests and refused parcels together.

    Parameters
    ----------
    answers : list of Answer
        Of different parcels.
    refused : array of int, shape (r,)
        Positions of parcels that have no answer; those left unmeasured are among them.
    reasons : list of str, r of them
        Codes of the reasons.
    codes : tuple of str
    """
    last = len(codes)
    status_names = ["", *dict.fromkeys(reasons)]
    number = {name: position for position, name in enumerate(status_names)}
    earlier_names: dict[str, int] = {"": 0}
    parts: list[tuple[Any, ...]] = []
    for answer in answers:
        found, place = answer.found, answer.parcel
        rest = found.rest
        bare = np.flatnonzero(rest)
        parts.append(
            (place[found.parcel], found.code, found.area, found.whole[found.parcel],
             found.overlap, _earlier(found, codes, earlier_names))
        )  # fmt: skip
        parts.append(
            (place[bare], np.full(len(bare), last), rest[bare], found.whole[bare],
             np.zeros(len(bare)), np.zeros(len(bare), np.int32))
        )  # fmt: skip
    none = np.full(len(refused), np.nan)
    parts.append((refused, np.full(len(refused), last), none, none, none,
                  np.zeros(len(refused), np.int32)))  # fmt: skip
    parcel, zone, area, whole, overlap, earlier = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    status = np.zeros(len(parcel), np.int32)
    status[len(parcel) - len(refused) :] = [number[reason] for reason in reasons]
    order = np.argsort(parcel * np.int64(last + 1) + zone, kind="stable")
    with np.errstate(invalid="ignore"):
        share = area / whole
    return Rows(
        parcel[order], zone[order].astype(np.int32), area[order], share[order], overlap[order],
        earlier[order], status[order], codes, list(earlier_names), status_names,
        np.zeros(len(order), np.int32),
    )  # fmt: skip


def joined(layers: list[Rows]) -> Rows:
    """Return the rows of several layers as one, by parcel, layer and code."""
    codes = _all_names([one.codes for one in layers])
    earlier = _all_names([one.earlier_names for one in layers])
    status = _all_names([one.status_names for one in layers])
    zone = [_renumbered(one.zone, one.codes, codes) for one in layers]
    before = [_renumbered(one.earlier, one.earlier_names, earlier) for one in layers]
    state = [_renumbered(one.status, one.status_names, status) for one in layers]
    number = np.repeat(np.arange(len(layers), dtype=np.int32), [len(one.parcel) for one in layers])
    parcel = np.concatenate([one.parcel for one in layers] or [np.empty(0, np.intp)])
    order = np.argsort(parcel, kind="stable")

    def column(parts: list[Any], kind: Any) -> Any:
        return np.concatenate(parts or [np.empty(0, kind)])[order]

    return Rows(
        parcel[order], column(zone, np.int32), column([one.area for one in layers], float),
        column([one.share for one in layers], float),
        column([one.overlap for one in layers], float), column(before, np.int32),
        column(state, np.int32), tuple(codes), list(earlier), list(status), number[order],
    )  # fmt: skip


def _all_names(lists: list[Any]) -> dict[str, int]:
    names = dict.fromkeys(name for one in lists for name in one)
    return {name: number for number, name in enumerate(names)}


def _renumbered(values: NDArray[np.int32], names: Any, place: dict[str, int]) -> NDArray[np.int32]:
    """Return numbers by a longer list of names; the number after the last stays that."""
    table = np.array([*(place[name] for name in names), len(place)], dtype=np.int32)
    moved: NDArray[np.int32] = table[values]
    return moved


def _earlier(found: Areas, codes: tuple[str, ...], names: dict[str, int]) -> NDArray[np.int32]:
    """Return for each row the codes before it that share its ground, joined, as a number."""
    number = np.zeros(len(found.parcel), np.int32)
    if not len(found.pairs):
        return number
    row_of = {key: row for row, key in enumerate(zip(found.parcel, found.code, strict=True))}
    texts: dict[int, str] = {}
    for parcel, one, other in found.pairs:
        row = row_of.get((parcel, other))
        if row is not None and found.overlap[row] > 0.0:
            texts[row] = f"{texts[row]}; {codes[one]}" if row in texts else codes[one]
    for row, text in texts.items():
        number[row] = names.setdefault(text, len(names))
    return number


def arrow_columns(rows: Rows) -> dict[str, Any]:
    """Return the columns after `parcel_id` as Arrow arrays, text as dictionaries."""
    unzoned = rows.zone == len(rows.codes)
    zone = pa.array(np.where(unzoned, 0, rows.zone), pa.int32(), mask=unzoned)
    return {
        "zone": _named(zone, rows.codes),
        "area_m2": _number(rows.area),
        "share": _number(rows.share),
        "overlap_m2": _number(rows.overlap),
        "overlap_with": _named(pa.array(rows.earlier), rows.earlier_names),
        "status": _named(pa.array(rows.status), rows.status_names),
    }


def frame_of(rows: Rows, labels: pd.Index[Any]) -> pd.DataFrame:
    """Return the rows as a frame; text is pandas' own, backed by Arrow."""
    columns: dict[str, Any] = {"parcel_id": labels[rows.parcel]}
    numbers = {"area_m2": rows.area, "share": rows.share, "overlap_m2": rows.overlap}
    for name, column in arrow_columns(rows).items():
        columns[name] = numbers.get(name) if name in numbers else _text(column)
    return pd.DataFrame(columns)


def _named(numbers: Any, names: Any) -> Any:
    words = pa.array(list(names) or [""], pa.large_string())
    return pa.DictionaryArray.from_arrays(numbers, words)


def _number(values: F8) -> Any:
    """Return numbers, missing where they are not a number."""
    return pa.array(values, mask=np.isnan(values))


def _text(column: Any) -> Any:
    return pd.array(column.dictionary_decode(), dtype="str")
