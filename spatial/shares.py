"""How much of each parcel lies in each zone: exact areas, the rest, and what zones overlap.

The one function behind every answer of the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.crs import parse_crs, project
from spatial.index.areas import NOISE
from spatial.index.stack import Stack, stacks_of
from spatial.index.zones import ZoneIndex, build_index
from spatial.rings import Rings, flatten
from spatial.shares_table import COLUMNS, Answer, Rows, frame_of, rows_of
from spatial.validity import faults

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

__all__ = ["COLUMNS", "RELATIVE_NOISE", "shares", "shares_in", "shares_in_all"]

#: An area below this share of its parcel is rounding, not ground.
RELATIVE_NOISE: Final = NOISE
#: How parcels were answered, by the numbers of `Areas.how`.
_WAYS: Final = ("outside", "pure", "clipped", "overlapping", "unbounded")


def shares(
    parcels: gpd.GeoDataFrame | gpd.GeoSeries,
    zones: gpd.GeoDataFrame,
    *,
    by: str,
    crs: Any = None,
) -> pd.DataFrame:
    """Measure how much of each parcel lies in each zone.

    Parameters
    ----------
    parcels : GeoDataFrame or GeoSeries of polygons, shape (n,)
        In any CRS; the index names the parcels.
    zones : GeoDataFrame of polygons
        In any CRS. Polygons of one zone may touch or overlap: they count as their union.
    by : str
        Column of `zones` with the code of the zone.
    crs : CRS, optional
        Plane on which areas are taken; ESRI:54034 (equal-area) without.

    Returns
    -------
    DataFrame
        In the order of the parcels, and of the codes within each:

        - `parcel_id`: the parcel's index label,
        - `zone`: the code, or NA in the row of the uncovered rest,
        - `area_m2`, `share` (0..1): NA where there is no answer,
        - `overlap_m2`: what earlier rows of the parcel have already counted,
        - `overlap_with`: the codes of those rows, joined by "; ",
        - `status`: empty, or the code of the reason why the parcel has no answer.

        For each parcel sum(area_m2) - sum(overlap_m2) is its area, to 1e-9 of it. Zones that
        only touch a parcel have no row. `attrs["answered"]` counts the parcels by how they
        were answered: `pure` with no border near, `clipped` edge by edge,
        `overlapping` where zones lie over each other, `outside` the map, `unbounded` not.

    Raises
    ------
    CrsError
        If a frame states no CRS.
    GeometryError
        `zone_invalid`, if a zone is no valid polygon: areas measured on it would be wrong.
    SchemaError
        `column_missing`, if `zones` has no column `by`.

    Examples
    --------
    >>> import geopandas as gpd
    >>> plan = gpd.GeoDataFrame(
    ...     {"zona": ["R-2", "K-3"]},
    ...     geometry=[shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)],
    ...     crs="ESRI:54034",
    ... )
    >>> parcel = gpd.GeoSeries([shapely.box(6, 2, 16, 12)], index=["P-1"], crs="ESRI:54034")
    >>> shares(parcel, plan, by="zona")[["parcel_id", "zone", "area_m2", "share"]]
      parcel_id zone  area_m2  share
    0       P-1  K-3     48.0   0.48
    1       P-1  R-2     32.0   0.32
    2       P-1  NaN     20.0   0.20
    """
    return shares_in(parcels, build_index(zones, by=by, crs=crs))


def shares_in(parcels: gpd.GeoDataFrame | gpd.GeoSeries, index: ZoneIndex) -> pd.DataFrame:
    """Measure parcels against an index that is there already; as `shares` in all else.

    Examples
    --------
    >>> import geopandas as gpd
    >>> plan = gpd.GeoDataFrame({"zona": ["R-2"]}, geometry=[shapely.box(0, 0, 10, 10)],
    ...                         crs="ESRI:54034")
    >>> index = build_index(plan, by="zona")
    >>> parcel = gpd.GeoSeries([shapely.box(6, 2, 8, 4)], index=["P-1"], crs="ESRI:54034")
    >>> shares_in(parcel, index)["share"].tolist()
    [1.0]
    """
    outlines, sound, reasons = _outlines(parcels, index.crs)
    stack = Stack({"": index})
    found = stack.measure(outlines)
    table = frame_of(_rows([Answer(stack, found, sound)], reasons, ("",)), parcels.index)
    counts = np.bincount(found.how[:, 0], minlength=len(_WAYS)).tolist()
    table = table.drop(columns="layer")
    table.attrs["answered"] = dict(zip(_WAYS, counts, strict=True))
    return table


def shares_in_all(
    parcels: gpd.GeoDataFrame | gpd.GeoSeries, indexes: Mapping[str, ZoneIndex]
) -> pd.DataFrame:
    """Measure parcels against several layers in one call: they are read and checked once.

    Parameters
    ----------
    indexes : mapping of str to ZoneIndex
        Layers by name.

    Returns
    -------
    DataFrame
        As `shares`, layer after layer, with the name in a first column `layer`.

    Examples
    --------
    >>> import geopandas as gpd
    >>> def index(code, width):
    ...     zone = gpd.GeoDataFrame({"kode": [code]}, geometry=[shapely.box(0, 0, width, 9)],
    ...                             crs="ESRI:54034")
    ...     return build_index(zone, by="kode")
    >>> parcel = gpd.GeoSeries([shapely.box(6, 2, 8, 4)], index=["P-1"], crs="ESRI:54034")
    >>> layers = {"pola_ruang": index("R-2", 9), "lp2b": index("LP2B", 7)}
    >>> shares_in_all(parcel, layers)[["layer", "zone", "share"]]
            layer  zone  share
    0  pola_ruang   R-2    1.0
    1        lp2b  LP2B    0.5
    2        lp2b   NaN    0.5
    """
    if not indexes:
        import pandas as pd

        return pd.DataFrame(columns=["layer", *COLUMNS])
    answers, reasons = [], np.empty(0, dtype=object)
    for stack in stacks_of(indexes):
        # What is wrong with a parcel is wrong with it on every plane.
        outlines, sound, reasons = _outlines(parcels, stack.crs)
        answers.append(Answer(stack, stack.measure(outlines), sound))
    rows = _rows(answers, reasons, tuple(indexes))
    order = np.argsort(rows.layer, kind="stable")
    return frame_of(rows, parcels.index).take(order).reset_index(drop=True)


def _outlines(
    parcels: gpd.GeoDataFrame | gpd.GeoSeries, plane: str
) -> tuple[Rings, NDArray[np.intp], NDArray[np.object_]]:
    """Return the outlines of sound parcels on a plane, which these are, and what others lack."""
    source = np.asarray(parcels.geometry.array, dtype=object)
    reasons = faults(source, what=[str(label) for label in parcels.index])
    sound = np.flatnonzero(reasons == None)  # noqa: E711  an array is compared element by element
    crs = parse_crs(parcels.crs, what="parcels")
    shapes = project(shapely.force_2d(source[sound]), crs, parse_crs(plane))
    return flatten(shapes), sound, reasons


def _rows(answers: list[Answer], reasons: NDArray[np.object_], layers: tuple[str, ...]) -> Rows:
    refused = np.flatnonzero(reasons != None)  # noqa: E711  element by element
    return rows_of(answers, refused, [reasons[row].code for row in refused], layers)
