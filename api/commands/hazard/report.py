"""`tataruang hazard report`: one call gives the page, the PDF, the workbook and the maps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import geopandas as gpd
import pandas as pd
import typer

from api.commands.exposure import read_hazard
from api.options import SourceCrs, atomic_path
from api.reports.document import Figure, document_html, document_pdf
from api.reports.exposure_table import write_sheets
from api.reports.hazard_map import HazardSheet, draw_hazard_map
from api.reports.hazard_report import Subject, hazard_document, spoken, workbook_sheets
from api.unit_numbers import UnitNumbers
from hazard import Exposure, Hazard, exposure, people_exposure
from layers import Layer, read
from spatial.errors import LayerError, SchemaError
from spatial.text import describe

__all__ = ["report"]


def report(
    hazard: Annotated[
        list[Path], typer.Option("--hazard", "-H", help="Peta bahaya; boleh beberapa kali")
    ],
    by: Annotated[Path, typer.Option("--by", help="Desa")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder laporan")],
    classes: Annotated[str | None, typer.Option(help="Aturan kelas atau .toml")] = None,
    column: Annotated[str, typer.Option(help="Kolom kelas pada poligon bahaya")] = "kelas",
    mapped: Annotated[Path | None, typer.Option(help="Wilayah kajian poligon bahaya")] = None,
    homes: Annotated[Path | None, typer.Option(help="Bangunan atau permukiman")] = None,
    people: Annotated[Path | None, typer.Option(help="Tabel penduduk per desa")] = None,
    people_column: Annotated[str, typer.Option(help="Kolom jumlah jiwa")] = "jumlah_penduduk",
    poor_column: Annotated[
        str | None, typer.Option(help="Kolom rumah tangga miskin pada tabel penduduk")
    ] = None,
    roads: Annotated[Path | None, typer.Option(help="Jalan")] = None,
    facilities: Annotated[Path | None, typer.Option(help="Sekolah, puskesmas, ...")] = None,
    farmland: Annotated[Path | None, typer.Option(help="Sawah, lahan pertanian")] = None,
    unit_id: Annotated[str, typer.Option(help="Kolom kode desa")] = "kode_desa",
    unit_name: Annotated[str, typer.Option(help="Kolom nama desa")] = "nama_desa",
    parent: Annotated[str, typer.Option(help="Kolom kecamatan; tanpa itu dari kode")] = (
        "nama_kec"
    ),
    title: Annotated[str, typer.Option(help="Judul")] = "Laporan paparan bahaya",
    office: Annotated[str, typer.Option(help="Kepala surat")] = "",
    notice: Annotated[str, typer.Option(help="Peringatan, mis. data contoh")] = "",
    nodata: Annotated[float | None, typer.Option(help="Nilai tanpa data raster")] = None,
    source_crs: SourceCrs = None,
) -> None:
    """Buat laporan BPBD: HTML, PDF, XLSX dan peta A3 / the disaster agency's report."""
    units = read(by, source_crs=source_crs)
    key = units.column(unit_id)
    names, parents = _names(units, key, unit_name, parent)
    made = [
        read_hazard(path, classes, column=column, mapped=mapped, nodata=nodata, crs=source_crs)
        for path in hazard
    ]
    land = exposure(made, units.features, unit_id=key)
    subjects = [Subject("Lahan", land)]
    subjects += _people(made, units, key, homes, people, people_column, poor_column, source_crs)
    for label, path, count in (
        ("Bangunan", homes, True),
        ("Jalan", roads, False),
        ("Fasilitas", facilities, False),
        ("Sawah", farmland, False),
    ):
        if path is not None:
            of = read(path, source_crs=source_crs).features
            result = exposure(made, units.features, unit_id=key, of=of, count=count)
            subjects.append(Subject(label, result))
    given = (*hazard, by, mapped, homes, people, roads, facilities, farmland)
    sources = list(dict.fromkeys(path.name for path in given if path is not None))
    output.mkdir(parents=True, exist_ok=True)
    figures = _maps(made, land, units, names, sources, notice, output)
    document = hazard_document(
        subjects,
        title=title,
        subtitle=", ".join(spoken(one.name, "utama") for one in made),
        names=names,
        parents=parents,
        figures=figures,
        sources=sources,
        office=office,
        notice=notice,
    )
    with atomic_path(output / "laporan.html") as partial:
        partial.write_text(document_html(document), encoding="utf-8")
    with atomic_path(output / "laporan.pdf") as partial:
        partial.write_bytes(document_pdf(document))
    with atomic_path(output / "laporan.xlsx") as partial:
        write_sheets(workbook_sheets(subjects, names, parents), partial)
    typer.echo(document.answer)
    for note in list(dict.fromkeys(describe(n)[0] for n in land.notes))[:10]:
        typer.echo(f"! {note}", err=True)
    for path in sorted(output.iterdir()):
        typer.echo(f"→ {path}")


