"""Run the planner's cases: a plan folder, layers and a permit in; a verdict out."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

from spatial.errors import LayerNotFoundError
from zoning import Plan, Verdict, check_permits, load_plan
from zoning.plan_files import TABLES
from zoning.tables import columns_of

CASES = Path(__file__).resolve().parent.parent / "cases"
GEOMETRY = json.loads((CASES / "geometri.json").read_text(encoding="utf-8"))
CRS = "EPSG:32749"
#: Layers that the plans ask for, with their columns; empty unless a case fills them.
EMPTY = {
    "zona_d1k": ["zona"],
    "zona_d1p": ["zona"],
    "lp2b": [],
    "krb": ["krb"],
    "cagar_budaya": [],
    "sungai": ["perkotaan", "bertanggul", "kelas", "kedalaman_m", "lebar_m"],
    "mata_air": [],
    "garis_pantai": [],
    "kawasan_hutan": ["fungsikws", "noskpnjk"],
    "lsd": [],
    "blok": ["kodblk"],
}


@dataclass(frozen=True)
class MemoryLayer:
    frame: gpd.GeoDataFrame
    version: str


class MemorySource(dict[str, MemoryLayer]):
    """Layers in memory; a name that is absent cannot be read."""

    def get(self, name: str, on: Any = None, known_at: Any = None) -> MemoryLayer:  # type: ignore[override]  # a source of layers
        if name not in self:
            raise LayerNotFoundError("there is no layer {name}", code="no_layer", name=name)
        return self[name]


def shape(text: str) -> Any:
    if text in GEOMETRY["cases"]:
        return shapely.from_wkt(GEOMETRY["cases"][text]["wkt"])
    return shapely.from_wkt(GEOMETRY[text]["wkt"] if text in GEOMETRY else text)


def frame_of(rows: list[dict[str, Any]], columns: list[str], crs: str = CRS) -> gpd.GeoDataFrame:
    values = {name: [row.get(name) for row in rows] for name in columns}
    shapes = [shape(row["geometri"]) for row in rows]
    return gpd.GeoDataFrame(values, geometry=shapes, crs=crs)


def source_of(case: dict[str, Any]) -> MemorySource:
    zones = [{"zona": z["kode"], "geometri": z["wkt"]} for z in GEOMETRY["plan"]["zones"]]
    if case.get("ganti_zona"):
        zones = []
    zones += [{"zona": z["kode"], "geometri": z["geometri"]} for z in case.get("zona", [])]
    crs = case.get("crs", CRS)
    layers = {"zona_d1": frame_of(zones, ["zona"], crs)}
    for name, columns in EMPTY.items():
        rows = [row for row in case.get("layer", []) if row["nama"] == name]
        layers[name] = frame_of(rows, columns, crs)
    missing = case.get("layer_hilang", [])
    return MemorySource(
        {name: MemoryLayer(frame, "uji") for name, frame in layers.items() if name not in missing}
    )


def folders_of(case: dict[str, Any], folder: Path) -> list[Path]:
    """Copy the plan folders of a case, with the rows and values that it adds or changes."""
    homes = []
    for name in case.get("rencana", ["D1"]):
        home = folder / name
        shutil.copytree(CASES / "plans" / name, home, dirs_exist_ok=True)
        for table in TABLES:
            append(home / f"{table}.csv", case.get(f"tambah_{table}", []))
        homes.append(home)
    change(homes[0] / "plan.toml", case.get("ubah_rencana", {}))
    amend(homes[0] / "pengecualian.csv", case.get("ubah_pengecualian", {}))
    return homes


def change(path: Path, values: dict[str, Any]) -> None:
    """Set keys of a plan.toml."""
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.split("=")[0].strip() not in values]
    new = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    path.write_text("\n".join([*new, *kept]) + "\n", encoding="utf-8")


def plans_of(case: dict[str, Any], folder: Path) -> list[Plan]:
    plans = [load_plan(home, source_of(case)) for home in folders_of(case, folder)]
    if "ce90_m" in case:
        plans[0] = replace(plans[0], meta=replace(plans[0].meta, ce90_m=case["ce90_m"]))
    return plans


def amend(path: Path, changes: dict[str, dict[str, str]]) -> None:
    """Set cells of the rows with a code; a column that is not there yet is added."""
    if not changes:
        return
    with path.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    for row in rows:
        row |= changes.get(row["kode"], {})
    columns = dict.fromkeys(name for row in rows for name in row)
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, list(columns), restval="")
        writer.writeheader()
        writer.writerows(rows)


def append(path: Path, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    if not path.exists():
        path.write_text(",".join(columns_of(path.stem)) + "\n", encoding="utf-8")
    with path.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    extra = sorted({name for row in rows for name in row} - set(header))
    lines = path.read_text(encoding="utf-8").splitlines()
    if extra:
        lines = [lines[0] + "," + ",".join(extra), *(x + "," * len(extra) for x in lines[1:])]
    cited = {"pasal": "uji", "sumber": "uji", "status": "contoh"}
    for row in rows:
        lines.append(",".join(f'"{(cited | row).get(n, "")}"' for n in [*header, *extra]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def permit_of(case: dict[str, Any]) -> gpd.GeoDataFrame:
    columns = {name: [value] for name, value in case["permohonan"].items()}
    if "tapak" in case:
        columns["footprint"] = [shape(case["tapak"])]
    columns |= {name: [shape(text)] for name, text in case.get("gambar", {}).items()}
    return gpd.GeoDataFrame(
        {"permit_id": ["uji"], **columns},
        geometry=[shape(case["persil"])],
        crs=case.get("crs", CRS),
    )


def run(case: dict[str, Any], folder: Path) -> Verdict:
    on = date.fromisoformat(case.get("pada", "2024-07-01"))
    policy = case.get("kebijakan", "strict_parts")
    [verdict] = check_permits(permit_of(case), plans_of(case, folder), on=on, policy=policy)
    return verdict
