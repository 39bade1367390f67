"""Staff sign in at the browser, do what their key allows, and sign out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.access.keys import Keys
from tests.clients.browser import browser, free_port
from tests.clients.office import CLIENTS_ONLY, DROP, drawn, needs, opened, permit, seen

pytestmark = CLIENTS_ONLY
ROOT = Path(__file__).resolve().parents[2]
ENTER = "\ue007"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The sample where keys are asked for and the flood map is not public; address and key."""
    needs("chromedriver")
    from api.demo import sample_workspace

    folder = tmp_path_factory.mktemp("berkunci") / "contoh"
    shutil.copytree(sample_workspace(), folder, ignore=shutil.ignore_patterns("service"))
    (folder / "akses.toml").write_text('[layers]\nkawasan_hutan = ["verifikator"]\n')
    key = Keys(folder / "service" / "keys.json").add("budi", ["verifikator"])
    port = free_port()
    command = [sys.executable, "-m", "api.cli", "serve", "-w", str(folder), "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"TATARUANG_ACCESS": "keys"})
    at = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                if httpx.get(f"{at}/readyz", timeout=60).status_code == 200:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.5)
        yield at, key
    finally:
        process.terminate()
        process.wait(30)


def test_staff_sign_in_work_and_sign_out(guarded: tuple[str, str]) -> None:
    url, key = guarded
    named = "return window.tataruang.map.getStyle().layers.some((l) => /kawasan_hutan/.test(l.id))"
    with browser() as page:
        opened(page, url)
        assert not page.run(named), "what is not public is not there"
        assert "hanya yang terbuka" in page.run("return document.body.innerText")
        page.run(DROP, permit())
        page.wait("document.querySelector('#card-body .band')", 60)
        page.click("#card .actions button.primary")
        page.wait("document.querySelector('#card .problem a')")
        seen(page, "30-needs-a-key")
        page.run("document.querySelector('#card .problem a').target = '_self'")  # one window here
        page.click("#card .problem a")
        page.wait("document.getElementById('kunci')")
        page.type("#kunci", "tr_salah")
        page.keys(ENTER)
        page.wait("document.querySelector('.problem')")
        seen(page, "31-wrong-key")
        page.type("#kunci", key)
        page.keys(ENTER)
        page.wait("window.tataruang?.ready", 120)
        drawn(page)
        assert page.run(named), "private tiles load with the session"
        assert "budi" in page.run("return document.getElementById('session').innerText")
        seen(page, "32-signed-in")
        stored = page.run(
            "return JSON.stringify([{...localStorage}, document.cookie, location.href])"
        )
        assert key not in stored
        assert json.loads(stored)[1] == "", "no script reads the session"
        page.run(DROP, permit())
        page.wait("document.querySelector('#card-body .band')", 60)
        page.click("#card .actions button.primary")
        page.wait("document.querySelector('#card .actions a.primary')", 60)
        paper = page.run("return document.querySelector('#card .actions a.primary').href")
        kind = (
            "fetch(arguments[0]).then((answer) => { window.got = [answer.status, "
            "answer.headers.get('content-type'), answer.headers.get('cache-control')]; })"
        )
        page.run(kind, paper)
        page.wait("window.got")
        status, type_, cache = page.run("return window.got")
        assert (status, type_) == (200, "application/pdf")
        assert cache.startswith("private")
        assert httpx.get(paper, timeout=60).status_code == 401
        page.click("#session button")
        page.wait("document.querySelector('#session a')", 120)
        assert not page.run("return window.tataruang?.map.getStyle().layers.some("
                            "(l) => /kawasan_hutan/.test(l.id))")  # fmt: skip
        page.go(f"{url}/ruang-operasi")
        page.wait("!document.getElementById('closed').hidden", 60)
        seen(page, "33-room-closed")
