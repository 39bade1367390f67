"""Clients that others wrote, against the sample district served as it is: `make test-clients`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import shapely

from tests.clients.browser import Browser, browser, free_port

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(
        "TATARUANG_CLIENTS" not in os.environ,
        reason="make test-clients installs what it needs",
    ),
]
ROOT = Path(__file__).resolve().parents[2]
CLIENTS = Path(os.environ.get("TATARUANG_CLIENTS", "."))
PICTURES = Path(os.environ.get("TATARUANG_PICTURES", CLIENTS / "pictures"))


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "api.cli", "serve", "--sample", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT)
    at = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                if httpx.get(f"{at}/readyz", timeout=60).status_code == 200:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.5)
        yield at
    finally:
        process.terminate()
        process.wait(30)


def needs(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not on this machine")
    return found


def told(*command: str, **more: Any) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def test_gdal_reads_features(url: str, tmp_path: Path) -> None:
    ogrinfo, ogr2ogr = needs("ogrinfo"), needs("ogr2ogr")
    matched = httpx.get(f"{url}/ogc/collections/rdtr/items?limit=1").json()["numberMatched"]
    summary = told(ogrinfo, "-so", f"OAPIF:{url}/ogc", "rdtr")
    assert f"Feature Count: {matched}" in summary
    box = ["110.62", "-6.80", "110.63", "-6.79"]
    out = tmp_path / "part.geojson"
    told(ogr2ogr, str(out), f"OAPIF:{url}/ogc", "rdtr", "-spat", *box)
    found = len(json.loads(out.read_text())["features"])
    ours = httpx.get(f"{url}/ogc/collections/rdtr/items?bbox={','.join(box)}&limit=1")
    assert found == ours.json()["numberMatched"] > 10


def test_gdal_reads_tiles(url: str, tmp_path: Path) -> None:
    ogrinfo = needs("ogrinfo")
    about = httpx.get(f"{url}/tiles/rdtr/tilejson.json").json()
    lon, lat = about["center"][:2]
    from api.tiles.matrix import limits

    x, y, _, _ = limits((lon, lat, lon, lat), 13)
    tile = tmp_path / "tile.mvt"
    tile.write_bytes(httpx.get(f"{url}/tiles/rdtr/13/{x}/{y}.mvt").content)
    options = ["-oo", f"X={x}", "-oo", f"Y={y}", "-oo", "Z=13"]
    assert "zona: String" in told(ogrinfo, "-so", *options, f"MVT:{tile}", "rdtr")


def test_owslib_reads_features(url: str) -> None:
    from owslib.ogcapi.features import Features

    service = Features(f"{url}/ogc")
    assert "rdtr" in service.feature_collections()
    page = service.collection_items("rdtr", limit=5, bbox=[110.6, -6.83, 110.7, -6.76])
    assert len(page["features"]) == 5


def test_the_ogc_suite_of_features_passes(url: str, tmp_path: Path) -> None:
    python = str(CLIENTS / "venv" / "bin" / "python")
    said = told(python, "-m", "ogctests", "-i", f"{url}/ogc", "features/core", cwd=tmp_path)
    assert " passed" in said
    assert " failed" not in said, said[-2000:]


GENERATED = """
import json, sys
sys.path.insert(0, sys.argv[1])
from tataruang_client import Client
from tataruang_client.api.conformity import conformity_v1_conformity_post as judge
from tataruang_client.models.feature import Feature
body = Feature.from_dict(json.loads(sys.argv[3]))
answer = judge.sync_detailed(client=Client(base_url=sys.argv[2]), body=body, dry_run=True)
print(answer.status_code.value, type(answer.parsed).__name__, json.loads(answer.content)["verdict"])
"""


def test_a_client_generated_from_the_openapi_document_gets_a_verdict(
    url: str, tmp_path: Path
) -> None:
    """A permit system written from the document alone."""
    from api.models import PERMIT_EXAMPLE

    tool = CLIENTS / "venv" / "bin" / "openapi-python-client"
    document = tmp_path / "openapi.json"
    document.write_text(httpx.get(f"{url}/openapi.json").text)
    config = tmp_path / "config.yml"
    config.write_text("project_name_override: client\npackage_name_override: tataruang_client\n")
    out = tmp_path / "made"
    told(
        str(tool), "generate", "--path", str(document), "--config", str(config),
        "--output-path", str(out), env=os.environ | {"PATH": f"{tool.parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    script = tmp_path / "use.py"
    script.write_text(GENERATED)
    python = str(CLIENTS / "venv" / "bin" / "python")
    said = told(python, str(script), str(out), url, json.dumps(PERMIT_EXAMPLE))
    assert said.split()[:2] == ["200", "VerdictModel"]


def test_no_text_makes_the_service_fail(url: str, tmp_path: Path) -> None:
    """Schemathesis over the whole document: no answer is a fault of the service."""
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")), "run", f"{url}/openapi.json",
            "--checks", "not_a_server_error", "--max-examples", "15", "--request-timeout", "60",
            "--exclude-path-regex", "batch|parcels|execution|exposure|warnings",
        ],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    [(made, passed)] = re.findall(r"(\d+) generated, (\d+) passed", done.stdout)
    assert int(made) == int(passed) > 500, done.stdout[-3000:]


AXE = """
window.violations = null;
axe.run(document, {resultTypes: ['violations']}).then((found) => {
  window.violations = found.violations.map((one) => `${one.id}: ${one.nodes[0].html}`);
});
"""


def clean(page: Browser) -> None:
    """Ask axe-core whether the page as it stands can be used by everybody."""
    source = (CLIENTS / "node_modules" / "axe-core" / "axe.min.js").read_text()
    page.run(source + "; return 1")
    page.run(AXE)
    page.wait("window.violations !== null")
    assert page.run("return window.violations") == []


def picture(page: Browser, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.picture(PICTURES / f"{name}.png")


def permit() -> dict[str, Any]:
    """Half of it in a zone that prohibits what is asked for."""
    from api.demo import sample_workspace

    raw = json.loads((sample_workspace() / "berkas" / "permohonan.geojson").read_text())
    found = next(one for one in raw["features"] if one["properties"]["permit_id"] == "PMH-021")
    plain = {
        name: value
        for name, value in found["properties"].items()
        if value not in (None, "", []) and name not in ("REMARK", "footprint")
    }
    return {"type": "Feature", "geometry": found["geometry"], "properties": plain}


DROP = """
const file = new File([JSON.stringify(arguments[0])], 'persil.geojson');
const all = new DataTransfer();
all.items.add(file);
const input = document.getElementById('file');
input.files = all.files;
input.dispatchEvent(new Event('change'));
"""


def test_the_journey_of_the_staff(url: str) -> None:
    """Search, card, parcel, verdict, paper, hazard, activity; every state usable by everybody."""
    needs("chromedriver")
    with browser() as page:
        page.go(url)
        page.wait("window.tataruang?.ready", 120)
        page.wait("window.tataruang.map.areTilesLoaded()", 120)
        clean(page)
        picture(page, "01-start")
        sizes = "performance.getEntriesByType('resource')"
        own = page.run(f"return {sizes}.filter(e => !new URL(e.name).host.includes('127.0.0.1'))")
        assert own == [], "nothing comes from outside"
        first = page.run(
            f"return {sizes}.filter(e => /\\/web\\/|\\/v1\\/map/.test(e.name))"
            ".reduce((sum, e) => sum + e.encodedBodySize, 0)"
        )
        assert first < 1_000_000
        page.type("#search", "7°44'12\"S 110°22'1\"E")
        page.wait("document.querySelector('#results li')")
        picture(page, "02-search-outside")
        page.run(
            "const box = document.getElementById('search'); box.value = '';"
            "box.dispatchEvent(new Event('input'))"
        )
        page.wait("document.getElementById('results').hidden")
        center = httpx.get(f"{url}/tiles/rdtr/tilejson.json").json()["center"]
        page.type("#search", f"{center[1]:.5f}, {center[0]:.5f}")
        page.wait("!document.getElementById('results').hidden")
        page.keys("\ue015", "\ue007")
        page.wait("document.querySelector('#card-body .zone')", 60)
        clean(page)
        picture(page, "03-card")
        assert f"{center[0]:.4f}"[:7] in page.run("return location.hash")
        page.run(DROP, permit())
        page.wait("document.querySelector('#card-body .band')", 60)
        clean(page)
        picture(page, "04-verdict")
        assert "Disetujui sebagian" in page.run("return document.body.innerText")
        page.run("document.querySelector('#card .actions').scrollIntoView()")
        page.click("#card .actions button.primary")
        page.wait("document.querySelector('#card .actions a.primary')", 60)
        paper = page.run("return document.querySelector('#card .actions a.primary').href")
        assert httpx.get(paper, timeout=60).content.startswith(b"%PDF")
        page.click("#hazard")
        page.wait("document.querySelector('#card-body form')", 60)
        clean(page)
        page.click("#card-body form button.plain")
        page.wait("document.querySelector('#card-body .total')", 180)
        clean(page)
        picture(page, "05-hazard")
        page.click("#activity")
        page.wait("document.querySelector('#card-body form')")
        page.type("#card-body input", "toko")
        page.click("#card-body button.primary")
        page.wait("document.querySelector('#card-body .group-line')", 60)
        clean(page)
        picture(page, "06-activity")
        page.click("#language")
        page.wait("document.title.includes('Spatial')")
        picture(page, "07-english")
        page.size(400, 800)
        picture(page, "08-phone")


def test_a_parcel_drawn_by_keyboard_alone(url: str) -> None:
    needs("chromedriver")
    with browser() as page:
        page.go(url)
        page.wait("window.tataruang?.ready", 120)
        page.run("window.tataruang.map.jumpTo({center: [110.65, -6.8], zoom: 17})")
        page.run("document.getElementById('draw').focus()")
        page.keys("\ue007")
        for east, south in [(0, 0), (40, 0), (0, 40)]:
            page.run(f"window.tataruang.map.panBy([{east}, {south}], {{duration: 0}})")
            page.run("window.tataruang.map.getCanvas().focus()")
            page.keys(" ")
        page.keys("\ue007")
        page.wait("document.querySelector('#card-body form')")
        assert page.run("return document.activeElement.name") == "kegiatan"
        picture(page, "09-drawn")


def test_pages_of_layers_are_usable_by_everybody(url: str) -> None:
    needs("chromedriver")
    with browser() as page:
        for path in ("", "/collections", "/collections/rdtr", "/collections/rdtr/items", "/api"):
            page.go(f"{url}/ogc{path}?f=html")
            clean(page)
        picture(page, "10-operations")


def test_what_a_box_covers_is_the_same_for_everybody(url: str) -> None:
    """Items, filter and tile agree on what meets a box."""
    box = shapely.box(110.62, -6.80, 110.63, -6.79)
    west, south, east, north = box.bounds
    items = httpx.get(
        f"{url}/ogc/collections/rdtr/items",
        params={"bbox": f"{west},{south},{east},{north}", "limit": 10_000},
    ).json()
    text = f"S_INTERSECTS(geometry, BBOX({west},{south},{east},{north}))"
    filtered = httpx.get(
        f"{url}/ogc/collections/rdtr/items", params={"filter": text, "limit": 10_000}
    ).json()
    ids = [one["id"] for one in items["features"]]
    assert ids == [one["id"] for one in filtered["features"]]
    shapes = [shapely.geometry.shape(one["geometry"]) for one in items["features"]]
    assert all(shape.intersects(box) for shape in shapes)
