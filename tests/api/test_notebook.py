"""What a notebook shows: cards that execute nothing, maps with our colours, offline and light."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely

import api.notebook
from api.symbology import zone_colour
from spatial.errors import CrsError, SchemaError
from zoning import check_permits, load_plan, sample_plan_folder

PLAN = load_plan(sample_plan_folder("rdtr"))


def _zones(crs: str | None = "EPSG:4326") -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"zona": ["R-2", "K-3", None]},
        geometry=[shapely.box(110 + i / 100, -7, 110.01 + i / 100, -6.99) for i in range(3)],
        crs=crs,
    )


def _wavy(count: int, corners: int) -> gpd.GeoDataFrame:
    """Strips of a coverage with very many corners on their common borders."""
    x = np.linspace(0, 2_000, corners)
    lines = [
        np.column_stack((x + 450_000, 9_250_000 + i * 500 + 0.2 * np.sin(x / 3)))
        for i in range(count + 1)
    ]
    shapes = [shapely.Polygon(np.vstack((low, high[::-1]))) for low, high in pairwise(lines)]
    return gpd.GeoDataFrame({"zona": ["R-2"] * count}, geometry=shapes, crs="EPSG:9489")


def test_a_card_shows_every_finding_and_executes_nothing() -> None:
    evil = "<script>alert(1)</script>"
    house = gpd.GeoDataFrame(
        {"permit_id": [evil], "kegiatan": [evil]},
        geometry=[shapely.box(110.6, -6.9, 110.6001, -6.8999)],
        crs="EPSG:4326",
    )
    verdicts = check_permits(house, PLAN)
    card = verdicts[0]._repr_html_()
    assert "<script" not in card
    assert card.count("<li") == len(verdicts[0].findings)
    assert "Perlu kajian" in card
    assert len(card) < 50_000
    table = verdicts._repr_html_()
    assert "<script" not in table
    assert "Perlu kajian" in table


def test_plot_uses_the_colours_of_the_symbology_and_marks_no_answer() -> None:
    axes = _zones().tataruang.plot()
    faces = axes.collections[0].get_facecolor()
    colours = {"#{:02x}{:02x}{:02x}".format(*(round(v * 255) for v in face[:3])) for face in faces}
    assert {zone_colour("R-2"), zone_colour("K-3")} <= colours
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["K-3", "R-2", "tanpa jawaban"]


def test_explore_needs_no_network_and_carries_the_data() -> None:
    shown = _zones().tataruang.explore()
    assert shown.note == ""
    assert not re.search(r"""\bsrc\s*=\s*["']https?:|url\(["']?https?:|import\(""", shown.page)
    content = json.loads(re.search(r"const content = (\{.*\});", shown.page)[1])
    assert len(content["data"]["features"]) == 3
    assert content["legend"] == [["K-3", zone_colour("K-3")], ["R-2", zone_colour("R-2")]]
    assert 'sandbox="allow-scripts"' in shown._repr_html_()


def test_text_of_a_frame_cannot_leave_its_place_in_the_page() -> None:
    frame = _zones().assign(nama="</script><script>alert(1)</script>")
    assert "</script><script>alert" not in frame.tataruang.explore().page


def test_explore_simplifies_by_itself_says_so_and_leaves_no_gaps() -> None:
    frame = _wavy(4, 40_000)
    shown = frame.tataruang.explore()
    assert "disederhanakan" in shown.note
    assert len(shown.page) < 4_000_000
    light, _ = api.notebook._light(frame)
    assert shapely.get_num_coordinates(light.to_numpy()).sum() <= api.notebook.MOST_CORNERS
    assert shapely.coverage_is_valid(light.to_numpy())
    # What was given is what is still there.
    assert shapely.get_num_coordinates(frame.geometry.to_numpy()).sum() > 200_000


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(SchemaError, match="has no column 'kelas'"):
        _zones().tataruang.plot("kelas")
    with pytest.raises(CrsError):
        _zones(crs=None).tataruang.explore()
    with pytest.raises(AttributeError):
        _ = _zones().drop(columns="geometry").tataruang
