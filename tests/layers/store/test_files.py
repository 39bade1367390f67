"""The embedded store: what lies on the disk, and what happens when the disk misbehaves."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely

from layers.store import FileStore
from layers.store.content import hash_file
from spatial.errors import CorruptError, EngineError

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


def _flip(path: Path, position: int) -> None:
    data = bytearray(path.read_bytes())
    data[position] ^= 1 << position % 8
    path.write_bytes(bytes(data))


def test_a_version_is_a_folder_that_explains_itself(folder: Path, zones: gpd.GeoDataFrame) -> None:
    version = FileStore(folder).publish(zones, name="rdtr")
    place = folder / "versions" / version.id
    said = json.loads((place / "manifest.json").read_text())
    assert sorted(path.name for path in place.iterdir()) == ["data.parquet", "manifest.json"]
    assert said["files"]["data.parquet"]["sha256"] == hash_file(place / "data.parquet")
    assert said["columns"] == {"zona": "text", "luas": "float", "geometry": "geometry"}
    # Readable by anything that reads GeoParquet, without this engine.
    assert len(gpd.read_parquet(place / "data.parquet")) == 9


def test_rows_lie_in_the_order_of_place_so_that_a_window_reads_little(folder: Path) -> None:
    rng = np.random.default_rng(1)
    xy = rng.permutation(np.stack(np.meshgrid(np.arange(300), np.arange(300)), -1).reshape(-1, 2))
    points = gpd.GeoDataFrame({"n": np.arange(len(xy))}, geometry=gpd.points_from_xy(*xy.T),
                              crs="EPSG:9489")  # fmt: skip
    version = FileStore(folder).publish(points, name="titik")
    path = folder / "versions" / version.id / "data.parquet"
    found = gpd.read_parquet(path, bbox=(10, 10, 19, 19), memory_map=True)
    assert len(found) == 100
    # Of nine groups of 10,000 rows a window of 100 must touch few: by the statistics of bbox.
    meta = pq.ParquetFile(path).metadata
    names = [meta.row_group(0).column(i).path_in_schema for i in range(meta.num_columns)]
    touched = 0
    for group in range(meta.num_row_groups):
        stats = {name: meta.row_group(group).column(i).statistics for i, name in enumerate(names)}
        touched += (
            stats["bbox.xmin"].min <= 19 and stats["bbox.xmax"].max >= 10
            and stats["bbox.ymin"].min <= 19 and stats["bbox.ymax"].max >= 10
        )  # fmt: skip
    assert meta.num_row_groups == 9
    assert touched <= 2


@pytest.mark.parametrize(
    "shapes",
    [
        [shapely.Point(1, 1)],
        [shapely.Point(1, 1), shapely.Point(1, 2), None, shapely.Point()],
        [None, None],
        [],
    ],
)
def test_places_that_have_no_extent_can_be_stored(folder: Path, shapes: list) -> None:
    frame = gpd.GeoDataFrame({"n": range(len(shapes))}, geometry=shapes, crs="EPSG:9489")
    store = FileStore(folder)
    store.publish(frame, name="titik")
    assert store.get("titik").frame["n"].tolist() == list(range(len(shapes)))
    assert store.verify() == []


def test_a_column_called_bbox_stays_what_it_is(folder: Path, zones: gpd.GeoDataFrame) -> None:
    store = FileStore(folder)
    store.publish(zones.assign(bbox="x"), name="rdtr")
    assert set(FileStore(folder).get("rdtr").frame["bbox"]) == {"x"}


@pytest.mark.parametrize("file", ["data.parquet", "manifest.json"])
def test_no_flipped_byte_of_a_version_is_served(
    folder: Path, zones: gpd.GeoDataFrame, file: str
) -> None:
    store = FileStore(folder)
    version = store.publish(zones, name="rdtr")
    store.get("rdtr")
    path = folder / "versions" / version.id / file
    whole, chance = path.read_bytes(), random.Random(3)  # noqa: S311  no secret
    for position in chance.sample(range(len(whole)), 25):
        _flip(path, position)
        os.utime(path, ns=(1, 1))
        for reader in (store, FileStore(folder)):
            with pytest.raises(CorruptError, match="is not served"):
                reader.get("rdtr")
        path.write_bytes(whole)
    assert store.get("rdtr").version == version


def test_a_missing_file_is_named_and_publishing_again_heals(
    folder: Path, zones: gpd.GeoDataFrame
) -> None:
    store = FileStore(folder)
    version = store.publish(zones, name="rdtr")
    path = folder / "versions" / version.id / "data.parquet"
    for damage in (path.unlink, lambda: _flip(path, 40)):
        damage()
        assert [note.code for note in store.verify()] == ["version_corrupt"]
        with pytest.raises(CorruptError):
            store.get("rdtr")
        assert store.publish(zones, name="rdtr").id == version.id
        assert FileStore(folder).get("rdtr").frame["zona"].tolist() == zones["zona"].tolist()
        assert store.verify() == []


def test_a_flipped_byte_of_the_catalogue_changes_no_answer(
    folder: Path, zones: gpd.GeoDataFrame
) -> None:
    """Each flip is refused, or lies where nothing is kept: no answer differs."""
    store = FileStore(folder)
    store.publish(zones, name="rdtr", legal={"perda": "5/2021"})
    store.publish(zones.iloc[:4], name="rdtr", legal={"perda": "6/2024"})
    right = [one.to_dict() for one in store.history("rdtr")]
    refused = 0
    for file in ("catalogue.sqlite", "catalogue.sqlite.head"):
        path = folder / file
        whole, chance = path.read_bytes(), random.Random(5)  # noqa: S311  no secret
        for position in chance.sample(range(len(whole)), min(len(whole), 80)):
            _flip(path, position)
            try:
                opened = FileStore(folder)
                assert [one.to_dict() for one in opened.history("rdtr")] == right
                assert len(opened.get("rdtr").frame) == 4
            except EngineError:
                refused += 1
            for extra in folder.glob("catalogue.sqlite-*"):
                extra.unlink()
            path.write_bytes(whole)
    assert refused > 10
    assert FileStore(folder).verify() == []


def test_what_interrupted_publications_left_is_swept_and_living_ones_are_not(
    folder: Path, zones: gpd.GeoDataFrame
) -> None:
    store = FileStore(folder)
    version = store.publish(zones, name="rdtr")
    dead = folder / "versions" / ".staging-dead"
    orphan = folder / "versions" / ("0" * 64)
    for left in (dead, orphan):
        left.mkdir()
        (left / "data.parquet").write_bytes(b"half")
    with store._staging() as living:
        FileStore(folder)
        assert living.is_dir()
        assert not dead.exists()
        assert not orphan.exists()
    assert [path.name for path in (folder / "versions").iterdir()] == [version.id]


def _in_namespace(mount: str, code: str) -> subprocess.CompletedProcess[str]:
    """Run Python where something is mounted, in a namespace that ends with it."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("needs unshare to mount something of its own")
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    inside = f'{mount} && exec "$0" -c "$1"'
    done = subprocess.run(
        [unshare, "--mount", *user, "sh", "-c", inside, sys.executable, code],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.stderr.startswith(("mount:", "unshare:")):
        pytest.skip(f"this machine lets us mount nothing: {done.stderr.strip()}")
    return done


def test_a_full_disk_leaves_the_former_version_in_force(tmp_path: Path) -> None:
    done = _in_namespace(
        f"mount -t tmpfs -o size=3m none {tmp_path}",
        "from pathlib import Path; from tests.layers.store.full_disk import main\n"
        f"main(Path('{tmp_path}'))",
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["refused"] in {"store_unwritable", "catalogue_unusable"}
    assert said["published"] >= 1
    assert said["served"] == said["published"]
    assert said["faults"] == []
    assert said["left"] == said["published"]


def test_a_store_that_may_only_be_read_is_read(tmp_path: Path, zones: gpd.GeoDataFrame) -> None:
    """On a read-only mount of its own; a copy on a disc or a share is no less."""
    FileStore(tmp_path / "store").publish(zones, name="rdtr")
    done = _in_namespace(
        f"mount --bind {tmp_path} {tmp_path} && mount -o remount,bind,ro {tmp_path}",
        "from pathlib import Path; from layers.store import FileStore\n"
        f"store = FileStore(Path('{tmp_path}') / 'store')\n"
        "print(len(store.get('rdtr').frame), store.verify())\n"
        "try: store.publish(store.get('rdtr').frame, name='lain')\n"
        "except OSError as error: print(error.code)",
    )
    assert done.stdout.split("\n")[:2] == ["9 []", "store_unwritable"], done.stderr


def test_tables_with_the_same_rows_share_their_bytes(folder: Path) -> None:
    store = FileStore(folder)
    for name in ("a", "b"):
        store.publish(pd.DataFrame({"x": [1]}), name=name)
    assert len(list((folder / "versions").iterdir())) == 1
