"""QGIS as a planner has it: our layers loaded, counted against the API, drawn on a canvas."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from api.cli import main
from tests.clients.office import CLIENTS_ONLY, PICTURES, needs
from tests.postgres import Server

pytestmark = CLIENTS_ONLY
SESSION = Path(__file__).with_name("qgis_session.py")
#: Debian's QGIS is a library of Debian's Python.
PYTHON = "/usr/bin/python3"


def qgis(layers: list[tuple[str, str, str]], box: list[float], folder: Path) -> list[Any]:
    """Let QGIS load layers, and return what it made of them."""
    needs(PYTHON)
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    there = subprocess.run(
        [PYTHON, "-c", "import qgis.core"], capture_output=True, text=True, env=plain, check=False
    )
    if there.returncode:
        pytest.skip("QGIS is not installed (Debian: qgis python3-qgis)")
    PICTURES.mkdir(parents=True, exist_ok=True)
    asked = json.dumps({"layers": layers, "box": box, "pictures": str(PICTURES.resolve())})
    home = {"HOME": str(folder), "QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(folder)}
    done = subprocess.run(
        [PYTHON, str(SESSION), asked], capture_output=True, text=True, env=plain | home,
        timeout=240, check=False,
    )  # fmt: skip
    assert done.stdout.strip(), done.stderr[-3000:]
    found: list[Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def colours(name: str) -> int:
    with Image.open(PICTURES / f"qgis-{name}.png") as picture:
        found = picture.convert("RGB").getcolors(512 * 512)
    return len(found or ())


def test_qgis_shows_features_and_vector_tiles_of_a_service(url: str, tmp_path: Path) -> None:
    box = [110.62, -6.80, 110.63, -6.79]
    tiles = f"type=xyz&url={url}/tiles/rdtr/{{z}}/{{x}}/{{y}}.mvt&zmin=0&zmax=16"
    features, villages, drawn = qgis(
        [
            ("OAPIF", f"url='{url}/ogc' typename='rdtr'", "rdtr"),
            ("OAPIF", f"url='{url}/ogc' typename='batas_desa'", "batas_desa"),
            ("tiles", tiles, "ubin"),
        ],
        box,
        tmp_path,
    )
    items = f"{url}/ogc/collections/rdtr/items?limit=1"
    assert features["valid"]
    assert features["features"] == httpx.get(items).json()["numberMatched"]
    west, south, east, north = box
    near = httpx.get(f"{items}&bbox={west},{south},{east},{north}").json()["numberMatched"]
    assert features["near"] == near > 10
    assert features["valid_shapes"] == features["features"]
    assert {"zona", "zona_nama"} <= set(features["fields"])
    desa = httpx.get(f"{url}/ogc/collections/batas_desa/items?limit=1").json()["numberMatched"]
    assert (villages["valid"], villages["features"]) == (True, desa)
    assert drawn["valid"]
    for one in (features, drawn):
        assert one["errors"] == 0
        assert one["inked"] > 0.5
        # Fills, outlines and what lies between them: more than one flat colour.
        assert colours(one["name"]) > 2


@pytest.mark.postgis
def test_qgis_reads_a_workspace_in_postgis_by_itself(
    postgres: Server, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table is the truth: no service between, names and geometry as they are."""
    monkeypatch.setenv("TATARUANG_HOME", str(tmp_path / "rumah"))
    address = postgres.fresh()
    page = httpx.get(f"{url}/ogc/collections/rdtr/items?limit=10000", timeout=60)
    (tmp_path / "rdtr.geojson").write_bytes(page.content)
    assert main(["init", address, "--name", "Contoh", "--extent", "110,-8,111,-6"]) == 0
    words = ["--name", "rdtr", "--valid-from", "2024-01-01"]
    assert main(["ingest", str(tmp_path / "rdtr.geojson"), "-w", address, *words]) == 0
    host = str(postgres.folder)
    # The owner of Debian's QGIS is whoever runs the tests; the socket lets them in.
    source = (
        f"host='{host}' dbname='pola' user='pemilik' sslmode=disable key='_row' "
        'table="tataruang_layer"."rdtr" (geometry)'
    )
    [layer] = qgis([("postgres", source, "rdtr_postgis")], [110.62, -6.80, 110.63, -6.79], tmp_path)
    assert layer["valid"]
    assert layer["features"] == page.json()["numberReturned"]
    assert layer["valid_shapes"] == layer["features"]
    assert "zona" in layer["fields"]
    assert layer["near"] > 10
    assert layer["errors"] == 0
    assert layer["inked"] > 0.5
    assert colours("rdtr_postgis") > 2
