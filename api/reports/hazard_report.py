"""What a disaster agency reads: maps, who and what stands where, and the proof that it closes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from api.formats import number
from api.reports.document import Document, Figure, Section, Table
from hazard import NO_DATA, UNMAPPED, Exposure, load_rule, minimum_needs, roll_up
from spatial.text import describe

__all__ = ["Subject", "hazard_document", "spoken", "workbook_sheets"]

#: Columns of the balance as people read them.
BALANCE: Final = ("classified", "nodata", "unmapped", "gap", "overlap", "whole")
BALANCE_HEAD: Final = (
    "Dalam kelas",
    "Tanpa data",
    "Luar peta",
    "Celah",
    "Tumpang tindih",
    "Keseluruhan",
    "Selisih",
)


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that was measured: land, people, poor households, buildings, roads, ..."""

    label: str
    result: Exposure

    def text(self, amount: float) -> str:
        """Write an amount with the unit of the subject."""
        if self.result.unit == "m2":
            # One unit in a column: hectares throughout, and a plain nought for nothing.
            return f"{number(amount / 1e4)} ha" if amount else "0"
        if self.result.unit == "m":
            return f"{number(amount / 1000)} km"
        return number(amount, 0)


def hazard_document(
    subjects: Sequence[Subject],
    *,
    title: str,
    subtitle: str,
    names: pd.Series[str],
    parents: pd.Series[str],
    figures: Sequence[Figure],
    sources: Sequence[str],
    office: str = "",
    notice: str = "",
    weeks: float = 1.0,
) -> Document:
    """Lay the report out.

    Parameters
    ----------
    names : Series of str, index unit_id
        What people call a unit.
    parents : Series of str, index unit_id
        The kecamatan of each unit, by name.
    figures : sequence of Figure
        Maps, one per hazard and scenario.
    weeks : float
        For how long the needs are counted.
    """
    sections = [Section("Peta" if i == 0 else "", figure=one) for i, one in enumerate(figures)]
    for subject in subjects:
        for hazard, scenario in _pairs(subject):
            wide = _wide(subject.result, hazard, scenario)
            what = f"{subject.label} · {spoken(hazard, scenario)}"
            above = roll_up(_long(subject.result, hazard, scenario), parents)
            top = above.pivot_table("amount", "unit_id", "hazard_class", "sum", sort=False)
            if len(top) > 1:
                table = _table(subject, top[list(wide.columns)])
                sections.append(Section(f"{what} per kecamatan", table=table))
            worst = wide.sort_values(list(wide.columns[-3::-1]), ascending=False)
            worst.index = pd.Index(names.loc[worst.index])
            sections.append(
                Section(
                    f"{what} per desa",
                    table=_table(subject, worst),
                    note="Yang paling terpapar kelas terberat lebih dulu.",
                )
            )
    sections.append(_balance(subjects))
    people = next((one for one in subjects if one.result.unit == "jiwa"), None)
    if people is not None:
        sections.append(_needs(people, parents, weeks))
    sections.append(_grounds(subjects, sources))
    return Document(
        title,
        subtitle,
        _answer(subjects),
        sections,
        office=office,
        notice=notice,
        colour="#9c2f2f",
    )


def workbook_sheets(
    subjects: Sequence[Subject], names: pd.Series[str], parents: pd.Series[str]
) -> dict[str, pd.DataFrame]:
    """Return the tables of the workbook: every subject per desa and kecamatan, and balances."""
    sheets: dict[str, pd.DataFrame] = {}
    for subject in subjects:
        wide = subject.result.wide().reset_index()
        wide.insert(3, "nama", wide["unit_id"].map(names))
        wide.insert(4, "kecamatan", wide["unit_id"].map(parents))
        sheets[f"{subject.label} desa"[:31]] = wide
        above = roll_up(subject.result.table, parents)
        keys = ["hazard", "scenario", "unit_id"]
        top = above.pivot_table("amount", keys, "hazard_class", "sum", sort=False)
        order = [label for label in subject.result.labels if label in top]
        sheets[f"{subject.label} kecamatan"[:31]] = (
            top[order].reset_index().rename_axis(columns=None)
        )
    balances = [one.result.accounts.assign(perihal=one.label) for one in subjects]
    sheets["neraca"] = pd.concat(balances, ignore_index=True)
    return sheets


def spoken(hazard: str, scenario: str) -> str:
    """Write the name of a hazard and its scenario as people say it.

    Examples
    --------
    >>> spoken("bahaya_banjir", "utama"), spoken("banjir", "100")
    ('banjir', 'banjir 100')
    """
    name = hazard.replace("_", " ").removeprefix("bahaya ")
    return name if scenario == "utama" else f"{name} {scenario}"


