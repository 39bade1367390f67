"""Early warning: hysteresis, silence is not safety, whom a crossing concerns, CAP 1.2."""

from __future__ import annotations

import functools
import json
import re
import tempfile
import warnings
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from defusedxml import ElementTree
from fastapi import FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st
from rasterio.transform import Affine

from api.access.roles import OFFICE
from api.cli import main
from api.http import Workers
from api.routes.warnings import router
from api.settings import ServeSettings
from api.warning_desk import desk_of
from hazard.warning import (
    NORMAL,
    UNKNOWN,
    CapSettings,
    ImpactIndex,
    Monitor,
    Reading,
    Station,
    cap_xml,
    load_stations,
    parse_readings,
    sort_readings,
    things_above_river,
)
from hazard.warning.cap import NAMESPACE, reference
from hazard.warning.impact import COLUMNS, SCENARIO
from spatial.errors import LayerError, LayerNotFoundError, PlanError, SchemaError, StoreError
from spatial.terrain import flow_of
from spatial.zonal import open_grid

with warnings.catch_warnings():
    # It asks for another client library at import; the one that is locked serves.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

X0, Y0, CELL = 430_000.0, 9_230_000.0, 100.0
START = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
STATIONS = """
[[stations]]
id = "G1"
name = "Pos Garang"
kind = "tinggi_muka_air"
unit = "m"
lon = {lon}
lat = {lat}
late_after_min = 30
range = [0, 12]
zero_m = 0.5
reach_km = 4.0
[[stations.thresholds]]
valid_from = 2025-01-01
source = "BPBD, contoh"
status = "contoh"
levels = [
  {{ name = "Siaga 3", enter = 1.5, leave = 1.3, severity = "Moderate" }},
  {{ name = "Siaga 2", enter = 2.5, leave = 2.2, severity = "Severe" }},
  {{ name = "Siaga 1", enter = 4.0, leave = 3.5, severity = "Extreme" }},
]
[[stations.thresholds]]
valid_from = 2026-12-01
source = "BPBD, revisi contoh"
status = "contoh"
levels = [{{ name = "Siaga 3", enter = 1.0, leave = 0.9, severity = "Moderate" }}]

[[stations]]
id = "DO1"
name = "Oksigen Banger"
kind = "kualitas_air"
unit = "mg/l"
lon = {lon}
lat = {lat}
late_after_min = 60
range = [0, 20]
direction = "turun"
[[stations.thresholds]]
valid_from = 2025-01-01
source = "DLH, contoh"
status = "contoh"
levels = [{{ name = "Tercemar", enter = 3.0, leave = 4.0, severity = "Minor" }}]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A valley that falls south, three desa down it, homes on its floor and on its sides."""
    folder = tmp_path_factory.mktemp("peringatan")
    y, x = np.mgrid[0:80, 0:41]
    heights = 40 - 0.02 * y + 0.3 * np.abs(x - 20.0)
    with rasterio.open(
        folder / "dem.tif",
        "w",
        driver="GTiff",
        height=80,
        width=41,
        count=1,
        dtype="float32",
        crs="EPSG:32749",
        transform=Affine(CELL, 0, X0, 0, -CELL, Y0),
        nodata=-9999,
    ) as sink:
        sink.write(heights.astype("float32"), 1)
    names = ["Hulu", "Tengah", "Hilir"]
    desa = gpd.GeoDataFrame(
        {"kode_desa": [f"33.99.01.200{i}" for i in (1, 2, 3)], "nama_desa": names},
        geometry=[
            shapely.box(X0, Y0 - b, X0 + 4100, Y0 - a)
            for a, b in ((0, 2000), (2000, 5000), (5000, 8000))
        ],
        crs="EPSG:32749",
    )
    desa.to_file(folder / "desa.gpkg")
    pd.DataFrame({"kode_desa": desa["kode_desa"], "jumlah_penduduk": [10, 101, 50]}).to_csv(
        folder / "penduduk.csv", index=False
    )
    # On the floor beside the river, 5 cells (1.5 m) and 15 cells (4.5 m) up the side.
    places = [(x, y) for y in (10, 30, 45, 58, 70) for x in (20, 25, 35)]
    homes = [
        shapely.box(
            X0 + (x + 0.4) * CELL,
            Y0 - (y + 0.6) * CELL,
            X0 + (x + 0.6) * CELL,
            Y0 - (y + 0.4) * CELL,
        )
        for x, y in places
    ]
    gpd.GeoDataFrame(geometry=homes, crs="EPSG:32749").to_file(folder / "rumah.gpkg")
    for file, rows in (
        ("fasilitas", [("SD Tengah", 21, 31)]),
        ("evakuasi", [("Balai bukit", 38, 40), ("Balai tepi sungai", 20, 46)]),
    ):
        gpd.GeoDataFrame(
            {"nama": [name for name, *_ in rows]},
            geometry=[
                shapely.Point(X0 + (x + 0.5) * CELL, Y0 - (y + 0.5) * CELL) for _, x, y in rows
            ],
            crs="EPSG:32749",
        ).to_file(folder / f"{file}.gpkg")
    station = gpd.GeoSeries.from_xy([X0 + 2150], [Y0 - 2550], crs="EPSG:32749").to_crs("EPSG:4326")
    text = STATIONS.format(lon=station.x.iloc[0], lat=station.y.iloc[0])
    (folder / "stasiun.toml").write_text(text)
    return folder


