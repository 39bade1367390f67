"""Water across kabupaten closes per DAS; forest loss inside protected areas closes per unit."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from api.cli import main
from hazard import das_shares, exposure, forest_change, water_balance
from layers import read
from spatial.crs import AREA_CRS
from spatial.errors import LayerError, SchemaError

X0, Y0 = 12_300_000.0, -770_000.0


def box(x0: float, y0: float, x1: float, y1: float) -> shapely.Polygon:
    return shapely.box(X0 + 100 * x0, Y0 + 100 * y0, X0 + 100 * x1, Y0 + 100 * y1)


@given(
    st.lists(
        st.tuples(st.sampled_from("GST"), st.sampled_from("ABC"), st.floats(1, 1e7)),
        min_size=1, max_size=9, unique_by=lambda row: row[:2],
    ),
    st.lists(st.floats(0, 1e6), min_size=3, max_size=3),
)  # fmt: skip
def test_water_that_is_moved_is_given_by_one_and_got_by_another(
    rows: list[tuple[str, str, float]], people: list[float]
) -> None:
    parts = pd.DataFrame(rows, columns=["das", "kabkota", "area_m2"])
    table = water_balance(
        parts,
        pd.Series({"G": 900.0, "S": 300.0, "T": 0.0}),
        pd.DataFrame({"jiwa": people}, list("ABC")),
        {"jiwa": 45.0},
    )
    scale = 1 + table[["supply_m3", "demand_m3"]].to_numpy().max()
    assert table.groupby("das")["transfer_m3"].sum().abs().max() <= 1e-9 * scale
    touched = sorted(set(parts["kabkota"]))
    demand = table.groupby("kabkota")["demand_m3"].sum()
    np.testing.assert_allclose(demand[touched], [45 * people["ABC".index(k)] for k in touched])
    left = table["balance_m3"] + table["transfer_m3"]
    assert (left + table["deficit_m3"] >= -1e-6 * scale).all()
    # Nobody is left without while a neighbour in the same DAS has some to spare.
    for _, das in table.groupby("das"):
        spare = das["balance_m3"].clip(lower=0).sum() + das["transfer_m3"].clip(upper=0).sum()
        assert min(spare, das["deficit_m3"].sum()) <= 1e-6 * scale


def test_what_is_not_given_is_not_nought() -> None:
    parts = pd.DataFrame({"das": ["G"], "kabkota": ["A"], "area_m2": [1e6]})
    users = pd.DataFrame({"jiwa": [10.0]}, ["A"])
    with pytest.raises(LayerError, match="yield of DAS G"):
        water_balance(parts, pd.Series({"S": 1.0}), users, {"jiwa": 1.0})
    with pytest.raises(LayerError, match="no such column"):
        water_balance(parts, pd.Series({"G": 1.0}), users, {"sawah_ha": 1.0})
    with pytest.raises(LayerError, match="users of water in A"):
        water_balance(parts, pd.Series({"G": 1.0}), users.assign(jiwa=np.nan), {"jiwa": 1.0})


def cover(*words: str | None) -> gpd.GeoDataFrame:
    shapes = [box(i, 0, i + 1, 2) for i in range(len(words))]
    return gpd.GeoDataFrame({"tutupan": list(words)}, geometry=shapes, crs=AREA_CRS)


def test_loss_inside_a_protected_area_closes_and_gaps_are_not_nought() -> None:
    before = cover("Hutan", "hutan ", "HUTAN", "Sawah", "Sawah", "Hutan")
    after = cover("Hutan", "Kebun", None, "Hutan", "Sawah")
    change = forest_change(before, after, column="tutupan", forest=["Hutan"])
    lindung = gpd.GeoDataFrame(geometry=[box(0, 0, 6, 1)], crs=AREA_CRS)
    units = gpd.GeoDataFrame(
        {"das": ["A", "B"]}, geometry=[box(0, 0, 2, 2), box(2, 0, 6, 2)], crs=AREA_CRS
    )
    wide = exposure(change, units, unit_id="das", of=lindung).wide().droplevel([0, 1]) / 1e4
    assert wide.loc["A", ["tetap_hutan", "hilang"]].tolist() == pytest.approx([1, 1])
    assert wide.loc["B", ["tumbuh", "bukan_hutan", "luar_cakupan"]].tolist() == pytest.approx(
        [1, 1, 2]
    )
    with pytest.raises(SchemaError, match=r"after has no polygon that is forest"):
        forest_change(before, cover("Sawah"), column="tutupan", forest=["hutan"])
    with pytest.raises(SchemaError, match="no column"):
        forest_change(before, after, column="kelas", forest=["hutan"])


def test_both_commands_write_their_tables(tmp_path: Path) -> None:
    cover("Hutan", "Hutan").to_file(tmp_path / "lama.gpkg")
    cover("Hutan", "Kebun").to_file(tmp_path / "baru.gpkg")
    das = gpd.GeoDataFrame({"nama_das": ["Garang"]}, geometry=[box(0, 0, 2, 2)], crs=AREA_CRS)
    das.to_file(tmp_path / "das.gpkg")
    kab = gpd.GeoDataFrame(
        {"kode_kab": ["33.74", "33.22"]}, geometry=[box(0, 0, 1, 2), box(1, 0, 2, 1)],
        crs=AREA_CRS,
    )  # fmt: skip
    kab.to_file(tmp_path / "kab.gpkg")
    words = ["--before", tmp_path / "lama.gpkg", "--after", tmp_path / "baru.gpkg"]
    words += ["--by", tmp_path / "das.gpkg", "--unit-id", "nama_das", "-o", tmp_path / "h.csv"]
    assert main(["hazard", "forest", *map(str, words)]) == 0
    assert pd.read_csv(tmp_path / "h.csv")["hilang"].round().tolist() == [20000]
    pd.DataFrame({"nama_das": ["Garang"], "limpasan_mm": [1000]}).to_csv(
        tmp_path / "air.csv", index=False
    )
    pd.DataFrame({"kode_kab": ["33.74", "33.22"], "jiwa": [1000, 0]}).to_csv(
        tmp_path / "jiwa.csv", index=False
    )
    words = ["--das", tmp_path / "das.gpkg", "--kabkota", tmp_path / "kab.gpkg"]
    words += ["-o", tmp_path / "a.csv", "--runoff", tmp_path / "air.csv"]
    words += ["--users", tmp_path / "jiwa.csv", "--coefficient", "jiwa=25,5"]
    assert main(["hazard", "water", *map(str, words)]) == 0
    table = pd.read_csv(tmp_path / "a.csv", dtype={"kabkota": str})
    assert table["share_of_das"].tolist() == pytest.approx([0.25, 0.5, 0.25])
    city = table[table["kabkota"] == "33.74"].iloc[0]
    assert city["supply_m3"] == pytest.approx(20_000)
    assert city["demand_m3"] == pytest.approx(25_500)
    assert city["transfer_m3"] == pytest.approx(5_500)


@pytest.mark.realdata
def test_garang_is_shared_by_the_kabkota_its_layer_names(geodata: Path) -> None:
    das = read(geodata / "das-jratunseluna" / "batas_69_ws.shp", source_crs="EPSG:4326").features
    name = next(column for column in das if das[column].astype(str).eq("Garang").any())
    units = read(geodata / "admin-jateng" / "desa_33_raw.parquet").features
    garang = das[das[name].astype(str) == "Garang"]
    code = next(c for c in units if "kab" in c.lower())
    table = das_shares(garang, units, das_id=name, kabkota_id=code)
    [area] = garang.to_crs(AREA_CRS).area
    assert table["area_m2"].sum() == pytest.approx(area, rel=1e-8)
    assert table["kabkota"].nunique() >= 2
