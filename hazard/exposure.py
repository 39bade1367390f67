"""Who and what stands in which hazard class, per unit, in a table that closes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from hazard.accounting import Account, check_units
from hazard.classes import NO_DATA, UNMAPPED
from hazard.counting import count_things
from hazard.maps import Hazard, frame_of, whole_area
from hazard.measure import amounts_by_class, areas_by_class, lengths_by_class, metres
from hazard.pieces import Pieces, cut, overlap_of_units
from spatial.crs import AREA_CRS, to_crs
from spatial.errors import LayerError, SchemaError
from spatial.notes import Note
from spatial.zonal import Grid

__all__ = ["Exposed", "Exposure", "exposure"]

Exposed: TypeAlias = gpd.GeoDataFrame | Grid | None
#: Overlaps of units smaller than this are not listed one by one, but counted all the same.
OVERLAP_LISTED_M2: Final = 100.0


@dataclass(frozen=True, slots=True)
class Exposure:
    """An exposure table and the proof that it closes.

    `table` has one row per hazard, scenario, unit and class, with the `amount` in `unit`;
    `accounts` has the balance of each hazard and scenario.
    """

    table: pd.DataFrame
    accounts: pd.DataFrame
    unit: str
    labels: tuple[str, ...]
    citations: tuple[str, ...]
    notes: tuple[Note, ...] = ()

    def wide(self) -> pd.DataFrame:
        """Return one row per hazard, scenario and unit, one column per class."""
        keys = ["hazard", "scenario", "unit_id"]
        table = self.table.pivot_table("amount", keys, "hazard_class", "sum", sort=False)
        order = [label for label in self.labels if label in table]
        return table[order].rename_axis(columns=None)


def exposure(
    hazards: Hazard | Sequence[Hazard],
    units: gpd.GeoDataFrame | None,
    *,
    unit_id: str = "unit",
    of: Exposed = None,
    count: bool = False,
    within: gpd.GeoDataFrame | None = None,
) -> Exposure:
    """Measure what stands in each hazard class, unit by unit.

    Parameters
    ----------
    hazards : Hazard or several
    units : GeoDataFrame of polygons, or None
        Desa, kecamatan, zones, DAS. They may overlap and leave gaps: both are accounted for.
        Without any, all that is exposed (or `within`, or the hazard maps) is one unit.
    unit_id : str
        Column that names the unit, each once.
    of : GeoDataFrame or Grid, optional
        Polygons (m²), lines (m), points (number) or a raster of amounts such as people.
        None measures land: the units themselves, or `within`.
    count : bool
        Count polygons instead of measuring them: each once, in the unit that holds most of
        it, in the worst class it touches.
    within : GeoDataFrame, optional
        The land that is the whole, when `of` is None.

    Returns
    -------
    Exposure

    Raises
    ------
    ClosureError
        If parts and whole differ by more than 1e-8: nothing is published.
    SchemaError
        `unit_id_missing`, `unit_id_blank`, `unit_id_repeated`.
    LayerError
        `exposed_mixed`, if the exposed layer holds more than one kind of geometry.

    Examples
    --------
    >>> from hazard import class_rule, hazard_from_grid
    >>> from spatial.zonal import grid_from_array
    >>> depth = grid_from_array([[0.0, 0.5], [2.0, np.nan]], crs="ESRI:54034",
    ...                         origin=(12_000_000, -700_000), cell=(100, -100))
    >>> flood = hazard_from_grid(depth, class_rule("banjir_kedalaman_bnpb"), name="banjir")
    >>> box = shapely.box(12_000_000, -700_200, 12_000_200, -700_000)
    >>> desa = gpd.GeoDataFrame({"kode": ["33.99.01.2001"]}, geometry=[box], crs="ESRI:54034")
    >>> exposure(flood, desa, unit_id="kode").wide().iloc[0].round(6).to_dict()
    {'tidak_ada': 10000.0, 'rendah': 10000.0, 'sedang': 0.0, 'tinggi': 10000.0,
     'tanpa_data': 10000.0, 'luar_cakupan': 0.0}
    """
    hazards = [hazards] if isinstance(hazards, Hazard) else list(hazards)
    if units is None:
        units, unit_id = whole_area(hazards, of, within), "unit"
    names = _names(units, unit_id)
    plane = np.asarray(to_crs(units, AREA_CRS, what="units").geometry.array, dtype=object)
    again = overlap_of_units(plane)
    measure = _measurer(plane, again, of, count, within)
    measured = [measure(hazard) for hazard in hazards]
    tables = [_table(hazard, names, m.amounts) for hazard, m in zip(hazards, measured, strict=True)]
    accounts = [_account(hazard, names, m) for hazard, m in zip(hazards, measured, strict=True)]
    labels = dict.fromkeys(label for hazard in hazards for label in hazard.labels)
    notes = [note for hazard in hazards for note in hazard.notes]
    return Exposure(
        pd.concat(tables, ignore_index=True),
        pd.concat(accounts, ignore_index=True),
        measured[0].unit,
        (*labels, NO_DATA, UNMAPPED),
        tuple(dict.fromkeys(hazard.rule.citation for hazard in hazards)),
        (*notes, *_overlap_notes(again, names)),
    )


@dataclass(frozen=True, slots=True)
class _Measured:
    """Amounts per unit (units, scenarios, classes + 2), with every other part of the balance."""

    amounts: NDArray[np.float64]
    wholes: NDArray[np.float64]
    gap: float
    overlap: float
    whole: float
    unit: str


Measurer: TypeAlias = Callable[[Hazard], _Measured]


def _names(units: gpd.GeoDataFrame, unit_id: str) -> pd.Index[str]:
    if unit_id not in units:
        raise SchemaError(
            "the units have no column {column}",
            code="unit_id_missing",
            hint="Their columns are: {columns}",
            column=unit_id,
            columns=", ".join(map(str, units.columns)),
        )
    blank = units[unit_id].isna() | (units[unit_id].astype(str).str.strip() == "")
    if blank.any():
        raise SchemaError(
            "{count} units have no {column}, first at row {row}",
            code="unit_id_blank",
            hint="Choose a column that names every unit: {columns}",
            count=int(blank.sum()),
            column=unit_id,
            row=str(units.index[blank][0]),
            columns=", ".join(map(str, units.columns)),
        )
    names = pd.Index(units[unit_id].astype(str))
    if names.has_duplicates:
        raise SchemaError(
            "the unit {unit} stands in the layer {times} times",
            code="unit_id_repeated",
            hint="Join units by code, not by name, and dissolve their parts first",
            unit=str(names[names.duplicated()][0]),
            times=int((names == names[names.duplicated()][0]).sum()),
        )
    return names


def _measurer(
    units: NDArray[np.object_],
    again: NDArray[np.object_],
    of: Exposed,
    count: bool,
    within: gpd.GeoDataFrame | None,
) -> Measurer:
    """Do once what no hazard changes, and return what measures one hazard."""
    if isinstance(of, Grid):
        return _of_amounts(units, again, of)
    if of is None:
        if within is None:
            return _of_land(units, again)
        of = within.dissolve()
    moved = to_crs(of, AREA_CRS, what="exposed").geometry.array
    things: NDArray[np.object_] = np.asarray(moved, dtype=object)
    dimension = _dimension(things)
    if dimension == 0 or count:
        return lambda hazard: _Measured(*count_things(hazard, units, things), unit="jumlah")
    pieces = cut(things, units)
    by_class = areas_by_class if dimension == 2 else lengths_by_class
    length = shapely.area if dimension == 2 else metres
    sizes, whole = length(pieces.shape), float(length(things).sum())
    overlap = float(length(pieces.again).sum()) if len(pieces.again) else 0.0
    return lambda hazard: _Measured(
        *_sum_pieces(pieces, by_class(pieces.shape, hazard), sizes, len(units)),
        overlap=overlap,
        whole=whole,
        unit="m2" if dimension == 2 else "m",
    )


def _dimension(things: NDArray[np.object_]) -> int:
    """Return 0 for points, 1 for lines, 2 for polygons; refuse a mixture."""
    kinds = set(shapely.get_dimensions(things).tolist())
    if kinds <= {0} or kinds <= {1} or kinds <= {2}:
        return kinds.pop() if kinds else 2
    raise LayerError(
        "the exposed layer mixes geometries or has empty ones (dimensions {kinds})",
        code="exposed_mixed",
        hint="Split it into points, lines and polygons; -1 stands for a missing geometry",
        kinds=sorted(kinds),
    )


def _sum_pieces(
    pieces: Pieces, amounts: NDArray[np.float64], sizes: NDArray[np.float64], units: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Sum pieces into units: amounts per class, whole of each unit, and what is in none."""
    inside = pieces.unit >= 0
    out = np.zeros((units, *amounts.shape[1:]))
    np.add.at(out, pieces.unit[inside], amounts[inside])
    wholes = np.zeros(units)
    np.add.at(wholes, pieces.unit[inside], sizes[inside])
    return out, wholes, float(sizes[~inside].sum())


