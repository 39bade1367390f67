"""A layer as a collection of features: prepared once for each version, asked by many threads."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from api.ogc.identity import feature_ids, scalars
from api.ogc.systems import uri_of
from api.symbology import layer_styles
from api.tiles.source import version_name
from spatial.crs import LONLAT, parse_crs, project
from spatial.errors import EngineError, LayerNotFoundError

__all__ = ["Collection", "Collections", "field_types"]

_TYPE_OF_KIND: Final = {"b": "boolean", "i": "integer", "u": "integer", "f": "number"}
_SHAPES: Final = {
    "Point": "point", "MultiPoint": "multipoint", "LineString": "linestring",
    "MultiLineString": "multilinestring", "Polygon": "polygon", "MultiPolygon": "multipolygon",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Collection:
    """One version of a layer with shapes.

    Parameters
    ----------
    name, title, version : str
    about : mapping
        What the store says of the version: law, origin, validity.
    table : DataFrame
        Attributes that are scalars, by their type in `fields`.
    shapes : array of geometries
        In CRS84.
    ids : array of str
        Names of the features, see `api.ogc.identity`.
    records : sequence of mappings
        Of a catalogue: what its features are, whole.
    """

    name: str
    title: str
    version: str
    about: Mapping[str, Any]
    table: pd.DataFrame
    shapes: NDArray[np.object_]
    ids: NDArray[np.object_]
    tree: shapely.STRtree
    fields: Mapping[str, str]
    geometry: str
    extent: tuple[float, float, float, float]
    storage_crs: str
    records: Sequence[Mapping[str, Any]] | None = None

    def __len__(self) -> int:
        return len(self.table)

    @cached_property
    def places(self) -> dict[str, int]:
        """Row of every feature by its name."""
        return {str(name): row for row, name in enumerate(self.ids)}

    @property
    def id_column(self) -> str:
        """Column of the names in tables: `id`, where no attribute is called so."""
        return "feature_id" if "id" in self.fields else "id"

    @property
    def interval(self) -> tuple[str | None, str | None]:
        """First and last day on which it is law."""
        return _text(self.about.get("valid_from")), _text(self.about.get("valid_to"))

    @property
    def legal(self) -> Mapping[str, Any]:
        """Instrument, scale and licence, as far as they are stated."""
        return {"instrument": "", "scale": "", "licence": ""} | (self.about.get("legal") or {})

    @property
    def source(self) -> str:
        """Name of the file it was read from."""
        return str((self.about.get("provenance") or {}).get("file", ""))

    @property
    def known_from(self) -> str:
        """When it was published."""
        return str(self.about.get("known_from") or "")

    @property
    def report(self) -> Sequence[Mapping[str, Any]]:
        """What was met on reading."""
        notes: Sequence[Mapping[str, Any]] = self.about.get("report") or ()
        return notes

    def in_box(self, box: shapely.Polygon) -> NDArray[np.int64]:
        """Return the rows whose shape meets a box, in order."""
        found: NDArray[np.int64] = np.sort(self.tree.query(box, predicate="intersects"))
        return found


@dataclass
class Collections:
    """The collections of an engine, each prepared when first asked for.

    Parameters
    ----------
    engine : object with `layer(name)` and `layers()`
    whole : Collections, optional
        Of an engine with more layers: what it has prepared is shared.
    """

    engine: Any
    whole: Collections | None = None
    _made: dict[str, Collection] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, name: str) -> Collection:
        """Return a collection by the name of its layer.

        Raises
        ------
        LayerNotFoundError
            If there is no such layer, or it has no shapes.
        """
        if self.whole is not None:
            self.engine.store.find(name)
            return self.whole.get(name)
        if name not in self._made:
            with self._lock:
                if name not in self._made:
                    self._made[name] = self._make(name)
        return self._made[name]

    def names(self) -> list[str]:
        """Return the names of layers with shapes, readable or not."""
        return [about["name"] for about in self.about() if about.get("form", "vector") == "vector"]

    def about(self) -> list[dict[str, Any]]:
        """Return what the store says of every layer."""
        return [
            dict(entry) if isinstance(entry, Mapping) else entry.to_dict()
            for entry in self.engine.layers()
        ]

    def readable(self) -> list[Collection]:
        """Return the collections that can be read; what cannot is not shown as if it were empty."""
        found = []
        for name in self.names():
            try:
                found.append(self.get(name))
            except EngineError:
                continue
        return found

    def _make(self, name: str) -> Collection:
        stored = self.engine.layer(name)
        if not isinstance(stored.frame, gpd.GeoDataFrame):
            raise LayerNotFoundError(
                "the layer {name} has no shapes to draw", code="layer_not_vector", name=name
            )
        about = next((one for one in self.about() if one["name"] == name), {"name": name})
        titles = {plan.meta.layer: plan.meta.name for plan in getattr(self.engine, "plans", ())}
        about = {"title": titles[name]} | about if name in titles else about
        return make_collection(stored.frame, version_name(stored.version), about)


def make_collection(frame: gpd.GeoDataFrame, version: str, about: Mapping[str, Any]) -> Collection:
    """Prepare a frame as a collection.

    Examples
    --------
    >>> frame = gpd.GeoDataFrame(
    ...     {"zona": ["R-2"]}, geometry=[shapely.box(110, -7, 111, -6)], crs="EPSG:4326")
    >>> made = make_collection(frame, "0123", {"name": "rdtr"})
    >>> made.extent, dict(made.fields), made.geometry
    ((110.0, -7.0, 111.0, -6.0), {'zona': 'string'}, 'polygon')
    """
    flat = shapely.force_2d(np.asarray(frame.geometry.array, dtype=object))
    crs = parse_crs(frame.crs)
    shapes = project(flat, crs, LONLAT, densify=False)
    table = scalars(frame)
    name = str(about["name"])
    style = layer_styles().get(name) or layer_styles().get(str(about.get("kind")), {})
    west, south, east, north = (float(value) for value in shapely.total_bounds(shapes))
    return Collection(
        name=name,
        title=str(about.get("title") or style.get("nama") or name),
        version=version,
        about=about,
        table=table,
        shapes=shapes,
        ids=feature_ids(table, flat, str(about.get("kind") or "")),
        tree=shapely.STRtree(shapes),
        fields=field_types(table),
        geometry=_shape_of(shapes),
        extent=(west, south, east, north),
        storage_crs=uri_of(crs),
    )


def field_types(table: pd.DataFrame) -> dict[str, str]:
    """Return the JSON type of every column.

    Examples
    --------
    >>> field_types(pd.DataFrame({"zona": ["R-2"], "luas_m2": [1.5], "lantai": [2]}))
    {'zona': 'string', 'luas_m2': 'number', 'lantai': 'integer'}
    """
    return {
        str(name): _TYPE_OF_KIND.get(getattr(table[name].dtype, "kind", "O"), "string")
        for name in table.columns
    }


def _shape_of(shapes: NDArray[np.object_]) -> str:
    kinds = {shape.geom_type for shape in shapes if shape is not None}
    names = {_SHAPES.get(kind, "any") for kind in kinds}
    if len(names) == 1:
        return names.pop()
    singles = {name.removeprefix("multi") for name in names}
    return f"multi{singles.pop()}" if len(singles) == 1 else "any"


def _text(value: Any) -> str | None:
    return None if value in (None, "") else str(value)
