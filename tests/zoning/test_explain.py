"""Explanations: every finding has its sentence, in both languages, from the stored answer alone."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from case_runner import CASES, run

from api.verdict_files import verdict_bytes
from zoning import explain, headline


def cases() -> list[Any]:
    return [
        pytest.param(case, id=f"{path.stem}-{number}")
        for path in sorted(CASES.glob("*.toml"))
        for number, case in enumerate(tomllib.loads(path.read_text(encoding="utf-8"))["uji"][:1])
        if "permohonan" in case
    ]


@pytest.mark.parametrize("case", cases())
def test_every_finding_has_its_sentence(case: dict[str, Any], tmp_path: Path) -> None:
    verdict = run(case, tmp_path)
    stored = json.loads(verdict_bytes(verdict.to_dict()))
    for language in ("id", "en"):
        sentences = explain(stored, language)
        assert len(sentences) == len(stored["findings"])
        for finding, sentence in zip(stored["findings"], sentences, strict=True):
            assert sentence.strip()
            assert not re.search(r"\{\w+\}|\bNone\b|\bnan\b", sentence), sentence
            for key in ("zona", "ketentuan", "kegiatan"):
                if isinstance(finding["facts"].get(key), str) and finding["kind"] == "matriks":
                    assert finding["facts"][key] in sentence
        assert headline(stored, language)
    assert explain(stored, "id") == explain(verdict, "id")


def test_what_could_not_be_judged_is_told_in_the_language_of_the_reader() -> None:
    facts = {
        "sebab": "kegiatan: 'x{y}' is no date; write it like 2024-06-13",
        "sebab_kode": "permit_date",
        "sebab_fakta": {"column": "tanggal", "value": "x{y}"},
    }
    finding = {"rule": "permit_date", "kind": "masukan", "facts": facts}
    (sentence,) = explain({"findings": [finding]}, "id")
    assert "tanggal" in sentence
    assert "x{y}" in sentence
    assert "is no date" not in sentence
    assert explain({"findings": [finding]}, "en") == ["Cannot be assessed: " + facts["sebab"]]
    # An answer recorded before the code was kept still speaks.
    old = {**finding, "facts": {"sebab": "the parcel is smaller than 1 m2"}}
    assert "smaller than" in explain({"findings": [old]}, "id")[0]
