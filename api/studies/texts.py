"""Studies of places as documents: sites, blocks, clusters of houses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from api.formats import area, number, percent
from api.reports.document import Document, Figure, Section, Table
from api.studies.common import called_by, cell, sources
from zoning.studies import Ranking

__all__ = ["ROOM_WORDS", "housing_document", "siting_document", "vertical_document"]

#: So many sites of equal score are named.
MOST_EQUAL: Final = 3
ROOM_WORDS: Final = {
    "candidate": "calon",
    "in_hazard": "di kawasan bahaya",
    "too_far": "jauh dari layanan",
    "low_limit": "rencana tidak mengizinkan bertingkat",
    "no_room": "ruang KLB hampir habis",
    "undecided": "belum dapat ditentukan",
}


def siting_document(
    found: Ranking, names: pd.Series, files: Sequence[str], figure: Figure | None = None
) -> Document:
    """Write the report of a siting study."""
    table, called = found.table, called_by(names)
    open_ = table[table["closed"] == ""]
    criteria = [one.name for one in found.rule.criteria]
    head = ["Urutan", "Lokasi", "Nilai", *criteria, f"{found.top} besar"]
    rows = [
        [
            number(float(row["rank"]), 0),
            called[site],
            number(float(row["score"]), 3),
            *(number(float(row[name]), 2) for name in criteria),
            percent(float(row["top_share"]), 0),
        ]
        for site, row in open_.iterrows()
    ]
    shut = [
        [called[site], str(row["closed"])] for site, row in table[table["closed"] != ""].iterrows()
    ]
    if open_.empty:
        answer = f"Semua {number(len(table), 0)} lokasi tertutup: tidak ada yang dapat diurutkan."
    else:
        best = open_.iloc[0]
        answer = (
            f"Lokasi terbaik: {called[open_.index[0]]}, "
            f"nilai {number(float(best['score']), 2)}. "
            f"Ia tetap pertama pada {percent(float(best['first_share']), 0)} dari "
            f"{number(found.tried, 0)} susunan bobot yang dicoba."
        )
    known = {str(label): name for label, name in called.items()}

    def named(labels: object) -> str:
        equal = [known.get(one, one) for one in str(labels).split(", ")]
        rest = len(equal) - MOST_EQUAL
        more = f" dan {number(rest, 0)} lain yang sama nilainya" if rest > 0 else ""
        return ", ".join(equal[:MOST_EQUAL]) + more

    weights = [
        [str(row["criterion"]), number(float(row["weight"]), 1), named(row["half"]),
         named(row["twice"]), named(row["without"])]
        for row in found.weights.to_dict("records")
    ]  # fmt: skip
    return Document(
        title=found.rule.rule.title,
        subtitle="",
        answer=answer,
        facts=[
            ("Lokasi diperiksa", number(len(table), 0)),
            ("Tertutup", number(len(shut), 0)),
        ],
        sections=[
            Section(
                "Urutan lokasi",
                ["Nilai tiap kriteria dari 0 (terburuk) sampai 1 (terbaik)."],
                figure=figure,
                table=Table(head, rows, numbers=[0, *range(2, len(head))]),
                note=f"{found.top} besar: pada berapa persen susunan bobot lokasi ini termasuk "
                f"{found.top} teratas; tiap bobot diubah antara setengah dan dua kali.",
            ),
            Section(
                "Seberapa tergantung pada bobot",
                ["Lokasi pertama bila satu kriteria dihitung setengah, dua kali, atau dihapus."],
                table=Table(
                    ["Kriteria", "Bobot", "Setengah", "Dua kali", "Tanpa"], weights, numbers=[1]
                ),
            ),
            Section("Lokasi yang tertutup", table=Table(["Lokasi", "Sebab"], shut)),
            sources(files, found.rule.rule.citation()),
        ],
    )


def vertical_document(
    room: pd.DataFrame,
    summary: pd.DataFrame,
    names: pd.Series,
    files: Sequence[str],
    figure: Figure | None = None,
) -> Document:
    """Write the report of unused floor area and of where building may go up."""
    called = called_by(names)
    chosen = room[room["candidate"] == "candidate"].sort_values("unused_m2", ascending=False)
    counts = room["candidate"].value_counts()
    answer = (
        f"{number(len(chosen), 0)} dari {number(len(room), 0)} blok dapat menampung "
        f"{area(float(chosen['unused_m2'].sum()))} luas lantai lagi menurut KLB, di luar bahaya "
        "dan dekat layanan; membangun ke atas di sana menghemat "
        f"{area(float(chosen['spared_m2'].sum()))} lahan."
    )
    rows = [
        [
            called[name],
            number(float(row["klb_used"]), 2),
            number(float(row["klb_max"]), 2),
            number(float(row["height"]), 1),
            area(float(row["unused_m2"])),
            area(float(row["spared_m2"])),
        ]
        for name, row in chosen.iterrows()
    ]
    sums = [
        [
            str(name),
            number(int(row["blocks"]), 0),
            number(int(row["candidates"]), 0),
            area(float(row["candidate_unused_m2"])),
            area(float(row["candidate_spared_m2"])),
            number(int(row["undecided"]), 0),
        ]
        for name, row in summary.iterrows()
    ]
    return Document(
        title="Kawasan vertikal: ruang KLB yang belum terpakai",
        subtitle="",
        answer=answer,
        sections=[
            Section(
                "Blok calon",
                figure=figure,
                table=Table(
                    ["Blok", "KLB kini", "KLB maks", "Lantai rata-rata", "Luas lantai tersisa",
                     "Lahan dihemat"],
                    rows, numbers=[1, 2, 3, 4, 5],
                ),
            ),
            Section(
                "Menurut zona atau wilayah",
                table=Table(
                    ["", "Blok", "Calon", "Luas lantai tersisa", "Lahan dihemat", "Belum tentu"],
                    sums, numbers=[1, 2, 3, 4, 5],
                ),
            ),
            Section(
                "Semua blok",
                points=[
                    f"{words.capitalize()}: {number(int(counts.get(code, 0)), 0)} blok"
                    for code, words in ROOM_WORDS.items()
                ],
                note="Bangunan tanpa jumlah lantai dihitung satu lantai; blok yang banyak "
                "bangunannya demikian belum dapat ditentukan.",
            ),
            sources(files),
        ],
    )  # fmt: skip


def housing_document(
    found: pd.DataFrame, rest: int, least: int, files: Sequence[str], figure: Figure | None = None
) -> Document:
    """Write the report of clusters of unfit houses."""
    columns = [name for name in ("zones", "hazard_share", "programmes") if name in found]
    head = {"zones": "Zona", "hazard_share": "Bagian di bahaya", "programmes": "Program"}
    rows = [
        [
            str(row["cluster"]),
            number(int(row["houses"]), 0),
            *(cell(row[name]) for name in columns),
        ]
        for row in found.to_dict("records")
    ]
    total = int(found["houses"].sum())
    return Document(
        title="Kelompok rumah tidak layak huni",
        subtitle="",
        answer=(
            f"{number(total, 0)} rumah dalam {number(len(found), 0)} kelompok; "
            f"{number(rest, 0)} rumah lain tersebar dan tidak ditampilkan."
        ),
        sections=[
            Section(
                "Kelompok",
                figure=figure,
                table=Table(["Kelompok", "Rumah", *(head[name] for name in columns)], rows, [1]),
                note=f"Ditampilkan sebagai petak tetap dengan sekurang-kurangnya {least} rumah: "
                "tidak ada rumah yang dapat dikenali.",
            ),
            sources(files),
        ],
    )
