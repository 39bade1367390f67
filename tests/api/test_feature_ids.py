"""Names of features: the official key, else content; never the place in the layer."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.app import create_app
from api.engine import Engine
from api.ogc.collection import Collection, make_collection
from api.ogc.identity import LONGEST, feature_ids
from api.service import Service
from api.settings import ServeSettings
from layers.store import open_store
from layers.workspace import Workspace


def squares(count: int) -> np.ndarray:
    return np.array([shapely.box(i, 0, i + 1, 1) for i in range(count)], dtype=object)


def layer(table: pd.DataFrame, kind: str = "") -> Collection:
    frame = gpd.GeoDataFrame(table, geometry=list(squares(len(table))), crs="EPSG:4326")
    return make_collection(frame, "v", {"name": "x", "kind": kind})


@given(st.permutations(range(6)), st.integers(0, 5))
def test_a_name_follows_its_feature_wherever_it_stands(order: list[int], changed: int) -> None:
    table = pd.DataFrame({"zona": list("aabbcd"), "luas": [1.0, 2, 3, 4, 5, np.nan]})
    shapes = squares(6)
    ids = feature_ids(table, shapes)
    moved = feature_ids(table.iloc[order].reset_index(drop=True), shapes[order])
    assert moved.tolist() == ids[order].tolist()
    assert len(set(ids)) == 6
    other = table.assign(zona=table["zona"].where(table.index != changed, "z"))
    after = feature_ids(other, shapes)
    assert [row for row in range(6) if after[row] != ids[row]] == [changed]
    reshaped = shapes.copy()
    reshaped[changed] = shapely.box(90, 0, 91, 1)
    drawn = feature_ids(table, reshaped)
    assert [row for row in range(6) if drawn[row] != ids[row]] == [changed]


def test_features_that_are_the_same_in_everything_are_numbered() -> None:
    table = pd.DataFrame({"zona": ["a"] * 3})
    shapes = np.array([shapely.box(0, 0, 1, 1)] * 3, dtype=object)
    first, *others = feature_ids(table, shapes)
    assert others == [f"{first}-2", f"{first}-3"]


@pytest.mark.parametrize(
    "codes",
    [
        ["33.1", "33.1"], ["33.1", None], ["33.1", ""], ["33.1", "a/b"], ["33.1", ".."],
        ["33.1", "x" * (LONGEST + 1)], ["33.1", "a\nb"], ["33.1", "a%2Fb"],
    ],
)  # fmt: skip
def test_a_key_that_cannot_name_every_feature_names_none(codes: list[str | None]) -> None:
    made = layer(pd.DataFrame({"kode_desa": codes}), "batas_administrasi")
    assert "33.1" not in made.ids
    assert len(set(made.ids)) == 2


def test_an_attribute_called_id_is_kept_beside_the_name() -> None:
    made = layer(pd.DataFrame({"id": [7, 8]}))
    assert made.id_column == "feature_id"


def test_over_http_a_name_finds_its_feature_in_the_next_version(tmp_path: Path) -> None:
    place = Workspace.create(tmp_path / "ws", name="Uji", extent=(110.3, -7.2, 111.0, -6.5))
    store = open_store(place)
    names = ["DAS Juwana", "Babon & Garang", "Çilacap"]
    shapes = [shapely.box(110.4 + i / 10, -7, 110.45 + i / 10, -6.9) for i in range(3)]
    frame = gpd.GeoDataFrame({"nama_das": names, "luas": [1, 2, 3]}, geometry=shapes, crs=4326)
    store.publish(frame, name="das", kind="das")
    settings = ServeSettings()
    app = create_app(lambda: Service(Engine(place, store, ()), settings), settings)
    items = "/ogc/collections/das/items"
    with TestClient(app) as client:
        while client.get("/readyz").status_code != 200:
            pass
        page = client.get(items).json()
        assert [one["id"] for one in page["features"]] == names
        assert [row.split(",")[0] for row in client.get(f"{items}?f=csv").text.splitlines()] == [
            "id", *names,
        ]  # fmt: skip
        for name in names:
            told = client.get(f"{items}/{quote(name)}").json()
            assert (told["id"], told["properties"]["nama_das"]) == (name, name)
            [here] = [one["href"] for one in told["links"] if one["rel"] == "self"]
            assert client.get(here).json()["id"] == name
            assert client.get(f"{items}/{quote(name)}?f=html").status_code == 200
        store.publish(frame.iloc[::-1].assign(luas=9), name="das", kind="das")
        assert app.state.opening.renew()
        for name in names:
            assert client.get(f"{items}/{quote(name)}").json()["properties"]["luas"] == 9
        missing = client.get(f"{items}/tiada")
        assert (missing.status_code, missing.json()["code"]) == (404, "feature_unknown")


def test_no_name_looks_like_the_number_of_a_citizen() -> None:
    """Sixteen digits in a column `id` would be refused at the door of the store."""
    table = pd.DataFrame({"zona": np.arange(5_000).astype(str)})
    ids = feature_ids(table, np.array([shapely.Point(0, 0)] * 5_000, dtype=object))
    assert not any(name.isdigit() for name in ids)
