"""Maps of a plan kept beside the version of the layer that they were made of.

Shrinking a map by its accuracy takes seconds, opening what was shrunk before takes
thousandths. Nothing kept is needed: what is missing, damaged, or made by other rules, another
engine, another PROJ or GEOS is made again, and goes with its version.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyproj
import shapely
from numpy.typing import NDArray

from layers.store import StoredLayer
from layers.store.indexes import FOLDER
from spatial.arrays import ArrayFile, open_arrays, save_arrays
from spatial.errors import CorruptError, StoreError
from spatial.index import ZoneIndex
from spatial.index.arrays import GridArrays
from spatial.index.files import MAGIC as INDEX
from zoning.coverage import Coverage
from zoning.pieces import Pieces
from zoning.release import ENGINE

__all__ = ["OverlayMap", "ZoneMap", "kept_overlay", "kept_zones"]

log = logging.getLogger("tataruang.ground")

#: Raised when the same layer and rules would make other maps, or are written in another way.
MAGIC: Final = b"TATAMAP1"
_PIECES: Final = ("xy", "ring", "first", "box")

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class ZoneMap:
    """Zones of a plan: whole, and what of each lies deeper than the map is accurate.

    `by` is the column whose index, beside the version, is that of the whole; empty where the
    whole has one of its own.
    """

    whole: Coverage
    deep: Coverage
    by: str = ""


@dataclass(frozen=True, eq=False)
class OverlayMap:
    """Where an overlay lies for certain, its deep part, and where it may lie at most."""

    certain: Coverage
    deep: Coverage
    possible: Coverage


def kept_zones(
    layer: Any,
    key: tuple[object, ...],
    make: Callable[[], ZoneMap],
    index: Callable[[str], ZoneIndex],
) -> ZoneMap:
    """Return the zones of a plan as kept beside their layer, else made and kept.

    Parameters
    ----------
    key : tuple
        All that they depend on besides the version of the layer.
    make : callable
    index : callable
        Gives the index that lies beside the version, by a column.
    """

    def opened(found: ArrayFile) -> ZoneMap:
        by = found.said["by"]
        whole = _coverage(found, "whole", index(by) if by else None)
        return ZoneMap(whole, _coverage(found, "deep"), by)

    def parts(made: ZoneMap) -> dict[str, Coverage]:
        return {"whole": made.whole, "deep": made.deep}

    kept = _Kept.of(layer, ("zones", *key))
    found = None if kept is None else kept.opened()
    if found is not None:
        return opened(found)
    made = make()
    if kept is not None:
        kept.keep(parts(made), {"by": made.by}, without_index="whole" if made.by else "")
    return made


def kept_overlay(layer: Any, key: tuple[object, ...], make: Callable[[], OverlayMap]) -> OverlayMap:
    """Return an overlay as kept beside its layer, else made and kept.

    Parameters
    ----------
    key : tuple
        All that it depends on besides the version of the layer.
    make : callable
    """
    kept = _Kept.of(layer, ("overlay", *key))
    found = None if kept is None else kept.opened()
    if found is not None:
        certain = _coverage(found, "certain")
        possible = certain if found.said["same"] else _coverage(found, "possible")
        return OverlayMap(certain, _coverage(found, "deep"), possible)
    made = make()
    if kept is not None:
        same = made.possible is made.certain
        parts = {"certain": made.certain, "deep": made.deep}
        kept.keep(parts if same else parts | {"possible": made.possible}, {"same": same})
    return made


@dataclass(frozen=True)
class _Kept:
    """A file beside a version, and all that its content depends on."""

    path: Path
    source: str

    @classmethod
    def of(cls, layer: Any, key: tuple[object, ...]) -> _Kept | None:
        """Say where a map would be kept; None where its layer has no file."""
        if not isinstance(layer, StoredLayer) or layer.path is None:
            return None
        words = repr((layer.version.id, *key))
        made_by = f"{ENGINE} PROJ {pyproj.proj_version_str}"
        name = hashlib.sha256(words.encode()).hexdigest()
        source = f"{name} {made_by} GEOS {shapely.geos_version_string} {INDEX.decode()}"
        # The engine is not in the name: what another one made is replaced, not left behind.
        return cls(layer.path.parent / FOLDER / f"{name[:24]}.map", source)

    def opened(self) -> ArrayFile | None:
        """Open a file that is there and whole, every byte of it checked."""
        try:
            return open_arrays(self.path, magic=MAGIC, source=self.source, verify=True)
        except FileNotFoundError:
            return None
        except (OSError, CorruptError) as error:
            log.warning("%s: made again from its layer", error)
            return None

    def keep(
        self, parts: Mapping[str, Coverage], said: Mapping[str, Any], without_index: str = ""
    ) -> None:
        """Write coverages; where nothing can be written, they are made again next time."""
        arrays: Arrays = {}
        codes = {}
        for name, one in parts.items():
            codes[name] = one.codes
            arrays |= {f"{name}.{field}": getattr(one.cut, field) for field in _PIECES}
            arrays[f"{name}.owner"] = one.owner
            if name != without_index:
                arrays |= {f"{name}.{k}": array for k, array in one.index.grid._asdict().items()}
        planes = {name: one.index.crs for name, one in parts.items()}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            about = dict(said) | {"codes": codes, "crs": planes}
            save_arrays(self.path, arrays, about, magic=MAGIC, source=self.source)
        except (OSError, StoreError) as error:
            log.warning("what was made of a layer is not kept: %s", error)


def _coverage(found: ArrayFile, name: str, index: ZoneIndex | None = None) -> Coverage:
    codes = tuple(found.said["codes"][name])
    if index is None:
        grid = GridArrays(*(found.arrays[f"{name}.{field}"] for field in GridArrays._fields))
        index = ZoneIndex(codes, found.said["crs"][name], grid)
    cut = Pieces(*(found.arrays[f"{name}.{field}"] for field in _PIECES))
    return Coverage(codes, cut, found.arrays[f"{name}.owner"], index)
