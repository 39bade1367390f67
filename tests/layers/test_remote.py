"""Services of other agencies: whole layers in their own CRS, from allowed hosts alone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

if (here := str(Path(__file__).parent)) not in sys.path:
    sys.path.append(here)

from wfs_server import Agency, serving

import layers
from layers.ingest import ingest_file
from layers.remote import fetched
from layers.remote.allowed import Origin, address_of, origin_of
from layers.store import FileStore
from spatial.errors import CrsError, EngineError, LayerError, LimitError, SecurityError


def _zones(crs: str = "EPSG:4326", rows: int = 25) -> gpd.GeoDataFrame:
    cells = [shapely.box(110.4 + i / 100, -7, 110.41 + i / 100, -6.99) for i in range(rows)]
    frame = gpd.GeoDataFrame(
        {
            "KODSZN": ["R-2", "P-1", "K-3", "R-4", "BA"] * (rows // 5),
            # With and without leading zeros, and not so on every page.
            "KODE": [f"{i * 90:04}" for i in range(rows)],
            "LUASHA": [i / 7 for i in range(rows)],
        },
        geometry=cells,
        crs="EPSG:4326",
    )
    return frame.to_crs(crs)


@pytest.fixture
def allowed(monkeypatch: pytest.MonkeyPatch) -> Any:
    def allow(url: str) -> str:
        monkeypatch.setenv("TATARUANG_SOURCES_PRIVATE", f"https://lain.example, {url}")
        return url

    return allow


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32749", "EPSG:9470"])
@pytest.mark.parametrize(
    ("version", "form", "pages"),
    [
        ("2.0.0", "", True),
        ("2.0.0", "application/json", True),
        ("1.1.0", "", False),
        ("1.1.0", "application/json; subtype=geojson", False),
    ],
)
def test_a_wfs_gives_all_its_features_where_they_are(
    version: str, form: str, pages: bool, crs: str, allowed: Any, tmp_path: Path
) -> None:
    frame = _zones(crs)
    agency = Agency(frame, version=version, json_format=form, pages=pages, most=10 if pages else 99)
    store = FileStore(tmp_path / "store")
    with serving(agency) as root:
        url = allowed(root)
        version_made, _ = ingest_file(
            store, f"{url}/wfs", name="rdtr", kind="pola_ruang", layer="zona"
        )
    got = store.get("rdtr").frame.sort_values("kode", ignore_index=True)
    assert got["kode"].tolist() == frame["KODE"].tolist()
    assert got["zona"].tolist() == frame["KODSZN"].tolist()
    assert got["luasha"].tolist() == pytest.approx(frame["LUASHA"].tolist())
    assert got.crs.to_epsg() == frame.crs.to_epsg()
    assert shapely.equals_exact(got.geometry.array, frame.geometry.array, 1e-8).all()
    source = version_made.provenance["source"]
    assert (source["matched"], source["received"]) == (25, 25)
    # Three pages; one, where a service sends none.
    assert source["pages"] == (3 if pages else 1)
    assert source["url"] == f"{url}/wfs"
    assert source["fetched_at"].endswith("+00:00")


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32749", "EPSG:9470"])
@pytest.mark.parametrize("path", ["/collections", "/collections/zona", "/collections/zona/items"])
def test_an_ogc_api_gives_all_its_features_in_the_crs_they_are_kept_in(
    crs: str, path: str, allowed: Any
) -> None:
    agency = Agency(_zones(crs), most=10)
    with serving(agency) as root:
        allowed(root)
        with fetched(root + path) as found:
            got = layers.read(found.path).features
            facts = found.source
    assert (got.crs.to_epsg() or 4326) == agency.epsg
    assert (facts["pages"], facts["matched"], facts["received"]) == (3, 25, 25)
    assert shapely.equals_exact(got.geometry.array, agency.frame.geometry.array, 1e-8).all()


def test_an_answer_in_another_crs_than_was_asked_for_is_refused(allowed: Any) -> None:
    agency = Agency(_zones("EPSG:32749"), content_crs="http://www.opengis.net/def/crs/EPSG/0/32748")
    with serving(agency) as root:
        found = _refused(f"{allowed(root)}/collections/zona", layer=None)
    assert isinstance(found, CrsError)
    assert found.code == "source_crs"


def test_gdal_reads_the_same_from_the_same_wfs(allowed: Any) -> None:
    """The driver of GDAL, which the engine switches off, as the second opinion.

    In one page: where a service sends fewer features than asked for, that driver repeats some.
    """
    agency = Agency(_zones("EPSG:32749"))
    code = (
        "import pyogrio, sys;"
        "f = pyogrio.read_dataframe('WFS:' + sys.argv[1], layer='rtr:zona');"
        "print(len(f), f.crs.to_epsg(), repr(float(f.geometry.area.sum())))"
    )
    with serving(agency) as root:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code, f"{root}/wfs"],
            capture_output=True, text=True, check=False, timeout=60,
            env={name: value for name, value in os.environ.items() if name != "GDAL_SKIP"},
        )  # fmt: skip
        if done.returncode:
            pytest.skip(f"this GDAL has no working WFS driver: {done.stderr[-200:]}")
        with fetched(f"{allowed(root)}/wfs", layer="zona") as found:
            ours = layers.read(found.path).features
    rows, epsg, area = done.stdout.split()
    assert (int(rows), int(epsg)) == (len(ours), ours.crs.to_epsg())
    assert float(area) == pytest.approx(float(ours.geometry.area.sum()), rel=1e-12)


def _refused(url: str, layer: str | None = "zona") -> EngineError:
    with pytest.raises(EngineError) as refused, fetched(url, layer=layer):
        pass
    return refused.value


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"matched": 26}, "source_partial"),
        ({"broken": True}, "source_broken_off"),
        ({"doctype": True}, "source_answer"),
        ({"again": True, "most": 10}, "source_changed"),
        ({"pages": False, "most": 10}, "source_partial"),
        ({"elsewhere": "http://169.254.169.254/latest/meta-data/"}, "source_not_allowed"),
        ({"elsewhere": "file:///etc/passwd"}, "source_address"),
        ({"elsewhere": "/wfs"}, "source_failed"),
    ],
)
def test_what_is_not_the_whole_layer_is_refused(
    how: dict[str, Any], code: str, allowed: Any
) -> None:
    with serving(Agency(_zones(), **how)) as root:
        assert _refused(f"{allowed(root)}/wfs").code == code


def test_a_redirect_to_another_allowed_host_is_refused_too(
    allowed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Agency(_zones())) as other, serving(Agency(_zones(), elsewhere=other)) as root:
        monkeypatch.setenv("TATARUANG_SOURCES_PRIVATE", f"{root},{other}")
        assert _refused(f"{root}/wfs").code == "source_redirect"


def test_a_layer_that_is_not_there_is_told(allowed: Any) -> None:
    with serving(Agency(_zones())) as root:
        url = allowed(root)
        several = _refused(f"{url}/wfs", layer=None)
        assert several.code == "source_layer"
        assert "rtr:zona, rtr:jalan" in str(several.details["known"])
        said = _refused(f"{url}/wfs", layer="jalan")
        assert said.code == "source_exception"
        assert "tidak ada layer itu" in str(said)


def test_a_busy_service_is_asked_again(allowed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layers.remote.client._AGAIN_SECONDS", (0.0, 0.0))
    with serving(Agency(_zones(), busy=2)) as root, fetched(f"{allowed(root)}/wfs", layer="zona"):
        pass
    with serving(Agency(_zones(), busy=3)) as root:
        assert _refused(f"{allowed(root)}/wfs").code == "source_failed"


def test_bytes_and_time_of_a_download_are_bounded(
    allowed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Agency(_zones())) as root:
        monkeypatch.setenv("TATARUANG_MAX_BYTES", "3000")
        assert isinstance(_refused(f"{allowed(root)}/wfs"), LimitError)
    monkeypatch.delenv("TATARUANG_MAX_BYTES")
    monkeypatch.setenv("TATARUANG_READ_SECONDS", "1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        threading.Thread(target=_drip, args=[silent], daemon=True).start()
        slow = _refused(f"{allowed(f'http://127.0.0.1:{silent.getsockname()[1]}')}/wfs")
    assert slow.code == "source_too_slow"


def _drip(server: socket.socket) -> None:
    """Answer one byte at a time, for ever."""
    with server.accept()[0] as connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(100):
            try:
                connection.sendall(b"<")
            except OSError:
                return
            threading.Event().wait(0.05)


@pytest.mark.parametrize(
    "url",
    [
        "https://gis.example.go.id.evil.example/wfs",
        "http://gis.example.go.id/wfs",
        "https://gis.example.go.id:8443/wfs",
        "https://gis.example.go.id@evil.example/wfs",
        "https://evil.example/?https://gis.example.go.id",
        "https://evil.example\\@gis.example.go.id/wfs",
        "https://gis.example.go.id\t.evil.example/",
        "https:///wfs",
        "https://[::ffff:127.0.0.1]/",
        "http://gis.example.go.id:99999/",
    ],
)
def test_only_the_very_origin_that_is_named_is_called(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TATARUANG_SOURCES", "https://gis.example.go.id")
    assert origin_of("https://GIS.example.go.id./wfs").host == "gis.example.go.id"
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("a name was asked for"))
    with pytest.raises(SecurityError):
        origin_of(url)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.169.254", "0.0.0.1", "100.64.0.1", "::1",
     "fe80::1", "fd00::1", "::ffff:10.0.0.1", "2002:7f00:1::", "224.0.0.1"],
)  # fmt: skip
def test_a_name_that_leads_into_the_office_is_refused(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in ("8.8.8.8", address)
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(SecurityError) as refused:
        address_of(Origin("https", "gis.example.go.id", 443))
    assert refused.value.code == "source_private"
    assert address_of(Origin("https", "gis.example.go.id", 443, private=True)) == "8.8.8.8"


def test_without_a_setting_no_service_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TATARUANG_SOURCES", raising=False)
    with serving(Agency(_zones())) as root:
        assert _refused(f"{root}/wfs").code == "source_not_allowed"
        monkeypatch.setenv("TATARUANG_SOURCES", root)
        assert _refused(f"{root}/wfs").code == "source_private"
    assert isinstance(_refused("https://localhost:1/wfs"), SecurityError)


def test_nothing_answers(allowed: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found = _refused(f"{allowed(f'http://127.0.0.1:{port}')}/wfs")
    assert isinstance(found, LayerError)
    assert found.code == "source_unreachable"
