"""What the studies read from an office's files, and what they leave in a folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import typer

from api.options import atomic_path
from api.reports.document import SAMPLE, Document, document_html, document_pdf, is_sample
from layers import read
from layers.poverty import codes, find_code_column, numbers, refuse_personal
from spatial.errors import LayerError

__all__ = ["coded", "column", "deliver", "joined", "largest_klb", "names", "numbered"]

NAMES = ("nama", "namobj", "nama_desa", "wadmkd", "wadmkc", "kodblk")


def coded(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Index a frame by its codes where it has any."""
    name = find_code_column(frame.columns)
    return frame if name is None else frame.set_index(codes(frame[name]))


def numbered(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Index sites by their codes, or by their rows where several carry the code of one desa."""
    name = find_code_column(frame.columns)
    alone = name is not None and frame[name].is_unique and bool(frame[name].notna().all())
    return coded(frame) if alone else frame.reset_index(drop=True)


def names(frame: gpd.GeoDataFrame) -> pd.Series:
    """Give each area the name that its file has for it, else its code."""
    known = next((name for name in NAMES if name in frame.columns), None)
    index = pd.Series(frame.index.astype(str), frame.index)
    return index if known is None else frame[known].astype("string").fillna(index)


def joined(
    frame: gpd.GeoDataFrame, table: Path, people: str, poor: str | None, least: int
) -> gpd.GeoDataFrame:
    """Join the numbers by code; small counts of the poor stay out."""
    from layers.poverty import levels_of_codes, official_codes, protect

    found = read(table)
    refuse_personal(found.frame, what=table.name)
    named = find_code_column(found.frame.columns)
    if named is None:
        raise _missing(table.name, "kode_desa", found.frame)
    rows = found.frame.set_index(codes(found.frame[named]))
    for name in filter(None, (people, poor)):
        counts = numbers(column(rows, name)).reindex(frame.index.astype(str))
        frame = frame.assign(**{name: counts.to_numpy()})
    if poor is not None and least and official_codes(frame.index):
        mask = protect(frame[poor], frame[people], levels_of_codes(frame.index), least=least)
        return gpd.GeoDataFrame(mask.apply(frame, [poor]))
    return frame


def column(frame: pd.DataFrame, name: str) -> pd.Series:
    """Find a column; its official name may be given in the file's capitals."""
    known = name if name in frame.columns else name.lower()
    if known not in frame.columns:
        raise _missing("", name, frame)
    column: pd.Series = frame[known]
    return column


def _missing(what: str, name: str, frame: pd.DataFrame) -> LayerError:
    return LayerError(
        "there is no column {column!r}",
        code="value_column_missing",
        hint="The columns are: {columns}",
        what=what,
        column=name,
        columns=", ".join(map(str, frame.columns.drop("geometry", errors="ignore"))),
    )


def largest_klb(path: Path) -> dict[str, float]:
    """Return the KLB of each zone; the largest, where it depends on the size of a plot."""
    table = read(path).frame
    rows = table[column(table, "parameter") == "klb_maks"]
    limits = numbers(column(rows, "nilai"))
    return {str(k): float(v) for k, v in limits.groupby(column(rows, "zona")).max().items()}


def deliver(output: Path, document: Document, table: pd.DataFrame, shapes: Any) -> None:
    """Write report, table and layer, and say the answer."""
    from api.hotspots.output import write_layer

    if is_sample(shapes):
        document = replace(document, notice=f"{SAMPLE.capitalize()}.")
    with atomic_path(output / "laporan.html") as partial:
        partial.write_text(document_html(document), encoding="utf-8")
    with atomic_path(output / "laporan.pdf") as partial:
        partial.write_bytes(document_pdf(document))
    with atomic_path(output / "hasil.csv") as partial:
        table.to_csv(partial, index_label="id")
    layer = gpd.GeoDataFrame(
        table.reset_index(names="id"), geometry=shapes.geometry.reindex(table.index).to_numpy(),
        crs=shapes.crs,
    )  # fmt: skip
    with atomic_path(output / "hasil.gpkg") as partial:
        write_layer(layer, partial, driver="GPKG", layer="hasil")
    typer.echo(document.answer)
    typer.echo(f"→ {output}/laporan.html, laporan.pdf, hasil.csv, hasil.gpkg")
