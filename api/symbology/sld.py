"""Symbols as an OGC Styled Layer Descriptor (SLD 1.0.0), for GeoServer, QGIS and others."""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree as ET

from api.symbology.symbols import INK, Symbol, Symbology

__all__ = ["as_sld"]

SLD: Final = "http://www.opengis.net/sld"
OGC: Final = "http://www.opengis.net/ogc"
#: Hatches of the house by the well-known marks that fill an area.
_MARKS: Final = {"diagonal": "shape://slash", "back": "shape://backslash",
                 "cross": "shape://times", "dots": "shape://dot"}  # fmt: skip


def as_sld(found: Symbology, name: str, column: str | None = None) -> bytes:
    """Write symbols as SLD.

    Parameters
    ----------
    found : Symbology
    name : str
        Of the layer.
    column : str, optional
        What the deciding column is called in the file; `found.column` without.

    Examples
    --------
    >>> text = as_sld(Symbology("fill", "zona", (Symbol("R-2", "R-2", "#ffdc64"),)), "rdtr")
    >>> b"<ogc:Literal>R-2</ogc:Literal>" in text, b"#ffdc64" in text
    (True, True)
    """
    ET.register_namespace("", SLD)
    ET.register_namespace("ogc", OGC)
    root = ET.Element(f"{{{SLD}}}StyledLayerDescriptor", version="1.0.0")
    layer = _child(root, "NamedLayer")
    _child(layer, "Name", name)
    style = _child(_child(layer, "UserStyle"), "FeatureTypeStyle")
    for symbol in found.symbols:
        rule = _child(style, "Rule")
        _child(rule, "Title", symbol.label)
        if found.column is not None:
            _filter(rule, column or found.column, symbol)
        _symbolizer(rule, found.shape, symbol)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _filter(rule: ET.Element, column: str, symbol: Symbol) -> None:
    element = ET.SubElement(rule, f"{{{OGC}}}Filter")
    test = "PropertyIsNull" if symbol.value is None else "PropertyIsEqualTo"
    compared = ET.SubElement(element, f"{{{OGC}}}{test}")
    ET.SubElement(compared, f"{{{OGC}}}PropertyName").text = column
    if symbol.value is not None:
        ET.SubElement(compared, f"{{{OGC}}}Literal").text = symbol.value


def _symbolizer(rule: ET.Element, shape: str, symbol: Symbol) -> None:
    if shape == "line":
        _stroke(_child(rule, "LineSymbolizer"), symbol.colour, "1.5")
        return
    if shape == "marker":
        graphic = _child(_child(rule, "PointSymbolizer"), "Graphic")
        _mark(graphic, "circle", symbol.colour, filled=True)
        _child(graphic, "Size", "8")
        return
    polygon = _child(rule, "PolygonSymbolizer")
    if symbol.hatch == "solid":
        _parameter(_child(polygon, "Fill"), "fill", symbol.colour)
        _stroke(polygon, INK, "0.4")
        return
    if mark := _MARKS.get(symbol.hatch):
        graphic = _child(_child(_child(polygon, "Fill"), "GraphicFill"), "Graphic")
        _mark(graphic, mark, symbol.colour, filled=False)
        _child(graphic, "Size", "10")
    _stroke(polygon, symbol.colour, "1.5")


def _mark(graphic: ET.Element, name: str, colour: str, *, filled: bool) -> None:
    mark = _child(graphic, "Mark")
    _child(mark, "WellKnownName", name)
    if filled:
        _parameter(_child(mark, "Fill"), "fill", colour)
    _stroke(mark, INK if filled else colour, "1")


def _stroke(parent: ET.Element, colour: str, width: str) -> None:
    stroke = _child(parent, "Stroke")
    _parameter(stroke, "stroke", colour)
    _parameter(stroke, "stroke-width", width)


def _parameter(parent: ET.Element, name: str, value: str) -> None:
    element = ET.SubElement(parent, f"{{{SLD}}}CssParameter", name=name)
    element.text = value


def _child(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    element = ET.SubElement(parent, f"{{{SLD}}}{name}")
    element.text = text
    return element