def _names(
    units: Layer, key: str, unit_name: str, parent: str
) -> tuple[pd.Series[str], pd.Series[str]]:
    """Names of the units and of the kecamatan above them; codes where there are no names."""
    frame = units.features
    codes = frame[key].astype(str)
    index = pd.Index(codes, name="unit_id")
    shown = frame[units.column(unit_name)].astype(str) if _has(units, unit_name) else codes
    above = frame[units.column(parent)].astype(str) if _has(units, parent) else _above(codes)
    return (
        pd.Series(shown.to_numpy(), index, dtype=object),
        pd.Series(above.to_numpy(), index, dtype=object),
    )


def _above(codes: pd.Series[str]) -> pd.Series[str]:
    """Read the kecamatan off codes of the form 33.74.01.1001; others have one in common."""
    if codes.str.contains(".", regex=False).all():
        return codes.str.rsplit(".", n=1).str[0]
    return pd.Series("Seluruh wilayah", codes.index, dtype=object)


def _has(units: Layer, name: str) -> bool:
    try:
        units.column(name)
    except SchemaError:
        return False
    return True


def _people(
    hazards: list[Hazard],
    units: Layer,
    key: str,
    homes: Path | None,
    people: Path | None,
    column: str,
    poor: str | None,
    crs: str | None,
) -> list[Subject]:
    if people is None:
        return []
    if homes is None:
        raise LayerError(
            "people are placed on settlements, and none are given",
            code="settlement_not_given",
            hint="Give the buildings or settlements: --homes bangunan.gpkg",
        )
    numbers = UnitNumbers.of(people, key)
    settlement = read(homes, source_crs=crs).features

    def placed(name: str) -> Exposure:
        joined, at = numbers.joined(units.features, key, name)
        return people_exposure(hazards, joined, unit_id=key, people=at, settlement=settlement)

    found = [Subject("Penduduk", placed(column))]
    if poor is not None:
        found.append(Subject("Rumah tangga miskin", replace(placed(poor), unit="jumlah")))
    return found


def _maps(
    hazards: list[Hazard],
    land: Exposure,
    units: Layer,
    names: pd.Series[str],
    sources: list[str],
    notice: str,
    folder: Path,
) -> list[Figure]:
    outlines = gpd.GeoDataFrame({"nama": names.to_numpy()}, geometry=units.features.geometry)
    figures = []
    for hazard in hazards:
        for scenario in hazard.scenarios:
            table = land.table
            own = table[(table["hazard"] == hazard.name) & (table["scenario"] == scenario)]
            areas: dict[Any, Any] = own.groupby("hazard_class")["amount"].sum().to_dict()
            part = "" if scenario == "utama" else f" {scenario}"
            facts = HazardSheet(
                f"Peta bahaya {spoken(hazard.name, scenario)}",
                f"{len(outlines)} unit",
                outlines,
                areas,
                sources,
                (hazard.rule.citation,),
                "nama",
                notice,
            )
            stem = f"peta_{hazard.name}{part}".replace(" ", "_")
            for form in ("png", "pdf"):
                with atomic_path(folder / f"{stem}.{form}") as partial:
                    partial.write_bytes(draw_hazard_map(hazard, scenario, facts, form=form))
            small = draw_hazard_map(hazard, scenario, facts, dpi=75)
            figures.append(Figure(small, f"{facts.title}. A3: {stem}.pdf"))
    return figures