def _of_land(units: NDArray[np.object_], again: NDArray[np.object_]) -> Measurer:
    """Measure the ground of the units themselves."""
    sizes, whole = shapely.area(units), float(shapely.area(shapely.union_all(units)))
    overlap = float(shapely.area(again).sum())
    return lambda hazard: _Measured(
        areas_by_class(units, hazard), sizes, gap=0.0, overlap=overlap, whole=whole, unit="m2"
    )


def _of_amounts(units: NDArray[np.object_], again: NDArray[np.object_], amounts: Grid) -> Measurer:
    """Sum a raster of amounts; its whole is the plain sum of its cells."""
    values = amounts.values()
    if (values < 0).any():
        raise LayerError(
            "{name} holds a negative amount ({value})",
            code="amount_raster_negative",
            hint="Is that value its no-data? Then state it: --nodata",
            name=amounts.name,
            value=float(np.nanmin(values)),
        )
    whole = float(np.nansum(values))
    gap = shapely.difference(frame_of(amounts), shapely.union_all(units))

    def measure(hazard: Hazard) -> _Measured:
        by_class = amounts_by_class(units, hazard, amounts)
        beside = amounts_by_class(np.array([gap], dtype=object), hazard, amounts)
        return _Measured(
            by_class,
            by_class[:, 0].sum(axis=1),
            gap=float(beside[0, 0].sum()),
            overlap=float(amounts_by_class(again, hazard, amounts)[:, 0].sum()),
            whole=whole,
            unit="jumlah",
        )

    return measure


