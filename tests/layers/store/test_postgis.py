"""The store in PostGIS: what the database itself keeps, whoever asks it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import geopandas as gpd
import pandas as pd
import psycopg
import pytest
import shapely

from layers.store.postgis import PostgisStore, shown
from spatial.errors import CorruptError, StoreError
from tests.postgres import Server

pytestmark = pytest.mark.postgis


@pytest.fixture
def address(postgres: Server) -> str:
    return postgres.fresh()


@pytest.fixture
def ask(address: str) -> Callable[[str], list[tuple]]:
    """Ask the database directly, as an administrator would."""

    def answer(text: str) -> list[tuple]:
        with psycopg.connect(address, autocommit=True) as connection:
            done = connection.execute(text)
            return done.fetchall() if done.description else []

    return answer


def _table(version: str) -> str:
    return f"tataruang_versi.v_{version[:40]}"


def test_the_newest_version_is_a_layer_for_a_gis(
    address: str, ask: Callable, zones: gpd.GeoDataFrame
) -> None:
    store = PostgisStore(address)
    first = store.publish(zones, name="rdtr", legal={"instrument": "Perda 5/2021"})
    seen = ask("SELECT f_table_name, type, srid FROM geometry_columns "
               "WHERE f_table_schema = 'tataruang_layer'")  # fmt: skip
    assert seen == [("rdtr", "POLYGON", 4326)]
    assert ask("SELECT count(*), round(sum(ST_Area(geometry))) FROM tataruang_layer.rdtr") == [
        (9, 9)
    ]
    [(comment,)] = ask("SELECT obj_description('tataruang_layer.rdtr'::regclass)")
    assert comment == f"Versi {first.id[:12]}; Perda 5/2021"
    store.publish(zones.iloc[:4][["geometry"]], name="rdtr")
    assert ask("SELECT count(*) FROM tataruang_layer.rdtr") == [(4,)]
    store.rollback("rdtr", first.id)
    assert ask("SELECT string_agg(zona, ',' ORDER BY _row) FROM tataruang_layer.rdtr") == [
        (",".join(zones["zona"]),)
    ]
    assert store.verify() == []


def test_an_index_serves_the_window_of_a_map(address: str, ask: Callable) -> None:
    points = gpd.points_from_xy(range(3000), range(3000))
    PostgisStore(address).publish(gpd.GeoDataFrame(geometry=points, crs="EPSG:9489"), name="titik")
    plan = ask("EXPLAIN SELECT * FROM tataruang_layer.titik "
               "WHERE geometry && ST_MakeEnvelope(10, 10, 20, 20, 9489)")  # fmt: skip
    assert "Index" in " ".join(line for (line,) in plan)


def test_mixed_polygons_are_shown_as_multi_and_kept_as_they_were(
    address: str, ask: Callable
) -> None:
    single = shapely.box(0, 0, 1, 1)
    frame = gpd.GeoDataFrame(geometry=[single, shapely.MultiPolygon([single])], crs="EPSG:9489")
    store = PostgisStore(address)
    store.publish(frame, name="campur")
    assert ask("SELECT type, srid FROM geometry_columns WHERE f_table_name = 'campur'") == [
        ("MULTIPOLYGON", 9489)
    ]
    assert store.get("campur").frame.geom_type.tolist() == ["Polygon", "MultiPolygon"]


def test_the_database_refuses_to_change_a_version_or_the_log(
    address: str, ask: Callable, zones: gpd.GeoDataFrame
) -> None:
    version = PostgisStore(address).publish(zones, name="rdtr")
    for text in (
        "UPDATE {t} SET zona = 'X'",
        "DELETE FROM {t}",
        "TRUNCATE {t}",
        "INSERT INTO {t} (_row) VALUES (99)",
        "UPDATE tataruang.log SET entry = ''",
        "DELETE FROM tataruang.log",
        "TRUNCATE tataruang.log",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="tidak boleh diubah"):
            ask(text.format(t=_table(version.id)))
    assert PostgisStore(address).verify() == []


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE {t} SET zona = 'Z-9' WHERE _row = 3",
        "UPDATE {t} SET geometry = ST_Translate(geometry, 1e-9, 0) WHERE _row = 3",
        "UPDATE {t} SET luas = NULL WHERE _row = 0",
        "DELETE FROM {t} WHERE _row = 8",
        "DROP TABLE {t} CASCADE",
        "UPDATE tataruang.content SET columns = replace(columns, 'luas', 'zona2')",
    ],
)
def test_a_changed_value_is_never_served_and_publishing_again_heals(
    address: str, ask: Callable, zones: gpd.GeoDataFrame, harm: str
) -> None:
    version = PostgisStore(address).publish(zones, name="rdtr")
    if "DROP" not in harm:
        ask(f"ALTER TABLE {_table(version.id)} DISABLE TRIGGER USER")
    ask(harm.format(t=_table(version.id)))
    with pytest.raises(CorruptError, match="is not served"):
        PostgisStore(address).get("rdtr")
    assert PostgisStore(address).verify()[0].code == "version_corrupt"
    store = PostgisStore(address)
    assert store.publish(zones, name="rdtr").id == version.id
    assert PostgisStore(address).get("rdtr").frame["zona"].tolist() == zones["zona"].tolist()
    assert store.verify() == []


def test_layers_of_one_content_are_healed_together(
    address: str, ask: Callable, zones: gpd.GeoDataFrame
) -> None:
    store = PostgisStore(address)
    for name in ("rdtr", "salinan"):
        version = store.publish(zones, name=name)
    for text in ("ALTER TABLE {t} DISABLE TRIGGER USER", "DELETE FROM {t}"):
        ask(text.format(t=_table(version.id)))
    assert len(store.verify()) == 1
    store.publish(zones, name="rdtr")
    assert store.verify() == []
    assert ask("SELECT count(*) FROM tataruang_layer.salinan") == [(9,)]


def test_a_changed_log_is_refused(address: str, ask: Callable, zones: gpd.GeoDataFrame) -> None:
    store = PostgisStore(address)
    store.publish(zones, name="rdtr")
    head = store.head()
    store.publish(zones.iloc[:3], name="rdtr")
    ask("ALTER TABLE tataruang.log DISABLE TRIGGER USER")
    ask("DELETE FROM tataruang.log WHERE seq = 2")
    # What had been read is missed at once; a new reader needs a head kept elsewhere.
    with pytest.raises(CorruptError, match="cut or replaced"):
        store.get("rdtr")
    assert [note.code for note in PostgisStore(address).verify(head)] == ["view_astray"]
    ask("UPDATE tataruang.log SET entry = replace(entry, '\"rows\": 9', '\"rows\": 8')")
    with pytest.raises(CorruptError, match="entry 1 was changed"):
        PostgisStore(address).get("rdtr")


def test_a_view_that_was_bent_is_named(
    address: str, ask: Callable, zones: gpd.GeoDataFrame
) -> None:
    store = PostgisStore(address)
    store.publish(zones, name="rdtr")
    ask("DROP VIEW tataruang_layer.rdtr")
    assert [note.code for note in store.verify()] == ["view_astray"]
    store.publish(zones, name="rdtr")
    ask("CREATE VIEW milik_saya AS SELECT zona FROM tataruang_layer.rdtr")
    with pytest.raises(StoreError) as caught:
        store.publish(zones[["geometry"]], name="rdtr")
    assert caught.value.code == "view_in_use"
    assert "milik_saya" in str(caught.value)
    assert len(store.get("rdtr").frame.columns) == 3


def test_readers_read_and_only_writers_write(
    postgres: Server, address: str, ask: Callable, zones: gpd.GeoDataFrame
) -> None:
    PostgisStore(address).publish(zones, name="rdtr")
    database = address.split("@/")[1].split("?")[0]
    people = {
        "pembaca": "tataruang_reader",
        "penulis_a": "tataruang_writer",
        "penulis_b": "tataruang_writer",
    }
    for name, role in people.items():
        ask(f"CREATE ROLE {name} LOGIN IN ROLE {role}")
    try:
        reader, one, other = (PostgisStore(postgres.address(database, who)) for who in people)
        assert len(reader.get("rdtr").frame) == 9
        assert reader.verify() == []
        with pytest.raises(StoreError) as caught:
            reader.publish(zones.iloc[:2], name="rdtr")
        assert caught.value.code == "database_denied"
        one.publish(zones.iloc[:5], name="rdtr")
        # What one writer made the next may replace, also where the columns differ.
        other.publish(zones.iloc[:3][["geometry"]], name="rdtr")
        assert len(reader.get("rdtr").frame) == 3
        with psycopg.connect(postgres.address(database, "penulis_a")) as connection:
            for text in ("DELETE FROM tataruang.log", "UPDATE tataruang.log SET entry = ''"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(text)
                connection.rollback()
    finally:
        for name in people:
            ask(f"DROP ROLE {name}")


def test_a_restart_of_the_server_gives_errors_that_name_it_and_no_wrong_answer(
    postgres: Server, address: str, zones: gpd.GeoDataFrame
) -> None:
    store = PostgisStore(address)
    first = store.publish(zones, name="rdtr")
    store.get("rdtr")
    postgres.stop("immediate")
    try:
        for wish in (
            lambda: store.get("rdtr"),
            lambda: store.publish(zones.iloc[:2], name="rdtr"),
            lambda: PostgisStore(address),
        ):
            with pytest.raises(StoreError) as caught:
                wish()
            assert caught.value.code == "database_unreachable"
            assert str(caught.value).startswith(f"the database {shown(address)} does not answer")
    finally:
        postgres.start()
    # The very next question is answered: dead connections are let go of.
    assert store.get("rdtr").version == first
    second = store.publish(zones.iloc[:2], name="rdtr")
    assert [one.id for one in store.history("rdtr")] == [first.id, second.id]
    assert store.verify() == []


def test_a_restart_while_others_write_and_read_loses_nothing(
    postgres: Server, address: str, zones: gpd.GeoDataFrame
) -> None:
    """Every acknowledged publication is there afterwards, every answer was a whole version."""
    import threading

    stop, acknowledged, wrong, refused = threading.Event(), [], [], []

    def use(publish: bool) -> None:
        store, number = PostgisStore(address), 0
        while not stop.is_set():
            try:
                if publish:
                    number += 1
                    acknowledged.append(store.publish(zones.assign(n=number), name="rdtr").id)
                elif len({*store.get("rdtr").frame["n"]}) != 1:
                    wrong.append("mixed")
            except StoreError as error:
                refused.append(error.code)
            except LookupError:
                continue

    users = [threading.Thread(target=use, args=(who == 0,)) for who in range(3)]
    PostgisStore(address).publish(zones.assign(n=0), name="rdtr")
    for user in users:
        user.start()
    for _ in range(2):
        stop.wait(0.5)
        postgres.stop("fast")
        postgres.start()
    stop.wait(0.5)
    stop.set()
    for user in users:
        user.join()
    store = PostgisStore(address)
    assert not wrong
    assert set(refused) <= {"database_unreachable"}
    assert set(acknowledged) <= {one.id for one in store.history("rdtr")}
    assert store.verify() == []


def test_what_the_database_cannot_hold_is_said_before_anything_is_written(
    address: str, ask: Callable, zones: gpd.GeoDataFrame
) -> None:
    store = PostgisStore(address)
    long = "pertanyaan_" * 7
    with pytest.raises(StoreError) as caught:
        store.publish(zones.rename(columns={"luas": long}), name="survei")
    assert caught.value.code == "column_name_long"
    with pytest.raises(StoreError, match="0x00"):
        store.publish(pd.DataFrame({"x": ["a\x00b"]}), name="tabel")
    assert store.layers() == []
    assert ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'tataruang_versi'") == [(0,)]


def test_a_database_of_a_newer_engine_is_left_alone(address: str, ask: Callable) -> None:
    PostgisStore(address)
    ask("INSERT INTO tataruang.migration (number) VALUES (9999)")
    with pytest.raises(StoreError) as caught:
        PostgisStore(address)
    assert caught.value.code == "database_newer"


def test_no_password_is_shown() -> None:
    with pytest.raises(StoreError) as caught:
        PostgisStore("postgresql://budi:rahasia@localhost:1/tata?connect_timeout=1")
    assert "rahasia" not in str(caught.value)
    assert "tata di localhost" in str(caught.value)


def test_a_raster_survives_the_end_of_its_temporary_file(address: str, tmp_path: Path) -> None:
    import numpy as np
    import rasterio
    from affine import Affine

    path = tmp_path / "dem.tif"
    place = {"crs": "EPSG:32749", "transform": Affine(9, 0, 4e5, 0, -9, 9e6)}
    profile = {"driver": "GTiff", "height": 2, "width": 2, "count": 1, "dtype": "uint8"} | place
    with rasterio.open(path, "w", nodata=0, **profile) as target:
        target.write(np.ones((1, 2, 2), "uint8"))
    store = PostgisStore(address)
    store.publish(path, name="dem")
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: store.get("dem").path.read_bytes(), range(12)))
    assert set(found) == {path.read_bytes()}
    first = store.get("dem").path
    assert first is not None
    first.unlink()
    assert store.get("dem").path.read_bytes() == path.read_bytes()


def test_the_server_runs_on_a_socket_alone(postgres: Server) -> None:
    assert postgres.sql("postgres", "SHOW listen_addresses") == ""
    with pytest.raises(subprocess.CalledProcessError):
        postgres.sql("postgres", "SELECT kolom_yang_tidak_ada")
