"""Studies as documents: what each found, in words an office can act on."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import pandas as pd

from api.formats import area, number, percent
from api.reports.document import Document, Section, Table
from api.studies.programmes import Programmes
from zoning.studies import Ranking

__all__ = [
    "access_document",
    "housing_document",
    "programmes_document",
    "siting_document",
    "vertical_document",
]

ROOM_WORDS = {
    "candidate": "calon",
    "in_hazard": "di kawasan bahaya",
    "too_far": "jauh dari layanan",
    "no_room": "ruang KLB hampir habis",
    "undecided": "belum dapat ditentukan",
}


def _called(names: pd.Series) -> dict[Hashable, str]:
    return dict(zip(names.index, names.astype(str), strict=True))


def _sources(names: Sequence[str], *more: str) -> Section:
    return Section("Sumber", points=[*(f"Berkas: {name}" for name in names), *more])


def siting_document(found: Ranking, names: pd.Series, files: Sequence[str]) -> Document:
    """Write the report of a siting study."""
    table, called = found.table, _called(names)
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
    weights = [
        [str(row["criterion"]), number(float(row["weight"]), 1), row["half"], row["twice"],
         row["without"]]
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
            _sources(files, found.rule.rule.citation()),
        ],
    )


def access_document(
    found: pd.DataFrame, names: pd.Series, files: Sequence[str], *, reach_m: float, detour: float
) -> Document:
    """Write the report of a study of access."""
    known, called = found[found["status"] == "ok"], _called(names)
    far = known[known["served"] == "no"].sort_values("within")
    people, beyond = float(known["people"].sum()), float(known["people_beyond"].sum())
    poor = known["poor_beyond"]
    answer = (
        f"{percent(beyond / people if people else None, 1)} penduduk ({number(beyond, 0)} dari "
        f"{number(people, 0)}) tinggal lebih jauh dari {number(reach_m, 0)} m; "
        f"{number(len(far), 0)} desa tidak terlayani."
    )
    if poor.notna().any():
        answer += f" Di antaranya sekitar {number(float(poor.sum()), 0)} orang miskin."
    rows = [
        [
            called[name],
            "–" if row["way_m"] == float("inf") else number(float(row["way_m"]), 0),
            percent(float(row["within"]), 0),
            number(float(row["people_beyond"]), 0),
            number(float(row["poor_beyond"]), 0),
        ]
        for name, row in far.iterrows()
    ]
    silent = found[found["status"] != "ok"]
    point = int((known["method"] == "point").sum())
    notes = [
        "Jarak garis lurus"
        + (f" dikali {number(detour, 2)}." if detour != 1 else ", bukan jarak jalan."),
        "Orang miskin dianggap tinggal menyebar seperti penduduk lain di desanya.",
    ]
    if point:
        notes.append(
            f"{number(point, 0)} desa tanpa gambar permukiman diukur dari satu titik di dalamnya."
        )
    if poor.isna().any() and poor.notna().any():
        notes.append(f"{number(int(poor.isna().sum()), 0)} desa tanpa angka orang miskin.")
    if len(silent):
        notes.append(f"{number(len(silent), 0)} desa tanpa penduduk atau tanpa gambar.")
    head = ["Desa", "Rata-rata jarak (m)", "Terjangkau", "Di luar jangkauan", "Miskin di luar"]
    return Document(
        title="Akses ke layanan",
        subtitle="",
        answer=answer,
        sections=[
            Section("Desa yang tidak terlayani", table=Table(head, rows, numbers=[1, 2, 3, 4])),
            Section("Cara menghitung", points=notes),
            _sources(files),
        ],
    )


def programmes_document(found: Programmes, names: pd.Series, files: Sequence[str]) -> Document:
    """Write the report of programmes against plan, hotspots and hazard."""
    table = found.table
    bad = table[table["contradicts"].fillna("") != ""]
    risky = table[table["hazard_share"] > 0]
    known = {str(code): name for code, name in _called(names).items()}

    def place(code: object) -> str:
        return known.get(str(code), _cell(code))

    def rows(part: pd.DataFrame, *columns: str) -> list[list[str]]:
        return [
            [str(name), str(row["kind"]), place(row["desa"]), *(_cell(row[c]) for c in columns)]
            for name, row in part.iterrows()
        ]

    missing = [[place(code), number(float(row["value"]), 0)]
               for code, row in found.missing.iterrows()]  # fmt: skip
    return Document(
        title="Program desa terhadap rencana, kantong kemiskinan dan bahaya",
        subtitle="",
        answer=(
            f"Dari {number(len(table), 0)} program, {number(len(bad), 0)} berlawanan dengan zona, "
            f"{number(len(risky), 0)} berada di kawasan bahaya, dan "
            f"{number(len(found.missing), 0)} "
            "desa kantong tidak mempunyai program."
        ),
        sections=[
            Section(
                "Berlawanan dengan zona",
                table=Table(
                    ["Program", "Jenis", "Desa", "Zona terlarang"], rows(bad, "contradicts")
                ),
            ),
            Section(
                "Di kawasan bahaya",
                table=Table(
                    ["Program", "Jenis", "Desa", "Bagian"], rows(risky, "hazard_share"), numbers=[3]
                ),
            ),
            Section(
                "Bertumpuk dengan program lain",
                table=Table(
                    ["Program", "Jenis", "Desa", "Dengan"],
                    rows(table[table["overlaps"] != ""], "overlaps"),
                ),
            ),
            Section(
                "Letaknya tidak di desa yang disebut",
                table=Table(
                    ["Program", "Jenis", "Terletak di", "Disebut di"],
                    rows(table[table["elsewhere"]], "stated_desa"),
                ),
            ),
            Section(
                "Desa kantong tanpa program", table=Table(["Desa", "Miskin"], missing, numbers=[1])
            ),
            Section(
                "Tidak dapat ditempatkan",
                table=Table(
                    ["Program", "Jenis", "Desa", "Sebab"],
                    rows(table[table["status"] != "ok"], "status"),
                ),
            ),
            _sources(files, found.rule.citation()),
        ],
    )


def _cell(value: object) -> str:
    if isinstance(value, float):
        return percent(value, 0)
    return "–" if value is None or value is pd.NA else str(value)


def vertical_document(
    room: pd.DataFrame, summary: pd.DataFrame, names: pd.Series, files: Sequence[str]
) -> Document:
    """Write the report of unused floor area and of where building may go up."""
    called = _called(names)
    chosen = room[room["candidate"] == "candidate"].sort_values("unused_m2", ascending=False)
    counts = room["candidate"].value_counts()
    answer = (
        f"{number(len(chosen), 0)} dari {number(len(room), 0)} blok dapat menampung "
        f"{area(float(chosen['unused_m2'].sum()))} lantai lagi menurut KLB, di luar bahaya dan "
        "dekat layanan; membangun ke atas di sana menghemat "
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
                table=Table(
                    ["Blok", "KLB kini", "KLB maks", "Lantai rata-rata", "Lantai tersisa",
                     "Lahan dihemat"],
                    rows, numbers=[1, 2, 3, 4, 5],
                ),
            ),
            Section(
                "Menurut zona atau wilayah",
                table=Table(
                    ["", "Blok", "Calon", "Lantai tersisa", "Lahan dihemat", "Belum tentu"],
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
            _sources(files),
        ],
    )  # fmt: skip


def housing_document(found: pd.DataFrame, rest: int, least: int, files: Sequence[str]) -> Document:
    """Write the report of clusters of unfit houses."""
    columns = [name for name in ("zones", "hazard_share", "programmes") if name in found]
    head = {"zones": "Zona", "hazard_share": "Bagian di bahaya", "programmes": "Program"}
    rows = [
        [
            str(row["cluster"]),
            number(int(row["houses"]), 0),
            *(_cell(row[name]) for name in columns),
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
                table=Table(["Kelompok", "Rumah", *(head[name] for name in columns)], rows, [1]),
                note=f"Ditampilkan sebagai petak tetap dengan sekurang-kurangnya {least} rumah: "
                "tidak ada rumah yang dapat dikenali.",
            ),
            _sources(files),
        ],
    )
