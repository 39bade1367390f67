"""Say an advice in sentences, Indonesian or English, from its JSON alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from zoning.explain_texts import CLASSES

__all__ = ["advice_sentences"]

TEXTS: Final[dict[str, dict[str, str]]] = {
    "id": {
        "none": "Tidak ada bagian persil yang pasti dapat dibangun.",
        "room": "Ruang bangun {area} m²; lantai dasar paling luas {footprint} m²{more}.",
        "floors": ", paling banyak {floors} lantai",
        "total": ", luas seluruh lantai paling banyak {total} m²",
        "green": ", hijau paling sedikit {green} m²",
        "road": "Sisi jalan tidak diketahui: jarak {distance} m dijaga di semua sisi.",
        "fits": "Tapak yang digambar berada di dalam ruang bangun.",
        "unfit": "Tapak yang digambar melewati ruang bangun.",
        "shift": "Geser tapak {distance} m ({east} m ke timur, {north} m ke utara) agar keluar "
        "dari bagian yang dilarang.",
        "near": "Zona terdekat yang membolehkan: {zone}{name} ({plan}), {distance} m, {izin}.",
    },
    "en": {
        "none": "No part of the parcel is certain to be usable.",
        "room": "Room for a building of {area} m²; ground floor at most {footprint} m²{more}.",
        "floors": ", at most {floors} floors",
        "total": ", all floors at most {total} m²",
        "green": ", green at least {green} m²",
        "road": "The road's side is not known: {distance} m are kept on every side.",
        "fits": "The footprint drawn lies within it.",
        "unfit": "The footprint drawn reaches beyond it.",
        "shift": "Move the footprint by {distance} m ({east} m east, {north} m north) to leave "
        "what is prohibited.",
        "near": "Nearest zone that allows it: {zone}{name} ({plan}), {distance} m, {izin}.",
    },
}


def advice_sentences(advice: Mapping[str, Any], language: str = "id") -> list[str]:
    """Return the sentences of an advice.

    Parameters
    ----------
    advice : mapping
        `Advice.to_dict()`.

    Examples
    --------
    >>> advice_sentences({"envelope": None, "fits": None, "shift": None, "near": []}, "en")
    ['No part of the parcel is certain to be usable.']
    """
    texts = TEXTS[language]
    found = _room(advice["envelope"], texts, language)
    if advice["fits"] is not None:
        found.append(texts["fits" if advice["fits"] else "unfit"])
    if (shift := advice["shift"]) is not None:
        numbers = {name: _number(shift[f"{name}_m"], 1, language) for name in ("east", "north")}
        distance = _number(shift["distance_m"], 1, language)
        found.append(texts["shift"].format(distance=distance, **numbers))
    found += [_place(place, texts, language) for place in advice["near"]]
    return found


def _room(envelope: Mapping[str, Any] | None, texts: Mapping[str, str], language: str) -> list[str]:
    if envelope is None or not envelope["area_m2"]:
        return [texts["none"]]
    more = ""
    if envelope["floors_max"] is not None:
        more += texts["floors"].format(floors=envelope["floors_max"])
    if envelope["floor_area_max_m2"] is not None:
        more += texts["total"].format(total=_number(envelope["floor_area_max_m2"], 2, language))
    if envelope["green_min_m2"] is not None:
        more += texts["green"].format(green=_number(envelope["green_min_m2"], 2, language))
    found = [
        texts["room"].format(
            area=_number(envelope["area_m2"], 2, language),
            footprint=_number(envelope["footprint_max_m2"], 2, language),
            more=more,
        )
    ]
    largest = max(envelope[name] for name in ("gsb_m", "jbs_m", "jbb_m"))
    if not envelope["road_known"] and largest > 0:
        found.append(texts["road"].format(distance=_number(largest, 1, language)))
    return found


def _place(place: Mapping[str, Any], texts: Mapping[str, str], language: str) -> str:
    return texts["near"].format(
        zone=place["zone"],
        name=f" {place['name']}" if place["name"] else "",
        plan=place["plan"],
        distance=_number(place["distance_m"], 0, language),
        izin=CLASSES[language].get(place["izin"], place["izin"]),
    )


def _number(value: float, decimals: int, language: str) -> str:
    text = f"{value:,.{decimals}f}"
    return text if language == "en" else text.translate(str.maketrans(",.", ".,"))
