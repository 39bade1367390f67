"""Which symbols a layer has, for programs that draw it themselves: one answer for QML and SLD."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import geopandas as gpd
import pandas as pd

from api.symbology import UNKNOWN_ZONE, layer_styles, zone_colour, zone_styles
from api.symbology.rasters import style_of

__all__ = ["Shape", "Symbol", "Symbology", "symbology_of"]

Shape: TypeAlias = Literal["fill", "line", "marker"]
INK: Final = "#3a4450"
PLAIN: Final = "#8a94a0"
#: Layers whose features carry a zone; the column that says which.
ZONES: Final = "zona"
CLASSES: Final = ("kelas", "dn")


@dataclass(frozen=True, slots=True)
class Symbol:
    """One entry of a legend: the value it stands for, its label, colour and hatch.

    `value` is None for the one symbol of a layer, or for what has no class.
    """

    value: str | None
    label: str
    colour: str
    hatch: str = "solid"


@dataclass(frozen=True, slots=True)
class Symbology:
    """How a layer is drawn: `column` decides among the symbols; None where there is one."""

    shape: Shape
    column: str | None
    symbols: tuple[Symbol, ...]


def symbology_of(frame: gpd.GeoDataFrame, *, name: str, kind: str) -> Symbology:
    """Return the symbols of a layer, by its kind, else by its name, else a plain one.

    Parameters
    ----------
    frame : GeoDataFrame
        With our column names.
    name, kind : str
        Of the stored version.

    Examples
    --------
    >>> import shapely
    >>> squares = [shapely.box(0, 0, 1, 1)] * 3
    >>> zones = gpd.GeoDataFrame({"zona": ["R-2", "R-2", "X9"]}, geometry=squares)
    >>> found = symbology_of(zones, name="rdtr", kind="pola_ruang")
    >>> [(one.value, one.colour) for one in found.symbols]
    [('R-2', '#ffcd46'), ('X9', '#c9c3d6')]
    """
    shape = _shape(frame)
    if ZONES in frame.columns and kind in {"pola_ruang", ""}:
        return Symbology(shape, ZONES, _zones(frame[ZONES]))
    styles = layer_styles()
    known = styles.get(kind) or styles.get(name)
    if known is not None:
        symbol = Symbol(None, str(known["nama"]), str(known["colour"]), str(known["hatch"]))
        return Symbology(shape, None, (symbol,))
    for column in CLASSES:
        if column in frame.columns and shape == "fill":
            return Symbology(shape, column, _classes(frame[column], name))
    return Symbology(shape, None, (Symbol(None, name, PLAIN),))


def _shape(frame: gpd.GeoDataFrame) -> Shape:
    types = set(frame.geometry.geom_type.dropna())
    if types and types <= {"Point", "MultiPoint"}:
        return "marker"
    if types and types <= {"LineString", "MultiLineString", "LinearRing"}:
        return "line"
    return "fill"


def _values(column: pd.Series[Any]) -> list[str]:
    return sorted(str(value) for value in column.dropna().unique())


def _zones(column: pd.Series[Any]) -> tuple[Symbol, ...]:
    known = zone_styles()
    symbols = [
        Symbol(code, f"{code} {known[code].name}" if code in known else code, zone_colour(code))
        for code in _values(column)
    ]
    if column.isna().any():
        symbols.append(Symbol(None, "tanpa kode", UNKNOWN_ZONE))
    return tuple(symbols)


def _classes(column: pd.Series[Any], name: str) -> tuple[Symbol, ...]:
    colours = (style_of(name) or {"colours": {}})["colours"]
    return tuple(
        Symbol(value, value, colours.get(value.strip().lower(), UNKNOWN_ZONE))
        for value in _values(column)
    )
