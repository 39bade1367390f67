"""Names of features that stay the same when the order of a layer or its other features change."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layers.kinds import kinds

__all__ = ["LONGEST", "feature_ids", "scalars"]

LONGEST: Final = 64
#: What may stand in an address as it is, or escaped, in every client.
_GOOD: Final = re.compile(rf"(?!\.+$)[^/\\?#%\x00-\x1f\x7f]{{1,{LONGEST}}}")
#: Signs of a name made from content: 64 bits, so that two of a million differ.
DIGEST_BYTES: Final = 8
#: Kinds of columns that are numbers or truth: b, i, u and f of numpy.
PLAIN: Final = frozenset("biuf")


def feature_ids(
    table: pd.DataFrame, shapes: NDArray[np.object_], kind: str = ""
) -> NDArray[np.object_]:
    """Return a name for every feature.

    The official key of the layer's kind where every feature has one of its own; else a hash of
    shape and attributes, so that a feature keeps its name until it changes itself. Features that
    are the same in everything are numbered after the first.

    Parameters
    ----------
    table : DataFrame
        Attributes that are scalars.
    shapes : array of geometries
    kind : str
        Of the layer; "" for none.

    Examples
    --------
    >>> squares = np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], dtype=object)
    >>> desa = pd.DataFrame({"kode_desa": ["33.74.01.1001", "33.74.01.1002"]})
    >>> feature_ids(desa, squares, "batas_administrasi").tolist()
    ['33.74.01.1001', '33.74.01.1002']
    >>> made = feature_ids(desa.assign(kode_desa=["x", "x"]), squares, "batas_administrasi")
    >>> made[::-1].tolist() == feature_ids(
    ...     desa.assign(kode_desa=["x", "x"]), squares[::-1], "batas_administrasi").tolist()
    True
    """
    official = _official(table, kind)
    return _by_content(table, shapes) if official is None else official


def _official(table: pd.DataFrame, kind: str) -> NDArray[np.object_] | None:
    key = kinds()[kind].key if kind in kinds() else ()
    if not key or not set(key) <= set(table.columns) or table[list(key)].isna().any(axis=None):
        return None
    names = table[list(key)].astype(str).agg("-".join, axis=1)
    if not names.is_unique or not names.map(lambda name: bool(_GOOD.fullmatch(name))).all():
        return None
    return names.to_numpy(dtype=object)


def _by_content(table: pd.DataFrame, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    columns = sorted(map(str, table.columns))
    rows = zip(*(table[name].astype(object).tolist() for name in columns), strict=True)
    told = rows if columns else (() for _ in shapes)
    ids, seen = np.empty(len(shapes), dtype=object), Counter[str]()
    for place, (shape, row) in enumerate(zip(shapely.to_wkb(shapes), told, strict=True)):
        digest = hashlib.blake2b(shape or b"", digest_size=DIGEST_BYTES)
        digest.update(repr((columns, row)).encode("utf-8", "replace"))
        # The letter keeps sixteen signs that happen to be digits from looking like a NIK.
        name = f"f{digest.hexdigest()}"
        seen[name] += 1
        ids[place] = name if seen[name] == 1 else f"{name}-{seen[name]}"
    return ids


def scalars(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the columns with one value a row: texts, numbers, truth; dates as text.

    Examples
    --------
    >>> frame = gpd.GeoDataFrame(
    ...     {"zona": ["R-2"], "asal": [["a", "b"]]}, geometry=[shapely.box(0, 0, 1, 1)])
    >>> list(scalars(frame))
    ['zona']
    """
    plain = {}
    for name in frame.columns.drop(str(frame.geometry.name)):
        column = frame[name]
        kind = getattr(column.dtype, "kind", "O")
        if column.dtype.name == "geometry":
            continue
        if kind in PLAIN:
            plain[str(name)] = column.reset_index(drop=True)
        elif kind == "M":
            plain[str(name)] = column.dt.strftime("%Y-%m-%d").reset_index(drop=True)
        elif not column.map(lambda value: isinstance(value, list | dict | np.ndarray)).any():
            texts = column.astype(object).where(column.notna(), None)
            plain[str(name)] = texts.map(_as_text, na_action="ignore").reset_index(drop=True)
    return pd.DataFrame(plain, index=range(len(frame)))


def _as_text(value: Any) -> Any:
    return value if isinstance(value, str) else str(value)
