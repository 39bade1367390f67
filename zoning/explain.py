"""Say a verdict in sentences, from its JSON alone: one per finding, none left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

from spatial.notes import Note
from spatial.text import describe
from zoning.explain_texts import CLASSES, PARAMETERS, REASON_WORDS, TEXTS, VERDICT_WORDS

__all__ = ["explain", "headline"]

Facts: TypeAlias = Mapping[str, Any]


class Answer(Protocol):
    """A verdict, or anything that gives the verdict JSON."""

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict JSON."""


def explain(verdict: Answer | Facts, language: str = "id") -> list[str]:
    """Return one sentence per finding, in the order of the findings.

    Parameters
    ----------
    verdict : Verdict or mapping
        A verdict or its JSON; nothing else is asked, so a stored answer can be explained
        as well as a new one.
    language : {"id", "en"}

    Examples
    --------
    >>> finding = {"rule": "kdb_maks:R-2", "kind": "intensitas", "interval": ["X", "X"],
    ...            "measured": 0.78, "limit": 0.6, "unit": "share", "area_m2": None,
    ...            "reason": None, "facts": {"parameter": "kdb_maks", "zona": "R-2"}}
    >>> explain({"findings": [finding]}, "en")
    ['Building coverage (KDB) in R-2 is 78.00 %; at most 60.00 % is allowed: not met.']
    """
    answer = verdict if isinstance(verdict, Mapping) else verdict.to_dict()
    return [_sentence(finding, language) for finding in answer["findings"]]


def headline(verdict: Answer | Facts, language: str = "id") -> str:
    """Return the one sentence that decided: the strictest finding, or why none could.

    Examples
    --------
    >>> headline({"verdict": "SESUAI", "interval": ["I", "I"], "findings": []}, "en")
    'Conforms.'
    """
    answer = verdict if isinstance(verdict, Mapping) else verdict.to_dict()
    word = VERDICT_WORDS[language][answer["verdict"]]
    deciding = _deciding(answer)
    return f"{word}: {_sentence(deciding, language)}" if deciding else f"{word}."


def _deciding(answer: Facts) -> Facts | None:
    """Return the finding that weighs most for the verdict."""
    findings = answer["findings"]
    if not findings:
        return None
    if answer["verdict"] == "PERLU_KAJIAN":
        reasons = answer.get("reasons", [])
        doubts = [f for f in findings if f["reason"] and f["reason"] in reasons]
        wide = [f for f in doubts if f["interval"][0] != f["interval"][1]]
        first: Facts = (wide or doubts or findings)[0]
        return first
    weight = {"I": 0, "T": 1, "B": 2, "TB": 3, "X": 4}
    strictest: Facts = max(findings, key=lambda finding: weight[finding["interval"][0]])
    return strictest


def _sentence(finding: Facts, language: str) -> str:
    makers: dict[str, Callable[[Facts, str], str]] = {
        "matriks": _matrix,
        "ketentuan_khusus": _overlay,
        "bahaya": _hazard,
        "intensitas": _intensity,
        "luas": _area,
        "cakupan": _uncovered,
        "konflik": _conflict,
        "tapak": _drawing,
    }
    maker = makers.get(finding["kind"], _input)
    return maker(finding, language)


def _matrix(finding: Facts, language: str) -> str:
    facts, texts = finding["facts"], TEXTS[language]
    if "saran" in facts:
        if not facts["kegiatan"]:
            return texts["no_activity"]
        suggestion = ", ".join(facts["saran"])
        more = texts["suggestion"].format(names=suggestion) if suggestion else ""
        return texts["unknown_activity"].format(kegiatan=facts["kegiatan"]) + more
    place = texts["area"].format(area=_square(finding["area_m2"], language))
    if "pilihan" in facts:
        return texts["undecided"].format(
            zona=facts["zona"],
            ce90=_number(facts["ce90_m"], 1, language),
            kegiatan=facts["kegiatan"],
            izin=_classes(finding["interval"], language),
        )
    name = facts["zona"] + (f" ({facts['zona_nama']})" if facts.get("zona_nama") else "")
    sentence = texts["matrix"].format(
        kegiatan=facts["kegiatan"], zona=name, izin=_classes(finding["interval"], language)
    )
    if not facts["proven"]:
        return texts["sliver"].format(
            zona=name, area=_square(finding["area_m2"], language), sentence=sentence
        )
    return sentence + place + _because(finding, language)


def _overlay(finding: Facts, language: str) -> str:
    facts, texts = finding["facts"], TEXTS[language]
    name = facts["ketentuan"]
    if "sebab" in facts:
        return texts["unreadable"].format(name=name, sebab=_cause(facts, language))
    if "parameter" in facts:
        key = "not_granted" if facts.get("diterapkan") is False else "limit_changed"
        parameter = PARAMETERS[language].get(facts["parameter"], facts["parameter"])
        limit = _value(finding["limit"], _unit_of(facts["parameter"]), language)
        return texts[key].format(name=name, parameter=parameter, limit=limit)
    key = {"X": "prohibited", "B": "conditional"}.get(finding["interval"][1], "conditional")
    if finding["interval"][0] != finding["interval"][1]:
        key = f"maybe_{key}"
    sentence = texts[key].format(name=name, area=_square(finding["area_m2"], language))
    if "pengecualian" in facts:
        sentence += texts["exempted"].format(
            pengecualian=facts["pengecualian"], dokumen=facts["dokumen"]
        )
    return sentence + _because(finding, language)


