"""Desa programmes against plan, hotspots and hazard: what lies where, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.rule_files import Rule, find_rule
from spatial import shares
from spatial.crs import AREA_CRS, METRIC_CRS, to_crs
from spatial.errors import PlanError, SchemaError

__all__ = ["Programmes", "check_programmes"]

KIND: Final = "study/programmes"
#: Points and lines are taken this wide, so that a share of a zone can be measured.
WIDTH_M: Final = 5.0


@dataclass(frozen=True, slots=True)
class Programmes:
    """Programmes with all that was found of them.

    Parameters
    ----------
    table : DataFrame
        Index as the programmes: `kind`, `desa` (where most of it lies), `stated_desa`,
        `elsewhere` (it lies in another desa than stated), `zones` ("R-2 60 %, ..."),
        `uncovered` (share outside the plan), `contradicts` (zones that its kind may not be in,
        with their share), `hazard_share`, `class` (of the desa), `overlaps` (other programmes
        on the same ground), `status` (ok, no_geometry, outside).
    missing : DataFrame
        Hot desa without any programme: index desa, `class`, `value`.
    pairs : DataFrame
        `one`, `two`, `area_m2` that two programmes share.
    rule : Rule
    """

    table: pd.DataFrame
    missing: pd.DataFrame
    pairs: pd.DataFrame
    rule: Rule


def check_programmes(
    programmes: gpd.GeoDataFrame,
    desa: gpd.GeoDataFrame,
    *,
    kind: str,
    zones: gpd.GeoDataFrame | None = None,
    zone: str = "zona",
    hotspots: pd.DataFrame | None = None,
    hazard: gpd.GeoDataFrame | None = None,
    stated: str | None = None,
    rule: str = "contoh",
) -> Programmes:
    """Lay programmes over desa, plan, hotspots and hazard.

    Parameters
    ----------
    programmes : GeoDataFrame, index unique
        Points, lines or polygons, with their kind in column `kind`.
    desa : GeoDataFrame of polygons, index code
    zones : GeoDataFrame, optional
        Of a plan; code in column `zone`. Without it nothing contradicts, and `zones` is NA.
    hotspots : DataFrame, optional
        Of `find_hotspots`: index code of the desa, `class`, `value`.
    hazard : GeoDataFrame, optional
    stated : str, optional
        Column with the code of the desa that the programme says it is in.
    rule : str
        Rule file: which kinds contradict which zones.

    Raises
    ------
    SchemaError
        `programme_column`.
    PlanError
        `programme_rule_wrong`.

    Examples
    --------
    >>> box = lambda x: shapely.box(430_000 + x, 9_200_000, 430_900 + x, 9_200_900)
    >>> desa = gpd.GeoDataFrame(geometry=[box(0)], index=["D"], crs="EPSG:9489")
    >>> plan = gpd.GeoDataFrame({"zona": ["HL"]}, geometry=[box(0)], crs="EPSG:9489")
    >>> at = gpd.points_from_xy([430_100], [9_200_100])
    >>> made = gpd.GeoDataFrame({"jenis": ["rumah layak huni"]}, geometry=at, crs="EPSG:9489")
    >>> check_programmes(made, desa, kind="jenis", zones=plan).table.loc[0, "contradicts"]
    'HL 100 %'
    """
    for name in (kind, *([stated] if stated else [])):
        if name not in programmes.columns:
            raise SchemaError(
                "programmes have no column {column!r}",
                code="programme_column",
                hint="The columns are: {columns}",
                column=name,
                columns=", ".join(map(str, programmes.columns.drop("geometry"))),
            )
    said = find_rule("zoning", KIND, rule)
    forbidden = _forbidden(said)
    ground = _ground(programmes)
    there = ~(ground.is_empty | ground.isna())
    placed = gpd.GeoSeries(ground[there])
    place = _desa(placed, desa).reindex(programmes.index)
    table = pd.DataFrame({"kind": programmes[kind].astype("string")}, index=programmes.index)
    table["desa"] = place
    table["stated_desa"] = programmes[stated].astype("string") if stated else pd.NA
    other = table["stated_desa"] != place.astype("string")
    table["elsewhere"] = table["stated_desa"].notna() & place.notna() & other
    table = table.join(_in_zones(placed, table["kind"], zones, zone, forbidden))
    table["hazard_share"] = np.nan if hazard is None else _under(ground, hazard)
    table["class"] = pd.NA if hotspots is None else place.map(hotspots["class"])
    pairs = _pairs(placed)
    table["overlaps"] = _partners(pairs, programmes.index)
    status = pd.Series("ok", index=programmes.index, dtype=object)
    table["status"] = status.mask(place.isna(), "outside").mask(~there, "no_geometry")
    return Programmes(table, _missing(hotspots, place), pairs, said)


def _forbidden(rule: Rule) -> dict[str, list[str]]:
    """Patterns of kinds -> patterns of the zones they may not be in."""
    try:
        return {
            str(one["kind"]).lower(): [str(zone) for zone in one["zones"]]
            for one in rule.data["contradiction"]
        }
    except (KeyError, TypeError) as error:
        raise PlanError(
            "programme rule {name}: every contradiction needs kind and zones",
            code="programme_rule_wrong",
            name=rule.name,
        ) from error


def _ground(programmes: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return the ground that a programme takes: its polygon, or a narrow strip about it."""
    metric = to_crs(programmes[["geometry"]], METRIC_CRS).geometry
    shapes = np.asarray(metric.array, dtype=object)
    thin = shapely.get_dimensions(shapes) < 2
    shapes[thin] = shapely.buffer(shapes[thin], WIDTH_M / 2)
    return gpd.GeoSeries(shapely.make_valid(shapes), index=programmes.index, crs=METRIC_CRS)


