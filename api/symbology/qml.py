"""Symbols as a QGIS style (QML): laid beside a file of the same name, QGIS takes it by itself."""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree as ET

from api.symbology.symbols import INK, Symbol, Symbology

__all__ = ["as_qml"]

_TYPES: Final = {"fill": "fill", "line": "line", "marker": "marker"}
_VERSION: Final = "3.28.0"
#: Hatches of the house as angles of the lines of a pattern, and the distance between them.
_ANGLES: Final = {"diagonal": (45,), "back": (135,), "cross": (45, 135), "dots": ()}
_SPACING_MM: Final = "2.4"


def as_qml(found: Symbology, column: str | None = None) -> bytes:
    """Write symbols as QML.

    Parameters
    ----------
    found : Symbology
    column : str, optional
        What the deciding column is called in the file; `found.column` without.

    Examples
    --------
    >>> text = as_qml(Symbology("fill", "zona", (Symbol("R-2", "R-2 Perumahan", "#ffdc64"),)))
    >>> b'attr="zona"' in text, b"255,220,100,255" in text
    (True, True)
    """
    root = ET.Element("qgis", version=_VERSION, styleCategories="Symbology")
    kind = "singleSymbol" if found.column is None else "categorizedSymbol"
    renderer = ET.SubElement(
        root, "renderer-v2", type=kind, symbollevels="0", enableorderby="0", forceraster="0"
    )
    if found.column is not None:
        renderer.set("attr", column or found.column)
        categories = ET.SubElement(renderer, "categories")
        for number, symbol in enumerate(found.symbols):
            ET.SubElement(
                categories, "category", symbol=str(number), value=symbol.value or "",
                label=symbol.label, render="true", type="string" if symbol.value else "NULL",
            )  # fmt: skip
    symbols = ET.SubElement(renderer, "symbols")
    for number, symbol in enumerate(found.symbols):
        element = ET.SubElement(
            symbols, "symbol", name=str(number), type=_TYPES[found.shape], alpha="1",
            clip_to_extent="1", force_rhr="0",
        )  # fmt: skip
        _layers(element, found.shape, symbol)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8")
    return b"<!DOCTYPE qgis>\n" + text + b"\n"


def _layers(element: ET.Element, shape: str, symbol: Symbol) -> None:
    colour = _rgba(symbol.colour)
    if shape == "line":
        _layer(element, "SimpleLine", line_color=colour, line_width="0.4", line_style="solid")
    elif shape == "marker":
        _layer(element, "SimpleMarker", color=colour, name="circle", size="2.2",
               outline_color=_rgba(INK), outline_width="0.2")  # fmt: skip
    elif symbol.hatch == "solid":
        _layer(element, "SimpleFill", color=colour, style="solid", outline_color=_rgba(INK),
               outline_width="0.1", outline_style="solid")  # fmt: skip
    else:
        _hatched(element, symbol.hatch, colour)


def _hatched(element: ET.Element, hatch: str, colour: str) -> None:
    """Draw an overlay as a hatch with an outline, so that the plan below stays readable."""
    _layer(element, "SimpleFill", color=colour, style="no", outline_color=colour,
           outline_width="0.4", outline_style="solid")  # fmt: skip
    if hatch == "dots":
        layer = _layer(element, "PointPatternFill", distance_x=_SPACING_MM, distance_y=_SPACING_MM)
        _layer(_inner(layer, "marker"), "SimpleMarker", color=colour, name="circle", size="0.7",
               outline_color=colour, outline_style="no")  # fmt: skip
    for angle in _ANGLES.get(hatch, ()):
        layer = _layer(element, "LinePatternFill", angle=str(angle), distance=_SPACING_MM,
                       line_width="0.3", color=colour)  # fmt: skip
        _layer(_inner(layer, "line"), "SimpleLine", line_color=colour, line_width="0.3")


def _inner(layer: ET.Element, kind: str) -> ET.Element:
    return ET.SubElement(layer, "symbol", name="@0@0", type=kind, alpha="1")


def _layer(element: ET.Element, kind: str, **options: str) -> ET.Element:
    layer = ET.SubElement(element, "layer", {"class": kind}, enabled="1", locked="0")
    layer.set("pass", "0")
    listed = ET.SubElement(layer, "Option", type="Map")
    for name, value in options.items():
        ET.SubElement(listed, "Option", name=name, type="QString", value=value)
    return layer


def _rgba(colour: str) -> str:
    return ",".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5)) + ",255"
