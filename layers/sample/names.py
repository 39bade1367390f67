"""Invented names; any likeness to a real village or river is chance."""

from __future__ import annotations

from typing import Final

__all__ = [
    "DISTRICT",
    "DISTRICT_CODE",
    "KECAMATAN",
    "MARK",
    "PROVINCE",
    "RIVER_NAMES",
    "VILLAGE_NAMES",
]

#: Written into every file of the sample.
MARK: Final = "contoh, bukan data resmi"
PROVINCE: Final = "Jawa Tengah"
DISTRICT: Final = "Contoh"
DISTRICT_CODE: Final = "33.99"

KECAMATAN: Final = ("Kota Contoh", "Contoh Pesisir", "Contoh Tengah", "Contoh Gunung")

RIVER_NAMES: Final = (
    "Kali Gedhe Contoh",
    "Kali Wetan Contoh",
    "Kali Lirih",
    "Kali Sumilir",
    "Kali Buntu",
    "Kali Wungon",
    "Kali Anteng",
    "Kali Jarang",
    "Kali Mbalik",
    "Kali Ireng",
    "Kali Cethik",
    "Kali Suwung",
    "Kali Gonjang",
    "Kali Alit",
    "Kali Tirem",
    "Kali Gambir",
    "Kali Pandhak",
    "Kali Sepi",
)

VILLAGE_NAMES: Final = (
    "Alunsari",
    "Pecinankidul",
    "Kauman Contoh",
    "Bandarharja",
    "Wetankali",
    "Kulonkali",
    "Pandeyan Contoh",
    "Sidorame",
    "Karangpinggir",
    "Tirangsari",
    "Tambakwaru",
    "Segarajati",
    "Muarareja Contoh",
    "Bakausari",
    "Garamendah",
    "Sawahamba",
    "Jatiwedi",
    "Kedungmanis",
    "Lumbungrejo",
    "Padangsawit",
    "Tegalombo Contoh",
    "Rawasemut",
    "Gempolsongo",
    "Bulusari Contoh",
    "Watulunyu",
    "Ngargopuro",
    "Kopiduwur",
    "Sendangwening",
    "Cemarasewu Contoh",
    "Lerenggunung",
    "Wonotirto Contoh",
    "Selasewu",
)
