"""Tiles in one file (PMTiles 3): written in one pass, read with its directories decoded once."""

from __future__ import annotations

import mmap
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any, Final

from pmtiles.reader import Reader
from pmtiles.tile import (
    Compression,
    TileType,
    deserialize_directory,
    find_tile,
    zxy_to_tileid,
)
from pmtiles.writer import Writer

from api.tiles.zoom import FORMAT

__all__ = ["Archive", "pyramid_path", "write_archive"]

#: Decoded directories kept; one of 4,096 entries takes about a megabyte.
DIRECTORIES: Final = 32
DEPTH: Final = 4
E7: Final = 10_000_000


class Archive:
    """A PMTiles file that is open for reading, by many threads.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as stream:
            self._bytes = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        reader = Reader(self._read)
        self.header: dict[str, Any] = reader.header()
        self.metadata: dict[str, Any] = reader.metadata()
        self._directories: OrderedDict[tuple[int, int], Any] = OrderedDict()
        self._lock = Lock()

    @property
    def deepest(self) -> int:
        """The deepest zoom it holds."""
        return int(self.header["max_zoom"])

    def get(self, z: int, x: int, y: int) -> bytes:
        """Return a tile as it was written, gzipped; empty bytes where there is none."""
        found = self._find(z, x, y, self._directory)
        return b"" if found is None else found

    def at_once(self, z: int, x: int, y: int) -> bytes | None:
        """Return a tile as `get` does, but None where a directory would have to be decoded."""
        return self._find(z, x, y, self._directories.get)

    def _find(
        self, z: int, x: int, y: int, directory: Callable[[tuple[int, int]], Any]
    ) -> bytes | None:
        tile = zxy_to_tileid(z, x, y)
        place = (self.header["root_offset"], self.header["root_length"])
        for _ in range(DEPTH):
            entries = directory(place)
            if entries is None:
                return None
            entry = find_tile(entries, tile)
            if entry is None:
                return b""
            if entry.run_length:
                return self._read(self.header["tile_data_offset"] + entry.offset, entry.length)
            place = (self.header["leaf_directory_offset"] + entry.offset, entry.length)
        return b""

    def _directory(self, place: tuple[int, int]) -> Any:
        with self._lock:
            found = self._directories.get(place)
            if found is None:
                found = deserialize_directory(self._read(*place))
                self._directories[place] = found
                if len(self._directories) > DIRECTORIES:
                    self._directories.popitem(last=False)
            else:
                self._directories.move_to_end(place)
            return found

    def _read(self, offset: int, length: int) -> bytes:
        return self._bytes[offset : offset + length]


def pyramid_path(folder: Path, name: str, version: str) -> Path:
    """Return where the pyramid of a version lies.

    Examples
    --------
    >>> pyramid_path(Path("ubin"), "rdtr", "0123456789ab").name
    'rdtr-0123456789ab.3.pmtiles'
    """
    return folder / f"{name}-{version}.{FORMAT}.pmtiles"


def write_archive(
    path: Path,
    tiles: Iterator[tuple[tuple[int, int, int], bytes]],
    *,
    bounds: tuple[float, float, float, float],
    metadata: dict[str, Any],
) -> int:
    """Write gzipped vector tiles as one file; return how many.

    Parameters
    ----------
    tiles : iterator of ((z, x, y), bytes)
        In any order; they are put in the order of the format.
    bounds : (west, south, east, north)
        Degrees.
    """
    west, south, east, north = bounds
    count = 0
    with path.open("wb") as stream:
        writer = Writer(stream)
        for (z, x, y), packed in tiles:
            writer.write_tile(zxy_to_tileid(z, x, y), packed)
            count += 1
        if not count:
            return 0
        writer.finalize(
            {
                "tile_type": TileType.MVT,
                "tile_compression": Compression.GZIP,
                "min_lon_e7": int(west * E7),
                "min_lat_e7": int(south * E7),
                "max_lon_e7": int(east * E7),
                "max_lat_e7": int(north * E7),
                "center_zoom": 9,
                "center_lon_e7": int((west + east) / 2 * E7),
                "center_lat_e7": int((south + north) / 2 * E7),
            },
            metadata,
        )
    return count