def reading(value: float, minute: int = 0, station: str = "G1") -> Reading:
    return Reading(station, START + timedelta(minutes=minute), value)


def test_a_level_holds_until_the_water_is_below_where_it_is_left(folder: Path) -> None:
    monitor = Monitor(load_stations(folder / "stasiun.toml"))
    values = [0.5, 1.6, 1.4, 2.6, 2.3, 2.1, 1.35, 1.2, 4.5, 0.6]
    changes = [monitor.take(reading(v, 10 * i)) for i, v in enumerate(values)]
    assert [None if c is None else c.after for c in changes] == [
        NORMAL,
        "Siaga 3",
        None,
        "Siaga 2",
        None,
        "Siaga 3",
        None,
        NORMAL,
        "Siaga 1",
        NORMAL,
    ]
    assert [c.worse for c in changes if c is not None] == [
        False,
        True,
        True,
        False,
        False,
        True,
        False,
    ]


def test_oxygen_is_bad_when_it_falls(folder: Path) -> None:
    monitor = Monitor(load_stations(folder / "stasiun.toml"))
    values = [6.0, 3.5, 2.9, 3.5, 4.1]
    changes = [monitor.take(reading(v, 10 * i, "DO1")) for i, v in enumerate(values)]
    assert [None if c is None else c.after for c in changes] == [
        NORMAL,
        None,
        "Tercemar",
        None,
        NORMAL,
    ]


def test_thresholds_are_those_in_force_on_the_day(folder: Path) -> None:
    station = load_stations(folder / "stasiun.toml")["G1"]
    assert station.level(1.2, date(2026, 11, 30), 0) == 0
    assert station.level(1.2, date(2026, 12, 1), 0) == 1
    with pytest.raises(PlanError, match="no thresholds in force on 2024"):
        station.level(1.2, date(2024, 1, 1), 0)


def test_silence_is_not_known_and_never_normal(folder: Path, tmp_path: Path) -> None:
    monitor = Monitor(load_stations(folder / "stasiun.toml"), tmp_path / "catatan.jsonl")
    assert monitor.state("G1", START) == UNKNOWN
    monitor.take(reading(0.5))
    assert monitor.state("G1", START + timedelta(minutes=30)) == NORMAL
    later = START + timedelta(minutes=31)
    assert monitor.state("G1", later) == UNKNOWN
    [change] = monitor.check(later)
    assert (change.before, change.after, change.last_time) == (NORMAL, UNKNOWN, START)
    assert list(monitor.check(later)) == []
    # What was high before the silence is high until a reading says that it is left.
    monitor.take(reading(1.6, 40))
    list(monitor.check(START + timedelta(hours=3)))
    back = monitor.take(reading(1.4, 200))
    assert back is not None
    assert (back.before, back.after) == (UNKNOWN, "Siaga 3")