def _hazard(finding: Facts, language: str) -> str:
    facts, texts = finding["facts"], TEXTS[language]
    if "sebab" in facts:
        return texts["unreadable"].format(name=facts["bahaya"], sebab=_cause(facts, language))
    place = {
        "name": facts["bahaya"],
        "kelas": str(facts["kelas"]).replace("_", " "),
        "area": _square(finding["area_m2"], language),
        "share": _value(facts["bagian"], "share", language),
    }
    if "efek" not in facts:
        key = "hazard_blank" if facts["kelas"] == "tanpa_data" else "hazard_unruled"
        return texts[key].format(**place)
    if "sekitar_m2" in facts:
        accuracy = _number(facts["ketelitian_m"], 1, language)
        sentence = texts["hazard_near"].format(**place, ce90=accuracy)
    else:
        sentence = texts["hazard_class"].format(**place) + texts[_hazard_key(finding)]
    if "pengecualian" in facts:
        sentence += texts["exempted"].format(
            pengecualian=facts["pengecualian"], dokumen=facts["dokumen"]
        )
    return sentence


def _hazard_key(finding: Facts) -> str:
    """Name the sentence of an effect; a document turns the severe ones into conditions."""
    effect = finding["facts"]["efek"]
    if effect in ("larang", "kajian") and finding["interval"][1] != "X":
        effect = "syarat"
    if effect == "larang" and finding["interval"][0] != "X":
        effect = "larang_sebagian"
    return f"hazard_{effect}"


def _intensity(finding: Facts, language: str) -> str:
    facts, texts = finding["facts"], TEXTS[language]
    parameter = PARAMETERS[language].get(facts["parameter"], facts["parameter"])
    unit = finding["unit"]
    limit = _value(finding["limit"], unit, language)
    if "kurang" in facts:
        return texts["unstated"].format(
            parameter=parameter, zona=facts["zona"], limit=limit, kolom=facts["kurang"]
        )
    bound = texts["at_most"] if "_maks" in facts["parameter"] else texts["at_least"]
    state = {"I": "kept", "X": "broken"}.get(finding["interval"][0], "kept")
    if finding["interval"][0] != finding["interval"][1]:
        state = "open"
    sentence = texts["intensity"].format(
        parameter=parameter,
        zona=facts["zona"],
        measured=_value(finding["measured"], unit, language),
        bound=bound.format(limit=limit),
        state=texts[state],
    )
    if facts.get("dari"):
        sentence += texts["derived"].format(dari=facts["dari"])
    if facts.get("saran_m2") is not None:
        sentence += texts["advice"].format(
            over=_square(facts["selisih_m2"], language), saran=_square(facts["saran_m2"], language)
        )
    return sentence


def _area(finding: Facts, language: str) -> str:
    texts = TEXTS[language]
    if finding["rule"] == "SELISIH_LUAS":
        return texts["area_differs"].format(
            measured=_square(finding["measured"], language),
            limit=_square(finding["limit"], language),
            selisih=_number(finding["facts"]["selisih"] * 100, 1, language),
        )
    return texts["overlap"].format(
        zona=", ".join(finding["facts"]["zona"]), area=_square(finding["area_m2"], language)
    )


def _drawing(finding: Facts, language: str) -> str:
    facts, texts = finding["facts"], TEXTS[language]
    if "luar_m2" in facts:
        return texts["outside"].format(area=_square(facts["luar_m2"], language))
    return texts["drawn_differs"].format(
        kolom=facts["kolom"],
        measured=_value(finding["measured"], finding["unit"], language),
        declared=_value(finding["limit"], finding["unit"], language),
    )


def _uncovered(finding: Facts, language: str) -> str:
    return TEXTS[language]["uncovered"].format(area=_square(finding["area_m2"], language))


def _conflict(finding: Facts, language: str) -> str:
    facts = finding["facts"]
    return TEXTS[language]["conflict"].format(
        rencana=facts["rencana"],
        izin=_classes(facts["izin"], language),
        pemutus=_classes(facts["izin_pemutus"], language),
    )


def _input(finding: Facts, language: str) -> str:
    facts = finding["facts"]
    cause = _cause(facts, language) if "sebab" in facts else finding["rule"]
    return TEXTS[language]["input"].format(sebab=cause)


def _cause(facts: Facts, language: str) -> str:
    """Say the fault that a finding rests on; older answers hold its English alone."""
    if "sebab_kode" not in facts:
        return str(facts["sebab"])
    fault = Note.told(facts["sebab_kode"], facts["sebab"], facts["sebab_fakta"])
    return describe(fault, language)[0]


def _because(finding: Facts, language: str) -> str:
    """Say why a finding is open, where it is."""
    reason = finding["reason"]
    if not reason or finding["interval"][0] == finding["interval"][1]:
        return ""
    return TEXTS[language]["because"].format(reason=REASON_WORDS[language][reason])


def _classes(interval: list[str], language: str) -> str:
    low, high = (CLASSES[language][name] for name in interval)
    return low if low == high else TEXTS[language]["between"].format(low=low, high=high)


def _unit_of(parameter: str) -> str | None:
    if parameter.endswith("_m"):
        return "m"
    return {"lantai_maks": "lantai", "klb_maks": "ratio"}.get(parameter, "share")


def _value(value: float | None, unit: str | None, language: str) -> str:
    if value is None:
        return "–"
    if unit == "share":
        return f"{_number(value * 100, 2, language)} %"
    if unit == "m2":
        return _square(value, language)
    if unit == "lantai":
        return f"{_number(value, 0, language)} {TEXTS[language]['floors']}"
    return _number(value, 2, language) + (" m" if unit == "m" else "")


def _square(value: float | None, language: str) -> str:
    return "–" if value is None else f"{_number(value, 2, language)} m²"


def _number(value: float, decimals: int, language: str) -> str:
    text = f"{value:,.{decimals}f}"
    return text if language == "en" else text.translate(str.maketrans(",.", ".,"))
