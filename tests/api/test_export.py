"""Export: every format read back by another reader, nothing cut, symbols of one source."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from defusedxml.ElementTree import fromstring, parse

from api.cli import main
from api.symbology import UNKNOWN_ZONE, layer_styles, zone_colour
from layers.store import open_store
from layers.workspace import Workspace

SLD = "{http://www.opengis.net/sld}"
OGC = "{http://www.opengis.net/ogc}"


@pytest.fixture
def plan() -> gpd.GeoDataFrame:
    one = shapely.box(433000, 9226000, 433100, 9226100)
    two = shapely.MultiPolygon([shapely.box(433100, 9226000, 433200, 9226100)])
    return gpd.GeoDataFrame(
        {"zona": ["R-2", "X'9\"<"], "namobj": ["Perumahan", None], "kodszn": ["R-2", "X9"],
         "luasha": [1.0, np.nan], "tanggal": [date(2024, 1, 2), None]},
        geometry=[one, two], crs="EPSG:9489",
    )  # fmt: skip


@pytest.fixture
def workspace(tmp_path: Path, plan: gpd.GeoDataFrame) -> str:
    made = Workspace.create(tmp_path / "ruang", name="Contoh", extent=(110, -8, 111, -6))
    store = open_store(made)
    store.publish(plan.iloc[:1], name="rdtr", kind="pola_ruang", valid_from=date(2010, 1, 1))
    store.publish(plan, name="rdtr", kind="pola_ruang", valid_from=date(2024, 1, 1))
    store.publish(pd.DataFrame({"kode_desa": ["33.74.01.1001"], "jiwa": [7]}), name="penduduk")
    return str(made.folder)


@pytest.mark.parametrize("suffix", [".gpkg", ".fgb", ".parquet", ".geojson", ".gdb", ".shp"])
def test_another_reader_reads_back_what_was_stored(
    workspace: str, plan: gpd.GeoDataFrame, suffix: str, tmp_path: Path
) -> None:
    out = tmp_path / f"hasil{suffix}"
    assert main(["export", "rdtr", "-w", workspace, "-o", str(out)]) == 0
    found = gpd.read_parquet(out) if suffix == ".parquet" else gpd.read_file(out)
    found.columns = [name.lower() if name != "geometry" else name for name in found.columns]
    assert sorted(found["zona"]) == sorted(plan["zona"])
    found = found.set_index("zona").loc[plan["zona"]]
    assert found["namobj"].isna().tolist() == [False, True]
    assert pd.to_datetime(found["tanggal"]).dt.date.iloc[0] == date(2024, 1, 2)
    assert found.to_crs("EPSG:9489").area.to_numpy() == pytest.approx(plan.area, rel=1e-6)
    if suffix == ".geojson":
        assert found.crs.to_epsg() == 4326
        assert "crs" not in json.loads(out.read_text())
    else:
        assert found.crs.equals(plan.crs)
    assert out.with_suffix(".qml").is_file()
    assert out.with_suffix(".sld").is_file()


def test_a_geodatabase_has_official_names(workspace: str, tmp_path: Path) -> None:
    out = tmp_path / "rdtr.gdb"
    assert main(["export", "rdtr", "-w", workspace, "-o", str(out)]) == 0
    assert pyogrio.list_layers(out).tolist() == [["RDTR_AR", "MultiPolygon"]]
    assert set(pyogrio.read_info(out)["fields"]) >= {"NAMOBJ", "KODSZN", "LUASHA"}
    qml = fromstring(out.with_suffix(".qml").read_text().split("\n", 1)[1])
    assert qml.find("renderer-v2").get("attr") == "ZONA"


def test_any_version_can_be_exported(
    workspace: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "lama.gpkg"
    assert main(["export", "rdtr", "-w", workspace, "-o", str(out), "--on", "2015-01-01"]) == 0
    assert len(gpd.read_file(out)) == 1
    capsys.readouterr()
    assert main(["export", "rdtr", "-w", workspace, "-o", str(out)]) == 2
    assert "[export_exists]" in capsys.readouterr().err
    beside = out.with_suffix(".gdb")
    assert main(["export", "rdtr", "-w", workspace, "-o", str(beside)]) == 2
    assert "lama.qml, lama.sld" in capsys.readouterr().err
    assert not beside.exists()
    words = ["export", "rdtr", "-w", workspace, "-o", str(out), "--yes", "--json"]
    assert main(words) == 0
    said = json.loads(capsys.readouterr().out)
    assert len(gpd.read_file(out)) == 2
    assert {Path(name).suffix for name in said["files"]} == {".gpkg", ".qml", ".sld"}


def test_symbols_come_from_the_one_source(workspace: str, tmp_path: Path) -> None:
    out = tmp_path / "rdtr.gpkg"
    assert main(["export", "rdtr", "-w", workspace, "-o", str(out)]) == 0
    qml = fromstring(out.with_suffix(".qml").read_text().split("\n", 1)[1])
    renderer = qml.find("renderer-v2")
    assert (renderer.get("type"), renderer.get("attr")) == ("categorizedSymbol", "zona")
    values = {one.get("value"): one.get("symbol") for one in renderer.find("categories")}
    for value, number in values.items():
        symbol = renderer.find(f"symbols/symbol[@name='{number}']")
        colour = symbol.find("layer/Option/Option[@name='color']").get("value")
        assert "#" + "".join(f"{int(part):02x}" for part in colour.split(",")[:3]) == zone_colour(
            value
        )
    assert set(values) == {"R-2", "X'9\"<"}
    sld = parse(out.with_suffix(".sld")).getroot()
    rules = sld.findall(f".//{SLD}Rule")
    said = {
        rule.find(f".//{OGC}Literal").text: rule.find(f".//{SLD}Fill/{SLD}CssParameter").text
        for rule in rules
    }
    assert said == {"R-2": zone_colour("R-2"), "X'9\"<": UNKNOWN_ZONE}


@pytest.mark.parametrize(
    ("kind", "shape", "piece"),
    [
        ("lp2b", shapely.box(0, 0, 1, 1), "LinePatternFill"),
        ("krb", shapely.box(0, 0, 1, 1), "PointPatternFill"),
        ("jalan", shapely.LineString([(0, 0), (1, 1)]), "SimpleLine"),
        ("mata_air", shapely.Point(0, 0), "SimpleMarker"),
    ],
)
def test_overlays_are_hatches_and_lines_lines(
    tmp_path: Path, kind: str, shape: shapely.Geometry, piece: str
) -> None:
    made = Workspace.create(tmp_path / "ruang", name="Contoh")
    frame = gpd.GeoDataFrame({"n": [1]}, geometry=[shape], crs="EPSG:9489")
    open_store(made).publish(frame, name="lapis", kind=kind)
    out = tmp_path / "lapis.gpkg"
    assert main(["export", "lapis", "-w", str(made.folder), "-o", str(out)]) == 0
    text = out.with_suffix(".qml").read_text()
    colour = layer_styles()[kind]["colour"]
    assert f'class="{piece}"' in text
    assert ",".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5)) in text
    assert colour in out.with_suffix(".sld").read_text()


@pytest.mark.parametrize(
    ("change", "code", "named"),
    [
        ({"zona_turunan": "x"}, "export_names_cut", "zona_turunan"),
        ({"uraian": "x" * 300}, "export_text_cut", "uraian"),
        ({"saat": pd.Timestamp("2024-01-02T03:04")}, "export_instants", "saat"),
    ],
)
def test_a_shapefile_is_refused_where_it_would_cut(
    workspace: str, plan: gpd.GeoDataFrame, change: dict, code: str, named: str, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    open_store(Workspace.open(workspace)).publish(plan.assign(**change), name="lain")
    out = tmp_path / "lain.shp"
    assert main(["export", "lain", "-w", workspace, "-o", str(out)]) == 2
    err = capsys.readouterr().err
    assert f"[{code}]" in err
    assert named in err
    assert not list(tmp_path.glob("lain*"))
    if code == "export_names_cut":
        assert (
            main(["export", "lain", "-w", workspace, "-o", str(out), "--rename", f"{named}=zt"])
            == 0
        )
        assert "zt" in gpd.read_file(out).columns


def test_tables_have_their_own_formats(
    workspace: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for suffix in (".csv", ".parquet", ".gpkg"):
        out = tmp_path / f"penduduk{suffix}"
        assert main(["export", "penduduk", "-w", workspace, "-o", str(out)]) == 0
        read = {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".gpkg": pyogrio.read_dataframe}
        assert read[suffix](out)["jiwa"].tolist() == [7]
        assert not out.with_suffix(".qml").exists()
    for name, code in (("a.shp", "export_table"), ("a.docx", "export_suffix")):
        assert main(["export", "penduduk", "-w", workspace, "-o", str(tmp_path / name)]) == 2
        assert f"[{code}]" in capsys.readouterr().err
