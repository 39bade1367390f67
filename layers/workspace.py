"""A workspace: its name, its extent, its layers, its plans and its register, in one place."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from spatial.crs import AREA_CRS, INDONESIA, METRIC_CRS, Bounds, parse_crs
from spatial.errors import StoreError
from spatial.planes import metric_plane

__all__ = ["FILE", "Workspace", "home_of", "is_address"]

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
    database : str
        Address of the PostGIS database that keeps the layers; "" keeps them in the folder.
    """

    folder: Path
    name: str
    extent: Bounds = INDONESIA
    area_crs: str = AREA_CRS
    metric_crs: str = METRIC_CRS
    language: str = "id"
    resmi: bool = True
    private: bool = False
    database: str = ""

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
        metric_crs: str = "",
        language: str = "id",
        resmi: bool = True,
        private: bool = False,
        database: str = "",
    ) -> Workspace:
        """Create a workspace in a folder that is empty or not there, or in a database.

        With the address of a database as `folder` the database holds the workspace too;
        plans and register then lie in a folder of this account (`home_of`). With `database`
        the folder holds all but the layers.

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
        if is_address(folder):
            database = str(folder)
        metric_crs = metric_crs or metric_plane(_extent(extent))
        for code in (area_crs, metric_crs):
            parse_crs(code)
        path = home_of(database) if is_address(folder) else Path(folder).resolve()
        made = cls(
            path, name, _extent(extent), area_crs, metric_crs, language, resmi, private, database
        )
        if is_address(folder):
            return _created_in_database(made)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise StoreError(
                "{folder} exists and is not empty",
                code="workspace_exists",
                hint="Choose another folder; nothing was changed",
                folder=str(path),
            )
        _refuse_password(database)
        for inside in (made.store, made.plans, made.register):
            inside.mkdir(parents=True, exist_ok=True)
        (path / FILE).write_text(_toml(made), encoding="utf-8")
        return made

    @classmethod
    def open(cls, folder: Path | str) -> Workspace:
        """Open a workspace: a folder, or the address of a database.

        Raises
        ------
        StoreError
            `workspace_missing`, if there is none; `workspace_damaged`, if its file has a
            fault.
        """
        if is_address(folder):
            return _from_database(str(folder))
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


def is_address(place: Path | str) -> bool:
    """Say whether a place is the address of a database and no folder.

    Examples
    --------
    >>> is_address("postgresql://server/tataruang"), is_address("jateng")
    (True, False)
    """
    return str(place).startswith(("postgresql://", "postgres://"))


def home_of(address: str) -> Path:
    """Return the folder of this account for plans and register of a workspace in a database.

    Below TATARUANG_HOME, or ~/.tataruang.
    """
    home = Path(os.environ.get("TATARUANG_HOME") or Path.home() / ".tataruang")
    return home / re.sub(r"[^A-Za-z0-9.-]+", "_", _backend().shown(address))


def _backend() -> ModuleType:
    # Imported late: the stores import this module.
    from layers.store.extra import backend

    return backend()


def _refuse_password(address: str) -> None:
    """Keep passwords out of a file that many may read."""
    if address and _backend().has_password(address):
        raise StoreError(
            "the address of the database carries a password, which would stand in {file}",
            code="database_password",
            hint="Leave it out; keep it in ~/.pgpass or PGPASSWORD",
            file=FILE,
        )


def _created_in_database(made: Workspace) -> Workspace:
    backend = _backend()
    if FILE in backend.read_settings(made.database):
        raise StoreError(
            "{folder} exists and is not empty",
            code="workspace_exists",
            hint="Choose another folder; nothing was changed",
            folder=backend.shown(made.database),
        )
    # The address is known to whoever opens it; a password in it must not be kept.
    backend.write_settings(made.database, {FILE: _toml(replace(made, database=""))})
    return _at_home(made)


def _at_home(workspace: Workspace) -> Workspace:
    for inside in (workspace.plans, workspace.register):
        inside.mkdir(parents=True, exist_ok=True)
    return workspace


def _from_database(address: str) -> Workspace:
    backend = _backend()
    place = backend.shown(address)
    text = backend.read_settings(address).get(FILE)
    if text is None:
        raise StoreError(
            "{folder} is no workspace: it has no readable {file}",
            code="workspace_missing",
            hint='Create one: tataruang init {folder} --name "Kabupaten ..."',
            folder=place,
            file=FILE,
        )
    try:
        found = _from_toml(home_of(address), tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise _damaged(Path(place), str(error)) from error
    return _at_home(replace(found, database=address))


def _from_toml(path: Path, said: dict[str, Any]) -> Workspace:
    known = {"name", "extent", "area_crs", "metric_crs", "language", "resmi"}
    if missing := known - said.keys():
        raise _damaged(path, f"missing: {', '.join(sorted(missing))}")
    if strange := said.keys() - known - {"private", "database"}:
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
        str(said.get("database", "")),
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
        + (f"database = {json.dumps(workspace.database)}\n" if workspace.database else "")
    )
