"""Indexes beside versions: made when published, opened in place of the version, never trusted."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from layers.store import FileStore, Store
from layers.store.indexes import FOLDER, key_of
from spatial.errors import LayerNotFoundError, SchemaError
from spatial.index import Shelf, build_index
from tests.layers.store.conftest import Open

#: Where Jawa Tengah lies on the equal-area plane.
ORIGIN = np.array([12_100_000, -800_000])


@pytest.fixture
def plan() -> gpd.GeoDataFrame:
    boxes = [shapely.box(x, 0, x + 50, 100) for x in (0, 50, 100)]
    moved = [shapely.transform(box, lambda xy: xy + ORIGIN) for box in boxes]
    return gpd.GeoDataFrame({"zona": ["R-2", "K-3", "R-2"]}, geometry=moved, crs="ESRI:54034")


def _files(folder: Path, version: str) -> list[Path]:
    return sorted((folder / "versions" / version / FOLDER).glob("*.idx"))


def test_a_version_of_a_kind_with_zones_is_indexed_when_it_is_published(
    tmp_path: Path, plan: gpd.GeoDataFrame
) -> None:
    version = FileStore(tmp_path).publish(plan, name="rdtr", kind="pola_ruang")
    assert len(_files(tmp_path, version.id)) == 1
    (tmp_path / "versions" / version.id / "data.parquet").unlink()
    # Opened without the version being read at all, in a store that was opened anew.
    found = FileStore(tmp_path).index("rdtr", by="zona")
    assert found.same_as(build_index(plan, by="zona"))


def test_what_is_missing_is_made_at_the_first_question(
    store: Store, plan: gpd.GeoDataFrame
) -> None:
    """In a database too, which keeps none."""
    store.publish(plan, name="rdtr")
    found = store.index("rdtr", by="zona", crs="EPSG:9489")
    assert found.same_as(build_index(plan, by="zona", crs="EPSG:9489"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: b"TATAIDX0" + data[8:],
        lambda data: data[:-200] + bytes([data[-200] ^ 1]) + data[-199:],
        lambda data: b"",
    ],
    ids=["cut", "another format", "one bit", "empty"],
)
def test_a_damaged_index_is_made_again(
    tmp_path: Path, plan: gpd.GeoDataFrame, damage: Callable[[bytes], bytes]
) -> None:
    store = FileStore(tmp_path)
    version = store.publish(plan, name="rdtr", kind="pola_ruang")
    [path] = _files(tmp_path, version.id)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert store.index("rdtr", by="zona").same_as(build_index(plan, by="zona"))
    assert path.read_bytes() == whole


def test_an_index_that_was_forged_with_its_sums_is_found_by_verify(
    tmp_path: Path, plan: gpd.GeoDataFrame
) -> None:
    store = FileStore(tmp_path)
    version = store.publish(plan, name="rdtr", kind="pola_ruang")
    assert store.verify() == []
    [path] = _files(tmp_path, version.id)
    forged = plan.assign(zona=["K-3", "R-2", "K-3"])
    elsewhere = Shelf(tmp_path / "elsewhere")
    elsewhere.index(key_of(version.id, "zona"), lambda: build_index(forged, by="zona"))
    path.write_bytes((tmp_path / "elsewhere" / path.name).read_bytes())
    assert [note.code for note in store.verify()] == ["index_differs"]


def test_an_index_goes_with_its_version(tmp_path: Path, plan: gpd.GeoDataFrame) -> None:
    version = FileStore(tmp_path).publish(plan, name="rdtr", kind="pola_ruang")
    folder = tmp_path / "versions" / version.id
    orphan = folder.with_name("0" * 64)
    folder.rename(orphan)
    FileStore(tmp_path)
    assert not orphan.exists()


def test_a_store_that_may_only_be_read_answers_all_the_same(
    tmp_path: Path, plan: gpd.GeoDataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileStore(tmp_path)
    version = store.publish(plan, name="rdtr")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert store.index("rdtr", by="zona").codes == ("K-3", "R-2")
    monkeypatch.undo()
    assert not _files(tmp_path, version.id)


def test_a_layer_that_cannot_be_indexed_is_published_and_says_why_when_asked(
    reopen: Open, plan: gpd.GeoDataFrame
) -> None:
    store = reopen()
    store.publish(plan.drop(columns="zona"), name="rdtr", kind="pola_ruang")
    with pytest.raises(SchemaError, match="no column 'zona'"):
        store.index("rdtr", by="zona")
    store.publish(plan[["zona"]].copy(), name="tabel")
    with pytest.raises(SchemaError, match="table without geometry"):
        store.index("tabel", by="zona")
    with pytest.raises(LayerNotFoundError):
        store.index("tidak_ada", by="zona")


SHARED = """
import sys
from pathlib import Path
from spatial.index import open_index
index = open_index(Path(sys.argv[1]), source=sys.argv[2], verify=True)
lines = Path("/proc/self/smaps").read_text().splitlines()
name, found = "", {}
for line in lines:
    if sys.argv[1] in line:
        name = "ours"
    elif "-" in line.split()[0]:
        name = ""
    elif name and line.startswith(("Private_Dirty", "Rss")):
        found[line.split(":")[0]] = found.get(line.split(":")[0], 0) + int(line.split()[1])
print(found["Rss"], found["Private_Dirty"])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_share_the_pages_of_an_index(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    xy = rng.uniform(0, 1e5, (4000, 2)) + ORIGIN
    zones = gpd.GeoDataFrame(
        {"zona": [f"Z{i % 9}" for i in range(4000)]},
        geometry=shapely.buffer(shapely.points(xy), 200.0),
        crs="ESRI:54034",
    )
    store = FileStore(tmp_path)
    version = store.publish(zones, name="rdtr", kind="pola_ruang")
    [path] = _files(tmp_path, version.id)
    key = key_of(version.id, "zona")
    done = subprocess.run(
        [sys.executable, "-c", SHARED, str(path), key], check=True, capture_output=True, text=True
    )
    resident, private = map(int, done.stdout.split())
    assert resident * 1024 >= path.stat().st_size * 0.9
    assert private == 0
