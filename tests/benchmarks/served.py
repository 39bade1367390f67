"""A province that can be served: its layers in a workspace under one plan, and applications."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import shapely

from layers.store import open_store
from layers.workspace import Workspace
from spatial.crs import LONLAT, project
from tests.benchmarks.province import CRS, Province, parcels_of

__all__ = ["ACTIVITIES", "JUDGED_ON", "PLAN", "applications", "build_workspace"]

PLAN: Final = "provinsi"
#: The day of every application.
JUDGED_ON: Final = date(2026, 3, 2)
ZONES: Final = tuple(f"Z{number:02d}" for number in range(60))
#: Activities of the matrix: of most zones allowed, conditional, or mostly forbidden.
ACTIVITIES: Final = {
    "rumah tunggal": ("I", "I", "I", "T1", "X"),
    "toko": ("I", "T1", "B1", "I", "X"),
    "gudang": ("B1", "I", "X", "B1", "I"),
    "industri": ("X", "B1", "X", "I", "B1"),
}
#: Layer, effect and where: what an application may meet beside its zone.
OVERLAYS: Final = {
    "forest": "larang",
    "lp2b": "larang",
    "flood": "syarat",
    "river": "larang",
    "watershed": "syarat",
}
_LAW: Final = {"pasal": "Pasal 1", "sumber": "tolok ukur", "status": "contoh"}


def build_workspace(folder: Path, province: Province) -> Path:
    """Publish the layers of a province in a new workspace with a plan that reads all of them."""
    workspace = Workspace.create(folder, name="Provinsi Uji", resmi=False)
    plan = workspace.plans / PLAN
    plan.mkdir(parents=True)
    (plan / "plan.toml").write_text(
        f'id = "{PLAN}"\nnama = "RDTR Uji"\njenis = "RDTR"\ndasar = "Rencana uji"\n'
        'diundangkan = 2020-01-02\nstatus_hukum = "berlaku"\nstatus = "contoh"\n'
        'skala = 5000\nce90_m = 1.0\nsistem_kode = "LAIN"\nlayer = "zoning"\n'
        'kolom_zona = "code"\nsumber = "tolok ukur"\n\n'
        '[subkode]\nT1 = "pembatasan waktu operasi"\nB1 = "rekomendasi instansi teknis"\n',
        encoding="utf-8",
    )
    _table(plan / "itbx.csv", [_matrix_row(name) for name in ACTIVITIES])
    _table(plan / "intensitas.csv", [row for zone in ZONES for row in _limits(zone)])
    _table(plan / "ketentuan_khusus.csv", [_rule(*pair) for pair in OVERLAYS.items()])
    _table(plan / "kbli.csv", [{"kbli": "47111", "kegiatan": "toko"} | _LAW])
    _table(plan / "pengecualian.csv", [{"kode": "PSN", "uraian": "PSN", "syarat": ""} | _LAW])
    store = open_store(workspace)
    for name, frame in province.layers.items():
        store.publish(frame, name=name, kind="pola_ruang" if name == "zoning" else "")
    return workspace.folder


def _matrix_row(name: str) -> dict[str, str]:
    cells = ACTIVITIES[name]
    row = {zone: cells[number % len(cells)] for number, zone in enumerate(ZONES)}
    return {"kegiatan": name, "kelompok": "uji"} | row | _LAW


def _limits(zone: str) -> list[dict[str, str]]:
    values = {"kdb_maks": "0.6", "klb_maks": "1.2", "kdh_min": "0.2", "lantai_maks": "4"}
    return [{"zona": zone, "parameter": name, "nilai": v} | _LAW for name, v in values.items()]


def _rule(layer: str, effect: str) -> dict[str, str]:
    needed = "rekomendasi" if effect == "syarat" else ""
    said = {"kode": layer.upper(), "nama": layer, "geometri": "layer", "layer": layer}
    return said | {"kegiatan": "*", "efek": effect, "syarat": needed} | _LAW


def _table(path: Path, rows: Sequence[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def applications(province: Province, count: int, seed: int = 35) -> list[bytes]:
    """Return applications as permit systems send them: a parcel, an activity, a building."""
    parcels = parcels_of(province, count, seed)
    shapes = project(np.asarray(parcels.array, dtype=object), CRS, LONLAT)
    chance = np.random.default_rng(seed)
    names = chance.choice(list(ACTIVITIES), count, p=(0.6, 0.2, 0.1, 0.1))
    areas = parcels.area.to_numpy()
    order = chance.permutation(count)
    return [
        _application(f"P-{row}", shapes[row], str(names[row]), float(areas[row])) for row in order
    ]


def _application(name: str, shape: Any, activity: str, area_m2: float) -> bytes:
    ground = round(area_m2 * 0.5, 1)
    return orjson.dumps(
        {
            "type": "Feature",
            "geometry": {
                "type": "Polygon",
                "coordinates": [shapely.get_coordinates(shape).round(9).tolist()],
            },
            "properties": {
                "permit_id": name,
                "kegiatan": activity,
                "luas_tapak_m2": ground,
                "luas_lantai_m2": ground,
                "lantai": 1,
                "luas_hijau_m2": round(area_m2 * 0.25, 1),
                "tanggal": JUDGED_ON.isoformat(),
            },
        }
    )
