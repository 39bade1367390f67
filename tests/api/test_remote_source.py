"""The engine takes a layer from the OGC API of another instance of itself, over a real socket."""

from __future__ import annotations

import socket
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely

from api.app import create_app
from api.cli import main
from api.commands.serve import service_opener
from api.settings import ServeSettings
from layers.store import open_store
from layers.workspace import Workspace


@pytest.fixture(scope="module")
def server(sample_workspace: Path) -> Iterator[str]:
    import uvicorn

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
            if running.started:
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
        running.should_exit = True
        thread.join(10)


@pytest.mark.parametrize("address", ["/ogc", "/ogc/collections", "/ogc/collections/{name}/items"])
def test_a_layer_of_one_workspace_is_taken_into_another(
    address: str,
    server: str,
    sample_workspace: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    theirs = open_store(Workspace.open(sample_workspace))
    name = next(
        one.name for one in theirs.layers()
        if one.kind == "pola_ruang" and one.rows and one.rows > 20
    )  # fmt: skip
    monkeypatch.setenv("TATARUANG_SOURCES_PRIVATE", server)
    ours = Workspace.create(tmp_path / "lain", name="Lain")
    url = server + address.format(name=name)
    chosen = [] if "{name}" in address else ["--layer", name]
    words = ["ingest", url, "--workspace", str(ours.folder), "--name", "salinan"]
    assert main([*words, "--as", "pola_ruang", *chosen]) == 0
    copied = open_store(ours).get("salinan")
    before = theirs.get(name).frame
    assert len(copied.frame) == len(before)
    assert sorted(copied.frame["zona"]) == sorted(before["zona"])
    source = copied.version.provenance["source"]
    assert source["service"] == "OGC API Features"
    assert source["matched"] == source["received"] == len(before)
    moved = copied.frame.to_crs(before.crs)
    assert float(moved.area.sum()) == pytest.approx(float(before.area.sum()), rel=1e-6)
    assert shapely.is_valid(moved.geometry.array).all()


def test_without_leave_it_is_refused(server: str, tmp_path: Path) -> None:
    ours = Workspace.create(tmp_path / "lain", name="Lain")
    words = ["ingest", server, "--workspace", str(ours.folder), "--name", "salinan"]
    assert main(words) == 2
    assert open_store(ours).layers() == []
