"""Spatial weights: who is whose neighbour and how strongly, as one sparse matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from spatial.errors import GeometryError, LimitError

__all__ = ["Weights", "check_links", "csr", "from_neighbours", "from_pairs"]

#: Above this many links the matrix alone would fill the memory of an office machine.
LINK_LIMIT = 50_000_000


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights between `n` areas.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array, shape (n, n)
        Positive weights, zero diagonal, no stored zeros.
    ids : pandas.Index, shape (n,)
        Names of the areas, unique; the index of every result.
    kind : str
        How they were made, for people: `"queen"`, `"knn:8"`.

    Raises
    ------
    GeometryError
        If names repeat, the shape does not fit, or a weight is negative or not finite.

    Examples
    --------
    >>> w = from_pairs([0, 1], [1, 2], pd.Index(["a", "b", "c"]), kind="line")
    >>> w.cardinalities.to_list(), w.isolates.any()
    ([1, 2, 1], np.False_)
    """

    matrix: sp.csr_array
    ids: pd.Index
    kind: str = "given"

    def __post_init__(self) -> None:
        n = len(self.ids)
        if self.matrix.shape != (n, n):
            raise GeometryError(
                "weights of shape {shape} do not fit {n} areas",
                code="weights_shape",
                shape=str(self.matrix.shape),
                n=n,
            )
        if not self.ids.is_unique:
            raise GeometryError(
                "area {id} stands {count} times in the weights",
                code="weights_ids_repeat",
                hint="Every area needs a name of its own",
                id=str(self.ids[self.ids.duplicated()][0]),
                count=int((self.ids == self.ids[self.ids.duplicated()][0]).sum()),
            )
        if not np.isfinite(self.matrix.data).all() or (self.matrix.data < 0).any():
            raise GeometryError(
                "a weight is negative or not a finite number", code="weights_not_positive"
            )

    @property
    def n(self) -> int:
        """Number of areas."""
        return len(self.ids)

    @property
    def cardinalities(self) -> pd.Series:
        """Number of neighbours of each area."""
        return pd.Series(np.diff(self.matrix.indptr), index=self.ids, name="neighbours")

    @property
    def isolates(self) -> pd.Series:
        """Areas without any neighbour: no statistic of the neighbourhood exists for them."""
        return (self.cardinalities == 0).rename("isolate")

    @property
    def components(self) -> pd.Series:
        """Number of the connected piece each area belongs to."""
        _, label = connected_components(self.matrix, directed=False)
        return pd.Series(label, index=self.ids, name="component")

    def neighbours(self, area: object) -> pd.Index:
        """Names of the neighbours of one area; none for a name that is not there."""
        row = int(self.ids.get_indexer(pd.Index([area]))[0])
        if row < 0:
            return self.ids[:0]
        start, stop = self.matrix.indptr[row], self.matrix.indptr[row + 1]
        return self.ids[self.matrix.indices[start:stop]]

    def row_standardised(self) -> Weights:
        """Return weights whose rows sum to one; the rows of isolates stay empty."""
        sums = np.asarray(self.matrix.sum(axis=1)).ravel()
        scale = np.divide(1.0, sums, out=np.zeros(self.n), where=sums > 0)
        return Weights(csr(sp.diags_array(scale) @ self.matrix), self.ids, self.kind)

    def subset(self, keep: NDArray[np.bool_]) -> Weights:
        """Return the weights among the areas marked in `keep`, shape (n,)."""
        if keep.all():
            return self
        rows = np.flatnonzero(keep)
        return Weights(csr(self.matrix[rows][:, rows]), self.ids[rows], self.kind)

    def reindex(self, ids: pd.Index) -> Weights:
        """Return the same weights with the areas in the order of `ids`."""
        if self.ids.equals(ids):
            return self
        rows = self.ids.get_indexer(ids)
        if (rows < 0).any() or len(ids) != self.n:
            raise GeometryError(
                "the weights and the values are of different areas",
                code="weights_other_areas",
                hint="Build the weights from the frame that holds the values",
            )
        return Weights(csr(self.matrix[rows][:, rows]), ids, self.kind)

    def with_self(self) -> NDArray[np.float64]:
        """Weight of each area for itself in Gi*: the largest of its row, shape (n,).

        So a binary matrix gets 1 and scaling a row changes nothing: Gi* is the same with
        and without row standardisation, as Ord & Getis (1995) define it.
        """
        largest = np.zeros(self.n)
        filled = np.diff(self.matrix.indptr) > 0
        if filled.any():
            starts = self.matrix.indptr[:-1][filled]
            largest[filled] = np.maximum.reduceat(self.matrix.data, starts)
        return largest


def csr(matrix: Any) -> sp.csr_array:
    """Return any sparse matrix as sorted float64 rows without stored zeros."""
    out: sp.csr_array = sp.csr_array(matrix, dtype=np.float64)
    out.eliminate_zeros()
    out.sort_indices()
    return out


def from_pairs(
    left: NDArray[np.intp] | list[int],
    right: NDArray[np.intp] | list[int],
    ids: pd.Index,
    *,
    kind: str,
    weight: NDArray[np.float64] | None = None,
) -> Weights:
    """Build symmetric weights from pairs of rows, each pair given once.

    Raises
    ------
    LimitError
        If there are more links than the engine accepts.
    """
    one, two = np.asarray(left, dtype=np.intp), np.asarray(right, dtype=np.intp)
    check_links(2 * len(one))
    strength = np.ones(len(one)) if weight is None else weight
    n = len(ids)
    matrix = sp.coo_array(
        (np.tile(strength, 2), (np.concatenate((one, two)), np.concatenate((two, one)))),
        shape=(n, n),
    )
    return Weights(csr(matrix), ids, kind)


def from_neighbours(
    neighbours: list[list[int]], ids: pd.Index | None = None, *, kind: str = "given"
) -> Weights:
    """Build binary weights from a list of neighbours' rows per area (0-based).

    Examples
    --------
    >>> from_neighbours([[1], [0, 2], [1], []]).isolates.to_list()
    [False, False, False, True]
    """
    n = len(neighbours)
    counts = [len(row) for row in neighbours]
    columns = np.array([item for row in neighbours for item in row], dtype=np.intp)
    matrix = sp.coo_array(
        (np.ones(len(columns)), (np.repeat(np.arange(n), counts), columns)), (n, n)
    )
    return Weights(csr(matrix), pd.RangeIndex(n) if ids is None else ids, kind)


def check_links(count: int) -> None:
    """Refuse a neighbourhood so wide that nearly everyone is everyone's neighbour."""
    if count > LINK_LIMIT:
        raise LimitError(
            "{count} links between areas; at most {limit} are accepted",
            code="too_many_links",
            hint="Take a smaller distance or fewer neighbours",
            count=count,
            limit=LINK_LIMIT,
        )
