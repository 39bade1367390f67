"""The one opener of outside data: it looks at the bytes, trusts no name, and follows nothing.

Drivers that read other files or the network are switched off before GDAL loads, and no text
that a user gave reaches GDAL as anything but the path of a file that was looked at.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Final

from spatial.errors import LayerError, LimitError, SecurityError

__all__ = ["Opened", "opened", "sniff"]

#: Drivers that open what a file names: other files or the network. Only names that every
#: wheel carries: GDAL complains of others on stderr. Rasters are opened by a named driver.
DANGEROUS_DRIVERS: Final = "VRT,OGR_VRT,DERIVED,WFS,OAPIF,CSW,AmigoCloud,CARTO,NGW,PLSCENES,Selafin"
os.environ.setdefault("GDAL_SKIP", DANGEROUS_DRIVERS)

MAX_BYTES: Final = 4 << 30
MAX_MEMBERS: Final = 2_000
HEAD: Final = 4096
SHAPEFILE_MAGIC: Final = b"\x00\x00\x27\x0a"
#: Members of a shapefile that carry data.
SHAPEFILE_PARTS: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg")
#: What may be read out of an archive.
INSIDE: Final = (".shp", ".gpkg", ".geojson", ".json", ".fgb", ".parquet", ".kml", ".csv")


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that was looked at: where it is, what it is, what it is called by its owner."""

    path: Path
    format: str
    name: str


@contextmanager
def opened(path: Path | str) -> Iterator[Opened]:
    """Look at a file, unpack it where it is an archive, and say what it is.

    Raises
    ------
    LayerError
        `layer_file_missing`, `format_unknown`, or what is wrong with an archive or shapefile.
    SecurityError
        `path_not_local`, `format_refused`, `archive_path`.
    LimitError
        `file_too_large`, `archive_too_large`.
    """
    file = _local(path)
    found = sniff(file)
    if found != "archive":
        if found == "shapefile":
            file = check_shapefile(file)
        yield Opened(file, found, file.name)
        return
    with TemporaryDirectory(prefix="tataruang-") as folder:
        inside = _unpack(file, Path(folder))
        inner = sniff(inside)
        if inner == "shapefile":
            inside = check_shapefile(inside)
        yield Opened(inside, inner, file.name)


def _local(path: Path | str) -> Path:
    text = os.fspath(path)
    scheme, colon, _ = text.partition(":")
    if text.startswith("/vsi") or (colon and len(scheme) > 1 and not Path(text).exists()):
        raise SecurityError(
            "{path!r} is no file on this machine",
            code="path_not_local",
            hint="Give the path of a file; addresses and driver prefixes are not followed",
            path=text[:120],
        )
    file = Path(text)
    if file.is_dir():
        return _in_folder(file)
    if not file.is_file():
        raise LayerError(
            "there is no file {path}",
            code="layer_file_missing",
            hint="Check the path",
            path=text[:200],
        )
    if file.stat().st_size > MAX_BYTES:
        raise LimitError(
            "{name} is larger than {limit} bytes",
            code="file_too_large",
            hint="Split it, or load it into a database",
            name=file.name,
            limit=MAX_BYTES,
        )
    return file


def _in_folder(folder: Path) -> Path:
    """Find the one shapefile of a folder."""
    shapes = sorted(p for p in folder.iterdir() if p.suffix.lower() == ".shp")
    if len(shapes) == 1:
        return shapes[0]
    raise LayerError(
        "folder {name} holds {count} shapefiles",
        code="folder_ambiguous",
        hint="Give the path of the one: {known}",
        name=folder.name,
        count=len(shapes),
        known=", ".join(p.name for p in shapes[:10]) or "-",
    )


def sniff(file: Path) -> str:
    """Say what a file is by its first bytes.

    Returns
    -------
    str
        geopackage, flatgeobuf, parquet, shapefile, geojson, geojsonseq, kml, archive, xlsx,
        csv or raster.

    Raises
    ------
    SecurityError
        `format_refused`, for formats that name other files.
    LayerError
        `format_unknown`.
    """
    with file.open("rb") as source:
        head = source.read(HEAD)
    if head.startswith(b"SQLite format 3\x00"):
        return "geopackage"
    if head.startswith(b"fgb\x03"):
        return "flatgeobuf"
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(SHAPEFILE_MAGIC):
        return "shapefile"
    if head.startswith(b"PK\x03\x04"):
        return "xlsx" if _is_workbook(file) else "archive"
    if head[:4] in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"):
        return "raster"
    return _sniff_text(file, head)


def _is_workbook(file: Path) -> bool:
    try:
        with zipfile.ZipFile(file) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except zipfile.BadZipFile as error:
        raise _broken(file.name, str(error)) from error


