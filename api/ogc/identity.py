"""Names of features that stay the same when the order of a layer or its other features change."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from typing import Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layers.kinds import kinds

__all__ = ["LONGEST", "feature_ids"]

LONGEST: Final = 64
#: What may stand in an address as it is, or escaped, in every client.
_GOOD: Final = re.compile(rf"(?!\.+$)[^/\\?#%\x00-\x1f\x7f]{{1,{LONGEST}}}")
#: Signs of a name made from content: 64 bits, so that two of a million differ.
DIGEST_BYTES: Final = 8


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
