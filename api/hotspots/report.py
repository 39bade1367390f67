"""The report on hotspots, in words that need no statistician."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import pandas as pd

from api.formats import day, number, percent
from api.hotspots.maps import class_map, value_map
from api.hotspots.study import Study
from api.hotspots.wording import CLASS_WORDS, STATUS_WORDS
from api.reports.document import Document, Figure, Section, Table
from api.text import describe

__all__ = ["SAMPLE", "build_report"]

SAMPLE: Final = "contoh, bukan data resmi"
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


def build_report(
    done: Study,
    *,
    title: str = "Kantong kemiskinan",
    office: str = "",
    on: date | None = None,
    with_maps: bool = True,
) -> Document:
    """Write the report of a study.

    Parameters
    ----------
    done : Study
    title, office : str
    on : date, optional
        Day of the report.
    with_maps : bool
        False leaves out the pictures, which take most of the time.
    """
    sample = _is_sample(done)
    notice = SAMPLE if sample else ""
    sections = [
        _where(done, notice, with_maps=with_maps),
        _groups(done),
        _profile(done),
        _priority(done),
        _change(done),
        _values(done, notice) if with_maps else None,
        _sure(done),
        _silent(done),
        _method(done),
    ]
    return Document(
        title=title,
        subtitle=day(on) if on else "",
        answer=_answer(done),
        sections=[section for section in sections if section is not None],
        facts=_facts(done),
        office=office,
        notice=f"{SAMPLE.capitalize()}." if sample else "",
        colour="#8e2f2f" if (done.groups.objects["class"] == "hot").any() else "#51606f",
    )


def _is_sample(done: Study) -> bool:
    """Say whether the areas themselves say that they are invented."""
    texts = done.areas.select_dtypes(include=["object", "string"])
    return any((texts[column] == SAMPLE).any() for column in texts.columns)


def _answer(done: Study) -> str:
    hot = done.groups.objects[done.groups.objects["class"] == "hot"]
    if hot.empty:
        return (
            "Tidak ada kantong: perbedaan antarwilayah yang ada masih dapat dijelaskan oleh "
            "kebetulan, atau datanya tidak cukup."
        )
    areas, groups = int(hot["areas"].sum()), len(hot)
    text = (
        f"{number(areas, 0)} wilayah dalam {number(groups, 0)} kelompok nilainya nyata lebih "
        "tinggi daripada keseluruhan, lebih dari yang dapat dijelaskan oleh kebetulan."
    )
    if hot["people"].notna().all():
        text += (
            f" Di sana ada {percent(float(hot['share_of_people'].sum()), 1)} dari penduduk yang "
            f"dikaji ({number(float(hot['people'].sum()), 0)}), tetapi "
            f"{percent(float(hot['share_of_value'].sum()), 1)} dari semua yang miskin."
        )
    return text


def _facts(done: Study) -> list[tuple[str, str]]:
    table, asked = done.found.table, done.question
    facts = [
        ("Wilayah", number(len(table), 0)),
        ("Dengan jawaban", number(int((table["status"] == "ok").sum()), 0)),
        ("Kolom nilai", asked.value),
        ("Dibagi dengan", asked.population or "–"),
    ]
    if table["rate"].notna().any():
        everyone = table["rate"].notna()
        overall = table.loc[everyone, "value"].sum() / done.found.people[everyone].sum()
        facts.append(("Rasio seluruhnya", percent(float(overall), 2)))
    return facts


def _where(done: Study, notice: str, *, with_maps: bool) -> Section:
    counts = done.found.table["class"].value_counts()
    rows = [
        [words.name, words.meaning, number(int(counts.get(code, 0)), 0)]
        for code, words in CLASS_WORDS.items()
    ]
    figure = None
    if with_maps:
        picture = class_map(done, notice=notice)
        figure = Figure(picture, "Kelas tiap wilayah. Kelompok K1, K2, ... menurut besarnya.")
    return Section(
        "Di mana kantongnya",
        figure=figure,
        table=Table(["Kelas", "Artinya", "Wilayah"], rows, numbers=[2]),
    )


def _groups(done: Study) -> Section | None:
    objects = done.groups.objects
    if objects.empty:
        return None
    counted = bool(objects["people"].notna().any())
    head = ["Kelompok", "Wilayah", "Nama"]
    head += (
        ["Penduduk", "Miskin", "Rasio", "Bagian dari semua yang miskin"]
        if counted
        else ["Rata-rata"]
    )
    rows = []
    for row in objects.to_dict("records"):
        cells = [str(row["cluster"]), number(int(row["areas"]), 0), _members(done, row["members"])]
        cells += (
            [
                number(float(row["people"]), 0),
                number(float(row["value"]), 0),
                percent(float(row["rate"]), 1),
                percent(float(row["share_of_value"]), 1),
            ]
            if counted
            else [number(float(row["value"]), 2)]
        )
        rows.append(cells)
    return Section(
        "Kelompok wilayah yang bersambung",
        ["K: kelompok kantong tinggi. R: kelompok kantong rendah, sebagai pembanding."],
        table=Table(head, rows, numbers=[1, *range(3, len(head))]),
    )


def _members(done: Study, members: tuple[Any, ...], most: int = 12) -> str:
    names = [str(name) for name in done.names.loc[list(members)]]
    more = f" dan {len(names) - most} lagi" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _profile(done: Study) -> Section | None:
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


def _priority(done: Study) -> Section | None:
    if done.priority is None:
        return None
    table = done.priority[done.priority["priority"].isin(["first", "hot_only", "undecided"])]
    rows = [
        [
            str(done.names.loc[name]),
            PRIORITY_WORDS[str(row["priority"])],
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


def _change(done: Study) -> Section | None:
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


def _values(done: Study, notice: str) -> Section:
    share = done.found.table["rate"].notna().any()
    caption = "Rasio" if share else "Nilai"
    return Section(
        f"{caption} tiap wilayah",
        figure=Figure(
            value_map(done, notice=notice),
            f"{caption} dalam lima kelas dengan jumlah wilayah yang kira-kira sama.",
        ),
    )


def _sure(done: Study) -> Section:
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


def _silent(done: Study) -> Section | None:
    status = done.found.table["status"]
    counts = status[status != "ok"].value_counts()
    if counts.empty:
        return None
    rows = [
        [STATUS_WORDS[str(code)], number(int(many), 0), _members(done, tuple(_of(status, code)), 6)]
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


def _method(done: Study) -> Section:
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