def test_a_monitor_goes_on_where_its_log_ends(folder: Path, tmp_path: Path) -> None:
    stations, log = load_stations(folder / "stasiun.toml"), tmp_path / "catatan.jsonl"
    first = Monitor(stations, log)
    first.take(reading(2.6, 10))
    again = Monitor(stations, log)
    assert again.state("G1", START + timedelta(minutes=20)) == "Siaga 2"
    assert again.take(reading(2.3, 20)) is None
    assert again.take(reading(9.0, 5)) is None
    assert again.readings.counts() == {"good": 1, "bad": 0, "late": 1, "repeated": 0}
    log.write_text(log.read_text() + "rusak\n")
    with pytest.raises(StoreError, match="line 2"):
        Monitor(stations, log)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["G1", "DO1", "X9"]),
            st.integers(-120, 60),
            st.sampled_from([0.5, 1.7, 99.0, float("nan")]),
        ),
        max_size=30,
    )
)
def test_every_reading_ends_in_one_place(items: list[tuple[str, int, float]]) -> None:
    text = STATIONS.format(lon=110.4, lat=-7.0)
    stations = _stations(text)
    readings = [Reading(s, START + timedelta(minutes=m), v, i) for i, (s, m, v) in enumerate(items)]
    found = sort_readings(readings, stations, now=START)
    assert sum(found.counts().values()) == len(items)
    for name in ("G1", "DO1"):
        times = [r.time for r in found.good if r.station == name]
        assert times == sorted(set(times))
    assert all(r.time <= START + timedelta(minutes=5) for r in found.good)
    assert all(START - r.time <= stations[r.station].late_after for r in found.good)


@functools.cache
def _stations(text: str) -> dict[str, Station]:
    with tempfile.TemporaryDirectory() as room:
        path = Path(room) / "stasiun.toml"
        path.write_text(text)
        return load_stations(path)


def test_csv_and_json_lines_are_read_and_the_rest_is_named() -> None:
    lines = [
        "\ufeffStasiun;Waktu;TMA",
        "G1;2026-11-24T07:00:00+07:00;1,5",
        '{"station": "G1", "time": "2026-11-24T07:10:00+07:00", "value": 1.6}',
        "G1;2026-11-24 07:20:00;1,7",
        "G1;24/11/2026;1,7",
        "G1;2026-11-24T07:30:00+07:00;tinggi",
        ";2026-11-24T07:30:00+07:00;1",
        "{rusak",
        "",
        "G1" * 3000,
    ]
    items = list(parse_readings(lines))
    assert [item.value for item in items if isinstance(item, Reading)] == [1.5, 1.6]
    assert [item[1] for item in items if isinstance(item, tuple)] == [
        "waktu_tanpa_zona",
        "waktu_salah",
        "nilai_salah",
        "stasiun_kosong",
        "json_salah",
        "baris_terlalu_panjang",
    ]


def test_a_stream_without_end_is_counted_but_not_kept(folder: Path) -> None:
    found = sort_readings(
        [reading(0.5, m) for m in range(25)], load_stations(folder / "stasiun.toml")
    )
    found.trim(kept=10)
    assert len(found.good) == 10
    assert found.counts()["good"] == 25
    found.trim(kept=10)
    assert found.counts()["good"] == 25


def test_two_values_at_one_time_are_bad_and_the_same_twice_is_repeated(folder: Path) -> None:
    stations = load_stations(folder / "stasiun.toml")
    items = [reading(1.0), reading(1.0), reading(1.1), reading(0.9, -5), reading(99.0, 5)]
    found = sort_readings(items, stations)
    assert found.counts() == {"good": 1, "bad": 2, "late": 1, "repeated": 1}
    assert [reason for _, reason, _ in found.bad] == ["dua_nilai_satu_waktu", "nilai_di_luar_alat"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("enter = 2.5", "enter = 1.4", "thresholds_disordered"),
        ("leave = 1.3", "leave = 1.5", "thresholds_disordered"),
        ('status = "contoh"', 'status = "pasti"', "thresholds_disordered"),
        ("valid_from = 2025-01-01", "valid_from = 'dulu'", "thresholds_disordered"),
        ("late_after_min = 30", "", "station_incomplete"),
        ('id = "DO1"', 'id = "G1"', "station_repeated"),
        ("[[stations]]", "[[stations", "stations_unreadable"),
        ("[[stations", "[[pos", "stations_none"),
    ],
)
def test_stations_with_faults_are_refused(
    folder: Path, tmp_path: Path, old: str, new: str, code: str
) -> None:
    path = tmp_path / "stasiun.toml"
    path.write_text((folder / "stasiun.toml").read_text().replace(old, new))
    with pytest.raises(PlanError) as refused:
        load_stations(path)
    assert refused.value.code == code


