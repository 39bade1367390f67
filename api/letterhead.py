"""The letterhead of an office: `kop.toml` in the workspace, edited once and printed on letters."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from layers.workspace import Workspace
from spatial.errors import StoreError

__all__ = ["FILE", "Letterhead"]

FILE: Final = "kop.toml"
LOGOS: Final = (".png", ".svg", ".jpg", ".jpeg")
LARGEST_LOGO: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What stands at the head and foot of a letter; every field may be empty.

    Parameters
    ----------
    pemerintah, kantor, alamat, kontak : str
        Government, office, address, telephone and mail: the lines of the head.
    kota : str
        Place beside the date.
    jabatan, nama, nip : str
        Who signs.
    verifikasi : str
        Address of the service that verifies letters, such as `https://ruang.example.go.id`.
    logo : Path or None
    """

    pemerintah: str = ""
    kantor: str = ""
    alamat: str = ""
    kontak: str = ""
    kota: str = ""
    jabatan: str = ""
    nama: str = ""
    nip: str = ""
    verifikasi: str = ""
    logo: Path | None = None

    @classmethod
    def of(cls, workspace: Workspace) -> Letterhead:
        """Read the letterhead of a workspace; without a file the workspace's name heads letters.

        Raises
        ------
        StoreError
            `letterhead_damaged`, if the file has a fault: no letter leaves with half a head.

        Examples
        --------
        >>> import tempfile
        >>> made = Workspace.create(Path(tempfile.mkdtemp()) / "w", name="Kabupaten Contoh")
        >>> Letterhead.of(made).kantor
        'Kabupaten Contoh'
        """
        path = workspace.folder / FILE
        if not path.exists():
            return cls(kantor=workspace.name)
        try:
            said = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise _damaged(str(error)) from error
        known = {field.name for field in fields(cls)}
        if strange := sorted(said.keys() - known):
            raise _damaged(f"unknown: {', '.join(strange)}; known: {', '.join(sorted(known))}")
        if wrong := [name for name, value in said.items() if not isinstance(value, str)]:
            raise _damaged(f"{wrong[0]} is no text")
        logo = said.pop("logo", "")
        return cls(**said, logo=_logo(workspace.folder, logo) if logo else None)


def _logo(folder: Path, name: str) -> Path:
    """Return the logo's file: inside the workspace, a picture, not too large."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or path.suffix.lower() not in LOGOS:
        raise _damaged(f"logo {name!r} is no {', '.join(LOGOS)} inside the workspace")
    if not path.is_file() or path.stat().st_size > LARGEST_LOGO:
        raise _damaged(f"logo {name!r} is missing or larger than {LARGEST_LOGO} bytes")
    return path


def _damaged(reason: str) -> StoreError:
    return StoreError(
        "{file} has a fault: {reason}",
        code="letterhead_damaged",
        hint="Correct it, or remove it: letters then carry the workspace's name",
        file=FILE,
        reason=reason,
    )
