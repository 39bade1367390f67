"""The report tells what is wrong, where, how large and how wide, and whose it is."""

from __future__ import annotations

import json
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from layer_making import zones

import layers
from api import cli
from layers.ingest import ingest_file
from layers.quality import examine
from layers.store import open_store
from layers.workspace import Workspace

X, Y = 440_000.0, 9_226_000.0


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """Four zones: an overlap of 3 mm, a hole of 4 m2, a slit of 2 mm, one outline twice."""
    cells = [
        shapely.box(X, Y, X + 100.003, Y + 100),
        shapely.box(X + 100, Y, X + 200, Y + 100),
        shapely.box(X + 200.002, Y, X + 300, Y + 100).difference(
            shapely.box(X + 250, Y + 50, X + 252, Y + 52)
        ),
        shapely.box(X, Y + 100, X + 300, Y + 200),
    ]
    frame = gpd.GeoDataFrame(
        {
            "KODSZN": ["R-2", "K-3", "P-1", "RTH2"],
            "NAMOBJ": ["a", "b", "c", None],
            "LUASHA": [1.00003, 1.0, 9.98, 3.0],
        },
        geometry=cells,
        crs="EPSG:32749",
    )
    path = tmp_path / "rdtr.gpkg"
    frame.to_file(path)
    return path


def test_every_defect_has_place_area_width_and_names(plan: Path) -> None:
    found = examine(layers.read(plan))
    told = {(d.kind, d.features): d for d in found.defects}
    overlap = told["overlap", ("R-2 a", "K-3 b")]
    assert overlap.sliver
    assert overlap.width_m == pytest.approx(0.003, rel=0.01)
    assert overlap.area_m2 == pytest.approx(0.3, rel=0.01)
    hole = told["gap", ("P-1 c",)]
    assert not hole.sliver
    assert (hole.width_m, hole.area_m2) == pytest.approx((2.0, 4.0), rel=0.01)
    place = gpd.GeoSeries.from_xy([hole.lon], [hole.lat], crs="EPSG:4326").to_crs("EPSG:32749")
    assert shapely.box(X + 250, Y + 50, X + 252, Y + 52).contains(place.iloc[0])
    slits = [d for d in found.defects if d.kind == "slit"] + [
        d for d in found.defects if d.kind == "gap" and d.sliver
    ]
    assert [round(d.width_m, 4) for d in slits] == [0.002]
    assert found.coverage["gap_real"]["count"] == 1
    assert found.coverage["overlap_sliver"]["area_ha"] == pytest.approx(0.3e-4, rel=0.01)
    assert found.defects[0] is hole  # errors before slivers


def test_the_tolerance_decides_what_is_a_sliver(plan: Path) -> None:
    assert all(d.sliver for d in examine(layers.read(plan), sliver_width_m=5.0).defects)
    assert not any(d.sliver for d in examine(layers.read(plan), sliver_width_m=0.001).defects)


def test_stated_areas_are_held_against_the_outlines(plan: Path) -> None:
    [wrong] = examine(layers.read(plan)).areas
    assert (wrong["feature"], wrong["column"]) == ("P-1 c", "luasha")
    assert wrong["ratio"] == pytest.approx(9.98, rel=0.01)


def test_unknown_codes_and_nulls_are_counted(plan: Path) -> None:
    found = examine(layers.read(plan))
    assert {"column": "namobj", "count": 1, "rows": 4} in found.nulls
    [unknown] = [note for note in found.notes if note.code == "code_unknown"]
    assert unknown.details["nearest"] == "RTH-2"


def test_a_feature_that_is_drawn_or_named_twice(tmp_path: Path) -> None:
    frame = zones(KDEPUM=["33.74.01.1001"] * 2)
    frame.geometry = [frame.geometry[0], shapely.reverse(frame.geometry[0])]
    frame.to_file(tmp_path / "a.gpkg")
    found = examine(layers.read(tmp_path / "a.gpkg", kind="batas_administrasi"))
    assert {(one["what"], tuple(one["rows"])) for one in found.duplicates} == {
        ("kode_desa", (0, 1)),
        ("geometry", (0, 1)),
    }