def test_heights_above_the_reach_end_with_it(folder: Path) -> None:
    dem = open_grid(folder / "dem.tif")
    flow = flow_of(dem)
    station = load_stations(folder / "stasiun.toml")["G1"]
    height = things_above_river(flow, flow.rivers(1.0), station, (25, 21))
    # The river runs down column 20; the side rises 0.3 m a cell and water comes down it.
    assert height[30, 20] == 0
    assert height[30, 25] == pytest.approx(1.5, abs=1e-4)
    assert height[25, 18] == pytest.approx(0.6, abs=1e-4)
    # 4 km are 40 cells; what lies above the station its gauge does not speak for.
    assert np.isfinite(height[:, 20]).nonzero()[0].tolist() == list(range(25, 66))
    assert np.isnan(height[10]).all()
    with pytest.raises(LayerError, match="farther than 500"):
        things_above_river(flow, flow.rivers(1.0), station, (25, 2))


def run(*words: object) -> int:
    return main(["warn", *[str(word) for word in words]])


def prepared(folder: Path, target: Path, *words: object) -> int:
    return run(
        "prepare",
        "--stations",
        folder / "stasiun.toml",
        "--homes",
        folder / "rumah.gpkg",
        "--by",
        folder / "desa.gpkg",
        "--people",
        folder / "penduduk.csv",
        "--facilities",
        folder / "fasilitas.gpkg",
        "--shelters",
        folder / "evakuasi.gpkg",
        "-o",
        target,
        *words,
    )


