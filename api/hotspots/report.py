"""The report on hotspots, in words that need no statistician."""

from __future__ import annotations

from datetime import date

from api.formats import day, number, percent
from api.hotspots.maps import class_map, value_map
from api.hotspots.sections import (
    change_section,
    members,
    method_section,
    priority_section,
    profile_section,
    scan_section,
    silent_section,
    sure_section,
)
from api.hotspots.study import Study
from api.hotspots.wording import CLASS_WORDS
from api.reports.document import SAMPLE, Document, Figure, Section, Table, is_sample

__all__ = ["build_report"]


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
    sample = is_sample(done.areas)
    notice = SAMPLE if sample else ""
    sections = [
        _where(done, notice, with_maps=with_maps),
        _groups(done),
        profile_section(done),
        priority_section(done),
        change_section(done),
        _values(done, notice) if with_maps else None,
        sure_section(done),
        scan_section(done),
        silent_section(done),
        method_section(done),
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
        cells = [str(row["cluster"]), number(int(row["areas"]), 0), members(done, row["members"])]
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
