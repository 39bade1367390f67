"""`tataruang doctor`: look for what is wrong on this machine before it hurts."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Annotated, Final

import typer

__all__ = ["Finding", "doctor", "examine"]

PACKAGES: Final = ("spatial", "layers", "zoning", "hazard", "api")
LIBRARIES: Final = ("geopandas", "shapely", "rasterio", "pyproj", "fiona", "rtree", "numba")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: is it well, and if not, what helps."""

    what: str
    ok: bool
    detail: str
    hint: str = ""


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="JSON alone, for a machine")] = False,
) -> None:
    """Periksa pemasangan / look for what is wrong on this machine."""
    findings = list(examine())
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        for finding in findings:
            typer.echo(f"{'✓' if finding.ok else '✗'} {finding.what}: {finding.detail}")
            if not finding.ok and finding.hint:
                typer.echo(f"  → {finding.hint}")
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


def examine() -> Iterator[Finding]:
    """Yield every finding: Python, libraries, shadowed packages, PROJ data, time zone."""
    ok = sys.version_info >= (3, 11)
    yield Finding("python", ok, sys.version.split()[0], "Python 3.11 or newer is needed")
    for name in LIBRARIES:
        yield _library(name)
    for name in PACKAGES:
        yield _package(name)
    yield _projection()
    yield _confinement()


def _library(name: str) -> Finding:
    try:
        return Finding(name, True, distribution(name).version)
    except PackageNotFoundError:
        return Finding(name, False, "absent", "pip install tataruang installs it")


def _package(name: str) -> Finding:
    """Find out whether another package of the machine hides ours: the names are common words."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return Finding(name, False, "cannot be imported", "install tataruang again")
    found = Path(spec.origin).resolve()
    ours = Path(__file__).resolve().parents[2] / name / "__init__.py"
    if found == ours:
        return Finding(name, True, str(found.parent))
    return Finding(
        name,
        False,
        f"shadowed by {found}",
        "start Python with -P (PYTHONSAFEPATH=1) or remove that package from the path",
    )


def _projection() -> Finding:
    """Transform one point of Semarang whose coordinates are known to a millimetre."""
    from spatial.crs import METRIC_CRS, operation

    move = operation("EPSG:4326", METRIC_CRS)
    x, y = move.transformer.transform(110.4, -7.0)
    ok = abs(x - 433728.426) < 0.01 and abs(y - 9226208.846) < 0.01
    return Finding("proj", ok, move.description, "reinstall pyproj; unset PROJ_DATA and PROJ_LIB")


def _confinement() -> Finding:
    """Read a file as a stranger's would be, and see what its process gave up."""
    from tempfile import TemporaryDirectory

    try:
        from layers.files.sandbox import held
    except ImportError as error:
        return Finding("confinement", False, str(error), "install tataruang again")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.geojson"
        path.write_text('{"type": "FeatureCollection", "features": []}', encoding="utf-8")
        found = held(path)
    missing = [name for name in ("limits", "files", "network") if name not in found]
    return Finding(
        "confinement",
        "limits" in found or sys.platform == "win32",
        ", ".join(found) + (f" (not on this system: {', '.join(missing)})" if missing else ""),
        "files of strangers are read without limits: give the service a container of its own",
    )
