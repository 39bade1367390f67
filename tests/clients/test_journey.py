"""The web map driven as staff do: every state is seen, can be used by everybody, stays here."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

import httpx
import pytest

from tests.clients.browser import Browser, browser
from tests.clients.office import CLIENTS_ONLY, DROP, PICTURES, drawn, needs, opened, permit, seen

pytestmark = CLIENTS_ONLY
ENTER, DOWN, RIGHT, PAGE_UP, ESCAPE = "\ue007", "\ue015", "\ue014", "\ue00e", "\ue00c"
ENTRIES = "performance.getEntriesByType('resource')"
VIEW = """
const map = window.tataruang.map, box = map.getBounds();
const shown = map.getStyle().layers.filter((one) => one.layout?.visibility === 'visible');
return {zoom: map.getZoom(), box: [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()],
  sources: [...new Set(shown.map((one) => one.source))].filter((name) =>
    map.getStyle().sources[name].type === 'vector').map((name) =>
    [map.getStyle().sources[name].tiles[0], map.getStyle().sources[name].bounds])};
"""


@pytest.fixture(autouse=True)
def driver() -> str:
    return needs("chromedriver")


def test_the_journey_of_the_staff(url: str) -> None:
    """Search, card, parcel, verdict, paper, hazard, activity; every state usable by everybody."""
    with browser() as page:
        opened(page, url)
        seen(page, "01-start")
        page.click("#tab-legend")
        seen(page, "02-legend")
        page.type("#search", "bandarh")
        page.wait("document.querySelector('#results li:not(.none)')")
        seen(page, "03-search")
        _emptied(page)
        page.type("#search", "7°44'12\"S 110°22'1\"E")
        page.wait("document.querySelector('#results li')?.textContent.includes('di luar')")
        _emptied(page)
        west, _, east, north = httpx.get(f"{url}/v1/map").json()["bounds"]
        _go_to(page, north - 0.001, (west + east) / 2)
        assert "Di luar cakupan" in page.run("return document.body.innerText")
        seen(page, "04-outside")
        lon, lat = permit()["geometry"]["coordinates"][0][0]
        _go_to(page, lat, lon)
        assert f"at={lon:.5f}" in page.run("return location.hash")
        seen(page, "05-card")
        page.run(DROP, permit())
        page.wait("document.querySelector('#card-body .band')", 60)
        seen(page, "06-verdict")
        assert "Disetujui sebagian" in page.run("return document.body.innerText")
        page.click("#language")
        page.wait("document.querySelector('#card-body .band')?.textContent.includes('in part')", 60)
        page.click("#language")
        page.wait(
            "document.querySelector('#card-body .band')?.textContent.includes('sebagian')", 60
        )
        page.run("document.querySelector('#card .actions').scrollIntoView()")
        page.click("#card .actions button.primary")
        page.wait("document.querySelector('#card .actions a.primary')", 60)
        paper = page.run("return document.querySelector('#card .actions a.primary').href")
        assert httpx.get(paper, timeout=60).content.startswith(b"%PDF")
        page.click("#activity")
        page.wait("document.querySelector('#card-body form')")
        page.type("#card-body input", "47112")
        page.click("#card-body button.primary")
        page.wait("document.querySelector('#card-body .group-line')", 60)
        seen(page, "07-activity")
        page.click("#language")
        page.wait("document.title.includes('Spatial')")
        seen(page, "08-english")
        page.size(400, 800)
        seen(page, "09-phone")


def test_hazard_of_a_drawn_area_is_a_table_that_closes(url: str) -> None:
    with browser() as page:
        opened(page, url)
        page.run("window.tataruang.map.jumpTo({center: [110.655, -6.79], zoom: 13})")
        page.click("#hazard")
        page.wait("document.querySelector('#card-body form')", 60)
        seen(page, "10-hazard-form")
        page.click("#card-body form button.primary")
        for x, y in [(500, 300), (900, 300), (900, 600), (500, 600)]:
            page.press(x, y)
        page.run("window.tataruang.map.getCanvas().focus()")
        page.keys(ENTER)
        page.wait("document.querySelector('#card-body .total')", 180)
        seen(page, "11-hazard-area")
        said = page.run("return document.getElementById('card-body').innerText")
        assert "Di wilayah yang digambar" in said
        cells = page.run(
            "return [...document.querySelector('#card-body table').rows]"
            ".slice(1).map((row) => row.cells[1].innerText)"
        )
        counts = [int(cell.replace(".", "")) for cell in cells]
        assert sum(counts[:-1]) == counts[-1] > 0
        page.click("#close")
        assert not page.run("return location.hash").count("banjir")


def test_two_versions_under_a_divider(url: str) -> None:
    with browser() as page:
        opened(page, url)
        page.click("#compare")
        page.wait("document.querySelector('#card-body select')", 60)
        page.click("#card-body .primary")
        page.wait("document.querySelector('#card-body .pick')", 120)
        drawn(page)
        said = page.run("return document.getElementById('card-body').innerText")
        assert "P-1" in said
        assert "KPI" in said
        assert "Pecinankidul" in said, "changes are named by village"
        where = "return Number(document.getElementById('divider').getAttribute('aria-valuenow'))"
        before = page.run(where)
        page.run("document.getElementById('divider').focus()")
        page.keys(RIGHT, PAGE_UP)
        assert page.run(where) == before + 12
        seen(page, "12-compare")
        classes = _at_the_change(page)
        assert classes == ["P-1", "KPI"]
        page.click("#close")
        assert page.run("return document.getElementById('divider')") is None


def test_hotspots_say_why(url: str) -> None:
    with browser() as page:
        opened(page, url)
        page.click("#hotspots")
        page.wait("document.querySelector('#card-body .classes')", 120)
        drawn(page)
        seen(page, "13-hotspots")
        page.click("#card-body .pick .link")
        page.wait("document.querySelector('#card-body .zone')")
        said = page.run("return document.querySelector('#card-body .zone').innerText")
        assert "Kantong tinggi" in said
        assert "tetangga" in said
        seen(page, "14-hotspot")


@pytest.mark.parametrize("theme", ["industri", "pariwisata", "investasi"])
def test_a_theme_shows_where_a_business_may_go(url: str, theme: str) -> None:
    with browser() as page:
        opened(page, f"{url}/tema/{theme}")
        page.wait("document.querySelector('#card-body .pick')", 120)
        seen(page, f"15-{theme}")
        page.click("#card-body .pick .link")
        page.wait("document.querySelector('#card-body .group-line')", 60)
        drawn(page)
        page.click("#tab-legend")
        assert "Tidak diperbolehkan" in page.run(
            "return document.getElementById('legend-list').innerText"
        )
        seen(page, f"16-{theme}-kbli")


@pytest.mark.parametrize(
    ("paper", "orientation", "size"),
    [
        ("A4", "landscape", (29.7, 21.0)), ("A4", "portrait", (21.0, 29.7)),
        ("A3", "landscape", (42.0, 29.7)), ("A3", "portrait", (29.7, 42.0)),
    ],
)  # fmt: skip
def test_a_sheet_carries_all_a_map_must(
    url: str, paper: str, orientation: str, size: tuple[float, float]
) -> None:
    with browser() as page:
        opened(page, url)
        page.run("window.tataruang.map.jumpTo({center: [110.65, -6.8], zoom: 13.2})")
        drawn(page)
        page.click("#print")
        page.wait("document.querySelector('#card-body form')")
        for name, value in (("paper", paper), ("orientation", orientation)):
            page.run(
                "const box = document.querySelector(`select[name=${arguments[0]}]`);"
                "box.value = arguments[1]; box.dispatchEvent(new Event('change'))",
                name, value,
            )  # fmt: skip
        page.click("#card-body .primary")
        page.wait("!document.getElementById('sheet').hidden", 120)
        seen(page, f"17-{paper}-{orientation}")
        said = page.run("return document.querySelector('.paper').innerText")
        for wanted in (r"Skala 1 : [\d.]+", "Legenda", "Sumber data", r"versi [0-9a-f]{12}",
                       "Perbup Contoh 1/2024", "WIB", "bukan data resmi"):  # fmt: skip
            assert re.search(wanted, said), wanted
        assert "tidak muat" not in said
        assert page.run("return document.querySelectorAll('.paper .measure svg').length") == 2
        scale = int(re.search(r"Skala 1 : ([\d.]+)", said).group(1).replace(".", ""))  # type: ignore[union-attr]  # found above
        assert _drawn_scale(page) == pytest.approx(scale, rel=0.01)
        width, height = size
        made = page.printed(width, height)
        (PICTURES / f"lembar-{paper}-{orientation}.pdf").write_bytes(made)
        assert len(re.findall(rb"/Type\s*/Page\b", made)) == 1
        page.keys(ESCAPE)
        page.wait("document.getElementById('sheet').hidden")


def test_the_operation_room_refreshes_and_says_when_it_cannot(url: str) -> None:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    sent = httpx.post(
        f"{url}/v1/warnings/readings", content=f"station,time,value\nG1,{at},1.9\n",
        headers={"content-type": "text/csv"},
    )  # fmt: skip
    assert sent.status_code == 200
    with browser(1920, 1080) as page:
        page.go(f"{url}/ruang-operasi")
        page.wait("document.querySelector('#conflicts .total')", 120)
        said = page.run("return document.getElementById('room').innerText")
        for wanted in ("Siaga 3", "Tidak diketahui", "Ruang terbuka hijau", "RTRW KAB"):
            assert wanted in said
        before = _permits(page)
        answer = httpx.post(f"{url}/v1/conformity", json=permit("PMH-001"), timeout=60)
        assert answer.status_code == 200
        page.wait(f"{PERMITS} === {before + 1}", 60)
        seen(page, "18-room")
        overflowing = page.run(
            "return [...document.querySelectorAll('#permits .body, #conflicts .body')]"
            ".filter((one) => one.scrollHeight > one.clientHeight + 2).length"
        )
        assert overflowing == 0, "what a room reads is not cut"
        assert page.run("return parseFloat(getComputedStyle(document.body).fontSize)") >= 18
        page.run("window.fetch = () => Promise.reject(new TypeError('cut off'))")
        page.wait("document.querySelector('#state.stale')", 60)
        assert "Tidak terhubung" in page.run("return document.getElementById('state').innerText")
        seen(page, "19-room-cut-off")
        page.size(420, 900)
        seen(page, "20-room-phone")


def test_corners_as_a_surveyor_lists_them(url: str) -> None:
    """Pasted with a line in doubt, mended, judged."""
    with browser() as page:
        opened(page, url)
        page.click("#open")
        page.wait("document.querySelector('#card-body textarea')")
        seen(page, "23-corners")
        lines = ["49S", "1 460290 9249440", "2 460320 9249440", "sudut tiga"]
        page.type("#card-body textarea", "\n".join(lines))
        page.click("#card-body form button")
        page.wait("document.querySelector('#card-body .problem')", 60)
        assert "aris 4" in page.run("return document.getElementById('card-body').innerText")
        page.click("#card-body .actions button")
        page.wait("document.querySelector('#card-body textarea')")
        page.run("document.querySelector('#card-body textarea').value = arguments[0]",
                 "\n".join([*lines[:-1], "3 460320 9249465"]))  # fmt: skip
        page.click("#card-body form button")
        page.wait("document.querySelector('#card-body input[name=kegiatan]')", 60)
        said = page.run("return document.getElementById('card-body').innerText")
        area = float(re.search(r"± ([\d.,]+) m²", said).group(1).replace(",", "."))  # type: ignore[union-attr]  # the test fails without
        assert area == pytest.approx(30 * 25 / 2, rel=0.02)


def test_nothing_comes_from_outside_and_little_at_first(url: str) -> None:
    """The browser of this test resolves no name; all it loads is counted, tiles of the view too."""
    with browser() as page:
        opened(page, url)
        hosts = page.run(f"return [...new Set({ENTRIES}.map((one) => new URL(one.name).origin))]")
        assert hosts == [url]
        addresses = page.run(
            "return JSON.stringify(window.tataruang.map.getStyle()).match(/https?:[^\"']+/g)"
        )
        assert all(one.startswith(url) for one in addresses)
        policy = httpx.get(url).headers["content-security-policy"]
        assert "connect-src 'self'" in policy
        sent = page.run(f"return {ENTRIES}.reduce((sum, one) => sum + one.encodedBodySize, 0)")
        total = sent + len(_raw(f"{url}/")) + sum(len(_raw(tile)) for tile in _tiles(page))
        print(f"first load: {total / 1000:.0f} kB, of it page and programs {sent / 1000:.0f} kB")
        assert total < 1_000_000


def test_a_parcel_drawn_by_keyboard_alone(url: str) -> None:
    with browser() as page:
        opened(page, url)
        page.run("window.tataruang.map.jumpTo({center: [110.65, -6.8], zoom: 17})")
        page.run("document.getElementById('draw').focus()")
        page.keys(ENTER)
        for east, south in [(0, 0), (40, 0), (0, 40)]:
            page.run(f"window.tataruang.map.panBy([{east}, {south}], {{duration: 0}})")
            page.run("window.tataruang.map.getCanvas().focus()")
            page.keys(" ")
        page.keys(ENTER)
        page.wait("document.querySelector('#card-body form')")
        assert page.run("return document.activeElement.name") == "kegiatan"
        seen(page, "21-drawn")
        page.keys(ESCAPE)
        assert page.run("return document.getElementById('card').hidden")


def test_pages_of_layers_are_usable_by_everybody(url: str) -> None:
    with browser() as page:
        for path in ("", "/collections", "/collections/rdtr", "/collections/rdtr/items", "/api"):
            page.go(f"{url}/ogc{path}?f=html")
            seen(page, f"22-ogc{path.replace('/', '-')}")


PERMITS = "Number(document.querySelector('#permits .total strong')?.textContent ?? 0)"


def _permits(page: Browser) -> int:
    return int(page.run(f"return {PERMITS}"))


def _emptied(page: Browser) -> None:
    page.run(
        "const box = document.getElementById('search'); box.value = '';"
        "box.dispatchEvent(new Event('input'))"
    )
    page.wait("document.getElementById('results').hidden")


def _go_to(page: Browser, lat: float, lon: float) -> None:
    _emptied(page)
    page.type("#search", f"{lat:.5f}, {lon:.5f}")
    page.wait("!document.getElementById('results').hidden")
    page.keys(DOWN, ENTER)
    page.wait(f"location.hash.includes('at={lon:.5f}')", 60)
    page.wait("document.querySelector('#card-body .zone')", 60)


def _at_the_change(page: Browser) -> list[str]:
    """Return the zone before and after in the middle of the largest change, as both maps draw."""
    page.click("#card-body .pick .link")
    page.wait("!window.tataruang.map.isMoving()")
    drawn(page)
    found: list[str] = page.run(
        "return document.querySelector('#card-body .pick .link').ariaLabel"
        ".split('→').map((one) => one.trim())"
    )
    return found


def _drawn_scale(page: Browser) -> float:
    """Return the scale that the bar on the sheet tells: metres against its millimetres."""
    bar: list[float | str] = page.run(
        "const svg = document.querySelectorAll('.paper .measure svg')[1];"
        "const parts = [...svg.querySelectorAll('rect')];"
        "const width = parts.reduce((sum, one) => sum + Number(one.getAttribute('width')), 0);"
        "return [width, svg.querySelectorAll('text')[2].textContent]"
    )
    value, unit = str(bar[1]).replace(".", "").replace(",", ".").split()
    metres = float(value) * (1000 if unit == "km" else 1)
    return metres / (float(bar[0]) / 1000)


def _tiles(page: Browser) -> list[str]:
    """Return the addresses of the vector tiles of the view."""
    view = page.run(VIEW)
    z = math.floor(view["zoom"])
    found = []
    for address, bounds in view["sources"]:
        west, south = (max(a, b) for a, b in zip(view["box"][:2], bounds[:2], strict=True))
        east, north = (min(a, b) for a, b in zip(view["box"][2:], bounds[2:], strict=True))
        for x in range(_column(west, z), _column(east, z) + 1):
            rows = range(_row(north, z), _row(south, z) + 1)
            found += [address.format(z=z, x=x, y=y) for y in rows]
    return found


def _column(lon: float, z: int) -> int:
    return int((lon + 180) / 360 * 2**z)


def _row(lat: float, z: int) -> int:
    return int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**z)


def _raw(address: str) -> bytes:
    """Return what goes over the wire, still packed."""
    with httpx.stream("GET", address, timeout=60) as answer:
        return b"".join(answer.iter_raw())
