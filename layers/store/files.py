"""The embedded store: a folder of versions named by their hash, and a chained log.

Order of a publication: write, fsync, rename, fsync the folder, then the log entry. What is
not in the log does not exist; what is, is on the disk. Each version carries a manifest with
the hash of its file; the log entry carries the hash of the manifest.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

from layers.store.base import StoredLayer, Version
from layers.store.cache import VersionCache
from layers.store.catalogue import Catalogue
from layers.store.chain import Entry, Head
from layers.store.content import Content, Frame, hash_file
from layers.store.indexes import FOLDER, differing
from layers.store.locks import exclusive, try_lock
from layers.store.log_file import Chain
from layers.store.logged import LoggedStore, corrupt
from layers.store.parquet import hash_parquet, read_frame, write_parts
from spatial.errors import EngineError, StoreError
from spatial.index import Shelf
from spatial.notes import Note

__all__ = ["FileStore"]

SUFFIX: Final = {"vector": ".parquet", "table": ".parquet", "raster": ".tif"}
MANIFEST: Final = "manifest.json"
_STAGING: Final = ".staging-"

Stamp: TypeAlias = tuple[tuple[int, int, int, int], ...]


class FileStore(LoggedStore):
    """Versions of layers in a folder.

    Parameters
    ----------
    folder : Path
        Created where it is not there. Remains of interrupted publications are swept.

    Examples
    --------
    >>> import geopandas as gpd, shapely
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
        self._commit = folder / "commit.lock"
        self._cache = VersionCache()
        with _named("the store"):
            self._versions.mkdir(parents=True, exist_ok=True)
        self.log = Chain(folder / "catalogue.sqlite")
        self._sweep()

    def verify(self, head: Head | None = None) -> list[Note]:
        """Return a note for every byte or log entry that is not what it was.

        Every file is hashed and every table's content hashed anew.

        Parameters
        ----------
        head : Head, optional
            One that was kept elsewhere: shows whether the log was cut since.
        """
        found = self.log.faults(head)
        if found:
            return found
        catalogue = self.catalogue()
        versions = {one.id: one for name in catalogue.published.values() for one in name}
        for one in versions.values():
            folder = self._versions / one.id
            fault = _faults(folder, one, catalogue) or _content_fault(folder, one)
            if fault:
                found.append(Note.of(corrupt(one, fault), "error"))
            else:
                found += differing(self.shelf(one), one, partial(_frame, folder, one))
        return found

    def shelf(self, version: Version) -> Shelf:
        """Return where the indexes of a version are kept."""
        return Shelf(self._versions / version.id / FOLDER)

    def _entries(self) -> list[Entry]:
        return self.log.entries()

    def _append(self, body: dict[str, Any], newest: Version) -> None:
        self.log.append(body)

    def _store(self, content: Content, body: dict[str, Any]) -> Entry:
        with _named(body["name"]), self._staging() as staging:
            data = staging / f"data{SUFFIX[content.form]}"
            if content.path is not None:
                shutil.copyfile(content.path, data)
            elif content.parts is not None:
                write_parts(content.parts, data)
            manifest = staging / MANIFEST
            manifest.write_text(_manifest(content, data), encoding="utf-8")
            for written in (data, manifest, staging):
                _sync(written)
            with exclusive(self._commit):
                return self.log.append(body | {"seal": self._place(staging, content)})

    def _place(self, staging: Path, content: Content) -> str:
        """Move what was staged to its place and return its seal; the same content is kept once.

        What lies there already stays if it is whole; what is damaged, or remains of an
        interrupted publication, gives way.
        """
        final = self._versions / content.id
        catalogue = self.catalogue()
        if final.exists():
            if content.id in catalogue.seals and not _faults(final, content, catalogue):
                return catalogue.seals[content.id]
            final.rename(staging.with_name(f"{staging.name}-old"))
        staging.rename(final)
        _sync(self._versions)
        return hash_file(final / MANIFEST)

    def _load(self, version: Version, catalogue: Catalogue) -> StoredLayer:
        """Find a version, its bytes checked by hash; kept while its files are untouched.

        Its rows are read when somebody asks for them.
        """
        folder = self._versions / version.id
        stamp = _stamp(folder, version)
        if kept := self._cache.get(version, stamp):
            return kept
        if fault := _faults(folder, version, catalogue):
            raise corrupt(version, fault)
        path = _data(folder, version.form)
        read = None if version.form == "raster" else partial(_read, folder, version, stamp)
        layer = StoredLayer(version, path=path, read=read)
        if _stamp(folder, version) != stamp:
            raise corrupt(version, "it changed while it was checked")
        self._cache.put(layer, stamp)
        return self._cache.get(version, stamp) or layer

    @contextmanager
    def _staging(self) -> Iterator[Path]:
        """Give a folder to prepare a version in; its lock tells the sweeper that we live."""
        with exclusive(self._commit):
            staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=self._versions))
            mark = staging.with_name(f"{staging.name}.lock")
            held = try_lock(mark)
        try:
            yield staging
        finally:
            _clear(staging, mark)
            if held is not None:
                held.close()

    def _sweep(self) -> None:
        """Remove what interrupted publications left behind, never what somebody alive holds.

        A store that may only be read is not swept.
        """
        try:
            with exclusive(self._commit):
                known = self.catalogue().seals
                for left in self._versions.iterdir():
                    if left.is_dir() and not left.name.startswith(_STAGING):
                        if left.name not in known:
                            shutil.rmtree(left, ignore_errors=True)
                        continue
                    staging = left.with_name(left.name.removesuffix(".lock").removesuffix("-old"))
                    mark = staging.with_name(f"{staging.name}.lock")
                    if (held := try_lock(mark)) is not None:
                        _clear(staging, mark)
                        held.close()
        except OSError:
            # Also a log that is not whole: then nothing is known to be an orphan.
            return


