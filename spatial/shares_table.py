"""The rows of an answer as numbers, and how they become a table: Arrow or pandas.

Names are put to numbers last and once, as dictionaries: a million rows name the same sixty
zones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from spatial.index.stack import UNMEASURED, Measured, Stack, too_complex

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "Answer", "Rows", "arrow_columns", "frame_of", "layer_column", "rows_of"]

COLUMNS: Final = (
    "parcel_id",
    "zone",
    "area_m2",
    "share",
    "overlap_m2",
    "overlap_with",
    "status",
)
I4 = NDArray[np.int32]
F8 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a stack of layers measured.

    Parameters
    ----------
    stack : Stack
    found : Measured
    parcel : array of int, shape (len(found.whole),)
        Position of each measured parcel among all.
    """

    stack: Stack
    found: Measured
    parcel: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows by parcel, layer and code.

    Parameters
    ----------
    parcel : array of int, shape (m,)
        Position of the parcel.
    layer : array of int, shape (m,)
        Position in `layers`.
    zone : array of int, shape (m,)
        Position in `codes`; their number where the row is the rest or has no answer.
    area, share, overlap : arrays, shape (m,)
        NaN where there is no answer.
    earlier : array of int, shape (m,)
        Position in `earlier_names`.
    status : array of int, shape (m,)
        Position in `status_names`.
    """

    parcel: NDArray[np.intp]
    layer: I4
    zone: I4
    area: F8
    share: F8
    overlap: F8
    earlier: I4
    status: I4
    layers: tuple[str, ...]
    codes: tuple[str, ...]
    earlier_names: tuple[str, ...]
    status_names: tuple[str, ...]


class _Names:
    """Numbers of names, in the order in which they are met."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._number: dict[str, int] = {}
        self.of(names)

    def of(self, names: Iterable[str]) -> I4:
        number = self._number
        return np.array([number.setdefault(name, len(number)) for name in names], np.int32)

    def all(self) -> tuple[str, ...]:
        return tuple(self._number)


def rows_of(
    answers: Sequence[Answer],
    refused: NDArray[np.intp],
    reasons: Sequence[str],
    layers: tuple[str, ...],
) -> Rows:
    """Put measured rows and refused parcels together.

    Parameters
    ----------
    answers : sequence of Answer
        Each of other parcels or other layers.
    refused : array of int, shape (r,)
        Positions of parcels that were not measured at all.
    reasons : sequence of str, r of them
        Codes of the reasons.
    layers : tuple of str
        In the order of the rows.
    """
    place = _Names(layers)
    codes = _Names(code for answer in answers for code in answer.stack.codes)
    earlier, status = _Names([""]), _Names([""])
    parts = [_measured(one, place, codes, earlier, status) for one in answers]
    if len(refused) or not parts:
        parts.append(_refused(refused, status.of(reasons), len(layers), len(codes.all())))
    columns = parts[0]
    if len(parts) > 1:
        columns = tuple(np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.argsort(columns[0] * np.intp(len(layers)) + columns[1], kind="stable")
        columns = tuple(column[order] for column in columns)
    parcel, layer, zone, area, share, overlap, before, state = columns
    return Rows(
        parcel, layer, zone, area, share, overlap, before, state,
        layers, codes.all(), earlier.all(), status.all(),
    )  # fmt: skip


def _measured(
    answer: Answer, layers: _Names, codes: _Names, earlier: _Names, status: _Names
) -> tuple[Any, ...]:
    """Return the columns of `Rows` of one answer, its codes and layers by their numbers."""
    found, stack = answer.found, answer.stack
    none = len(codes.all())
    # What has no code stands below zero, and so at the end.
    zone = np.append(codes.of(stack.codes), np.array([none, none], np.int32))[found.code]
    state = np.zeros(len(zone), np.int32)
    if np.isnan(found.area).any():
        state[found.code == UNMEASURED] = status.of([too_complex("").code])[0]
    layer = found.layer if stack.layers == layers.all() else layers.of(stack.layers)[found.layer]
    before = _earlier(found, stack.codes, earlier)
    numbers = (found.area, found.share, found.overlap)
    return (answer.parcel[found.parcel], layer, zone, *numbers, before, state)


def _refused(parcels: NDArray[np.intp], status: I4, layers: int, none: int) -> tuple[Any, ...]:
    """Return the columns of `Rows` of parcels without an answer in any layer."""
    count = len(parcels) * layers
    layer = np.tile(np.arange(layers, dtype=np.int32), len(parcels))
    unknown, zero = np.full(count, np.nan), np.zeros(count, np.int32)
    zone = np.full(count, none, np.int32)
    return (np.repeat(parcels, layers), layer, zone, unknown, unknown, unknown, zero,
            np.repeat(status, layers))  # fmt: skip


def _earlier(found: Measured, codes: tuple[str, ...], names: _Names) -> I4:
    """Return for each row the codes before it that share its ground, joined, as a number."""
    number = np.zeros(len(found.parcel), np.int32)
    if not len(found.pairs):
        return number
    width = np.int64(len(codes) + 1)
    # Rows are in the order of parcel and code, but for those without one.
    coded = np.flatnonzero(found.code >= 0)
    key = found.parcel[coded] * width + found.code[coded]
    parcel, _, one, other = found.pairs.T
    wanted = parcel * width + other
    at = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
    row = coded[at]
    there = (key[at] == wanted) & (found.overlap[row] > 0.0)
    texts: dict[int, str] = {}
    for target, code in zip(row[there].tolist(), one[there].tolist(), strict=True):
        texts[target] = f"{texts[target]}; {codes[code]}" if target in texts else codes[code]
    number[list(texts)] = names.of(texts.values())
    return number


def arrow_columns(rows: Rows) -> dict[str, Any]:
    """Return the columns after `parcel_id` as Arrow arrays, text as dictionaries."""
    # Only what has a reason has no number.
    unknown = np.isnan(rows.area) if len(rows.status_names) > 1 else None
    unzoned = rows.zone == len(rows.codes)
    return {
        "zone": _named(pa.array(rows.zone, mask=unzoned), rows.codes),
        "area_m2": pa.array(rows.area, mask=unknown),
        "share": pa.array(rows.share, mask=unknown),
        "overlap_m2": pa.array(rows.overlap, mask=unknown),
        "overlap_with": _named(pa.array(rows.earlier), rows.earlier_names),
        "status": _named(pa.array(rows.status), rows.status_names),
    }


def layer_column(rows: Rows) -> Any:
    """Return the names of the layers, as an Arrow dictionary."""
    return _named(pa.array(rows.layer), rows.layers)


def frame_of(rows: Rows, labels: pd.Index[Any]) -> pd.DataFrame:
    """Return the rows as a frame; text is pandas' own, backed by Arrow."""
    import pandas as pd

    columns: dict[str, Any] = {"layer": _text(layer_column(rows)), "parcel_id": labels[rows.parcel]}
    numbers = {"area_m2": rows.area, "share": rows.share, "overlap_m2": rows.overlap}
    for name, column in arrow_columns(rows).items():
        columns[name] = numbers.get(name) if name in numbers else _text(column)
    return pd.DataFrame(columns)


def _named(numbers: Any, names: Iterable[str]) -> Any:
    words = pa.array(list(names) or [""], pa.large_string())
    return pa.DictionaryArray.from_arrays(numbers, words)


def _text(column: Any) -> Any:
    import pandas as pd

    return pd.array(column.dictionary_decode(), dtype="str")
