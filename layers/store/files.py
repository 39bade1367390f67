"""The embedded store: a folder of versions named by their hash, and a catalogue.

Order of a publication: write, fsync, rename, fsync the folder, then the log entry. What is
not in the log does not exist; what is, is on the disk.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from layers.store.base import StoredLayer, Version
from layers.store.catalogue import Catalogue
from spatial.crs import parse_crs
from spatial.errors import CorruptError, LayerNotFoundError, StoreError

__all__ = ["FileStore"]

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
SUFFIX: Final = {"vector": ".parquet", "table": ".parquet", "raster": ".tif"}
_CHUNK: Final = 1 << 20


class FileStore:
    """Versions of layers in a folder.

    Parameters
    ----------
    folder : Path
        Created where it is not there. Remains of interrupted publications are swept.

    Examples
    --------
    >>> import shapely
    >>> store = FileStore(Path(tempfile.mkdtemp()))
    >>> zones = gpd.GeoDataFrame({"zona": ["R-2"]}, geometry=[shapely.box(110, -7, 111, -6)],
    ...                          crs="EPSG:4326")
    >>> store.publish(zones, name="rdtr", kind="pola_ruang").rows
    1
    >>> store.get("rdtr").frame["zona"].tolist()
    ['R-2']
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._versions = folder / "versions"
        self._versions.mkdir(parents=True, exist_ok=True)
        self._sweep()
        self.catalogue = Catalogue(folder / "catalogue.sqlite")
        self._loaded: dict[str, tuple[tuple[int, int], StoredLayer]] = {}
        self._lock = threading.Lock()

    def publish(
        self,
        content: gpd.GeoDataFrame | pd.DataFrame | Path,
        *,
        name: str,
        kind: str = "",
        legal: Mapping[str, Any] | None = None,
        provenance: Mapping[str, Any] | None = None,
        report: Sequence[Mapping[str, Any]] = (),
        valid_from: date | None = None,
        valid_to: date | None = None,
    ) -> Version:
        """Store a version and make it the newest of its name.

        Parameters
        ----------
        content : GeoDataFrame, DataFrame, or path of a GeoTIFF
        name : str
            Small letters, digits and underscores.

        Raises
        ------
        StoreError
            `layer_name`, `valid_range`, or `store_unwritable` where the disk refuses; the
            store is then as it was.
        CrsError
            If a GeoDataFrame states no CRS.
        """
        _check(name, valid_from, valid_to)
        form = _form(content)
        try:
            version_id = self._keep(content, form)
            seq, _ = self.catalogue.append(
                {
                    "event": "publish",
                    "name": name,
                    "version": version_id,
                    "kind": kind,
                    "form": form,
                    "rows": None if isinstance(content, Path) else len(content),
                    "crs": _crs(content),
                    "valid_from": valid_from and valid_from.isoformat(),
                    "valid_to": valid_to and valid_to.isoformat(),
                    "legal": dict(legal or {}),
                    "provenance": dict(provenance or {}),
                    "report": [dict(note) for note in report],
                }
            )
        except OSError as error:
            if isinstance(error, StoreError):
                raise
            raise StoreError(
                "layer {name} cannot be stored: {reason}",
                code="store_unwritable",
                hint="Check free space and rights; the layers are as they were",
                name=name,
                reason=error.strerror or str(error),
            ) from error
        return next(one for one in self.history(name) if one.seq == seq)

    def get(self, name: str, *, on: date | None = None, known_at: str | None = None) -> StoredLayer:
        """Return the version of a layer that is law on a day, as known at an instant.

        Without a day, the newest version.

        Raises
        ------
        LayerNotFoundError
            `layer_unknown` or `layer_not_valid_on`.
        CorruptError
            If its bytes are not what they were.
        """
        versions = self.catalogue.versions(known_at)
        if not versions.get(name):
            raise LayerNotFoundError(
                "there is no layer {name!r}",
                code="layer_unknown",
                hint="The workspace has: {known}",
                name=name,
                known=", ".join(sorted(versions)) or "-",
            )
        chosen = [one for one in versions[name] if on is None or one.holds(on)]
        if not chosen:
            raise LayerNotFoundError(
                "no version of layer {name!r} is law on {on}",
                code="layer_not_valid_on",
                hint="Its versions: {known}",
                name=name,
                on=str(on),
                known="; ".join(
                    f"{v.valid_from or ''}..{v.valid_to or ''}" for v in versions[name]
                ),
            )
        return self._load(chosen[-1])

    def layers(self) -> list[Version]:
        """Return the newest version of every layer, by name."""
        return [versions[-1] for _, versions in sorted(self.catalogue.versions().items())]

    def history(self, name: str) -> list[Version]:
        """Return every version of a layer, oldest first."""
        return self.catalogue.versions().get(name, [])

    def rollback(self, name: str, version: str) -> Version:
        """Make an older version the newest again; the log keeps both.

        Raises
        ------
        LayerNotFoundError
            If the layer has no such version.
        """
        for one in reversed(self.history(name)):
            if one.id.startswith(version) and version:
                self.catalogue.append({"event": "rollback", "name": name, "to_seq": one.seq})
                return one
        raise LayerNotFoundError(
            "layer {name!r} has no version {version!r}",
            code="version_unknown",
            hint="Its versions: {known}",
            name=name,
            version=version,
            known=", ".join(one.id[:12] for one in self.history(name)) or "-",
        )

    def verify(self) -> list[str]:
        """Return a sentence for every byte or log entry that is not what it was."""
        found = self.catalogue.faults()
        seen = {one.id: one for versions in self.catalogue.versions().values() for one in versions}
        for one in seen.values():
            path = self._path(one)
            if not path.exists():
                found.append(f"version {one.id[:12]} of {one.name} is missing")
            elif _hash_file(path) != one.id:
                found.append(f"version {one.id[:12]} of {one.name} was changed")
        return found

    def _path(self, version: Version) -> Path:
        return self._versions / version.id / f"data{SUFFIX[version.form]}"

    def _keep(self, content: gpd.GeoDataFrame | pd.DataFrame | Path, form: str) -> str:
        """Put the bytes in place durably and return their hash; the same bytes are kept once."""
        staging = Path(tempfile.mkdtemp(prefix=".staging-", dir=self._versions))
        try:
            target = staging / f"data{SUFFIX[form]}"
            if isinstance(content, Path):
                shutil.copyfile(content, target)
            else:
                target.write_bytes(_parquet(content))
            version_id = _hash_file(target)
            _sync(target)
            _sync(staging)
            final = self._versions / version_id
            if not final.exists():
                staging.rename(final)
                _sync(self._versions)
            return version_id
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def _load(self, version: Version) -> StoredLayer:
        """Read a version, its bytes checked against its hash; kept while the file is untouched."""
        path = self._path(version)
        try:
            stat = path.stat()
        except OSError as error:
            raise _corrupt(version, "its file is missing") from error
        stamp = (stat.st_mtime_ns, stat.st_size)
        with self._lock:
            kept = self._loaded.get(version.id)
        if kept is not None and kept[0] == stamp:
            return StoredLayer(version, kept[1].frame, kept[1].path)
        if _hash_file(path) != version.id:
            raise _corrupt(version, "its bytes were changed")
        if version.form == "raster":
            layer = StoredLayer(version, path=path)
        else:
            read = gpd.read_parquet if version.form == "vector" else pd.read_parquet
            layer = StoredLayer(version, frame=read(path))
        with self._lock:
            self._loaded[version.id] = (stamp, layer)
        return layer

    def _sweep(self) -> None:
        """Remove what interrupted publications left behind."""
        for left in self._versions.glob(".staging-*"):
            shutil.rmtree(left, ignore_errors=True)


