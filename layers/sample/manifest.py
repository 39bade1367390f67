"""What the sample holds, written for tests (manifest.json) and for people (README.md)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from layers.sample.defects import Defect
from layers.sample.names import DISTRICT, DISTRICT_CODE, MARK, PROVINCE
from layers.sample.writing import FILES

__all__ = ["make_manifest", "write_readme"]


def make_manifest(
    layers: Mapping[str, gpd.GeoDataFrame],
    tables: Mapping[str, pd.DataFrame],
    rasters: Mapping[str, Any],
    defects: list[Defect],
    intents: list[dict[str, Any]],
    seed: int,
) -> dict[str, Any]:
    """Return the list of files and seeded defects."""
    files = [
        {
            "name": name,
            "file": FILES[name].file,
            "kind": FILES[name].kind,
            "crs": FILES[name].crs,
            "rows": len(frame),
        }
        for name, frame in layers.items()
    ]
    files += [
        {"name": name, "file": f"{name}.csv", "kind": name, "crs": None, "rows": len(frame)}
        for name, frame in tables.items()
    ]
    files += [
        {"name": name, "file": f"{name}.tif", "kind": "raster", "crs": "EPSG:9489", "rows": None}
        for name in rasters
    ]
    return {
        "name": f"Kabupaten {DISTRICT}",
        "code": DISTRICT_CODE,
        "province": PROVINCE,
        "remark": MARK,
        "seed": seed,
        "layers": files,
        "defects": [defect.to_dict() for defect in defects],
        "permits": [intent for intent in intents if intent["permit_id"]],
        "permits_without_site": [intent for intent in intents if not intent["permit_id"]],
    }


def write_readme(manifest: Mapping[str, Any], path: Path) -> None:
    """Write what a person who opens the folder should know first."""
    rows = "\n".join(
        f"| {layer['name']} | {layer['file']} | {layer['crs'] or ''} | {layer['rows'] or ''} |"
        for layer in manifest["layers"]
    )
    path.write_text(
        f"# {manifest['name']} ({manifest['code']}): {manifest['remark']}\n\n"
        "Kabupaten ini tidak ada. Semua batas, rencana, bencana, penduduk dan permohonan di sini "
        "dibuat oleh program untuk uji coba dan peragaan.\n"
        "This kabupaten does not exist. Every border, plan, hazard, person and permit in this "
        "folder was made by a program for tests and demonstration.\n\n"
        "| layer | file | CRS | rows |\n|---|---|---|---|\n"
        f"{rows}\n\n"
        "Defects of real data were put in on purpose; `manifest.json` lists each with its place.\n",
        encoding="utf-8",
    )
