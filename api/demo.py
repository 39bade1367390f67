"""The sample workspace: grown, published and ready to be asked, here or from a wheel."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from layers.ingest import ingest_file
from layers.sample import build
from layers.store import open_store
from layers.workspace import Workspace
from zoning import load_plans, sample_plan_folder

__all__ = ["RAW", "build_workspace", "sample_workspace"]

NAME: Final = "Kabupaten Contoh"
#: Extent with room around the kabupaten: degrees west, south, east, north.
EXTENT: Final = (110.45, -7.05, 110.83, -6.66)
LICENCE: Final = "contoh, bukan data resmi"
#: Folder of a sample workspace with the raw files as an agency would hand them over.
RAW: Final = "berkas"

Progress = Callable[[str], None]


def build_workspace(
    folder: Path | str, *, seed: int = 33, tell: Progress = lambda _: None
) -> Workspace:
    """Grow the sample, publish its layers in a new workspace, and add its plans.

    Parameters
    ----------
    folder : path
        Empty or not there. Raw files stay in its folder `berkas`.
    seed : int
        Another seed is another kabupaten.
    tell : callable
        Is told in a few words what is being done.

    Raises
    ------
    StoreError
        `workspace_exists`, if something is in the folder.
    """
    made = Workspace.create(folder, name=NAME, extent=EXTENT, resmi=False)
    tell("menumbuhkan wilayah contoh / growing the district")
    manifest = build(made.folder / RAW, seed=seed)
    shutil.copytree(sample_plan_folder(), made.plans, dirs_exist_ok=True)
    laws = {plan.meta.layer: plan.meta for plan in load_plans(made.plans)}
    store = open_store(made)
    for layer in manifest["layers"]:
        tell(f"memuat layer {layer['name']} / publishing")
        meta = laws.get(layer["name"])
        legal: dict[str, Any] = {"licence": LICENCE}
        if meta is not None:
            legal |= {"instrument": meta.legal_ref, "scale": meta.scale_denominator}
        ingest_file(
            store,
            made.folder / RAW / layer["file"],
            name=layer["name"],
            within=EXTENT,
            kind=None if layer["kind"] == "raster" else layer["kind"],
            legal=legal,
            valid_from=meta.valid_from if meta else None,
            valid_to=meta.valid_to if meta else None,
        )
    return made


def sample_workspace(*, tell: Progress = lambda _: None) -> Path:
    """Return the folder of the sample workspace, building it once for this engine.

    It lies in the user's cache under a name made from the sources it is grown from, so that
    another engine never meets it, and appears there whole or not at all.
    """
    target = _cache() / f"contoh-{_sources()[:16]}"
    if not (target / "workspace.toml").is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix="contoh-") as beside:
            made = build_workspace(Path(beside) / "ruang", tell=tell)
            try:
                made.folder.rename(target)
            except OSError:
                # Another process was faster; what it built is the same.
                if not (target / "workspace.toml").is_file():
                    raise
    return target


def _cache() -> Path:
    """Return the cache folder of the user; a temporary one for a user without a home."""
    named = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    try:
        folder = (Path(named) if named else Path.home() / ".cache") / "tataruang"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return Path(tempfile.gettempdir()) / "tataruang"
    return folder if os.access(folder, os.W_OK) else Path(tempfile.gettempdir()) / "tataruang"


def _sources() -> str:
    """Return the hash of all that the sample is made from."""
    digest = hashlib.sha256()
    for package in ("layers", "zoning"):
        for name, content in sorted(_files(resources.files(package), package)):
            digest.update(name.encode() + content)
    return digest.hexdigest()


def _files(folder: Traversable, name: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        path = f"{name}/{entry.name}"
        if entry.is_dir():
            if entry.name != "__pycache__":
                found += _files(entry, path)
        else:
            found.append((path, entry.read_bytes()))
    return found
