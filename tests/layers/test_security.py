"""A file of a stranger reads nothing but itself and reaches nobody: three GDALs, one proof each.

The canary is a file beside the poisoned one; the listener counts who calls. Each library is
tried on its own as well, because the opener is the first wall and not the only one.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from layer_making import collection, square

import layers
from layers.files import raster_file
from layers.files.sandbox import held
from spatial.drivers import FOLLOWING_DRIVERS
from spatial.errors import EngineError, LimitError, SecurityError, TimeLimitError

CANARY = "kenari-4711"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A secret that every driver could read, if it were asked to."""
    folder = tmp_path / "rahasia"
    folder.mkdir()
    path = folder / "rahasia.csv"
    path.write_text(f"nama,nilai\n{CANARY},1\n" * 60)
    return path


@pytest.fixture
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A port of this machine, and what was sent to it."""
    calls: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    caller, _ = server.accept()
                except OSError:
                    return
                with caller:
                    calls.append(caller.recv(200))
                    caller.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        yield server.getsockname()[1], calls
        server.shutdown(socket.SHUT_RDWR)


def vector_vrt(source: str) -> str:
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="rahasia"><SrcDataSource>{source}</SrcDataSource>'
        "<GeometryType>wkbNone</GeometryType></OGRVRTLayer></OGRVRTDataSource>"
    )


def raw_vrt(source: str) -> str:
    return (
        '<VRTDataset rasterXSize="8" rasterYSize="8"><GeoTransform>110,.1,0,-6,0,-.1</GeoTransform>'
        '<SRS>EPSG:4326</SRS><VRTRasterBand dataType="Byte" band="1" subClass="VRTRawRasterBand">'
        f'<SourceFilename relativeToVRT="0">{source}</SourceFilename><ImageOffset>0</ImageOffset>'
        "<PixelOffset>1</PixelOffset><LineOffset>8</LineOffset></VRTRasterBand></VRTDataset>"
    )


def simple_vrt(source: str) -> str:
    return (
        '<VRTDataset rasterXSize="8" rasterYSize="8"><VRTRasterBand dataType="Byte" band="1">'
        f'<SimpleSource><SourceFilename relativeToVRT="0">{source}</SourceFilename></SimpleSource>'
        "</VRTRasterBand></VRTDataset>"
    )


def wms(source: str) -> str:
    return f'<GDAL_WMS><Service name="TMS"><ServerUrl>{source}</ServerUrl></Service></GDAL_WMS>'


POISONS = {"vector": vector_vrt, "raw": raw_vrt, "simple": simple_vrt, "wms": wms}


@pytest.mark.parametrize("name", ["a.geojson", "a.tif", "a.gml", "a.csv"])
@pytest.mark.parametrize("poison", POISONS)
def test_56_57_files_that_name_other_files_are_refused(
    tmp_path: Path, canary: Path, name: str, poison: str
) -> None:
    (tmp_path / name).write_text(POISONS[poison](str(canary)))
    for opening in (layers.read, lambda path: raster_file(path).__enter__()):
        with pytest.raises(SecurityError) as caught:
            opening(tmp_path / name)
        assert caught.value.code == "format_refused"


@pytest.mark.parametrize("prefix", ["CSV:", "/vsizip/", "/vsicurl/", "GPKG:", "SQLITE:", "PG:"])
def test_58_driver_prefixes_are_not_followed(canary: Path, prefix: str) -> None:
    with pytest.raises(SecurityError, match="is no file on this machine") as caught:
        layers.read(f"{prefix}{canary}")
    assert caught.value.code == "path_not_local"


def test_59_addresses_are_not_followed(listener: tuple[int, list[bytes]]) -> None:
    port, calls = listener
    for path in (
        f"http://127.0.0.1:{port}/a.geojson",
        f"/vsicurl/http://127.0.0.1:{port}/a.tif",
        f"WFS:http://127.0.0.1:{port}/wfs",
        f"{{'url': 'http://127.0.0.1:{port}/'}}",
    ):
        with pytest.raises(SecurityError):
            layers.read(path)
    assert calls == []


def test_60_text_is_no_path() -> None:
    with pytest.raises(SecurityError):
        layers.read(collection(({}, square())))


def alone(script: str, *arguments: object) -> Any:
    """Run a script in an interpreter of its own and return the JSON it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, *map(str, arguments)],
        cwd=ROOT,
        env={name: text for name, text in os.environ.items() if name[:4] not in ("GDAL", "CPL_")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


LIBRARIES = """
import json, sys
import spatial
poisons, port = json.loads(sys.argv[1]), sys.argv[2]
import pyogrio, rasterio, fiona

def raw(path):
    with rasterio.open(path) as source:
        return bytes(source.read(1))

def rows(path):
    with fiona.open(path) as source:
        return [dict(row.properties) for row in source]

TRIES = {
    "pyogrio": lambda path: str(pyogrio.read_dataframe(path)),
    "pyogrio bytes": lambda path: str(pyogrio.read_dataframe(open(path, "rb").read())),
    "pyogrio arrow": lambda path: str(pyogrio.read_arrow(path)),
    "rasterio": lambda path: str(raw(path)),
    "fiona": lambda path: str(rows(path)),
}
found = {}
for name, attempt in TRIES.items():
    for path in poisons + [f"http://127.0.0.1:{port}/a.geojson",
                           f"/vsicurl/http://127.0.0.1:{port}/a.tif",
                           f"/vsicurl/http://127.0.0.1:{port}/a",
                           f"WFS:http://127.0.0.1:{port}/wfs"]:
        try:
            found.setdefault(name, []).append(attempt(path))
        except Exception as error:
            found.setdefault(name, []).append(type(error).__name__)
print(json.dumps(found))
"""


def test_the_three_libraries_read_neither_the_canary_nor_an_address(
    tmp_path: Path, canary: Path, listener: tuple[int, list[bytes]]
) -> None:
    port, calls = listener
    poisons = []
    for name in ("a.geojson", "a.tif"):
        for kind, write in POISONS.items():
            path = tmp_path / f"{kind}.{name}"
            path.write_text(write(str(canary)))
            poisons.append(str(path))
    found = alone(LIBRARIES, json.dumps(poisons), port)
    assert set(found) == {"pyogrio", "pyogrio bytes", "pyogrio arrow", "rasterio", "fiona"}
    said = json.dumps(found)
    assert CANARY not in said
    assert "nama,nilai" not in said
    assert all(word.endswith("Error") for words in found.values() for word in words), said
    assert calls == []


def test_the_canary_sings_where_nothing_guards(tmp_path: Path, canary: Path) -> None:
    """Without our import the poison works: the test above could not pass by accident."""
    path = tmp_path / "a.geojson"
    path.write_text(vector_vrt(str(canary)))
    script = (
        "import json, sys, pyogrio; print(json.dumps(str(pyogrio.read_dataframe(sys.argv[1]))))"
    )
    assert CANARY in alone(script, path)


IMPORTS = """
import json, os, sys
order = []
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name in ("rasterio", "fiona", "pyogrio"):
            order.append([name, os.environ.get("GDAL_SKIP", "")])
sys.meta_path.insert(0, Watch())
import importlib
importlib.import_module(sys.argv[1])
import rasterio, fiona, pyogrio
print(json.dumps(order))
"""


@pytest.mark.parametrize("package", ["spatial", "layers", "zoning", "hazard", "api"])
def test_drivers_are_off_before_any_gdal_loads_wherever_import_begins(package: str) -> None:
    order = alone(IMPORTS, package)
    assert {name for name, _ in order} == {"rasterio", "fiona", "pyogrio"}
    for _, skipped in order:
        assert set(FOLLOWING_DRIVERS) <= set(skipped.split(","))


QUIET = """
import io, json, logging
said = io.StringIO()
logging.basicConfig(level=logging.INFO, stream=said)
import spatial, rasterio, fiona
with rasterio.Env():
    pass
with fiona.Env():
    pass
print(json.dumps(said.getvalue()))
"""


def test_a_log_is_not_filled_with_the_names_of_drivers_that_a_wheel_lacks() -> None:
    assert "GDAL_SKIP" not in alone(QUIET)


CONFINED = """
import json, os, socket, subprocess, sys
from pathlib import Path
from layers.files.confine import confine
readable, writable, hidden, port = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
held = confine([readable], writable, memory=4 << 30, cpu_seconds=60, file_bytes=1 << 20)
def attempt(what):
    try:
        return str(what())
    except Exception as error:
        return type(error).__name__
print(json.dumps({
    "held": held,
    "own": attempt(lambda: readable.read_text()),
    "write": attempt(lambda: (writable / "a").write_text("x")),
    "hidden": attempt(lambda: Path(hidden).read_text()),
    "passwd": attempt(lambda: Path("/etc/passwd").read_text()),
    "beside": attempt(lambda: Path("README.md").read_text()),
    "elsewhere": attempt(lambda: Path(hidden).with_name("b").write_text("x")),
    "call": attempt(lambda: socket.create_connection(("127.0.0.1", int(port)), 1)),
    "unix": attempt(lambda: socket.socket(socket.AF_UNIX)),
    "program": attempt(lambda: subprocess.run(["/bin/echo", "x"])),
    "big": attempt(lambda: (writable / "big").write_bytes(b"x" * (2 << 20))),
    "memory": attempt(lambda: len(bytearray(5 << 30))),
}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp and Landlock are of Linux")
def test_a_confined_process_reads_one_file_and_calls_nobody(
    tmp_path: Path, canary: Path, listener: tuple[int, list[bytes]]
) -> None:
    port, calls = listener
    own, folder = tmp_path / "a.txt", tmp_path / "work"
    own.write_text("mine")
    folder.mkdir()
    found = alone(CONFINED, own, folder, canary, port)
    assert found["own"] == "mine"
    assert found["write"] == "1"
    assert found["memory"] == "MemoryError"
    assert found["big"] in ("OSError", "SIGXFSZ")
    if "network" in found["held"]:
        assert (found["call"], found["unix"]) == ("PermissionError", "PermissionError")
        assert found["program"] == "PermissionError"
    if "files" in found["held"]:
        assert found["beside"] == "PermissionError"
        assert found["hidden"] == found["passwd"] == found["elsewhere"] == "PermissionError"
    assert calls == []


def test_reading_is_confined_as_far_as_this_machine_can(tmp_path: Path) -> None:
    (tmp_path / "a.geojson").write_text(collection())
    assert "limits" in held(tmp_path / "a.geojson") or os.name == "nt"


def test_62_a_gml_that_names_an_entity_or_a_schema_reads_neither(
    tmp_path: Path, canary: Path, listener: tuple[int, list[bytes]]
) -> None:
    port, calls = listener
    body = (
        '<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs" '
        'xmlns:gml="http://www.opengis.net/gml" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="http://x http://127.0.0.1:{port}/a.xsd">'
        "<gml:featureMember><zona><nama>{}</nama><gml:boundedBy/><gml:Point "
        'srsName="EPSG:4326"><gml:coordinates>110.4,-7</gml:coordinates></gml:Point></zona>'
        "</gml:featureMember></wfs:FeatureCollection>"
    )
    entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{canary}">]>'
    (tmp_path / "a.gml").write_text(entity + body.format("&e;"))
    with pytest.raises(EngineError) as caught:
        layers.read(tmp_path / "a.gml")
    assert caught.value.code == "xml_entities"
    (tmp_path / "b.gml").write_text(body.format("a"))
    assert CANARY not in str(layers.read(tmp_path / "b.gml").frame)
    assert calls == []


def test_a_reading_that_takes_too_long_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workbook of a million cells, in one second."""
    import openpyxl

    openpyxl.Workbook().save(tmp_path / "empty.xlsx")
    row = b"<row>" + b"<c><v>1</v></c>" * 20 + b"</row>"
    with (
        zipfile.ZipFile(tmp_path / "empty.xlsx") as source,
        zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("sheet1.xml"):
                data = data.replace(b"</sheetData>", row * 50_000 + b"</sheetData>")
                assert len(data) > 1_000_000
            target.writestr(name, data)
    monkeypatch.setenv("TATARUANG_READ_SECONDS", "1")
    with pytest.raises(TimeLimitError, match="was ended after 1 seconds"):
        layers.read(tmp_path / "a.xlsx")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limits of address space")
def test_a_reading_that_takes_too_much_memory_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = "x" * 1000 + "\n"
    (tmp_path / "a.csv").write_text("a,b\n" + f"1,{row}" * 120_000)
    monkeypatch.setenv("TATARUANG_READ_MEMORY_MB", "1000")
    with pytest.raises(EngineError) as caught:
        layers.read(tmp_path / "a.csv")
    assert caught.value.code in ("reading_too_large", "reading_crashed")
    assert isinstance(caught.value, LimitError) or caught.value.code == "reading_crashed"
    monkeypatch.setenv("TATARUANG_READ_MEMORY_MB", "8192")
    assert len(layers.read(tmp_path / "a.csv").frame) == 120_000
