"""The one opener of outside data: it looks at the bytes, trusts no name, and follows nothing.

No text that a user gave reaches GDAL as anything but the path of a file that was looked at.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from layers.files.archives import unpack
from layers.files.limits import max_bytes
from layers.files.shapefile import check_shapefile
from layers.files.sniff import SUFFIXES, sniff
from spatial.errors import LayerError, LimitError, SecurityError

__all__ = ["Opened", "local_path", "open_file"]


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that was looked at: where it is, what it is, what it is called by its owner."""

    path: Path
    format: str
    name: str


def open_file(path: Path, folder: Path) -> Opened:
    """Look at a file, unpack it where it is an archive, and say what it is.

    Parameters
    ----------
    path : Path
        As `local_path` returns it.
    folder : Path
        Empty and private: archives are unpacked there, and files whose suffix lies are linked.

    Raises
    ------
    LayerError
        `format_unknown`, or what is wrong with an archive or shapefile.
    SecurityError
        `format_refused`, `archive_path`.
    LimitError
        `file_too_large`, `archive_too_large`.
    """
    name = path.name
    if path.is_dir():
        return Opened(path, "file_geodatabase", name)
    found = sniff(path)
    if found == "archive":
        path = unpack(path, folder)
        if path.is_dir():
            return Opened(path, "file_geodatabase", name)
        found = sniff(path)
        if found == "archive":
            raise LayerError(
                "archive {name} holds another archive",
                code="archive_nested",
                hint="Unpack the outer one and send the inner",
                name=name,
            )
    if found == "shapefile":
        check_shapefile(path)
    elif path.suffix.lower() not in SUFFIXES[found]:
        path = _named(path, folder / f"{path.stem.strip('.') or 'data'}{SUFFIXES[found][0]}")
    return Opened(path, found, name)


def _named(path: Path, named: Path) -> Path:
    """Give a file the suffix of its content: drivers look at names too."""
    try:
        named.symlink_to(path.resolve())
    except OSError:  # a system that lets only administrators link
        shutil.copyfile(path, named)
    return named


def local_path(path: Path | str) -> Path:
    """Return the file or File Geodatabase of a path that a user gave; nothing is opened.

    Raises
    ------
    SecurityError
        `path_not_local`, for addresses and driver prefixes.
    LayerError
        `layer_file_missing`, `folder_ambiguous`.
    LimitError
        `file_too_large`.
    """
    text = os.fspath(path)
    scheme, colon, _ = text.partition(":")
    prefixed = text.startswith("/vsi") or (colon and len(scheme) > 1 and not Path(text).exists())
    if prefixed or "\x00" in text or text.lstrip().startswith(("{", "<")):
        raise SecurityError(
            "{path!r} is no file on this machine",
            code="path_not_local",
            hint="Give the path of a file; addresses and driver prefixes are not followed",
            path=text[:120],
        )
    file = Path(text)
    if file.is_dir() and file.suffix.lower() != ".gdb":
        file = _in_folder(file)
    if not (file.is_file() or file.is_dir()):
        raise LayerError(
            "there is no file {path}",
            code="layer_file_missing",
            hint="Check the path",
            path=text[:200],
        )
    size = sum(p.stat().st_size for p in file.iterdir()) if file.is_dir() else file.stat().st_size
    if size > max_bytes():
        raise LimitError(
            "{name} is larger than {limit} bytes",
            code="file_too_large",
            hint="Split it, or load it into a database",
            name=file.name,
            limit=max_bytes(),
        )
    return file.absolute()


def _in_folder(folder: Path) -> Path:
    """Find the one shapefile or File Geodatabase of a folder."""
    found = sorted(p for p in folder.iterdir() if p.suffix.lower() in (".shp", ".gdb"))
    if len(found) == 1:
        return found[0]
    raise LayerError(
        "folder {name} holds {count} layers (.shp, .gdb)",
        code="folder_ambiguous",
        hint="Give the path of the one: {known}",
        name=folder.name,
        count=len(found),
        known=", ".join(p.name for p in found[:10]) or "-",
    )
