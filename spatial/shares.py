"""How much of each parcel lies in each zone: exact areas, the rest, and what zones overlap.

The one function behind every answer of the engine.
"""

from __future__ import annotations

from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from spatial.crs import AREA_CRS, parse_crs, project
from spatial.errors import GeometryError, SchemaError
from spatial.validity import faults

__all__ = ["COLUMNS", "RELATIVE_NOISE", "shares"]

COLUMNS: Final = (
    "parcel_id",
    "zone",
    "area_m2",
    "share",
    "overlap_m2",
    "overlap_with",
    "status",
)
#: An area below this share of its parcel is rounding, not ground.
RELATIVE_NOISE: Final = 1e-9

#: A layer's polygons may be large; only requests are bounded.
_ANY_SIZE: Final = 2**31


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
        only touch a parcel have no row.

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
    if by not in zones.columns:
        raise SchemaError(
            "{what} has no column {column!r}",
            code="column_missing",
            hint="It has: {known}",
            what="the zone layer",
            column=by,
            known=", ".join(str(column) for column in zones.columns),
        )
    plane = parse_crs(AREA_CRS if crs is None else crs)
    source_parcels = np.asarray(parcels.geometry.array, dtype=object)
    reasons = faults(source_parcels, what=[str(label) for label in parcels.index])
    sound = np.flatnonzero(reasons == None)  # noqa: E711  an array is compared element by element
    shapes = project(
        shapely.force_2d(source_parcels[sound]), parse_crs(parcels.crs, what="parcels"), plane
    )
    codes, zone_shapes = _zones(zones, by, plane)
    pieces = _pieces(shapes, zone_shapes, codes)
    measured = _measure(shapes, pieces)
    return _table(parcels.index, sound, reasons, measured)


def _zones(
    zones: gpd.GeoDataFrame, by: str, plane: Any
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return codes and projected polygons; the first faulty zone is an error."""
    source = np.asarray(zones.geometry.array, dtype=object)
    found = faults(source, max_vertices=_ANY_SIZE)
    for row in np.flatnonzero(found != None):  # noqa: E711  element by element
        raise GeometryError(
            "zone {zone!r} (row {row}) is not valid: {reason}",
            code="zone_invalid",
            hint="Repair it when reading the layer: areas measured on an invalid polygon are wrong",
            zone=str(zones[by].iloc[row]),
            row=int(row),
            reason=str(found[row]),
        )
    codes = np.asarray(zones[by].astype("string").astype(object), dtype=object)
    crs = parse_crs(zones.crs, what="the zone layer")
    return codes, project(shapely.force_2d(source), crs, plane)


def _pieces(
    parcels: NDArray[np.object_], zones: NDArray[np.object_], codes: NDArray[np.object_]
) -> pd.DataFrame:
    """Cut every zone to every parcel it may meet: columns parcel, zone, piece."""
    # A box query alone: predicates would prepare geometries, which threads must not share.
    parcel, zone = shapely.STRtree(zones).query(parcels)
    pieces = shapely.intersection(parcels[parcel], zones[zone])
    has_area = shapely.area(pieces) > 0
    return pd.DataFrame(
        {"parcel": parcel[has_area], "zone": codes[zone[has_area]], "piece": pieces[has_area]}
    )


def _measure(parcels: NDArray[np.object_], pieces: pd.DataFrame) -> pd.DataFrame:
    """Sum pieces to one row per parcel and zone, with overlaps and the uncovered rest."""
    area = shapely.area(parcels)
    rows: list[tuple[int, object, float, float, str]] = []
    groups = dict(iter(pieces.groupby("parcel", sort=False)))
    for parcel in range(len(parcels)):
        group = groups.get(parcel)
        whole = float(area[parcel])
        covered = 0.0
        if group is not None:
            parts = {str(code): _union(part["piece"]) for code, part in group.groupby("zone")}
            found = _with_overlaps(parts, whole)
            covered = sum(part_area - overlap for _, part_area, overlap, _ in found)
            rows += [(parcel, *row) for row in found]
        rest = whole - covered
        if rest > RELATIVE_NOISE * whole:
            rows.append((parcel, pd.NA, rest, 0.0, ""))
    frame = pd.DataFrame(rows, columns=["parcel", "zone", "area_m2", "overlap_m2", "overlap_with"])
    frame["share"] = frame["area_m2"] / area[frame["parcel"].to_numpy(dtype=np.intp)]
    return frame


def _union(pieces: pd.Series[Any]) -> Any:
    return pieces.iloc[0] if len(pieces) == 1 else shapely.union_all(pieces.to_numpy())


def _with_overlaps(parts: dict[str, Any], whole: float) -> list[tuple[str, float, float, str]]:
    """Give each part the area that parts before it, in order of their codes, have counted."""
    codes = sorted(parts)
    areas = {code: float(parts[code].area) for code in codes}
    total = sum(areas.values())
    if len(codes) == 1 or total - shapely.union_all(list(parts.values())).area <= (
        RELATIVE_NOISE * whole
    ):
        return [(code, areas[code], 0.0, "") for code in codes]
    found = []
    for index, code in enumerate(codes):
        earlier = [
            other
            for other in codes[:index]
            if parts[other].intersection(parts[code]).area > RELATIVE_NOISE * whole
        ]
        before = shapely.union_all([parts[other] for other in earlier])
        overlap = float(before.intersection(parts[code]).area) if earlier else 0.0
        found.append((code, areas[code], overlap, "; ".join(earlier)))
    return found


def _table(
    labels: pd.Index[Any],
    sound: NDArray[np.intp],
    reasons: NDArray[np.object_],
    measured: pd.DataFrame,
) -> pd.DataFrame:
    """Put measured rows and refused parcels together in the order of the parcels."""
    measured = measured.assign(
        position=sound[measured["parcel"].to_numpy(dtype=np.intp)], status=""
    )
    refused = np.flatnonzero(reasons != None)  # noqa: E711  element by element
    without = pd.DataFrame(
        {
            "position": refused,
            "zone": pd.NA,
            "area_m2": np.nan,
            "share": np.nan,
            "overlap_m2": np.nan,
            "overlap_with": "",
            "status": [reasons[row].code for row in refused],
        }
    )
    both = measured if without.empty else pd.concat([measured, without])
    both = both.sort_values("position", kind="stable")
    both["parcel_id"] = labels[both["position"].to_numpy(dtype=np.intp)]
    table = both[list(COLUMNS)].reset_index(drop=True)
    return table.astype({"zone": "str", "overlap_with": "str", "status": "str"})
