"""Studies of people and programmes as documents: access to services, programmes of desa."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from api.formats import number, percent
from api.reports.document import Document, Figure, Section, Table
from api.studies.common import called_by, cell, sources
from api.studies.programmes import Programmes

__all__ = ["access_document", "programmes_document"]


def access_document(
    found: pd.DataFrame,
    names: pd.Series,
    files: Sequence[str],
    *,
    reach_m: float,
    detour: float | None,
    figure: Figure | None = None,
) -> Document:
    """Write the report of a study of access; `detour` is None for ways along roads."""
    known, called = found[found["status"] == "ok"], called_by(names)
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
        _measured(detour),
        "Orang miskin dianggap tinggal menyebar seperti penduduk lain di desanya.",
    ]
    cut_off = float((known["people"] * known["no_way"]).sum())
    if cut_off >= 1 and detour is None:
        notes.append(
            f"Bagi {number(cut_off, 0)} penduduk tidak ada jalan tersambung ke layanan mana pun "
            "dalam berkas jalan; mereka dihitung di luar jangkauan."
        )
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
            Section(
                "Desa yang tidak terlayani",
                figure=figure,
                table=Table(head, rows, numbers=[1, 2, 3, 4]),
            ),
            Section("Cara menghitung", points=notes),
            sources(files),
        ],
    )


def _measured(detour: float | None) -> str:
    if detour is None:
        return (
            "Jarak menyusuri jalan, ditambah garis lurus dari rumah dan dari layanan ke jalan "
            "terdekat; jalan yang hanya bersilangan tidak dianggap bertemu."
        )
    times = f" dikali {number(detour, 2)}." if detour != 1 else ", bukan jarak jalan."
    return f"Jarak garis lurus{times}"


def programmes_document(
    found: Programmes, names: pd.Series, files: Sequence[str], figure: Figure | None = None
) -> Document:
    """Write the report of programmes against plan, hotspots and hazard."""
    table = found.table
    bad = table[table["contradicts"].fillna("") != ""]
    risky = table[table["hazard_share"] > 0]
    known = {str(code): name for code, name in called_by(names).items()}

    def place(code: object) -> str:
        return known.get(str(code), cell(code))

    def rows(part: pd.DataFrame, *columns: str) -> list[list[str]]:
        return [
            [str(name), str(row["kind"]), place(row["desa"]), *(cell(row[c]) for c in columns)]
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
                figure=figure,
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
            sources(files, found.rule.citation()),
        ],
    )
