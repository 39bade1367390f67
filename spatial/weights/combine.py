"""Weights made from weights or from codes: neighbours of neighbours, blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from spatial.errors import GeometryError
from spatial.weights.base import Weights, check_links, csr

__all__ = ["block", "higher_order"]


def higher_order(weights: Weights, order: int, *, lower: bool = False) -> Weights:
    """Areas exactly `order` steps away; with `lower` also the nearer ones.

    Examples
    --------
    >>> from spatial.weights import from_neighbours
    >>> line = from_neighbours([[1], [0, 2], [1, 3], [2]])
    >>> higher_order(line, 2).neighbours(0).to_list()
    [2]
    """
    if order < 1:
        raise GeometryError(
            "order {order} of neighbours does not exist", code="weights_order", order=order
        )
    step, itself = _links(weights.matrix), csr(sp.eye_array(weights.n))
    seen = front = itself
    for _ in range(order):
        reached = _links(front @ step)
        front = csr(reached - reached.multiply(seen))
        seen = _links(seen + front)
        check_links(seen.nnz)
    kind = f"{weights.kind}^{order}{'+' if lower else ''}"
    return Weights(csr(seen - itself) if lower else front, weights.ids, kind)


def _links(matrix: Any) -> sp.csr_array:
    """Return ones where there is any weight."""
    out = csr(matrix)
    out.data[:] = 1.0
    return out


def block(codes: pd.Series) -> Weights:
    """Neighbours have the same code, for example the same kecamatan; NA has no neighbour.

    Examples
    --------
    >>> block(pd.Series(["a", "a", "b", None])).cardinalities.to_list()
    [1, 1, 0, 0]
    """
    known = codes.notna().to_numpy()
    number = pd.factorize(codes)[0]
    counts = np.bincount(number[known]) if known.any() else np.zeros(0, dtype=np.int64)
    check_links(int((counts * (counts - 1)).sum()))
    rows = np.flatnonzero(known)
    member = sp.coo_array((np.ones(len(rows)), (rows, number[known])), (len(codes), len(counts)))
    together = csr(member @ member.T - sp.diags_array(known.astype(np.float64)))
    return Weights(together, codes.index, "block")
