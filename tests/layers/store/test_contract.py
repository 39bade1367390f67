"""What every store keeps, whatever it is made of."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from affine import Affine
from geopandas.testing import assert_geodataframe_equal
from pandas.testing import assert_frame_equal

from layers.store import Store
from layers.store.content import canonical, content_id
from spatial.errors import CrsError, LayerNotFoundError, SchemaError, StoreError

Open = Callable[[], Store]


def test_what_goes_in_comes_out_in_the_same_order(store: Store, zones: gpd.GeoDataFrame) -> None:
    version = store.publish(zones, name="rdtr", kind="pola_ruang", legal={"perda": "5/2021"})
    found = store.get("rdtr")
    assert_geodataframe_equal(found.frame, zones, check_dtype=False)
    assert found.version == version
    assert (version.rows, version.form, version.crs) == (9, "vector", "EPSG:4326")
    assert version.legal == {"perda": "5/2021"}


def test_every_type_of_column_survives(store: Store) -> None:
    frame = gpd.GeoDataFrame(
        {
            "bulat": [1, 2, -3],
            "bulat_kosong": pd.array([1, None, 2**62], dtype="Int64"),
            "pecahan": [0.1, np.nan, -1e300],
            "ya": [True, False, True],
            "ya_kosong": pd.array([True, None, False], dtype="boolean"),
            "teks": ["Désa 'x' \"y\"\n\\t", None, ""],
            "hari": [date(2021, 3, 4), None, date(1900, 1, 1)],
            "saat": pd.array(["2021-03-04T05:06:07.123456", None, "1901-01-01"], "datetime64[us]"),
            "instan": pd.to_datetime(["2021-03-04T05:06:07+07:00"] * 3),
        },
        geometry=[shapely.box(0, 0, 1, 1), None, shapely.MultiPoint()],
        crs="EPSG:9489",
    )  # fmt: skip
    store.publish(frame, name="campur")
    found = store.get("campur").frame
    assert_geodataframe_equal(found, canonical(frame).frame)
    assert found["bulat_kosong"].tolist() == [1, pd.NA, 2**62]
    assert found["instan"][0] == pd.Timestamp("2021-03-03T22:06:07Z")
    assert found.geometry[2].is_empty


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"kode": ["33.74", "33.75"], "jiwa": [1, 2]}),
        pd.DataFrame({"kode": pd.Series([], dtype="str")}),
    ],
)
def test_tables_are_kept_too(store: Store, frame: pd.DataFrame) -> None:
    assert store.publish(frame, name="penduduk").form == "table"
    assert_frame_equal(store.get("penduduk").frame, frame)


@pytest.mark.parametrize("crs", ["ESRI:54034", "EPSG:23836", "OGC:CRS84", "EPSG:9489"])
def test_the_crs_comes_back_as_it_was(store: Store, crs: str) -> None:
    frame = gpd.GeoDataFrame(geometry=gpd.points_from_xy([1.25], [-7.0]), crs=crs)
    assert store.publish(frame, name="titik").crs == frame.crs.to_string()
    assert store.get("titik").frame.crs == frame.crs


def test_a_raster_comes_back_byte_for_byte(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "dem.tif"
    grid = np.arange(12, dtype="float32").reshape(3, 4)
    place = {"crs": "EPSG:32749", "transform": Affine(30, 0, 4e5, 0, -30, 9.2e6)}
    profile = {"driver": "GTiff", "height": 3, "width": 4, "count": 1, "dtype": "float32"} | place
    with rasterio.open(path, "w", nodata=-9999, **profile) as target:
        target.write(grid, 1)
    assert store.publish(path, name="dem").form == "raster"
    found = store.get("dem").path
    assert found is not None
    assert found.read_bytes() == path.read_bytes()
    with rasterio.open(found) as source:
        assert (source.read(1) == grid).all()


def test_the_name_of_a_version_is_its_content(store: Store, zones: gpd.GeoDataFrame) -> None:
    first = store.publish(zones, name="a")
    again = store.publish(zones.copy(), name="b", legal={"perda": "1/2020"})
    other = store.publish(zones.assign(luas=zones["luas"] + 1e-12), name="a")
    assert first.id == again.id == content_id(canonical(zones).frame)
    assert other.id != first.id
    assert len(first.id) == 64


def test_a_hole_a_vertex_a_type_or_a_crs_make_another_content(zones: gpd.GeoDataFrame) -> None:
    moved = zones.copy()
    moved.loc[3, "geometry"] = shapely.box(0, 0, 1, 1 + 1e-15)
    others = [
        moved,
        zones.to_crs(4326).set_crs("OGC:CRS84", allow_override=True),
        zones.astype({"luas": "int64"}),
        zones.rename(columns={"luas": "area"}),
        zones.iloc[::-1],
        zones.assign(zona=["", *zones["zona"][1:]]),
        zones.assign(zona=[None, *zones["zona"][1:]]),
    ]
    ids = {content_id(canonical(frame).frame) for frame in [zones, *others]}
    assert len(ids) == 1 + len(others)


def test_versions_never_change(store: Store, zones: gpd.GeoDataFrame) -> None:
    first = store.publish(zones, name="rdtr")
    before = store.get("rdtr").frame
    before["zona"] = "diubah"
    before.loc[0, "geometry"] = shapely.box(0, 0, 1, 1)
    zones.loc[0, "zona"] = "diubah juga"
    assert store.get("rdtr").frame["zona"].tolist()[0] == "Z-4"
    assert content_id(store.get("rdtr").frame) == first.id


def test_the_newest_version_and_every_older_one(reopen: Open, zones: gpd.GeoDataFrame) -> None:
    store = reopen()
    first = store.publish(zones, name="rdtr")
    second = store.publish(zones.iloc[:5], name="rdtr")
    store = reopen()
    assert [one.id for one in store.history("rdtr")] == [first.id, second.id]
    assert store.get("rdtr").version == second
    assert store.get("rdtr", version=first.id[:10]).version == first
    assert len(store.get("rdtr", version=first.id).frame) == 9
    assert [one.name for one in store.layers()] == ["rdtr"]


def test_a_plan_its_amendment_and_todays_all_answer(store: Store, zones: gpd.GeoDataFrame) -> None:
    plan = store.publish(zones, name="rtrw", valid_from=date(2010, 1, 1))
    amended = store.publish(zones.iloc[:8], name="rtrw", valid_from=date(2019, 6, 1))
    newest = store.publish(zones.iloc[:7], name="rtrw", valid_from=date(2024, 10, 31))
    # The text of 2010 is corrected last: it still is the law of 2010 alone.
    corrected = store.publish(zones.iloc[1:], name="rtrw", valid_from=date(2010, 1, 1))
    days = ["2010-01-01", "2019-05-31", "2019-06-01", "2024-10-31", "2050-01-01"]
    found = [store.get("rtrw", on=date.fromisoformat(day)).version.id for day in days]
    assert found == [corrected.id, corrected.id, amended.id, newest.id, newest.id]
    assert store.get("rtrw", on=date(2015, 1, 1), known_at=newest.known_from).version.id == plan.id
    with pytest.raises(LayerNotFoundError, match="is law on 2009-12-31"):
        store.get("rtrw", on=date(2009, 12, 31))


def test_the_last_day_of_validity_is_not_law(store: Store, zones: gpd.GeoDataFrame) -> None:
    end = date(2020, 1, 1)
    store.publish(zones, name="sk", valid_from=date(2019, 1, 1), valid_to=end)
    assert store.get("sk", on=end - timedelta(days=1)).version.valid_to == end
    with pytest.raises(LayerNotFoundError):
        store.get("sk", on=end)


def test_what_was_known_at_an_instant(store: Store, zones: gpd.GeoDataFrame) -> None:
    first = store.publish(zones, name="lsd")
    second = store.publish(zones.iloc[:4], name="lsd")
    store.rollback("lsd", first.id)
    assert store.get("lsd", known_at=first.known_from).version == first
    assert store.get("lsd", known_at=second.known_from).version == second
    assert store.get("lsd").version == first
    with pytest.raises(LayerNotFoundError, match="no layer 'lsd'"):
        store.get("lsd", known_at="2001-01-01T00:00:00+07:00")
    with pytest.raises(StoreError, match="no instant"):
        store.get("lsd", known_at="2030-01-01")


def test_instants_only_grow(store: Store, zones: gpd.GeoDataFrame) -> None:
    found = [store.publish(zones, name=f"l{i}").known_from for i in range(5)]
    assert found == sorted(set(found))


def test_a_rollback_is_one_more_event(reopen: Open, zones: gpd.GeoDataFrame) -> None:
    store = reopen()
    first, second, third = (store.publish(zones.iloc[: 9 - i], name="rdtr") for i in range(3))
    store.rollback("rdtr", first.id[:8], reason="salah unggah")
    assert store.get("rdtr").version == first
    store.rollback("rdtr", second.id)
    store = reopen()
    assert store.get("rdtr").version == second
    assert store.get("rdtr", version=third.id).version == third
    assert [(e.event, e.version, e.reason) for e in store.events("rdtr")[3:]] == [
        ("rollback", first.id, "salah unggah"),
        ("rollback", second.id, ""),
    ]
    assert len(store.history("rdtr")) == 3
    with pytest.raises(LayerNotFoundError, match="no one version 'ffff'"):
        store.rollback("rdtr", "ffff")


def test_a_rollback_brings_back_what_held_on_other_days(
    store: Store, zones: gpd.GeoDataFrame
) -> None:
    old = store.publish(zones, name="rtrw", valid_from=date(2010, 1, 1))
    good = store.publish(zones.iloc[:8], name="rtrw", valid_from=date(2020, 1, 1))
    store.publish(zones.iloc[:1], name="rtrw", valid_from=date(2000, 1, 1))
    store.rollback("rtrw", good.id)
    assert store.get("rtrw", on=date(2012, 1, 1)).version == old
    with pytest.raises(LayerNotFoundError):
        store.get("rtrw", on=date(2005, 1, 1))


@pytest.mark.parametrize("name", ["", "A", "1a", "rdtr;", "../x", "a" * 64, "é"])
def test_names_that_are_none(store: Store, zones: gpd.GeoDataFrame, name: str) -> None:
    with pytest.raises(StoreError) as caught:
        store.publish(zones, name=name)
    assert caught.value.code == "layer_name"


def test_what_cannot_be_stored_leaves_the_store_as_it_was(
    store: Store, zones: gpd.GeoDataFrame
) -> None:
    kept = store.publish(zones, name="rdtr", valid_from=date(2020, 1, 1))
    with pytest.raises(CrsError):
        store.publish(zones.set_crs(None, allow_override=True), name="rdtr",
                      valid_from=date(2020, 1, 1))  # fmt: skip
    with pytest.raises(SchemaError, match="column isi holds"):
        store.publish(pd.DataFrame({"isi": [["a"], ["b"]]}), name="daftar")
    with pytest.raises(StoreError) as caught:
        store.publish(zones, name="rdtr", valid_from=date(2021, 1, 1), valid_to=date(2021, 1, 1))
    assert caught.value.code == "valid_range"
    with pytest.raises(StoreError) as caught:
        store.publish(zones, name="rdtr")
    assert caught.value.code == "valid_from_missing"
    assert store.layers() == [kept]


def test_mixed_numbers_and_words_become_text_with_a_note(store: Store) -> None:
    version = store.publish(pd.DataFrame({"rw": [3, "3A", None]}), name="rw")
    assert [note["code"] for note in version.report] == ["column_as_text"]
    assert store.get("rw").frame["rw"].tolist()[:2] == ["3", "3A"]


def test_a_whole_store_verifies(reopen: Open, zones: gpd.GeoDataFrame) -> None:
    store = reopen()
    assert store.verify() == []
    store.publish(zones, name="rdtr")
    head = store.head()
    store.publish(zones.iloc[:2], name="rdtr")
    store.publish(pd.DataFrame({"a": ["x"]}), name="tabel")
    assert reopen().verify(head) == []
    strange = head._replace(hash="0" * 64)
    assert [note.code for note in reopen().verify(strange)] == ["log_cut"]


def test_readers_see_a_whole_version_during_publications(
    reopen: Open, zones: gpd.GeoDataFrame
) -> None:
    """Each answer is one version, all of it: its rows all carry the number of that version."""
    reopen().publish(zones.assign(n=0), name="rdtr")
    stop, wrong, seen = threading.Event(), [], set()

    def read() -> None:
        reader = reopen()
        while not stop.is_set():
            found = reader.get("rdtr")
            numbers = set(found.frame["n"])
            if len(numbers) != 1 or content_id(found.frame) != found.version.id:
                wrong.append(numbers)
            seen.update(numbers)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    writer = reopen()
    for number in range(1, 16):
        writer.publish(zones.assign(n=number), name="rdtr")
    stop.set()
    for reader in readers:
        reader.join()
    assert not wrong
    assert len(seen) > 1, "the readers never met a publication"


def test_writers_at_the_same_time_all_get_their_place(
    reopen: Open, zones: gpd.GeoDataFrame
) -> None:
    failed: list[Exception] = []

    def write(who: int) -> None:
        try:
            mine = reopen()
            for step in range(4):
                mine.publish(zones.assign(who=who, step=step), name="rdtr")
        except Exception as error:  # noqa: BLE001  whatever it is, the test reports it
            failed.append(error)

    writers = [threading.Thread(target=write, args=(who,)) for who in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    store = reopen()
    assert not failed
    assert [one.seq for one in store.history("rdtr")] == list(range(1, 17))
    assert len({one.id for one in store.history("rdtr")}) == 16
    assert store.verify() == []
