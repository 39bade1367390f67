"""Forest cover of two dates as a class map, so that loss is measured like any exposure."""

from __future__ import annotations

from collections.abc import Collection

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from hazard.classes import class_rule
from hazard.maps import Hazard
from spatial.crs import AREA_CRS, to_crs
from spatial.errors import SchemaError

__all__ = ["forest_change"]


def forest_change(
    before: gpd.GeoDataFrame,
    after: gpd.GeoDataFrame,
    *,
    column: str,
    forest: Collection[str],
    name: str = "perubahan_hutan",
) -> Hazard:
    """Lay two maps of land cover over each other: what stayed forest, went, grew.

    The result is a class map. `hazard.exposure(change, units, of=kawasan_lindung)` gives the
    loss inside protected areas by desa or DAS, with its balance; what one of the two maps
    does not cover is `luar_cakupan`, never no loss.

    Parameters
    ----------
    before, after : GeoDataFrame of polygons
    column : str
        Words of land cover, in both maps.
    forest : collection of str
        Words that mean forest, in any case.

    Raises
    ------
    SchemaError
        `cover_column_missing`; `cover_no_forest`, if a map has none of the words.

    Examples
    --------
    >>> from hazard import exposure
    >>> x, y = 12_000_000, -700_000
    >>> cells = [shapely.box(x + 100 * i, y, x + 100 * (i + 1), y + 100) for i in range(3)]
    >>> old = gpd.GeoDataFrame({"tutupan": ["Hutan", "Hutan", "Sawah"]}, geometry=cells,
    ...                        crs="ESRI:54034")
    >>> new = old.assign(tutupan=["Hutan", "Kebun", "Sawah"])
    >>> unit = gpd.GeoDataFrame({"das": ["Garang"]}, geometry=[shapely.box(x, y, x + 400, y + 100)],
    ...                         crs="ESRI:54034")
    >>> change = forest_change(old, new, column="tutupan", forest={"hutan"})
    >>> exposure(change, unit, unit_id="das").wide().iloc[0][["tetap_hutan", "hilang",
    ...     "luar_cakupan"]].tolist()
    [10000.0, 10000.0, 10000.0]
    """
    words = {word.strip().lower() for word in forest}
    was, was_not = _split(before, column, words, "before")
    now, now_not = _split(after, column, words, "after")
    rule = class_rule("perubahan_hutan")
    parts = {
        "bukan_hutan": shapely.intersection(was_not, now_not),
        "tetap_hutan": shapely.intersection(was, now),
        "tumbuh": shapely.intersection(was_not, now),
        "hilang": shapely.intersection(was, now_not),
    }
    regions = tuple(
        (rule.labels.index(label), _solid(part))
        for label, part in parts.items()
        if shapely.area(part) > 0
    )
    return Hazard(name, rule, ("utama",), regions=regions)


def _split(
    cover: gpd.GeoDataFrame, column: str, words: set[str], which: str
) -> tuple[BaseGeometry, BaseGeometry]:
    """Forest, and what else the map covers; where polygons overlap, forest counts."""
    if column not in cover:
        raise SchemaError(
            "the cover {which} has no column {column}",
            code="cover_column_missing",
            hint="Its columns are: {columns}",
            which=which,
            column=column,
            columns=", ".join(map(str, cover.columns)),
        )
    said = cover[column].astype(str).str.strip().str.lower()
    trees = said.isin(words).to_numpy()
    if not trees.any():
        raise SchemaError(
            "the cover {which} has no polygon that is forest",
            code="cover_no_forest",
            hint="Words it holds: {words}",
            which=which,
            words=", ".join(sorted(set(said)))[:200],
        )
    plane: NDArray[np.object_] = np.asarray(
        to_crs(cover, AREA_CRS, what=which).geometry.array, dtype=object
    )
    known = ~cover[column].isna().to_numpy()
    forest = shapely.union_all(plane[trees])
    return forest, shapely.difference(shapely.union_all(plane[known & ~trees]), forest)


def _solid(shape: BaseGeometry) -> BaseGeometry:
    """Keep the polygons of what two maps have in common."""
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])