def test_a_crossing_names_desa_people_facilities_and_where_to_go(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prepared(folder, tmp_path / "indeks", "--dem", folder / "dem.tif") == 0
    lines = ["station,time,value"]
    for minute, value in ((0, 0.6), (10, 1.6), (20, 3.0), (30, 0.7), (40, "nan"), (5, 1.0)):
        lines.append(f"G1,2026-11-24T08:{minute:02d}:00+07:00,{value}")
    (tmp_path / "bacaan.csv").write_text("\n".join(lines))
    capsys.readouterr()
    out = tmp_path / "keluar"
    words = ["--stations", folder / "stasiun.toml", "--index", tmp_path / "indeks", "-o", out]
    assert run("run", tmp_path / "bacaan.csv", *words, "--json") == 0
    *changes, last = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [item["after"] for item in changes] == [NORMAL, "Siaga 3", "Siaga 2", NORMAL]
    assert last["states"] == {"G1": NORMAL, "DO1": UNKNOWN}
    assert last["readings"] == {"good": 4, "bad": 1, "late": 1, "repeated": 0}
    # 1.1 m over the bed: the homes on the floor. 2.5 m: those 1.5 m up as well.
    floor, side = changes[1]["impact"], changes[2]["impact"]
    things = ImpactIndex.read(tmp_path / "indeks" / "G1.parquet").things
    reached = {}
    for name, water in (("floor", 1.1), ("side", 2.5)):
        near = things[(things["hand_m"] <= water) & (things["kind"] == "rumah")]
        reached[name] = near.groupby("unit_name")["people"].sum().to_dict()
    assert {unit["name"]: unit["people"] for unit in floor["units"]} == reached["floor"]
    assert {unit["name"]: unit["people"] for unit in side["units"]} == reached["side"]
    assert {unit["name"]: unit["buildings"] for unit in floor["units"]} == {"Tengah": 2, "Hilir": 1}
    assert {unit["name"]: unit["buildings"] for unit in side["units"]} == {"Tengah": 4, "Hilir": 2}
    # Six homes of one size hold 101 people, 17 or 16 each.
    assert reached["floor"]["Tengah"] in (33, 34)
    assert floor["people"] == sum(reached["floor"].values())
    assert side["facilities"] == ["SD Tengah"]
    assert side["evacuation"]["Tengah"] == "Balai bukit"
    assert side["unknown_people"] == 0
    assert side["seconds"] < 1
    assert "Hulu" not in json.dumps(changes)
    messages = sorted((out / "cap").iterdir())
    assert len(messages) == 3
    rejected = pd.read_csv(out / "tidak_dipakai.csv")
    assert rejected["alasan"].tolist() == ["nilai_salah", "terlambat"]
    # Run again: the log knows all of it, so nothing is told twice.
    assert run("run", tmp_path / "bacaan.csv", *words, "--json") == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_people_of_a_unit_are_all_in_its_homes(folder: Path, tmp_path: Path) -> None:
    assert prepared(folder, tmp_path, "--dem", folder / "dem.tif") == 0
    things = ImpactIndex.read(tmp_path / "G1.parquet").things
    sums = things.groupby("unit_name")["people"].sum()
    assert sums[["Hulu", "Tengah", "Hilir"]].tolist() == [10, 101, 50]


def test_cap_has_the_elements_of_the_standard_in_their_order(folder: Path) -> None:
    stations = load_stations(folder / "stasiun.toml")
    monitor = Monitor(stations)
    change = monitor.take(reading(2.6))
    assert change is not None
    settings = CapSettings("bpbd@contoh.go.id", "BPBD Kabupaten Contoh", "Exercise")
    root = ElementTree.fromstring(cap_xml(change, None, settings))
    assert [child.tag.removeprefix(f"{{{NAMESPACE}}}") for child in root] == [
        "identifier",
        "sender",
        "sent",
        "status",
        "msgType",
        "scope",
        "info",
    ]
    info = root.find(f"{{{NAMESPACE}}}info")
    assert info is not None
    order = [child.tag.removeprefix(f"{{{NAMESPACE}}}") for child in info]
    standard = [
        "language",
        "category",
        "event",
        "responseType",
        "urgency",
        "severity",
        "certainty",
        "audience",
        "eventCode",
        "effective",
        "onset",
        "expires",
        "senderName",
        "headline",
        "description",
        "instruction",
        "web",
        "contact",
        "parameter",
        "resource",
        "area",
    ]
    assert [standard.index(name) for name in order] == sorted(map(standard.index, order))
    texts = {child.tag.removeprefix(f"{{{NAMESPACE}}}"): child.text for child in root.iter()}
    assert texts["sent"] == "2026-11-24T00:00:00-00:00"
    assert texts["status"] == "Exercise"
    assert texts["severity"] == "Severe"
    assert not set(texts["identifier"] or "") & set(" ,<>&")
    silent = next(iter(monitor.check(START + timedelta(hours=2))))
    root = ElementTree.fromstring(cap_xml(silent, None, settings, references=["a,b,c"]))
    assert "bukan berarti aman" in ElementTree.tostring(root, encoding="unicode")
    certainty = root.find(f".//{{{NAMESPACE}}}certainty")
    assert certainty is not None
    assert certainty.text == "Unknown"


#: Of the standard: element of `alert` or `info` -> how often, and what may stand in it.
DATE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d"
CAP_ALERT = {
    "identifier": (1, 1, r"[^ ,<&]+"), "sender": (1, 1, r"[^ ,<&]+"), "sent": (1, 1, DATE),
    "status": (1, 1, "Actual|Exercise|System|Test|Draft"),
    "msgType": (1, 1, "Alert|Update|Cancel|Ack|Error"),
    "scope": (1, 1, "Public|Restricted|Private"),
    "references": (0, 1, rf"([^ ,<&]+,[^ ,<&]+,{DATE} ?)+"), "info": (0, 9, ""),
}  # fmt: skip
CAP_INFO = {
    "language": (0, 1, "[a-z]{2}-[A-Z]{2}"),
    "category": (1, 9, "Geo|Met|Safety|Security|Rescue|Fire|Health|Env|Transport|Infra|CBRNE"
        "|Other"),
    "event": (1, 1, ".+"), "responseType": (0, 9, "Shelter|Evacuate|Prepare|Execute|Avoid|Monitor"
        "|Assess|AllClear|None"),
    "urgency": (1, 1, "Immediate|Expected|Future|Past|Unknown"),
    "severity": (1, 1, "Extreme|Severe|Moderate|Minor|Unknown"),
    "certainty": (1, 1, "Observed|Likely|Possible|Unlikely|Unknown"),
    "effective": (0, 1, DATE), "expires": (0, 1, DATE), "senderName": (0, 1, ".+"),
    "headline": (0, 1, ".+"), "description": (0, 1, ".+"), "instruction": (0, 1, ".+"),
    "parameter": (0, 99, ""), "area": (0, 9, ""),
}  # fmt: skip


def conforms(element: Any, rules: dict[str, tuple[int, int, str]]) -> None:
    """Hold the children of an element against the standard's table."""
    names = [child.tag.removeprefix(f"{{{NAMESPACE}}}") for child in element]
    assert set(names) <= set(rules)
    for name, (least, most, pattern) in rules.items():
        assert least <= names.count(name) <= most, name
        for child in element.findall(f"{{{NAMESPACE}}}{name}"):
            assert not pattern or re.fullmatch(pattern, child.text or ""), (name, child.text)


def test_every_kind_of_message_conforms_to_the_standard(folder: Path) -> None:
    settings = CapSettings("bpbd@contoh.go.id", "BPBD & Dinas <Contoh>", "Exercise")
    monitor = Monitor(load_stations(folder / "stasiun.toml"))
    told = [monitor.take(reading(value, minutes)) for value, minutes in (
        (2.6, 0), (4.2, 10), (0.6, 20))]  # fmt: skip
    told += list(monitor.check(START + timedelta(hours=3)))
    kinds = []
    sent: list[str] = []
    for change in told:
        assert change is not None
        root = ElementTree.fromstring(cap_xml(change, None, settings, references=sent))
        conforms(root, CAP_ALERT)
        [info] = root.findall(f"{{{NAMESPACE}}}info")
        conforms(info, CAP_INFO)
        [area] = info.findall(f"{{{NAMESPACE}}}area")
        assert area.findtext(f"{{{NAMESPACE}}}areaDesc")
        circle = area.findtext(f"{{{NAMESPACE}}}circle") or ""
        assert re.fullmatch(r"-?[0-9.]+,-?[0-9.]+ [0-9.]+", circle)
        kinds.append(root.findtext(f"{{{NAMESPACE}}}msgType"))
        sent = [reference(change.station.id, change.after, change.time, settings)]
    assert kinds[:3] == ["Alert", "Update", "Cancel"]
    assert set(kinds[3:]) == {"Update"}


@pytest.mark.parametrize(("sender", "status", "code"), [
    ("BPBD Jateng", "Test", "cap_sender_wrong"), ("a@b.id,x", "Test", "cap_sender_wrong"),
    ("", "Test", "cap_sender_wrong"), ("a@b.id", "Nyata", "cap_status_unknown"),
])  # fmt: skip
def test_a_sender_or_status_that_the_standard_forbids_is_refused(
    sender: str, status: str, code: str
) -> None:
    with pytest.raises(SchemaError) as refused:
        CapSettings(sender, "BPBD", status)
    assert refused.value.code == code


def test_a_scenario_tells_wet_dry_and_not_known_apart() -> None:
    rows = [("rumah", "a", "A", "", 7, 0.0, 0.0, np.nan, True, wet) for wet in (1.0, 0.0, np.nan)]
    things = pd.DataFrame(rows, columns=[*COLUMNS, f"{SCENARIO}q100"])
    text = STATIONS.format(lon=110.4, lat=-7.0).replace(
        'severity = "Severe"', 'severity = "Severe", scenario = "q100"'
    )
    monitor = Monitor(_stations(text))
    change = monitor.take(reading(2.6))
    assert change is not None
    impact = ImpactIndex("G1", things).at(change)
    assert impact is not None
    assert (impact.people, impact.unknown_people) == (7, 7)
    assert "Untuk 7 jiwa lain peta tidak mempunyai jawaban" in impact.sentence()
    # With a height model the map speaks for the reach alone: of three homes two lie above it.
    reach = things.assign(hand_m=[1.0, 2.0, np.nan])
    near = ImpactIndex("G1", reach).at(change)
    assert near is not None
    assert (near.people, near.unknown_people) == (7, 0)
    beside = ImpactIndex("G1", reach.assign(hand_m=[np.nan, 2.0, 1.0])).at(change)
    assert beside is not None
    assert (beside.people, beside.unknown_people) == (0, 7)
    with pytest.raises(LayerError, match="'q100' was not prepared"):
        ImpactIndex("G1", things[list(COLUMNS)]).at(change)


def test_a_city_is_resolved_in_under_a_second(folder: Path) -> None:
    rng = np.random.default_rng(0)
    count = 400_000
    unit = rng.integers(0, 300, count)
    things = pd.DataFrame(
        {
            "kind": "rumah",
            "unit_id": unit.astype(str),
            "unit_name": np.char.add("Desa ", unit.astype(str)),
            "name": "",
            "people": rng.integers(0, 6, count),
            "x": rng.random(count) * 1e4,
            "y": rng.random(count) * 1e4,
            "hand_m": rng.random(count) * 20,
            "known": True,
        }
    )
    places = things.head(200).assign(kind="evakuasi", name="Balai", people=0, hand_m=50.0)
    index = ImpactIndex("G1", pd.concat([things, places], ignore_index=True))
    change = Monitor(load_stations(folder / "stasiun.toml")).take(reading(4.5))
    assert change is not None
    impact = index.at(change)
    assert impact is not None
    assert impact.people == things.loc[things["hand_m"] <= 4.0, "people"].sum()
    assert impact.seconds < 1.0


def test_readings_come_as_a_stream(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = datetime.now(UTC)
    stream = [
        json.dumps({"station": "G1", "time": (now - timedelta(minutes=m)).isoformat(), "value": v})
        for m, v in ((90, 5.0), (10, 2.6), (-60, 1.0))
    ]
    monkeypatch.setattr("sys.stdin", iter(stream))
    assert run("run", "-", "--stations", folder / "stasiun.toml", "-o", tmp_path, "--json") == 0
    change, last = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert change["after"] == "Siaga 2"
    assert last["readings"] == {"good": 1, "bad": 1, "late": 1, "repeated": 0}
    assert "jam_alat_di_depan" in (tmp_path / "tidak_dipakai.csv").read_text()


def test_readings_come_over_http_to_the_desk_of_a_workspace(folder: Path, tmp_path: Path) -> None:
    room = tmp_path / "peringatan"
    assert prepared(folder, room / "indeks", "--dem", folder / "dem.tif") == 0
    with pytest.raises(LayerNotFoundError, match="no stations"):
        desk_of(tmp_path)
    (room / "stasiun.toml").write_text((folder / "stasiun.toml").read_text())
    app = FastAPI()
    app.include_router(router)
    service = SimpleNamespace(folder=tmp_path, seen_by=lambda caller: service)
    app.state.opening = SimpleNamespace(current=lambda: service)
    app.state.workers, app.state.settings = Workers(1, 4), ServeSettings()

    @app.middleware("http")
    async def office(request: Request, call_next: Callable[..., Any]) -> Any:
        request.state.caller = OFFICE
        return await call_next(request)

    now = datetime.now(UTC).astimezone(timezone(timedelta(hours=7)))
    stamp = (now - timedelta(minutes=3)).isoformat()
    lines = f"station,time,value\nG1,{stamp},3.0\nG1,{stamp},3.0\nX,{stamp},1\n"
    with TestClient(app) as client:
        states = client.get("/v1/warnings").json()["states"]
        assert [item["state"] for item in states] == [UNKNOWN, UNKNOWN]
        headers = {"content-type": "text/csv"}
        answer = client.post("/v1/warnings/readings", content=lines, headers=headers)
        assert answer.status_code == 200
        body = answer.json()
        assert body["readings"] == {"good": 1, "bad": 1, "late": 0, "repeated": 1}
        assert [row["alasan"] for row in body["rejected"]] == ["berulang", "stasiun_tidak_dikenal"]
        [change] = body["changes"]
        assert change["after"] == "Siaga 2"
        assert change["impact"]["units"][0]["name"] == "Tengah"
        assert client.get("/v1/warnings").json()["states"][0]["state"] == "Siaga 2"
    assert len(list((room / "cap").iterdir())) == 1
