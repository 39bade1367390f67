"""Sections of the report on hotspots that stand below the map and the clusters."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from api.formats import number, percent
from api.hotspots.study import Study
from api.hotspots.wording import STATUS_WORDS
from api.reports.document import Section, Table
from spatial.text import describe

__all__ = [
    "change_section",
    "members",
    "method_section",
    "priority_section",
    "profile_section",
    "scan_section",
    "silent_section",
    "sure_section",
]

CHANGE_WORDS: Final = {
    "new": "baru menjadi kantong",
    "lasting": "tetap kantong",
    "ended": "bukan kantong lagi",
    "turned": "berbalik",
    "never": "bukan kantong di kedua periode",
    "unknown": "tidak dapat dibandingkan",
}
PRIORITY_WORDS: Final = {
    "first": "Diutamakan: kantong dan terpapar bahaya",
    "hot_only": "Kantong, tidak terpapar",
    "exposed_only": "Terpapar, bukan kantong",
    "neither": "Bukan keduanya",
    "undecided": "Belum dapat ditentukan: data bahaya atau kemiskinan kurang",
}
WEIGHT_WORDS: Final = {
    "queen": "berbatasan (termasuk di satu titik)",
    "rook": "berbatasan sepanjang garis",
    "knn": "tetangga terdekat",
    "distance": "dalam jarak tertentu",
    "inverse": "makin dekat makin berbobot",
    "tolerant": "berbatasan, celah tipis diabaikan",
}


def members(done: Study, codes: tuple[Any, ...], most: int = 12) -> str:
    """Name some areas, and say how many more there are."""
    names = [str(name) for name in done.names.loc[list(codes)]]
    more = f" dan {len(names) - most} lagi" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def profile_section(done: Study) -> Section | None:
    """Compare each cluster with everyone, indicator by indicator."""
    profile = done.groups.profile
    if profile.empty:
        return None
    rows = [
        [
            str(row["cluster"]),
            str(row["indicator"]),
            number(float(row["inside"]), 2),
            number(float(row["whole"]), 2),
            f"{float(row['difference']):+.2f}".replace(".", ","),
            number(float(row["spreads"]), 1),
        ]
        for row in profile.to_dict("records")
    ]
    head = ["Kelompok", "Indikator", "Di dalam", "Seluruh wilayah", "Selisih", "Simpangan baku"]
    return Section(
        "Seperti apa tempat-tempat itu",
        [
            "Rata-rata tiap indikator di dalam kelompok dan di seluruh wilayah kajian. "
            "Selisih di atas 1 simpangan baku tergolong besar."
        ],
        table=Table(head, rows, numbers=[2, 3, 4, 5]),
    )


def priority_section(done: Study) -> Section | None:
    """Tell which clusters stand in hazard too."""
    if done.priority is None:
        return None
    # Of the undecided only those that are clusters: the others would bury them.
    open_ = (done.priority["priority"] == "undecided") & (done.priority["class"] == "hot")
    table = done.priority[done.priority["priority"].isin(["first", "hot_only"]) | open_]
    rows = [
        [
            str(done.names.loc[name]),
            PRIORITY_WORDS[str(row["priority"])].split(":")[0],
            percent(float(row["rate"]), 1) if row["rate"] == row["rate"] else "–",
            percent(float(row["share"]), 1) if row["share"] == row["share"] else "–",
            percent(float(row["unknown"]), 1) if row["unknown"] == row["unknown"] else "–",
        ]
        for name, row in zip(table.index, table.to_dict("records"), strict=True)
    ]
    counts = done.priority["priority"].value_counts()
    return Section(
        "Prioritas: kantong yang juga terpapar bahaya",
        points=[
            f"{words}: {number(int(counts.get(code, 0)), 0)} wilayah"
            for code, words in PRIORITY_WORDS.items()
        ],
        table=Table(
            ["Wilayah", "Golongan", "Rasio miskin", "Bagian terpapar", "Bagian tanpa data bahaya"],
            rows,
            numbers=[2, 3, 4],
        ),
        note="Bagian yang belum dipetakan tidak dianggap aman.",
    )


def change_section(done: Study) -> Section | None:
    """Tell what became of the areas between two periods."""
    if done.change is None:
        return None
    counts = done.change["change"].value_counts()
    moved = done.change[done.change["change"].isin(["new", "ended", "turned", "lasting"])]
    shares = done.found.table["rate"].notna().any()
    rows = [
        [
            str(done.names.loc[name]),
            CHANGE_WORDS[str(row["change"])],
            percent(row["before"], 1) if shares else number(row["before"], 2),
            percent(row["after"], 1) if shares else number(row["after"], 2),
        ]
        for name, row in zip(moved.index, moved.to_dict("records"), strict=True)
    ]
    rising = int((done.change["trend"] == "rising").sum())
    falling = int((done.change["trend"] == "falling").sum())
    return Section(
        "Perubahan antara dua periode",
        [
            f"Kenaikan mengelompok di {number(rising, 0)} wilayah, penurunan di "
            f"{number(falling, 0)} wilayah (selisihnya sendiri diuji)."
        ],
        points=[
            f"{words.capitalize()}: {number(int(counts.get(code, 0)), 0)} wilayah"
            for code, words in CHANGE_WORDS.items()
        ],
        table=Table(["Wilayah", "Perubahan", "Dulu", "Kini"], rows, numbers=[2, 3]),
    )


def sure_section(done: Study) -> Section:
    """Say how far the answer holds."""
    overall, asked = done.found.overall, done.question
    points = [
        f"Dari wilayah yang disebut kantong, paling banyak sekitar {percent(asked.fdr, 0)} boleh "
        "jadi keliru (laju temuan keliru, Benjamini-Hochberg).",
    ]
    if overall.status == "ok":
        clumped = "mengelompok" if overall.p <= asked.fdr and overall.z > 0 else "tidak mengelompok"
        points.append(
            f"Secara keseluruhan nilainya {clumped} (Moran I {number(overall.statistic, 3)}, "
            f"p {'< 0,0001' if overall.p < 1e-4 else number(overall.p, 4)})."
        )
    if done.votes is not None:
        hot = done.found.table["class"] == "hot"
        steady = int((hot & (done.votes["steady"] == "hot")).sum())
        points.append(
            f"{number(steady, 0)} dari {number(int(hot.sum()), 0)} wilayah kantong tetap kantong "
            "dengan cara menarik tetangga yang lain dan pada tingkat kecamatan; sisanya "
            "bergantung pada cara itu dan patut dibaca hati-hati."
        )
    tried = done.found.table["p_perm"].notna().any()
    if tried:
        odd = (done.found.table["p_perm"] > asked.fdr) & (done.found.table["class"] == "hot")
        points.append(
            f"Pengacakan {number(asked.draws, 0)} kali mengukuhkan semua kantong."
            if not odd.any()
            else f"Pengacakan tidak mengukuhkan {number(int(odd.sum()), 0)} wilayah kantong."
        )
    return Section("Seberapa yakin", points=points)


def scan_section(done: Study) -> Section | None:
    """Tell what the circular scan finds, and how far it agrees."""
    if done.circles is None:
        return None
    hot = set(done.found.table.index[done.found.table["class"] == "hot"])
    inside = {name for names in done.circles["members"] for name in names}
    rows = [
        [
            members(done, row["members"], 6),
            number(len(row["members"]), 0),
            number(float(row["cases"]), 0),
            number(float(row["expected"]), 0),
            number(float(row["ratio"]), 2),
            number(float(row["p"]), 3),
        ]
        for row in done.circles.to_dict("records")
    ]
    head = ["Wilayah", "Banyaknya", "Miskin", "Menurut rata-rata", "Kali lipat", "p"]
    return Section(
        "Pendapat kedua: pemindaian lingkaran",
        [
            f"{number(len(hot & inside), 0)} dari {number(len(hot), 0)} wilayah kantong terletak "
            "di dalam lingkaran yang jumlah miskinnya melebihi kebetulan (Kulldorff 1997)."
        ],
        table=Table(head, rows, numbers=[1, 2, 3, 4, 5]),
    )


def silent_section(done: Study) -> Section | None:
    """List the areas without an answer, and why."""
    status = done.found.table["status"]
    counts = status[status != "ok"].value_counts()
    if counts.empty:
        return None
    rows = [
        [STATUS_WORDS[str(code)], number(int(many), 0), members(done, tuple(_of(status, code)), 6)]
        for code, many in counts.items()
    ]
    return Section(
        "Wilayah tanpa jawaban",
        table=Table(["Sebab", "Wilayah", "Misalnya"], rows, numbers=[1]),
        note="Tanpa jawaban bukan berarti tidak miskin.",
    )


def _of(status: pd.Series, code: object) -> pd.Index:
    chosen: pd.Index = status.index[status == code]
    return chosen


def method_section(done: Study) -> Section:
    """Say how it was found, and from what."""
    asked = done.question
    kind = asked.weights.split(":")[0]
    points = [
        f"Tetangga: {WEIGHT_WORDS.get(kind, kind)} ({asked.weights}).",
        "Kelas kantong dari Gi* (Ord dan Getis 1995), dua sisi; berbeda dari tetangga dari "
        "Moran lokal (Anselin 1995).",
    ]
    if done.mask is not None and done.mask.least:
        points.append(
            f"Sel dengan kurang dari {done.mask.least} rumah tangga miskin atau tidak miskin "
            "ditutup, beserta sel lain yang dapat membukanya. Angka yang ditutup tidak dipakai "
            "dalam hitungan mana pun di laporan ini."
        )
    points += [f"Sumber: {path.name}" for path in done.sources]
    points += [f"Catatan: {describe(note)[0]}." for note in done.notes]
    return Section("Cara dan sumber", points=points)
