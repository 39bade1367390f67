"""The low zooms of a layer, cut once and kept as one file beside the workspace's service state.

Neighbours are simplified together at every zoom, so that a common border stays common.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from pmtiles.tile import zxy_to_tileid

from api.options import atomic_path
from api.tiles.archive import pyramid_path, write_archive
from api.tiles.generalise import Drawing
from api.tiles.matrix import limits
from api.tiles.prepared import Prepared, generalised_of, keep_prepared
from api.tiles.source import TileSource
from spatial.errors import LayerNotFoundError

__all__ = ["PYRAMID_ZOOM", "build_pyramid", "keep_pyramid", "pyramid_path"]

#: Below and at this zoom tiles hold so much that they are cut before they are asked for.
PYRAMID_ZOOM: Final = 11
#: A pyramid is packed once and read often.
PACKED_ONCE: Final = 9

Tile = tuple[int, int, int]


def build_pyramid(
    ready: Prepared,
    target: Path,
    *,
    deepest: int = PYRAMID_ZOOM,
    tell: Callable[[int, int], None] = lambda _done, _all: None,
) -> int:
    """Cut a layer from zoom 0 on and write it as PMTiles; return the number of tiles.

    Parameters
    ----------
    ready : Prepared
    target : Path
        Appears whole or not at all.
    deepest : int
        Last zoom.
    tell : callable
        Is told how many of how many tiles were looked at.

    Raises
    ------
    LayerNotFoundError
        `layer_empty`, if nothing of it can be drawn.
    """
    wanted = sorted(_tiles(ready, deepest), key=lambda tile: zxy_to_tileid(*tile))
    with atomic_path(target) as partial:
        count = write_archive(
            partial, _cut(ready, wanted, tell), bounds=ready.bounds, metadata=_metadata(ready)
        )
        if not count:
            raise LayerNotFoundError(
                "the layer {name} has nothing to draw", code="layer_empty", name=ready.name
            )
    return count


def keep_pyramid(engine: Any, name: str, folder: Path) -> Path | None:
    """Keep shapes and low zooms of the newest version of a layer; None without shapes.

    Parameters
    ----------
    engine : object with `layer(name)`
    name : str
    folder : Path
        Of the service's state, see `pyramid_path`.
    """
    source = TileSource(engine, folder=folder)
    try:
        ready = source.prepared(name)
        target = pyramid_path(folder, name, ready.version)
        if isinstance(ready.layer.shapes, Drawing):
            keep_prepared(ready, ready.layer.shapes, folder)
        if not target.is_file():
            build_pyramid(ready, target)
    except LayerNotFoundError as error:
        if error.code in {"layer_not_vector", "layer_empty"}:
            return None
        raise
    return target


def _cut(
    ready: Prepared, wanted: list[Tile], tell: Callable[[int, int], None]
) -> Iterator[tuple[Tile, bytes]]:
    for done, tile in enumerate(wanted, 1):
        raw = ready.layer.tile(*tile)
        if raw:
            yield tile, gzip.compress(raw, PACKED_ONCE, mtime=0)
        if done % 64 == 0 or done == len(wanted):
            tell(done, len(wanted))


def _tiles(ready: Prepared, deepest: int) -> Iterator[Tile]:
    """Yield every tile that the bounds of a layer touch."""
    for z in range(deepest + 1):
        west, north, east, south = limits(ready.bounds, z)
        for x in range(west, east + 1):
            for y in range(north, south + 1):
                yield z, x, y


def _metadata(ready: Prepared) -> dict[str, Any]:
    told = generalised_of(ready)
    return ({"generalization": told} if told else {}) | {
        "name": ready.name,
        "version": ready.version,
        "generator": "tataruang",
        "vector_layers": [{"id": ready.name, "fields": dict.fromkeys(ready.fields, "String")}],
    }
