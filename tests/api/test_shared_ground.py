"""Applications over the same ground are told, each pair once, as brute force finds them."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import openpyxl
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from api.cli import main
from api.shared_ground import NOISE_M2, shared_ground

corner = st.integers(0, 12)


@given(st.lists(st.tuples(corner, corner, st.integers(1, 6), st.integers(1, 6)), max_size=9))
def test_pairs_are_those_of_brute_force(boxes: list[tuple[int, int, int, int]]) -> None:
    shapes = [shapely.box(x, y, x + w, y + h) for x, y, w, h in boxes]
    found = shared_ground([str(i) for i in range(len(shapes))], shapes)
    expected = {
        (str(a), str(b)): shapes[a].intersection(shapes[b]).area
        for a, b in combinations(range(len(shapes)), 2)
        if shapes[a].intersection(shapes[b]).area > NOISE_M2
    }
    assert {(one.permit_id, one.other): one.area_m2 for one in found} == pytest.approx(expected)


def test_a_missing_parcel_and_a_repeated_name_are_no_trouble() -> None:
    box = shapely.box(0, 0, 5, 5)
    [one] = shared_ground(["A", "B", "A"], [box, None, box])
    assert (one.permit_id, one.other, one.alike) == ("A", "A", 1.0)


def test_a_file_with_a_double_entry_says_so(
    sample_workspace: Path, sample_files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads((sample_files / "permohonan.geojson").read_text(encoding="utf-8"))
    first = document["features"][0]
    twin = json.loads(json.dumps(first))
    twin["properties"]["permit_id"] = "KEMBAR"
    document["features"] = [first, document["features"][1], twin]
    file, out = tmp_path / "p.geojson", tmp_path / "hasil.xlsx"
    file.write_text(json.dumps(document), encoding="utf-8")
    assert main(["check", str(file), "-w", str(sample_workspace), "--output", str(out)]) == 0
    assert "! PMH-001 dan KEMBAR memohon tanah yang sama" in capsys.readouterr().out
    rows = list(openpyxl.load_workbook(out)["Tumpang tindih"].iter_rows(values_only=True))
    assert rows[1][:2] == ("PMH-001", "KEMBAR")
    assert rows[1][3] == pytest.approx(1.0)