def _sniff_text(file: Path, head: bytes) -> str:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    lower = text.lower()
    if text.startswith(b"\x1e{"):
        return "geojsonseq"
    if text.startswith(b"{"):
        first, newline, rest = text.partition(b"\n")
        whole_line = newline and first.rstrip().endswith(b"}") and rest.lstrip().startswith(b"{")
        return "geojsonseq" if whole_line else "geojson"
    if text.startswith(b"<"):
        return _sniff_xml(file, lower)
    if text and b"\x00" not in text and (b"," in text or b";" in text or b"\t" in text):
        return "csv"
    raise LayerError(
        "{name} is in no format that can be read",
        code="format_unknown",
        hint="Use Shapefile (zip), GPKG, GeoJSON, FlatGeobuf, GeoParquet, KML, XLSX or CSV",
        name=file.name,
    )


def _sniff_xml(file: Path, lower: bytes) -> str:
    if b"vrtdataset" in lower or b"ogrvrt" in lower or b"<gdal_wms" in lower or b"<wfs" in lower:
        raise SecurityError(
            "{name} names other files or addresses instead of holding data",
            code="format_refused",
            hint="Export the data themselves, for example as GPKG",
            name=file.name,
        )
    if b"<!entity" in lower or b"<!doctype" in lower:
        raise LayerError(
            "{name} declares entities, which are not read",
            code="xml_entities",
            hint="Export it again without a DOCTYPE",
            name=file.name,
        )
    if b"<kml" in lower:
        return "kml"
    raise LayerError(
        "{name} is XML of an unknown kind",
        code="format_unknown",
        hint="Use Shapefile (zip), GPKG, GeoJSON, FlatGeobuf, GeoParquet, KML, XLSX or CSV",
        name=file.name,
    )


def _unpack(file: Path, folder: Path) -> Path:
    """Unpack the one layer of an archive, counting bytes, following no path out of the folder."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
            _check_members(file.name, members)
            main = _main_member(file.name, members)
            stem = PurePosixPath(main.filename).with_suffix("")
            budget = MAX_BYTES
            for member in members:
                name = PurePosixPath(member.filename)
                if member is main or (
                    name.with_suffix("") == stem and name.suffix.lower() in SHAPEFILE_PARTS
                ):
                    budget = _copy(archive, member, folder / f"data{name.suffix.lower()}", budget)
    except zipfile.BadZipFile as error:
        raise _broken(file.name, str(error)) from error
    return folder / f"data{PurePosixPath(main.filename).suffix.lower()}"


def _check_members(name: str, members: list[zipfile.ZipInfo]) -> None:
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            raise SecurityError(
                "archive {name} holds a path that leads out of it: {member!r}",
                code="archive_path",
                hint="Pack the files anew without folders",
                name=name,
                member=member.filename[:80],
            )
    declared = sum(member.file_size for member in members)
    if declared > MAX_BYTES or len(members) > MAX_MEMBERS:
        raise _too_large(name)


def _main_member(name: str, members: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    found = [m for m in members if PurePosixPath(m.filename).suffix.lower() in INSIDE]
    found = [m for m in found if not m.filename.startswith("__MACOSX/")]
    if len(found) == 1:
        return found[0]
    raise LayerError(
        "archive {name} holds {count} layers",
        code="archive_ambiguous",
        hint="Pack one layer into one archive; found: {known}",
        name=name,
        count=len(found),
        known=", ".join(m.filename for m in found[:10]) or "-",
    )


def _copy(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, budget: int) -> int:
    """Copy counted bytes: what an archive declares about its size need not be true."""
    with archive.open(member) as source, target.open("wb") as sink:
        while chunk := source.read(1 << 20):
            budget -= len(chunk)
            if budget < 0:
                raise _too_large(archive.filename or "")
            sink.write(chunk)
    return budget


def check_shapefile(file: Path) -> Path:
    """Refuse a shapefile with a part missing or cut off.

    Raises
    ------
    LayerError
        `shapefile_incomplete` or `shapefile_truncated`.
    """
    siblings = {p.suffix.lower(): p for p in file.parent.iterdir() if p.stem == file.stem}
    missing = [part for part in (".shx", ".dbf") if part not in siblings]
    if missing:
        raise LayerError(
            "shapefile {name} lacks {missing}",
            code="shapefile_incomplete",
            hint="Send .shp, .shx, .dbf and .prj together, best as one zip",
            name=file.name,
            missing=", ".join(missing),
        )
    for part in (".shp", ".shx"):
        with siblings[part].open("rb") as source:
            declared = int.from_bytes(source.read(28)[24:28], "big") * 2
        actual = siblings[part].stat().st_size
        if declared != actual:
            raise LayerError(
                "{name} was cut off: it declares {declared} bytes and has {actual}",
                code="shapefile_truncated",
                hint="Copy or export it again",
                name=siblings[part].name,
                declared=declared,
                actual=actual,
            )
    return file


def _broken(name: str, reason: str) -> LayerError:
    return LayerError(
        "archive {name} cannot be read: {reason}",
        code="archive_broken",
        hint="Pack or download it again",
        name=name,
        reason=reason,
    )


def _too_large(name: str) -> LimitError:
    return LimitError(
        "archive {name} unpacks to more than {limit} bytes",
        code="archive_too_large",
        hint="Split the layer",
        name=name,
        limit=MAX_BYTES,
    )