def _pairs(subject: Subject) -> list[tuple[str, str]]:
    found = subject.result.accounts[["hazard", "scenario"]]
    return list(found.itertuples(index=False, name=None))


def _long(result: Exposure, hazard: str, scenario: str) -> pd.DataFrame:
    table = result.table
    return table[(table["hazard"] == hazard) & (table["scenario"] == scenario)]


def _wide(result: Exposure, hazard: str, scenario: str) -> pd.DataFrame:
    long = _long(result, hazard, scenario)
    wide = long.pivot_table("amount", "unit_id", "hazard_class", "sum", sort=False)
    return wide[[label for label in result.labels if label in wide]]


def _table(subject: Subject, wide: pd.DataFrame) -> Table:
    total = wide.sum()
    head = ["Unit", *(str(name).replace("_", " ") for name in wide.columns), "Jumlah"]
    rows = [
        [str(name), *map(subject.text, row), subject.text(float(sum(row)))]
        for name, row in zip(wide.index, wide.to_numpy(float).tolist(), strict=True)
    ]
    sums = ["Jumlah", *map(subject.text, total.tolist()), subject.text(float(total.sum()))]
    return Table(head, rows, numbers=range(1, len(head)), total=sums)


def _balance(subjects: Sequence[Subject]) -> Section:
    rows = [
        [
            f"{subject.label} · {spoken(row['hazard'], row['scenario'])}",
            *(subject.text(float(row[name])) for name in BALANCE),
            f"{row['residual']:.0e}".replace("0e+00", "0"),
        ]
        for subject in subjects
        for row in subject.result.accounts.to_dict("records")
    ]
    return Section(
        "Neraca",
        ["Dalam kelas + tanpa data + luar peta + celah - tumpang tindih = keseluruhan. Tabel yang "
         "tidak menutup tidak diterbitkan."],
        table=Table(["Perihal", *BALANCE_HEAD], rows, numbers=range(1, 8)),
    )  # fmt: skip


def _needs(people: Subject, parents: pd.Series[str], weeks: float) -> Section:
    hazard, scenario = _pairs(people)[-1]
    wide = _wide(people.result, hazard, scenario)
    classes = [name for name in wide.columns if name not in (NO_DATA, UNMAPPED)]
    # Whoever lives in the middle class or above may have to leave.
    leaving = classes[len(classes) // 2 :]
    counts = wide[leaving].sum(axis=1).groupby(parents.loc[wide.index].to_numpy()).sum()
    needs = minimum_needs(counts.astype(int), weeks=weeks)
    head = ["Kecamatan", "Jiwa", *(name.replace("_", " ") for name in needs.columns)]
    rows = [
        [str(unit), number(float(counts[unit]), 0), *(number(v, 0) for v in row)]
        for unit, row in zip(needs.index, needs.to_numpy(float).tolist(), strict=True)
    ]
    return Section(
        "Kebutuhan dasar bila mengungsi",
        [f"Untuk penduduk di kelas {' dan '.join(leaving)} ({hazard}), selama "
         f"{number(weeks, 0)} minggu."],
        table=Table(head, rows, numbers=range(1, len(head))),
        note=load_rule("needs", "perka_7_2008").citation(),
    )  # fmt: skip


def _grounds(subjects: Sequence[Subject], sources: Sequence[str]) -> Section:
    rules = list(dict.fromkeys(text for one in subjects for text in one.result.citations))
    notes = list(dict.fromkeys(describe(n)[0] for one in subjects for n in one.result.notes))
    shown = notes[:30] + ([f"dan {len(notes) - 30} catatan lagi"] if len(notes) > 30 else [])
    return Section(
        "Aturan, sumber, catatan",
        points=[*(f"Aturan: {rule}" for rule in rules), f"Sumber: {', '.join(sources)}", *shown],
    )


def _answer(subjects: Sequence[Subject]) -> str:
    """Say what stands in the worst class, and what nobody mapped: that is not safe."""
    worst: list[str] = []
    blank: list[str] = []
    label: Any = ""
    for subject in subjects:
        hazard, scenario = _pairs(subject)[-1]
        wide = _wide(subject.result, hazard, scenario)
        label = [name for name in wide.columns if name not in (NO_DATA, UNMAPPED)][-1]
        name = subject.label.lower()
        worst.append(f"{name} {subject.text(float(wide[label].sum()))}")
        unknown = float(wide[[one for one in (NO_DATA, UNMAPPED) if one in wide]].sum().sum())
        if unknown > 0:
            blank.append(f"{name} {subject.text(unknown)}")
    said = f"Dalam kelas {str(label).replace('_', ' ')}: {'; '.join(worst)}."
    return said + (f" Belum terpetakan: {'; '.join(blank)}." if blank else "")
