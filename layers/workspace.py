"""A workspace: one folder with its name, its extent, its layers, its plans and its register."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from spatial.crs import AREA_CRS, INDONESIA, METRIC_CRS, Bounds, parse_crs
from spatial.errors import StoreError

__all__ = ["FILE", "Workspace"]

FILE: Final = "workspace.toml"
LANGUAGES: Final = ("id", "en")


@dataclass(frozen=True, slots=True)
class Workspace:
    """What `workspace.toml` says, and where things are.

    Parameters
    ----------
    folder : Path
    name : str
        For people: "Kabupaten Contoh".
    extent : (west, south, east, north)
        In degrees; coordinates outside are refused.
    area_crs, metric_crs : str
        Plane of areas; CRS of distances.
    language : {"id", "en"}
    resmi : bool
        False marks everything that is shown "contoh, bukan data resmi".
    private : bool
        True lets data of persons in; nothing is served or published from here.
    """

    folder: Path
    name: str
    extent: Bounds = INDONESIA
    area_crs: str = AREA_CRS
    metric_crs: str = METRIC_CRS
    language: str = "id"
    resmi: bool = True
    private: bool = False

    @property
    def store(self) -> Path:
        """Folder of the layers' versions and their catalogue."""
        return self.folder / "store"

    @property
    def plans(self) -> Path:
        """Folder of the plan folders."""
        return self.folder / "plans"

    @property
    def register(self) -> Path:
        """Folder of the decisions on record."""
        return self.folder / "register"

    @classmethod
    def create(
        cls,
        folder: Path | str,
        *,
        name: str,
        extent: Sequence[float] = INDONESIA,
        area_crs: str = AREA_CRS,
        metric_crs: str = METRIC_CRS,
        language: str = "id",
        resmi: bool = True,
        private: bool = False,
    ) -> Workspace:
        """Create a workspace in a folder that is empty or not there.

        Raises
        ------
        StoreError
            `workspace_exists`, if something is there; `workspace_extent`, if the extent is none.
        CrsError
            If a CRS is unknown.

        Examples
        --------
        >>> import tempfile
        >>> made = Workspace.create(tempfile.mkdtemp(), name="Contoh", extent=(110, -7, 111, -6))
        >>> Workspace.open(made.folder) == made
        True
        """
        path = Path(folder).resolve()
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise StoreError(
                "{folder} exists and is not empty",
                code="workspace_exists",
                hint="Choose another folder; nothing was changed",
                folder=str(path),
            )
        for code in (area_crs, metric_crs):
            parse_crs(code)
        made = cls(path, name, _extent(extent), area_crs, metric_crs, language, resmi, private)
        for inside in (made.store, made.plans, made.register):
            inside.mkdir(parents=True, exist_ok=True)
        (path / FILE).write_text(_toml(made), encoding="utf-8")
        return made

    @classmethod
    def open(cls, folder: Path | str) -> Workspace:
        """Open a workspace.

        Raises
        ------
        StoreError
            `workspace_missing`, if the folder is none; `workspace_damaged`, if its file has
            a fault.
        """
        path = Path(folder).resolve()
        try:
            said = tomllib.loads((path / FILE).read_text(encoding="utf-8"))
        except OSError as error:
            raise StoreError(
                "{folder} is no workspace: it has no readable {file}",
                code="workspace_missing",
                hint='Create one: tataruang init {folder} --name "Kabupaten ..."',
                folder=str(path),
                file=FILE,
            ) from error
        except tomllib.TOMLDecodeError as error:
            raise _damaged(path, str(error)) from error
        return _from_toml(path, said)


def _from_toml(path: Path, said: dict[str, Any]) -> Workspace:
    known = {"name", "extent", "area_crs", "metric_crs", "language", "resmi"}
    if missing := known - said.keys():
        raise _damaged(path, f"missing: {', '.join(sorted(missing))}")
    if strange := said.keys() - known - {"private"}:
        raise _damaged(path, f"unknown: {', '.join(sorted(strange))}")
    private = said.get("private", False)
    truths = isinstance(said["resmi"], bool) and isinstance(private, bool)
    if said["language"] not in LANGUAGES or not truths:
        raise _damaged(path, "language is id or en, resmi and private are true or false")
    parse_crs(said["area_crs"], what=f"area_crs of {FILE}")
    parse_crs(said["metric_crs"], what=f"metric_crs of {FILE}")
    return Workspace(
        path,
        str(said["name"]),
        _extent(said["extent"]),
        said["area_crs"],
        said["metric_crs"],
        said["language"],
        said["resmi"],
        private,
    )


def _extent(values: Any) -> Bounds:
    try:
        west, south, east, north = (float(value) for value in values)
    except (TypeError, ValueError) as error:
        raise _no_extent(values) from error
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise _no_extent(values)
    return west, south, east, north


def _no_extent(values: object) -> StoreError:
    return StoreError(
        "{values} is no extent in degrees",
        code="workspace_extent",
        hint="Write west, south, east, north: 108.5, -8.3, 111.7, -5.7",
        values=str(values)[:80],
    )


def _damaged(path: Path, reason: str) -> StoreError:
    return StoreError(
        "{file} of {folder} has a fault: {reason}",
        code="workspace_damaged",
        hint="Correct it; the layers are untouched",
        file=FILE,
        folder=str(path),
        reason=reason,
    )


def _toml(workspace: Workspace) -> str:
    name = workspace.name.replace("\\", "\\\\").replace('"', '\\"')
    return (
        "# Ruang kerja tataruang. extent: barat, selatan, timur, utara (derajat).\n"
        f'name = "{name}"\n'
        f"extent = [{', '.join(repr(value) for value in workspace.extent)}]\n"
        f'area_crs = "{workspace.area_crs}"\n'
        f'metric_crs = "{workspace.metric_crs}"\n'
        f'language = "{workspace.language}"\n'
        f"resmi = {str(workspace.resmi).lower()}\n"
        + ("private = true\n" if workspace.private else "")
    )
