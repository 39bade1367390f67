"""The page of the benchmarks says what its results say."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.benchmarks import pages

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_is_the_one_that_its_results_make(tmp_path: Path) -> None:
    shutil.copy(DOCS / "benchmarks.md", tmp_path)
    assert pages.main([str(DOCS / "benchmarks.json"), str(tmp_path / "benchmarks.md")]) == 0
    assert (tmp_path / "benchmarks.md").read_text() == (DOCS / "benchmarks.md").read_text()
    assert len(list((tmp_path / "img").glob("*.svg"))) == 2


def test_figures_of_the_results_stand_in_the_tables(tmp_path: Path) -> None:
    results, page = tmp_path / "r.json", tmp_path / "p.md"
    split = {"engine": {"seconds": 0.5}, "postgis": {"seconds": 65.0}}
    machine = {
        "processor": "x",
        "cpus": 2,
        "python": "3.11",
        "day": "",
        "parcels": 1,
        "scale": 1,
        "load": 0.1,
    }
    results.write_text(json.dumps({"split": split, "machine": machine}))
    page.write_text(
        "a\n<!-- table: split -->\nold\n<!-- end -->\n<!-- table: file -->\nkept\n<!-- end -->"
    )
    pages.main([str(results), str(page)])
    assert "| PostGIS, GiST, ST_CoveredBy shortcut | 65.0 | 130 |" in page.read_text()
    assert "old" not in page.read_text()
    assert "kept" in page.read_text()
