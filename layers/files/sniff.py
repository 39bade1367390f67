"""What a file is, by its first bytes: names and suffixes are not believed."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Final
from xml.parsers import expat

from spatial.errors import LayerError, SecurityError

__all__ = ["RASTERS", "SUFFIXES", "sniff"]

HEAD: Final = 4096
#: What stands before the first element of an XML file is short.
PROLOG: Final = 1 << 20
SHAPEFILE_MAGIC: Final = b"\x00\x00\x27\x0a"
#: Suffixes by which drivers know a format; the first is ours.
SUFFIXES: Final[dict[str, tuple[str, ...]]] = {
    "geopackage": (".gpkg",),
    "flatgeobuf": (".fgb",),
    "geojson": (".geojson", ".json"),
    "geojsonseq": (".geojsonl", ".geojsons"),
    "shapefile": (".shp",),
    "parquet": (".parquet",),
    "kml": (".kml",),
    "gml": (".gml", ".xml"),
    "dxf": (".dxf",),
    "csv": (".csv",),
    "xlsx": (".xlsx",),
    "geotiff": (".tif",),
    "ascii_grid": (".asc",),
}
RASTERS: Final = ("geotiff", "ascii_grid")
_TIFF: Final = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
#: First elements of XML files that name other files or addresses instead of holding data.
_FOLLOWING: Final = frozenset(
    {"vrtdataset", "ogrvrtdatasource", "ogrvrtlayer", "ogrvrtwarpedlayer", "ogrvrtunionlayer",
     "gdaltileindexdataset", "gdal_wms", "gdal_wmts", "wcs_gdal", "ogrwfsdatasource",
     "wfs_capabilities", "wmt_ms_capabilities", "capabilities", "networklink"}
)  # fmt: skip
_HINT: Final = (
    "Use Shapefile (zip), File Geodatabase (zip), GPKG, GeoJSON, FlatGeobuf, GeoParquet, KML/KMZ, "
    "GML, DXF, XLSX, CSV, GeoTIFF or ASC"
)


def sniff(file: Path) -> str:
    """Say what a file is.

    Returns
    -------
    str
        A key of `SUFFIXES`, or "archive".

    Raises
    ------
    SecurityError
        `format_refused`, for formats that name other files.
    LayerError
        `format_unknown`, `format_dwg`, `xml_entities`, `archive_broken`.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "innocent.tif"
    >>> _ = file.write_text('{"type": "FeatureCollection", "features": []}')
    >>> sniff(file)
    'geojson'
    """
    with file.open("rb") as source:
        head = source.read(HEAD)
    for magic, found in (
        (b"SQLite format 3\x00", "geopackage"),
        (b"fgb\x03", "flatgeobuf"),
        (b"PAR1", "parquet"),
        (SHAPEFILE_MAGIC, "shapefile"),
        (b"AutoCAD Binary DXF", "dxf"),
        *((magic, "geotiff") for magic in _TIFF),
    ):
        if head.startswith(magic):
            return found
    if head.startswith(b"PK\x03\x04"):
        return "xlsx" if _is_workbook(file) else "archive"
    if head.startswith(b"AC10"):
        raise LayerError(
            "{name} is a DWG drawing, whose format is not open",
            code="format_dwg",
            hint="Save it in the drawing program as DXF",
            name=file.name,
        )
    return _sniff_text(file, head)


def _is_workbook(file: Path) -> bool:
    try:
        with zipfile.ZipFile(file) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except zipfile.BadZipFile as error:
        raise broken(file.name, str(error)) from error


def broken(name: str, reason: str) -> LayerError:
    """Return the error of an archive that cannot be read."""
    return LayerError(
        "archive {name} cannot be read: {reason}",
        code="archive_broken",
        hint="Pack or download it again",
        name=name,
        reason=reason,
    )


def _sniff_text(file: Path, head: bytes) -> str:
    if _looks_like_xml(head):
        return _sniff_xml(file)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"\x1e"):
        return "geojsonseq"
    if text.startswith(b"{"):
        first, newline, rest = text.partition(b"\n")
        whole_line = newline and first.rstrip().endswith(b"}") and rest.lstrip().startswith(b"{")
        return "geojsonseq" if whole_line else "geojson"
    if _looks_like_dxf(text):
        return "dxf"
    if text[:5].lower() == b"ncols":
        return "ascii_grid"
    if text and b"\x00" not in text and any(mark in text for mark in (b",", b";", b"\t")):
        return "csv"
    raise _unknown(file)


def _looks_like_dxf(text: bytes) -> bool:
    lines = [line.strip() for line in text.splitlines()[:200]]
    return bool(lines) and lines[0] in (b"0", b"999") and b"SECTION" in lines


def _looks_like_xml(head: bytes) -> bool:
    for encoding in ("utf-8-sig", "utf-16", "utf-32"):
        try:
            text = head[: HEAD // 4 * 4].decode(encoding, errors="ignore").lstrip("\ufeff \r\n\t")
        except UnicodeError:
            continue
        if text.startswith("<"):
            return True
    return False


def _sniff_xml(file: Path) -> str:
    root, prefixes = _root(file)
    if root in _FOLLOWING:
        raise SecurityError(
            "{name} names other files or addresses instead of holding data",
            code="format_refused",
            hint="Export the data themselves, for example as GPKG",
            name=file.name,
        )
    if root == "kml":
        return "kml"
    if any("opengis.net/gml" in address or "opengis.net/wfs" in address for address in prefixes):
        return "gml"
    raise _unknown(file)


def _root(file: Path) -> tuple[str, list[str]]:
    """Return the local name of the first element and the namespaces declared by it.

    A document type declaration is refused: entities are declared there.
    """
    found: list[tuple[str, list[str]]] = []
    declared: list[bool] = []
    reader = expat.ParserCreate()
    reader.StartElementHandler = lambda name, attributes: found.append(
        (name.rpartition(":")[2].lower(), [v for k, v in attributes.items() if k[:5] == "xmlns"])
    )
    reader.StartDoctypeDeclHandler = lambda *_: declared.append(True)
    with file.open("rb") as source:
        for _ in range(PROLOG // HEAD):
            try:
                reader.Parse(source.read(HEAD))
            except expat.ExpatError as error:
                if not (found or declared):
                    raise _unknown(file) from error
            if found or declared:
                break
    if declared:
        raise LayerError(
            "{name} declares entities, which are not read",
            code="xml_entities",
            hint="Export it again without a DOCTYPE",
            name=file.name,
        )
    if not found:
        raise _unknown(file)
    return found[0]


def _unknown(file: Path) -> LayerError:
    return LayerError(
        "{name} is in no format that can be read",
        code="format_unknown",
        hint=_HINT,
        name=file.name,
    )
