"""One version of a layer, ready for tiles: made of what was read, or of the file of its shapes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd

from api.tiles.generalise import Drawing
from api.tiles.kept import KeptShapes, keep_shapes, shapes_path
from api.tiles.layer import TileLayer
from spatial.crs import LONLAT, to_crs
from spatial.errors import CorruptError, LayerNotFoundError

__all__ = ["Prepared", "generalised_of", "keep_prepared", "kept", "prepare", "version_name"]

log = logging.getLogger("tataruang.tiles")


def version_name(version: Any) -> str:
    """Return the short name of a version: the first twelve signs of its hash.

    Examples
    --------
    >>> version_name("4f0c1d2e3a5b6978")
    '4f0c1d2e3a5b'
    """
    return str(getattr(version, "id", version))[:12]


@dataclass(frozen=True)
class Prepared:
    """One version of a layer, ready for tiles."""

    name: str
    version: str
    layer: TileLayer
    bounds: tuple[float, float, float, float]
    fields: tuple[str, ...]
    zones: tuple[tuple[str, str], ...] = ()


def prepare(name: str, stored: Any) -> Prepared:
    """Prepare a version that was read.

    Raises
    ------
    LayerNotFoundError
        If it has no shapes.
    """
    if not isinstance(stored.frame, gpd.GeoDataFrame):
        raise LayerNotFoundError(
            "the layer {name} has no shapes to draw", code="layer_not_vector", name=name
        )
    west, south, east, north = to_crs(stored.frame, LONLAT).total_bounds
    drawing = Drawing(stored.frame, str(getattr(stored.version, "kind", "") or ""))
    return Prepared(
        name,
        version_name(stored.version),
        TileLayer(drawing, name),
        (float(west), float(south), float(east), float(north)),
        drawing.fields,
        _zones(stored.frame),
    )


def kept(folder: Path | None, name: str, version: str) -> Prepared | None:
    """Return a layer from the file of its shapes; None where there is none, or it is no use."""
    if folder is None:
        return None
    try:
        shapes = KeptShapes(shapes_path(folder, name, version))
    except FileNotFoundError:
        return None
    except (OSError, CorruptError) as error:
        log.warning("%s: tiles are cut from the layer", error)
        return None
    west, south, east, north = shapes.about["bounds"]
    zones = tuple((code, named) for code, named in shapes.about["zones"])
    bounds = (west, south, east, north)
    return Prepared(name, version, TileLayer(shapes, name), bounds, shapes.fields, zones)


def keep_prepared(ready: Prepared, drawing: Drawing, folder: Path) -> None:
    """Keep what tiles of a layer are cut from, see `api.tiles.kept`."""
    about = {"bounds": ready.bounds, "zones": ready.zones}
    keep_shapes(drawing, shapes_path(folder, ready.name, ready.version), about)


def generalised_of(ready: Prepared) -> list[dict[str, Any]]:
    """Return what became of a layer at each zoom, where that is known without work."""
    shapes = ready.layer.shapes
    return [one._asdict() for one in shapes.generalised] if isinstance(shapes, KeptShapes) else []


def _zones(frame: gpd.GeoDataFrame) -> tuple[tuple[str, str], ...]:
    """Return code and first name of every zone of a plan's layer; nothing for other layers."""
    if "zona" not in frame:
        return ()
    names = frame["zona_nama"] if "zona_nama" in frame else frame["zona"]
    table = names.groupby(frame["zona"], sort=True).first()
    return tuple((str(code), str(name)) for code, name in table.items())
