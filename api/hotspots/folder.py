"""The folder of a report: page, PDF, maps, clusters and tables, each of the same study."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd

from api.engine import today
from api.hotspots.output import write_layer
from api.hotspots.report import build_report
from api.hotspots.study import Study
from api.options import atomic_path
from api.reports.document import document_html, document_pdf

__all__ = ["write_report"]


def write_report(
    done: Study, folder: Path, *, title: str = "Kantong kemiskinan", on: date | None = None
) -> None:
    """Write everything that is known of a study into a folder.

    `laporan.html` and `laporan.pdf`; `peta_kantong.png` and `peta_nilai.png`;
    `kelompok.gpkg`; `profil.csv`, `suara.csv`, `perubahan.csv`, `prioritas.csv`,
    `lingkaran.csv` as far as they were asked for.
    """
    report = build_report(done, title=title, on=on or today())
    _text(folder / "laporan.html", document_html(report))
    _bytes(folder / "laporan.pdf", document_pdf(report))
    pictures = [section.figure.png for section in report.sections if section.figure is not None]
    for name, png in zip(("peta_kantong", "peta_nilai"), pictures, strict=True):
        _bytes(folder / f"{name}.png", png)
    if len(done.groups.objects):
        _shapes(folder / "kelompok.gpkg", done.groups.objects)
    tables = {
        "profil": done.groups.profile if len(done.groups.profile) else None,
        "suara": done.votes,
        "perubahan": done.change,
        "prioritas": done.priority,
        "lingkaran": done.circles,
    }
    for name, table in tables.items():
        if table is not None:
            with atomic_path(folder / f"{name}.csv") as partial:
                table.to_csv(partial, index=name != "profil", index_label="id")


def _text(target: Path, text: str) -> None:
    with atomic_path(target) as partial:
        partial.write_text(text, encoding="utf-8")


def _bytes(target: Path, data: bytes) -> None:
    with atomic_path(target) as partial:
        partial.write_bytes(data)


def _shapes(target: Path, objects: gpd.GeoDataFrame) -> None:
    plain = objects.assign(members=objects["members"].map(lambda names: ", ".join(map(str, names))))
    frame = gpd.GeoDataFrame(pd.DataFrame(plain), crs=objects.crs)
    with atomic_path(target) as partial:
        write_layer(frame, partial, driver="GPKG", layer="kelompok")