def _table(hazard: Hazard, names: pd.Index[str], amounts: NDArray[np.float64]) -> pd.DataFrame:
    """Lay the amounts out with one row per scenario, unit and class."""
    labels = [*hazard.labels, NO_DATA, UNMAPPED]
    index = pd.MultiIndex.from_product([hazard.scenarios, names, labels])
    table = index.to_frame(index=False, name=["scenario", "unit_id", "hazard_class"])
    table.insert(0, "hazard", hazard.name)
    table["amount"] = amounts.transpose(1, 0, 2).ravel()
    return table


def _account(hazard: Hazard, names: pd.Index[str], measured: _Measured) -> pd.DataFrame:
    """Balance every scenario; refuse the table at the first that does not close."""
    rows = []
    for i, scenario in enumerate(hazard.scenarios):
        parts = measured.amounts[:, i]
        what = f"{hazard.name}/{scenario}"
        check_units(pd.Series(parts.sum(axis=1), names), pd.Series(measured.wholes, names), what)
        account = Account(
            classified=float(parts[:, :-2].sum()),
            nodata=float(parts[:, -2].sum()),
            unmapped=float(parts[:, -1].sum()),
            gap=measured.gap,
            overlap=measured.overlap,
            whole=measured.whole,
            unit=measured.unit,
        ).check(what)
        rows.append({"hazard": hazard.name, "scenario": scenario, **account.to_dict()})
    return pd.DataFrame(rows)


def _overlap_notes(again: NDArray[np.object_], names: pd.Index[Any]) -> list[Note]:
    area = shapely.area(again)
    return [
        Note(
            "unit_overlap",
            "unit {unit} overlaps units before it by {area_m2:.0f} m², which both count",
            "warning",
            {"unit": str(names[at]), "area_m2": float(area[at])},
        )
        for at in np.flatnonzero(area > OVERLAP_LISTED_M2).tolist()
    ]
