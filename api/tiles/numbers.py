"""Numbers of features in tiles, made from their names in OGC API Features.

A number in a tile should be exact in JavaScript, so it has 53 bits: the name itself where every
feature of the layer is called by a plain number, else the first 53 bits of its BLAKE2b hash.
Two names of a layer with one hash are one layer of a million features in 18,000; then the one
that sorts later is hashed again with a mark behind it. The name is an attribute besides.
"""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["feature_numbers"]

BITS: Final = 53


def feature_numbers(names: NDArray[np.object_]) -> NDArray[np.uint64]:
    """Return a number other than 0 for every name; names must differ.

    Examples
    --------
    >>> feature_numbers(np.array(["1042", "77"], dtype=object)).tolist()
    [1042, 77]
    >>> one, other = feature_numbers(np.array(["f3a", "33.74.01.1001"], dtype=object)).tolist()
    >>> one != other and max(one, other) < 2**53
    True
    """
    if all(_plain(name) for name in names):
        return np.array([int(name) for name in names], np.uint64)
    taken: dict[int, str] = {}
    for name in sorted(map(str, names)):
        mark, number = name, _hashed(name)
        while number in taken or not number:
            mark += "\0"
            number = _hashed(mark)
        taken[number] = name
    by_name = {name: number for number, name in taken.items()}
    return np.array([by_name[str(name)] for name in names], np.uint64)


def _plain(name: str) -> bool:
    return name.isascii() and name.isdigit() and name[0] != "0" and int(name[:17]) < 1 << BITS


def _hashed(text: str) -> int:
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> (64 - BITS)
