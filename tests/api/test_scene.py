"""A plan whose zones cannot be read still gets its verdict, its page and a map without zones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from api.cli import main


def test_a_zone_column_that_is_not_there_stops_no_report(
    sample_workspace: Path, sample_files: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "ruang"
    shutil.copytree(sample_workspace, folder)
    for plan in (folder / "plans").glob("*/plan.toml"):
        text = plan.read_text(encoding="utf-8")
        plan.write_text(text.replace('kolom_zona = "zona"', 'kolom_zona = "tiada"'), "utf-8")
    document = json.loads((sample_files / "permohonan.geojson").read_text(encoding="utf-8"))
    document["features"] = document["features"][:1]
    file, out = tmp_path / "p.geojson", tmp_path / "hasil.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    words = ["check", str(file), "-w", str(folder), "--output", str(out)]
    assert main([*words, "--reports", str(tmp_path / "laporan")]) == 0
    [answer] = json.loads(out.read_text(encoding="utf-8"))
    assert answer["verdict"] == "PERLU_KAJIAN"
    assert "DATA_KEDALUWARSA" in answer["reasons"]
    assert (tmp_path / "laporan" / "peta" / "PMH-001.png").stat().st_size > 5_000
