"""Clients that others wrote, against the sample district served as it is: `make test-clients`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import shapely

from tests.clients.office import CLIENTS, CLIENTS_ONLY, needs

pytestmark = CLIENTS_ONLY


def told(*command: str, **more: Any) -> str:
    """Run a client in an environment of its own: drivers that are off for us are not for it."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("GDAL_")}
    more["env"] = own | more.get("env", {})
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def test_gdal_reads_features(url: str, tmp_path: Path) -> None:
    ogrinfo, ogr2ogr = needs("ogrinfo"), needs("ogr2ogr")
    matched = httpx.get(f"{url}/ogc/collections/rdtr/items?limit=1", timeout=60).json()[
        "numberMatched"
    ]
    summary = told(ogrinfo, "-so", f"OAPIF:{url}/ogc", "rdtr")
    assert f"Feature Count: {matched}" in summary
    box = ["110.62", "-6.80", "110.63", "-6.79"]
    out = tmp_path / "part.geojson"
    told(ogr2ogr, str(out), f"OAPIF:{url}/ogc", "rdtr", "-spat", *box)
    found = len(json.loads(out.read_text())["features"])
    ours = httpx.get(f"{url}/ogc/collections/rdtr/items?bbox={','.join(box)}&limit=1", timeout=60)
    assert found == ours.json()["numberMatched"] > 10


def test_gdal_reads_tiles(url: str, tmp_path: Path) -> None:
    ogrinfo = needs("ogrinfo")
    about = httpx.get(f"{url}/tiles/rdtr/tilejson.json", timeout=60).json()
    lon, lat = about["center"][:2]
    from api.tiles.matrix import limits

    x, y, _, _ = limits((lon, lat, lon, lat), 13)
    tile = tmp_path / "tile.mvt"
    tile.write_bytes(httpx.get(f"{url}/tiles/rdtr/13/{x}/{y}.mvt", timeout=60).content)
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
    # Its pytest would read our settings where it is installed below this repository.
    ini = tmp_path / "pytest.ini"
    ini.write_text("[pytest]\n")
    said = told(
        python, "-m", "ogctests", "-i", f"{url}/ogc", "features/core",
        cwd=tmp_path, env={"PYTEST_ADDOPTS": f"-c {ini}"},
    )  # fmt: skip
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
        "--output-path", str(out), env={"PATH": f"{tool.parent}:{os.environ['PATH']}"},
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
            "--exclude-path-regex", "batch|parcels|warnings",
        ],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    [(made, passed)] = re.findall(r"(\d+) generated, (\d+) passed", done.stdout)
    assert int(made) == int(passed) > 500, done.stdout[-3000:]


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
