"""Archives, unpacked with counted bytes: one layer in one archive, and no path out of it."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Final

from layers.files.limits import MAX_MEMBERS, max_bytes
from layers.files.sniff import broken
from spatial.errors import LayerError, LimitError, SecurityError

__all__ = ["unpack"]

#: Members of a shapefile that carry data.
SHAPEFILE_PARTS: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg")
#: What may be read out of an archive.
INSIDE: Final = (
    ".shp", ".gpkg", ".geojson", ".json", ".geojsonl", ".fgb", ".parquet", ".kml", ".gml", ".dxf",
    ".csv", ".xlsx", ".tif", ".tiff", ".asc",
)  # fmt: skip
_CHUNK: Final = 1 << 20


def unpack(file: Path, folder: Path) -> Path:
    """Unpack the one layer of an archive into a folder.

    Returns
    -------
    Path
        Of the layer: a file, or a folder for a File Geodatabase. Names are ours.

    Raises
    ------
    SecurityError
        `archive_path`.
    LimitError
        `archive_too_large`, by what is declared and by what is counted.
    LayerError
        `archive_broken`, `archive_ambiguous`.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
            _check_members(file.name, members)
            members = [m for m in members if not _path(m).parts[0].startswith("__MACOSX")]
            chosen, main = _chosen(file.name, members)
            budget = max_bytes()
            for member, name in chosen:
                target = folder / name
                target.parent.mkdir(exist_ok=True)
                budget = _copy(archive, member, target, budget)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise broken(file.name, str(error) or "it ends too early") from error
    return folder / main


def _path(member: zipfile.ZipInfo) -> PurePosixPath:
    return PurePosixPath(member.filename.replace("\\", "/"))


def _check_members(name: str, members: list[zipfile.ZipInfo]) -> None:
    for member in members:
        path = _path(member)
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            raise SecurityError(
                "archive {name} holds a path that leads out of it: {member!r}",
                code="archive_path",
                hint="Pack the files anew without folders",
                name=name,
                member=member.filename[:80],
            )
    if sum(member.file_size for member in members) > max_bytes() or len(members) > MAX_MEMBERS:
        raise _too_large(name)


def _chosen(
    name: str, members: list[zipfile.ZipInfo]
) -> tuple[list[tuple[zipfile.ZipInfo, str]], str]:
    """Return the members to unpack with their new names, and the name of the layer."""
    databases = {_database(m) for m in members} - {None}
    files = [m for m in members if _path(m).suffix.lower() in INSIDE and _database(m) is None]
    if len(databases) + len(files) != 1:
        found = [*map(str, databases), *(m.filename for m in files)]
        raise LayerError(
            "archive {name} holds {count} layers",
            code="archive_ambiguous",
            hint="Pack one layer into one archive; found: {known}",
            name=name,
            count=len(found),
            known=", ".join(sorted(found)[:10]) or "-",
        )
    if databases:
        inside = [m for m in members if _database(m) is not None]
        return [(m, f"data.gdb/{_path(m).name}") for m in inside], "data.gdb"
    [main] = files
    stem = _path(main).with_suffix("")
    parts = [
        m
        for m in members
        if m is main
        or (_path(m).with_suffix("") == stem and _path(m).suffix.lower() in SHAPEFILE_PARTS)
    ]
    return [(m, f"data{_path(m).suffix.lower()}") for m in parts], (
        f"data{_path(main).suffix.lower()}"
    )


def _database(member: zipfile.ZipInfo) -> PurePosixPath | None:
    """Return the folder of the File Geodatabase that a member belongs to, or None."""
    folder = _path(member).parent
    return folder if folder.suffix.lower() == ".gdb" else None


def _copy(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, budget: int) -> int:
    """Copy counted bytes: what an archive declares about its size need not be true."""
    with archive.open(member) as source, target.open("wb") as sink:
        while chunk := source.read(_CHUNK):
            budget -= len(chunk)
            if budget < 0:
                raise _too_large(Path(archive.filename or "").name)
            sink.write(chunk)
    return budget


def _too_large(name: str) -> LimitError:
    return LimitError(
        "archive {name} unpacks to more than {limit} bytes",
        code="archive_too_large",
        hint="Split the layer",
        name=name,
        limit=max_bytes(),
    )