def test_a_repair_keeps_its_place_and_the_layer_of_other_kinds_is_no_partition(
    tmp_path: Path,
) -> None:
    bowtie = shapely.from_wkt(
        "POLYGON ((110.4 -7, 110.41 -6.99, 110.41 -7, 110.4 -6.99, 110.4 -7))"
    )
    gpd.GeoDataFrame({"KELAS": ["Tinggi"]}, geometry=[bowtie], crs=4326).to_file(
        tmp_path / "banjir.gpkg"
    )
    found = examine(layers.read(tmp_path / "banjir.gpkg"))
    assert found.coverage == {}
    assert "(110.405, -6.995)" in str(found.notes[0])


def test_the_report_is_kept_with_the_version(tmp_path: Path, plan: Path) -> None:
    place = Workspace.create(tmp_path / "ws", name="Contoh")
    version, _ = ingest_file(open_store(place), plan, name="rdtr")
    kept = version.to_dict()["provenance"]["quality"]
    assert kept["coverage"]["gap_real"]["count"] == 1
    assert kept["defects"][0]["features"] == ["P-1 c"]


def test_the_command_tells_and_writes_a_page_that_stands_alone(
    tmp_path: Path, plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "mutu.html"
    assert cli.main(["inspect", str(plan), "--html", str(page)]) == 0
    told = capsys.readouterr().out
    assert "celah" in told
    assert "P-1 c" in told
    text = page.read_text(encoding="utf-8")
    assert text.count("<svg") == 2  # the layer, and its one real error close up
    assert "1 kesalahan cakupan" in text
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org", "")
    assert cli.main(["inspect", str(plan), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["summary"]["rows"] == 4
    assert report["defects"][0]["kind"] == "gap"


@pytest.mark.realdata
def test_the_villages_of_a_province(geodata: Path) -> None:
    """Against the figures of the data's own description."""
    layer = layers.read(geodata / "admin-jateng" / "desa_33_raw.parquet")
    start = time.process_time()
    found = examine(layer, sliver_width_m=12.5)
    # Two cores share the work, so 40 s of processors are 20 s of waiting.
    assert time.process_time() - start < 40
    large = [
        d for d in found.defects if d.kind == "overlap" and d.area_m2 > 10_000 and not d.sliver
    ]
    assert [d.features[-1].split(" ", 1)[1] for d in large[:2]] == ["Sodong Basari", "Bojongsari"]
    over = [d for d in found.defects if d.kind == "overlap" and d.area_m2 > 10_000]
    assert len(over) == 11
    totals = found.coverage
    overlap = totals["overlap_real"]["area_ha"] + totals["overlap_sliver"]["area_ha"]
    assert overlap == pytest.approx(2351, abs=2)
    assert totals["gap_sliver"]["area_ha"] == pytest.approx(1391, abs=2)
    assert totals["gap_sliver"]["count"] == pytest.approx(44_594, rel=0.01)
    assert totals["gap_sliver"]["largest_ha"] == pytest.approx(1.0, abs=0.05)
    assert found.summary["area_ha"] == pytest.approx(3_433_311, rel=0.001)
    assert len([n for n in found.notes if n.code == "geometry_repaired"]) == 3
    assert np.isfinite([d.lon for d in found.defects]).all()


def test_a_sliver_of_a_hectare_is_named_whatever_the_tolerance(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strips = [
        shapely.box(440_000, 9_226_000, 445_000, 9_226_503),
        shapely.box(440_000, 9_226_500, 445_000, 9_227_000),
        shapely.box(440_000, 9_226_999, 445_000, 9_227_500),
    ]
    frame = gpd.GeoDataFrame({"KODE_DESA": ["A", "B", "C"]}, geometry=strips, crs="EPSG:32749")
    frame.to_file(tmp_path / "desa.gpkg")
    assert cli.main(["inspect", str(tmp_path / "desa.gpkg"), "--sliver-width", "12.5"]) == 0
    said = capsys.readouterr().out
    # 1.5 ha and 3 m wide: narrower than the map is accurate, and still somebody's question.
    assert "! serpihan tumpang tindih 1,50 ha, lebar 3,000 m" in said
    assert "A · B" in said
    assert "B · C" not in said
