"""What a class and a status mean, in a sentence a social-agency officer understands."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from api.formats import number
from hazard.vulnerability import Hotspots

__all__ = ["CLASS_WORDS", "STATUS_WORDS", "ClassWords", "reasons"]


FACTS: Final = (
    "value",
    "rate",
    "neighbours",
    "neighbours_mean",
    "class",
    "q",
    "moran_q",
    "p_perm",
    "status",
)


@dataclass(frozen=True, slots=True)
class ClassWords:
    """How a class is shown: name, explanation, colour, hatch (never colour alone)."""

    code: str
    name: str
    meaning: str
    colour: str
    hatch: str


CLASS_WORDS: Final[dict[str, ClassWords]] = {
    words.code: words
    for words in (
        ClassWords(
            "hot",
            "Kantong tinggi",
            "nilai di sini dan di sekitarnya nyata lebih tinggi",
            "#b2182b",
            "",
        ),
        ClassWords(
            "cold",
            "Kantong rendah",
            "nilai di sini dan di sekitarnya nyata lebih rendah",
            "#2166ac",
            "\\\\\\\\",
        ),
        ClassWords(
            "outlier",
            "Berbeda dari tetangga",
            "nilai di sini nyata berlawanan dengan sekitarnya",
            "#b58900",
            "//",
        ),
        ClassWords(
            "not_significant",
            "Tidak nyata",
            "perbedaannya masih dapat dijelaskan oleh kebetulan",
            "#e4e4df",
            "",
        ),
        ClassWords(
            "no_answer", "Tidak ada jawaban", "datanya tidak cukup atau ditutup", "#ffffff", "xx"
        ),
    )
}

STATUS_WORDS: Final[dict[str, str]] = {
    "missing": "tidak ada nilainya",
    "not_finite": "nilainya bukan bilangan berhingga",
    "isolate": "tidak punya tetangga yang bernilai",
    "constant": "semua nilai sama, sehingga tidak ada yang menonjol",
    "too_few": "kurang dari empat wilayah yang bernilai",
    "degenerate": "semua wilayah lain adalah tetangganya, sehingga tidak ada pembanding",
    "zero_population": "tidak berpenduduk, sehingga tidak ada angka rasionya",
    "negative": "jumlahnya kurang dari nol",
    "rate_above_one": "jumlah kasus melebihi jumlah penduduk",
    "suppressed": "angkanya ditutup untuk melindungi rumah tangga",
    "no_geometry": "tidak ada gambar wilayahnya, sehingga tetangganya tidak diketahui",
    "overlap": "gambarnya bertumpuk dengan wilayah lain, sehingga penduduk terhitung dua kali",
}


def reasons(found: Hotspots) -> pd.Series:
    """Return the reason for each area's class as an Indonesian sentence."""
    table = found.table
    rates = table["rate"].notna().any()
    return pd.Series(
        [
            _answer(row, found.fdr, share=bool(rates)) if row["status"] == "ok" else _no_answer(row)
            for row in table[list(FACTS)].to_dict("records")
        ],
        index=table.index,
        name="reason",
        dtype=object,
    )


def _no_answer(row: dict[Hashable, Any]) -> str:
    return f"Tidak ada jawaban: {STATUS_WORDS[str(row['status'])]}."


def _answer(row: dict[Hashable, Any], fdr: float, *, share: bool) -> str:
    words = CLASS_WORDS[str(row["class"])]
    own = _amount(row["rate"] if share else row["value"], share=share)
    near = _amount(row["neighbours_mean"], share=share)
    q = row["moran_q"] if words.code == "outlier" else row["q"]
    limit = "≤" if float(q) <= fdr else ">"
    text = (
        f"{words.name}: {words.meaning} (nilai {own}, "
        f"rata-rata {row['neighbours']} tetangga {near}; "
        f"q {number(float(q), 3)} {limit} {number(fdr, 2)})."
    )
    return text + _permutation(row, fdr)


def _permutation(row: dict[Hashable, Any], fdr: float) -> str:
    """Say where shuffling does not bear the formula out: the values are very uneven there."""
    p = float(row["p_perm"])
    if row["class"] in {"hot", "cold"} and p > fdr:
        return f" Permutasi tidak mengukuhkannya (p {number(p, 3)}): baca dengan hati-hati."
    return ""


def _amount(value: object, *, share: bool) -> str:
    amount = float(str(value))
    return f"{number(100 * amount, 1)} %" if share else number(amount, 2)