def _clear(staging: Path, mark: Path) -> None:
    shutil.rmtree(staging, ignore_errors=True)
    shutil.rmtree(staging.with_name(f"{staging.name}-old"), ignore_errors=True)
    mark.unlink(missing_ok=True)


def _manifest(content: Content, data: Path) -> str:
    columns = {} if content.parts is None else content.parts.facts.types
    said = {
        "version": content.id,
        "form": content.form,
        "rows": content.rows,
        "crs": content.crs,
        "columns": columns,
        "files": {data.name: {"sha256": hash_file(data), "bytes": data.stat().st_size}},
    }
    return json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False)


def _data(folder: Path, form: str) -> Path:
    return folder / f"data{SUFFIX[form]}"


def _faults(folder: Path, version: Version | Content, catalogue: Catalogue) -> str:
    """Say what is wrong with the files of a version; nothing if they are what they were."""
    manifest, data = folder / MANIFEST, _data(folder, version.form)
    if not manifest.is_file() or not data.is_file():
        return "a file of it is missing"
    if hash_file(manifest) != catalogue.seals[version.id]:
        return "its manifest was changed"
    stated = json.loads(manifest.read_bytes())
    if stated["version"] != version.id or hash_file(data) != stated["files"][data.name]["sha256"]:
        return "its bytes were changed"
    return ""


def _content_fault(folder: Path, version: Version) -> str:
    data = _data(folder, version.form)
    if version.form == "raster":
        whole = hash_file(data)
    else:
        types = json.loads((folder / MANIFEST).read_bytes())["columns"]
        whole = hash_parquet(data, version.form, types, version.crs)
    return "" if whole == version.id else "its content is not that of its name"


def _stamp(folder: Path, version: Version) -> Stamp:
    try:
        found = [path.stat() for path in (folder / MANIFEST, _data(folder, version.form))]
    except OSError as error:
        raise corrupt(version, "a file of it is missing") from error
    return tuple((one.st_ino, one.st_mtime_ns, one.st_ctime_ns, one.st_size) for one in found)


def _read(folder: Path, version: Version, stamp: Stamp) -> Frame:
    """Read the rows of a version whose bytes were found right under a stamp."""
    frame = _frame(folder, version)
    if _stamp(folder, version) != stamp:
        raise corrupt(version, "it changed while it was read")
    return frame


def _frame(folder: Path, version: Version) -> Frame:
    return read_frame(_data(folder, version.form), version.form)


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Turn what the disk refuses into an error that names the layer."""
    try:
        yield
    except EngineError:
        raise
    except OSError as error:
        raise StoreError(
            "layer {name} cannot be stored: {reason}",
            code="store_unwritable",
            hint="Check free space and rights; the layers are as they were",
            name=name,
            reason=error.strerror or str(error),
        ) from error


def _sync(path: Path) -> None:
    """Flush a file or folder to the disk; folders cannot be opened on Windows and need not be."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
