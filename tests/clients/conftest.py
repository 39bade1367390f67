"""The sample district as an office has it: a plan that was revised, stations that report."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest

from tests.clients.browser import free_port

ROOT = Path(__file__).resolve().parents[2]
#: Run by the Python of QGIS, which has what ours has not.
collect_ignore = ["qgis_session.py"]
STATIONS = """
[[stations]]
id = "{id}"
name = "{name}"
kind = "tinggi_muka_air"
unit = "m"
lon = 110.66
lat = -6.8
late_after_min = 600
range = [0, 12]
zero_m = 0.5
reach_km = 4.0
[[stations.thresholds]]
valid_from = 2025-01-01
source = "contoh"
status = "contoh"
levels = [{{ name = "Siaga 3", enter = 1.5, leave = 1.3, severity = "Moderate" }}]
"""


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sample with a former version of the town's plan and two stations."""
    from api.demo import sample_workspace
    from layers.store import open_store
    from layers.workspace import Workspace

    folder = tmp_path_factory.mktemp("kantor") / "contoh"
    shutil.copytree(sample_workspace(), folder, ignore=shutil.ignore_patterns("service"))
    store = open_store(Workspace.open(folder))
    now = store.get("rdtr")
    former = now.frame.copy()
    former.loc[former["zona"] == "KPI", "zona"] = "P-1"
    legal = dict(now.version.legal)
    revised = date(2024, 6, 13)
    store.publish(
        former, name="rdtr", kind="pola_ruang", legal=legal,
        valid_from=date(2014, 1, 1), valid_to=revised,
    )  # fmt: skip
    store.publish(now.frame, name="rdtr", kind="pola_ruang", legal=legal, valid_from=revised)
    room = folder / "peringatan"
    room.mkdir()
    each = (("G1", "Pos Kali Wetan"), ("G2", "Pos Muara"))
    text = "".join(STATIONS.format(id=id_, name=name) for id_, name in each)
    (room / "stasiun.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def url(office: Path) -> Iterator[str]:
    """Serve it; return the address."""
    port = free_port()
    command = [sys.executable, "-m", "api.cli", "serve", "-w", str(office), "--port", str(port)]
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
