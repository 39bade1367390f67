"""An index as one file: plain arrays behind a header, opened without reading them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from spatial.arrays import open_arrays, save_arrays
from spatial.index.arrays import GridArrays
from spatial.index.zones import ZoneIndex

__all__ = ["open_index", "save_index"]

MAGIC: Final = b"TATAIDX6"


def save_index(index: ZoneIndex, path: Path, *, source: str = "") -> None:
    """Write an index durably: a reader sees all of it or none.

    Parameters
    ----------
    path : Path
        Its folder must be there.
    source : str
        What the index was made from, such as the hash of a layer version; `open_index` asks
        for it again.
    """
    said = {"codes": index.codes, "crs": index.crs}
    save_arrays(path, index.grid._asdict(), said, magic=MAGIC, source=source)


def open_index(path: Path, *, source: str = "", verify: bool = False) -> ZoneIndex:
    """Open an index; its pages are read when they are needed and shared between processes.

    Parameters
    ----------
    source : str
        What it must have been made from.
    verify : bool
        Read all of it and compare its check sum: 40 ms for a province.

    Raises
    ------
    CorruptError
        `index_corrupt`, if it is not whole, or made from something else.

    Examples
    --------
    >>> import tempfile, geopandas as gpd, shapely
    >>> from spatial.index import build_index
    >>> plan = gpd.GeoDataFrame({"zona": ["R-2"]}, geometry=[shapely.box(0, 0, 10, 10)],
    ...                         crs="ESRI:54034")
    >>> path = Path(tempfile.mkdtemp()) / "zona.idx"
    >>> save_index(build_index(plan, by="zona"), path)
    >>> open_index(path).codes
    ('R-2',)
    """
    found = open_arrays(path, magic=MAGIC, source=source, verify=verify)
    grid = GridArrays(**found.arrays)
    return ZoneIndex(tuple(found.said["codes"]), found.said["crs"], grid)
