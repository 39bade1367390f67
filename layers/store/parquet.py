"""GeoParquet of the embedded store: sorted by place, with a bbox column, opened memory-mapped."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layers.store.content import ROW, Frame

__all__ = ["read_frame", "write_frame"]

#: Rows that are read together where a window is read.
_GROUP: Final = 10_000


def write_frame(frame: Frame, path: Path) -> None:
    """Write a frame in the order of place, so that a window reads few row groups.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "data.parquet"
    >>> points = gpd.GeoDataFrame({"n": [1, 2]}, geometry=gpd.points_from_xy([9, 0], [9, 0]),
    ...                           crs="EPSG:4326")
    >>> write_frame(points, path)
    >>> gpd.read_parquet(path, bbox=(5, 5, 10, 10))["n"].tolist()
    [1]
    >>> read_frame(path, "vector")["n"].tolist()
    [1, 2]
    """
    if not isinstance(frame, gpd.GeoDataFrame):
        frame.to_parquet(path, index=False)
        return
    order = _by_place(np.asarray(frame.geometry.array, dtype=object))
    numbered = frame.assign(**{ROW: np.arange(len(frame), dtype=np.int64)}).iloc[order]
    # A column of the layer's own that is called bbox stays what it is.
    covered = "bbox" not in frame.columns
    numbered.to_parquet(path, index=False, write_covering_bbox=covered, row_group_size=_GROUP)


def read_frame(path: Path, form: str) -> Frame:
    """Read a frame in the order in which it was published; `form` is vector or table."""
    if form == "table":
        return pd.read_parquet(path, memory_map=True)
    frame = gpd.read_parquet(path, memory_map=True)
    return frame.sort_values(ROW).drop(columns=ROW).reset_index(drop=True)


def _by_place(shapes: NDArray[np.object_]) -> NDArray[np.intp]:
    """Return the order along a Hilbert curve; what has no place comes last."""
    bounds = shapely.bounds(shapes)
    placed = np.flatnonzero(np.isfinite(bounds).all(axis=1))
    if not len(placed):
        return np.arange(len(shapes))
    some = gpd.GeoSeries(shapes[placed])
    along = placed[np.argsort(some.hilbert_distance().to_numpy(), kind="stable")]
    return np.concatenate([along, np.setdiff1d(np.arange(len(shapes)), placed)])
