"""The documentation as its readers use it: every command, every example and notebook runs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.cli import main
from api.demo import RAW

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
#: Pages run whole journeys, one after the other; a busy machine takes its time.
pytestmark = pytest.mark.timeout(1200)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return [body for kind, body in BLOCK.findall(text) if kind == language]


def _commands(page: Path) -> list[list[str]]:
    lines = [line for block in _blocks(page, "console") for line in block.splitlines()]
    found = [line.removeprefix("$ ") for line in lines if line.startswith("$ tataruang ")]
    return [shlex.split(line)[1:] for line in found]


@pytest.fixture
def desk(sample_workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as the pages assume it: the sample's raw files and its workspace `contoh`."""
    folder = tmp_path / "meja"
    shutil.copytree(sample_workspace / RAW, folder)
    shutil.copytree(sample_workspace, folder / "contoh")
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("page", [p for p in PAGES if _commands(p)], ids=lambda p: p.name)
def test_every_command_of_a_page_runs(page: Path, desk: Path) -> None:
    for words in _commands(page):
        assert main(words) == 0, f"{page.name}: tataruang {' '.join(words)}"
        for name in ("--output", "--reports", "-o"):
            if name in words:
                made = desk / words[words.index(name) + 1]
                assert made.exists(), f"{page.name}: {made.name} was not written"


@pytest.mark.parametrize("page", [p for p in PAGES if _blocks(p, "python")], ids=lambda p: p.name)
def test_every_python_example_of_a_page_runs(page: Path, desk: Path) -> None:
    space: dict[str, Any] = {}
    for number, block in enumerate(_blocks(page, "python"), start=1):
        exec(compile(block, f"{page.name}, example {number}", "exec"), space)  # noqa: S102  ours


@pytest.fixture(scope="module")
def server(sample_workspace: Path) -> Iterator[str]:
    """The service on a free port of this machine."""
    import uvicorn

    from api.app import create_app
    from api.commands.serve import service_opener
    from api.settings import ServeSettings

    settings = ServeSettings()
    app = create_app(service_opener(str(sample_workspace), settings), settings)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    with warnings.catch_warnings():
        # uvicorn still imports the former interface of its websockets library.
        warnings.simplefilter("ignore", DeprecationWarning)
        thread = threading.Thread(target=running.run, daemon=True)
        thread.start()
        for _ in range(300):
            if running.started and _ready(port):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
        running.should_exit = True
        thread.join(10)


def _ready(port: int) -> bool:
    import httpx

    return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200


def _curls(page: Path) -> list[str]:
    return [block for block in _blocks(page, "sh") if block.startswith("curl ")]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on this machine")
@pytest.mark.parametrize("page", [p for p in PAGES if _curls(p)], ids=lambda p: p.name)
def test_every_curl_of_a_page_gets_an_answer(page: Path, server: str) -> None:
    for block in _curls(page):
        command = block.replace("http://127.0.0.1:8000", server).replace("curl ", "curl -f ", 1)
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{page.name}: {block}\n{done.stderr}"
        assert done.stdout.startswith(("{", "[")), done.stdout[:200]


@pytest.mark.parametrize("path", sorted((DOCS / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_a_notebook_runs_and_shows_what_it_did(path: Path, desk: Path) -> None:
    import nbformat
    from nbclient import NotebookClient

    stored = nbformat.read(path, 4)
    fresh = nbformat.read(path, 4)
    environment = {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    os.environ.update(environment)
    with warnings.catch_warnings():
        # The kernel says that it listens on loopback without encryption.
        warnings.simplefilter("ignore")
        client = NotebookClient(
            fresh, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(desk)}}
        )
        client.execute()
    assert path.stat().st_size < 1_500_000
    assert [_texts(cell) for cell in fresh.cells] == [_texts(cell) for cell in stored.cells]


def _texts(cell: Any) -> list[str]:
    """What a cell says, without pictures and addresses of objects."""
    plain = [out.get("text") or out.get("data", {}).get("text/plain", "") for out in
             cell.get("outputs", [])]  # fmt: skip
    return [re.sub(r"0x[0-9a-f]+", "", text) for text in plain]


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d",
         str(tmp_path / "trees"), str(DOCS), str(tmp_path / "site")],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    pages = list((tmp_path / "site").glob("*.html"))
    assert len(pages) > 10
    loaded = re.compile(r"""<(?:script|link|img)[^>]+(?:src|href)=["']https?://""")
    outside = [p.name for p in pages if loaded.search(p.read_text(encoding="utf-8"))]
    assert outside == [], "these pages load something from another site"
