"""What a class and a status mean, in a sentence a social-agency officer understands."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from api.formats import Language, number
from hazard.vulnerability import Hotspots

__all__ = ["CLASS_WORDS", "STATUS_WORDS", "ClassWords", "reasons", "with_reasons"]


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
    """How a class is shown: name and explanation, colour, hatch (never colour alone)."""

    code: str
    name: str
    meaning: str
    name_en: str
    meaning_en: str
    colour: str
    hatch: str

    def told(self, language: Language) -> tuple[str, str]:
        """Return name and meaning in a language."""
        return (self.name, self.meaning) if language == "id" else (self.name_en, self.meaning_en)


CLASS_WORDS: Final[dict[str, ClassWords]] = {
    words.code: words
    for words in (
        ClassWords(
            "hot",
            "Kantong tinggi",
            "nilai di sini dan di sekitarnya nyata lebih tinggi",
            "High cluster",
            "values here and around are significantly higher",
            "#b2182b",
            "",
        ),
        ClassWords(
            "cold",
            "Kantong rendah",
            "nilai di sini dan di sekitarnya nyata lebih rendah",
            "Low cluster",
            "values here and around are significantly lower",
            "#2166ac",
            "\\\\\\\\",
        ),
        ClassWords(
            "outlier",
            "Berbeda dari tetangga",
            "nilai di sini nyata berlawanan dengan sekitarnya",
            "Unlike its neighbours",
            "the value here is significantly opposite to those around",
            "#b58900",
            "//",
        ),
        ClassWords(
            "not_significant",
            "Tidak nyata",
            "perbedaannya masih dapat dijelaskan oleh kebetulan",
            "Not significant",
            "chance can still explain the difference",
            "#e4e4df",
            "",
        ),
        ClassWords(
            "no_answer",
            "Tidak ada jawaban",
            "datanya tidak cukup atau ditutup",
            "No answer",
            "its data are too few or withheld",
            "#ffffff",
            "xx",
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


STATUS_WORDS_EN: Final[dict[str, str]] = {
    "missing": "it has no value",
    "not_finite": "its value is no finite number",
    "isolate": "it has no neighbour with a value",
    "constant": "all values are equal, so that none stands out",
    "too_few": "fewer than four areas have a value",
    "degenerate": "all other areas are its neighbours, so that nothing is left to compare with",
    "zero_population": "nobody lives there, so that it has no rate",
    "negative": "its count is below zero",
    "rate_above_one": "its cases are more than its people",
    "suppressed": "its numbers are withheld to protect households",
    "no_geometry": "it has no shape, so that its neighbours are not known",
    "overlap": "its shape lies over another area, so that people are counted twice",
}
TEXTS: Final[dict[Language, dict[str, str]]] = {
    "id": {
        "answer": "{name}: {meaning} (nilai {own}, rata-rata {count} tetangga {near}; q {q}).",
        "shuffled": " Permutasi tidak mengukuhkannya (p {p}): baca dengan hati-hati.",
    },
    "en": {
        "answer": "{name}: {meaning} (value {own}, mean of {count} neighbours {near}; q {q}).",
        "shuffled": " Permutations do not bear it out (p {p}): read with care.",
    },
}
#: Smaller than this a chance is not written out.
LEAST: Final = 0.001


def reasons(found: Hotspots, language: Language = "id") -> pd.Series:
    """Return the reason for each area's class as a sentence."""
    table = found.table
    rates = bool(table["rate"].notna().any())
    return pd.Series(
        [
            _answer(row, found.fdr, language, share=rates)
            if row["status"] == "ok"
            else _no_answer(row, language)
            for row in table[list(FACTS)].to_dict("records")
        ],
        index=table.index,
        name="reason",
        dtype=object,
    )


def with_reasons(table: pd.DataFrame, found: Hotspots) -> pd.DataFrame:
    """Return a table with the reason of each row, `reason` in Indonesian and `reason_en`."""
    return table.assign(reason=reasons(found), reason_en=reasons(found, "en"))


def _no_answer(row: dict[Hashable, Any], language: Language) -> str:
    words = STATUS_WORDS if language == "id" else STATUS_WORDS_EN
    return f"{CLASS_WORDS['no_answer'].told(language)[0]}: {words[str(row['status'])]}."


def _answer(row: dict[Hashable, Any], fdr: float, language: Language, *, share: bool) -> str:
    words = CLASS_WORDS[str(row["class"])]
    name, meaning = words.told(language)
    q = float(row["moran_q"] if words.code == "outlier" else row["q"])
    limit = "≤" if q <= fdr else ">"
    text = TEXTS[language]["answer"].format(
        name=name,
        meaning=meaning,
        own=_amount(row["rate"] if share else row["value"], language, share=share),
        count=row["neighbours"],
        near=_amount(row["neighbours_mean"], language, share=share),
        q=f"{_chance(q, language)} {limit} {number(fdr, 2, language)}",
    )
    return text + _permutation(row, fdr, language)


def _permutation(row: dict[Hashable, Any], fdr: float, language: Language) -> str:
    """Say where shuffling does not bear the formula out: the values are very uneven there."""
    p = float(row["p_perm"])
    if row["class"] in {"hot", "cold"} and p > fdr:
        return TEXTS[language]["shuffled"].format(p=_chance(p, language))
    return ""


def _chance(value: float, language: Language) -> str:
    """Write a chance; a small one is never written as none."""
    if value < LEAST:
        return f"< {number(LEAST, 3, language)}"
    return number(value, 3, language)


def _amount(value: object, language: Language, *, share: bool) -> str:
    amount = float(str(value))
    return f"{number(100 * amount, 1, language)} %" if share else number(amount, 2, language)
