"""Page, paper and map of one verdict: every figure shown, nothing executed, a round scale."""

from __future__ import annotations

import io
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from matplotlib.image import imread

from api.reports import sheet
from api.reports.html import render_html
from api.reports.page import Page, build_page, texts
from api.reports.verdict_map import MapScene, draw_verdict_map
from api.wording import IZIN, REASONS, VERDICTS

LAW = {"instrument": "Perbup Contoh 1/2024", "pasal": "Pasal 45", "kutipan": "boleh <b>saja</b>"}


def _finding(**other: Any) -> dict[str, Any]:
    plain = {"rule": "itbx", "kind": "matriks", "interval": ["I", "I"], "measured": None}
    more = {"limit": None, "unit": None, "area_m2": None, "conditions": [], "dasar": LAW}
    return plain | more | {"geometry": None} | other


def _verdict(**other: Any) -> dict[str, Any]:
    part = {"instrument": "RDTR", "zone": "R-2", "area_m2": 150.0, "share": 0.75}
    parts = [part | {"izin": "I", "sliver": False}]
    plain: dict[str, Any] = {
        "permit_id": "P-007",
        "verdict": "PERLU_KAJIAN",
        "interval": ["I", "X"],
        "reasons": ["TANPA_CAKUPAN"],
        "parcel": {"area_m2": 200.0, "crs": "ESRI:54034"},
        "parts": parts,
        "uncovered_m2": 50.0,
        "findings": [_finding(), _finding(measured=0.5833, limit=0.6, unit="share")],
        "conditions": ["sumur resapan"],
        "approvable": None,
        "evidence": {
            "engine": "0.1.0",
            "plan": "rdtr",
            "on": "2024-07-01",
            "layers": [{"name": "rdtr", "version": "ab" * 32}],
        },
    }
    return plain | other


def _page(**other: Any) -> Page:
    chosen: dict[str, Any] = {"sentences": ["diizinkan", "KDB memenuhi"], "office": "Dinas"} | other
    return build_page(_verdict(), permit={"kegiatan": "rumah tunggal"}, **chosen)


def test_page_shows_every_part_and_the_rest() -> None:
    page = _page()
    assert [(p["zone"], p["area"], p["share"]) for p in page.parts] == [
        ("R-2", "150,00 m²", "75,00 %"),
        ("Di luar cakupan rencana", "50,00 m²", "25,00 %"),
    ]
    assert page.summary == (
        "Sebagian persil di luar cakupan rencana. "
        "Rentang penilaian: diizinkan – tidak diperbolehkan"
    )


def test_page_refuses_to_lose_a_finding() -> None:
    with pytest.raises(ValueError, match="zip"):
        _page(sentences=["only one"])


def test_sample_data_are_marked_and_official_are_not() -> None:
    assert "bukan data resmi" in _page().notice
    assert _page(official=True).notice == ""


def test_html_stands_alone_and_executes_nothing() -> None:
    html = render_html(_page(sentences=["<script>alert(1)</script>", "KDB"], map_name="P-007.png"))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "boleh &lt;b&gt;saja" in html
    assert "http://" not in html.replace("http://www.w3.org", "")
    assert "terukur 58,33 %, batas 60,00 %" in html
    assert "Perbup Contoh 1/2024, Pasal 45" in html


@pytest.mark.parametrize("scale_of", [(0, 0, 12, 10), (0, 0, 80, 300), (0, 0, 9000, 4000)])
def test_maps_have_a_usual_scale_and_hold_the_parcel(scale_of: tuple[int, int, int, int]) -> None:
    bounds = tuple(float(v) for v in scale_of)
    scale = sheet.fit(bounds, 11, 11.3)  # type: ignore[arg-type]  # four floats
    assert scale in sheet.SCALES
    west, south, east, north = sheet.window(bounds, 11, 11.3, scale)  # type: ignore[arg-type]  # four floats
    assert west < bounds[0] < bounds[2] < east
    assert south < bounds[1] < bounds[3] < north
    assert (east - west) / scale * 100 == pytest.approx(11)


def _scene() -> MapScene:
    zones = gpd.GeoDataFrame(
        {"zona": ["R-2"], "zona_nama": ["Perumahan Kepadatan Tinggi"]},
        geometry=[shapely.box(0, 0, 100, 100)],
        crs="EPSG:9489",
    )
    return MapScene(zones, lambda code: "#ff0000", outline=shapely.box(0, 0, 100, 100))


def test_map_paints_the_zone_in_its_colour_and_no_plan_in_grey() -> None:
    png = draw_verdict_map(_scene(), _verdict(), shapely.box(90, 40, 110, 60))
    pixels = imread(io.BytesIO(png))[..., :3]
    red = np.isclose(pixels, [1, 0, 0], atol=0.02).all(axis=2)
    width = red.shape[1]
    left, right = red[:, : width // 3], red[:, width * 2 // 5 : width * 11 // 20]
    assert left.mean() > 0.5
    assert right.mean() < 0.05
    assert not np.isclose(pixels[:, width * 2 // 5 : width * 11 // 20], 1).all(axis=2).mean() > 0.5


def test_every_word_exists_in_both_languages() -> None:
    assert texts("id").keys() == texts("en").keys()
    assert len(VERDICTS) == 6
    assert len({words.sign for words in VERDICTS.values()}) == len(VERDICTS)
    assert all(len(pair) == 2 and all(pair) for pair in [*REASONS.values(), *IZIN.values()])


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("code", VERDICTS)
def test_white_words_on_the_band_can_be_read(code: str) -> None:
    """WCAG 2.2, 1.4.3: 3:1 for large bold text such as the band's."""
    assert 1.05 / (_luminance(VERDICTS[code].colour) + 0.05) >= 3