def _check(name: str, valid_from: date | None, valid_to: date | None) -> None:
    if not NAME.fullmatch(name):
        raise StoreError(
            "{name!r} is no name for a layer",
            code="layer_name",
            hint="Use small letters, digits and underscores, a letter first: rdtr, banjir_100",
            name=name[:80],
        )
    if valid_from and valid_to and valid_to <= valid_from:
        raise StoreError(
            "layer {name} would end ({valid_to}) before it begins ({valid_from})",
            code="valid_range",
            name=name,
            valid_from=str(valid_from),
            valid_to=str(valid_to),
        )


def _form(content: gpd.GeoDataFrame | pd.DataFrame | Path) -> str:
    if isinstance(content, Path):
        return "raster"
    return "vector" if isinstance(content, gpd.GeoDataFrame) else "table"


def _crs(content: gpd.GeoDataFrame | pd.DataFrame | Path) -> str | None:
    if isinstance(content, Path):
        import rasterio

        with rasterio.open(content, driver="GTiff") as source:
            return str(parse_crs(source.crs, what=content.name).to_string())
    if not isinstance(content, gpd.GeoDataFrame):
        return None
    crs = parse_crs(content.crs, what="the layer")
    return str(crs.to_string())


def _parquet(frame: gpd.GeoDataFrame | pd.DataFrame) -> bytes:
    """Write a frame in the order of place, so that a window reads few row groups."""
    buffer = io.BytesIO()
    if isinstance(frame, gpd.GeoDataFrame) and len(frame):
        frame = frame.iloc[frame.hilbert_distance().argsort(kind="stable")]
        frame.to_parquet(buffer, index=False, write_covering_bbox=True, row_group_size=10_000)
    else:
        frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _hash_file(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _sync(path: Path) -> None:
    """Flush a file or folder to the disk; folders cannot be opened on Windows and need not be."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _corrupt(version: Version, reason: str) -> CorruptError:
    return CorruptError(
        "version {version} of layer {name} is not served: {reason}",
        code="version_corrupt",
        hint="Restore it from a backup, or publish the layer again",
        version=version.id[:12],
        name=version.name,
        reason=reason,
    )