def _desa(ground: gpd.GeoSeries, desa: gpd.GeoDataFrame) -> pd.Series:
    """Code of the desa that holds most of each."""
    units = shapely.make_valid(
        np.asarray(to_crs(desa[["geometry"]], METRIC_CRS).geometry.array, dtype=object)
    )
    shapes = np.asarray(ground.array, dtype=object)
    left, right = shapely.STRtree(units).query(shapes, predicate="intersects")
    area = shapely.area(shapely.intersection(shapes[left], units[right]))
    found = pd.DataFrame({"row": left, "desa": desa.index[right].astype(str), "area": area})
    found = found.sort_values(["area", "desa"], ascending=[False, True], kind="stable")
    first = found.drop_duplicates("row").set_index("row")["desa"]
    return pd.Series(
        first.reindex(range(len(ground))).to_numpy(dtype=object), index=ground.index, dtype=object
    )


def _in_zones(
    ground: gpd.GeoSeries,
    kinds: pd.Series,
    zones: gpd.GeoDataFrame | None,
    zone: str,
    forbidden: dict[str, list[str]],
) -> pd.DataFrame:
    columns = ["zones", "uncovered", "contradicts"]
    if zones is None or not len(ground):
        return pd.DataFrame(index=kinds.index, columns=columns, dtype=object)
    found = shares(ground, zones, by=zone)
    rows: dict[Any, dict[str, Any]] = {}
    for name, part in found.groupby("parcel_id", sort=False):
        inside = _largest_first(part)
        banned = [
            one for pattern, zones_ in forbidden.items()
            if fnmatchcase(str(kinds.loc[name]).lower(), pattern) for one in zones_
        ]  # fmt: skip
        hit = [any(fnmatchcase(str(one), ban) for ban in banned) for one in inside["zone"]]
        bad = inside[np.array(hit, dtype=bool)]
        rows[name] = {
            "zones": _words(inside),
            "uncovered": float(part.loc[part["zone"].isna(), "share"].sum()),
            "contradicts": _words(bad),
        }
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).reindex(kinds.index)


def _largest_first(part: pd.DataFrame) -> pd.DataFrame:
    """Zones by their share; equal ones by their code, whatever the last digits say."""
    inside = part[part["zone"].notna()]
    order = np.lexsort((inside["zone"].astype(str), -inside["share"].round(6)))
    return inside.iloc[order]


def _words(part: pd.DataFrame) -> str:
    pairs = zip(part["zone"], part["share"], strict=True)
    return ", ".join(f"{zone} {100 * share:.0f} %" for zone, share in pairs)


def _under(ground: gpd.GeoSeries, hazard: gpd.GeoDataFrame) -> np.ndarray:
    """Share of each programme in hazard; NaN without geometry."""
    plane = np.asarray(to_crs(gpd.GeoDataFrame(geometry=ground), AREA_CRS).geometry.array, object)
    cover = shapely.make_valid(np.asarray(to_crs(hazard, AREA_CRS).geometry.array, dtype=object))
    out = np.where(shapely.area(plane) > 0, 0.0, np.nan)
    left, right = shapely.STRtree(cover).query(plane, predicate="intersects")
    for row in np.unique(left):
        under = shapely.union_all(cover[right[left == row]])
        out[row] = shapely.area(shapely.intersection(plane[row], under)) / shapely.area(plane[row])
    return out


def _pairs(ground: gpd.GeoSeries) -> pd.DataFrame:
    shapes = np.asarray(ground.array, dtype=object)
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    left, right = left[left < right], right[left < right]
    area = shapely.area(shapely.intersection(shapes[left], shapes[right]))
    found = area > 0
    return pd.DataFrame(
        {
            "one": ground.index[left[found]],
            "two": ground.index[right[found]],
            "area_m2": area[found],
        }
    )


def _partners(pairs: pd.DataFrame, index: pd.Index) -> pd.Series:
    both = pd.concat(
        (
            pairs[["one", "two"]],
            pairs.rename(columns={"one": "two", "two": "one"})[["one", "two"]],
        )
    )
    names = both.groupby("one")["two"].agg(lambda others: ", ".join(map(str, others)))
    return names.astype(object).reindex(index).fillna("")


def _missing(hotspots: pd.DataFrame | None, place: pd.Series) -> pd.DataFrame:
    if hotspots is None:
        return pd.DataFrame(columns=["class", "value"])
    hot = hotspots[hotspots["class"] == "hot"]
    reached = set(place.dropna().astype(str))
    return hot.loc[~hot.index.astype(str).isin(reached), ["class", "value"]]
