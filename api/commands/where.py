"""`tataruang where`: where in an area an activity may be built, as layer and table."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely
import typer
from rich.table import Table
from shapely.geometry.base import BaseGeometry

from api.engine import Engine, today
from api.formats import number
from api.options import AsJson, SourceCrs, WorkspaceOption, atomic_path
from api.terminal import console
from layers.reading import read
from spatial.crs import LONLAT, project
from spatial.errors import LayerError
from spatial.text import describe
from zoning.ground import ZoneMap, ground_on
from zoning.siting import Siting, siting

__all__ = ["where"]

SUFFIXES: Final = (".geojson", ".gpkg", ".xlsx", ".csv")
WORDS: Final = {
    "boleh": "Boleh",
    "bersyarat": "Boleh, terbatas atau bersyarat",
    "belum_pasti": "Belum dapat dipastikan",
    "dilarang": "Tidak boleh",
    "tanpa_rencana": "Di luar semua rencana",
}


def where(
    workspace: WorkspaceOption,
    output: Annotated[
        Path, typer.Option("--output", "-o", help=f"Hasil / result: {', '.join(SUFFIXES)}")
    ],
    kegiatan: Annotated[str, typer.Option(help="Kegiatan / activity of the matrix")] = "",
    kbli: Annotated[str, typer.Option(help="Kode KBLI / business classification")] = "",
    area: Annotated[
        str | None,
        typer.Option(
            help="Berkas poligon, atau barat,selatan,timur,utara / polygon file or w,s,e,n; "
            "tanpa: seluruh rencana"
        ),
    ] = None,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Hukum per tanggal / law of day")
    ] = None,
    source_crs: SourceCrs = None,
    as_json: AsJson = False,
) -> None:
    """Di mana suatu kegiatan boleh dibangun, dan dengan syarat apa / where it may be built."""
    _check_suffix(output)
    if bool(kegiatan) == bool(kbli):
        raise typer.BadParameter("--kegiatan atau --kbli / one of them")
    engine = Engine.open(workspace)
    day = on.date() if on else today()
    found = siting(
        engine.plans, _area(engine, area, day, source_crs), on=day, kegiatan=kegiatan, kbli=kbli
    )
    with atomic_path(output) as partial:
        _write(found, partial)
    if as_json:
        typer.echo(json.dumps(_summary(found, output), ensure_ascii=False))
    else:
        _tell(found, kegiatan or f"KBLI {kbli}", output)


def _check_suffix(output: Path) -> None:
    if output.suffix.lower() not in SUFFIXES:
        raise LayerError(
            "{name}: places cannot be written as {suffix}",
            code="where_suffix",
            hint="Use one of {known}",
            name=output.name,
            suffix=output.suffix or "-",
            known=", ".join(SUFFIXES),
        )


def _area(engine: Engine, text: str | None, on: date, source_crs: str | None) -> BaseGeometry:
    """Return the area asked about on the plane of areas."""
    plane = engine.plans[0].meta.area_crs
    if text is None:
        return _everything(engine, on)
    corners = _corners(text)
    if corners is not None:
        shapes = np.empty(1, dtype=object)
        shapes[0] = shapely.box(*corners)
        return _on_plane(shapes, LONLAT, plane)
    frame = read(Path(text), source_crs=source_crs, repair=False).features
    return _on_plane(np.asarray(frame.geometry.dropna().array, dtype=object), frame.crs, plane)


def _corners(text: str) -> tuple[float, float, float, float] | None:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return west, south, east, north


def _on_plane(shapes: Any, source: Any, plane: str) -> BaseGeometry:
    valid = shapely.is_valid(shapes) & (shapely.get_dimensions(shapes) == 2)
    if not len(shapes) or not valid.all():
        raise LayerError(
            "the area asked about holds no polygon, or one that crosses itself",
            code="where_area",
            hint="Give polygons, or west,south,east,north in degrees",
        )
    return shapely.union_all(project(shapes, source, plane))


def _everything(engine: Engine, on: date) -> BaseGeometry:
    """Return the ground of all plans in force."""
    grounds = [ground_on(plan, on) for plan in engine.plans if plan.meta.in_force(on)]
    maps = [ground.zones for ground in grounds if isinstance(ground.zones, ZoneMap)]
    return shapely.union_all([shapely.union_all(one.whole.pieces) for one in maps])


def _write(found: Siting, target: Path) -> None:
    suffix = target.suffix.lower()
    table = pd.DataFrame(found.parts.drop(columns="geometry"))
    if suffix == ".csv":
        table.to_csv(target, index=False, lineterminator="\n")
    elif suffix == ".xlsx":
        table.to_excel(target, index=False, freeze_panes=(1, 0), sheet_name="Letak")
    else:
        shapes = np.asarray(found.parts.geometry.array, dtype=object)
        moved = project(shapes, found.parts.crs, LONLAT)
        if suffix == ".gpkg":
            gpd.GeoDataFrame(table, geometry=moved, crs=LONLAT).to_file(target, driver="GPKG")
        else:
            target.write_bytes(_geojson(table, moved))


def _geojson(table: pd.DataFrame, shapes: Any) -> bytes:
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    features = [
        {"type": "Feature", "geometry": shapely.geometry.mapping(shape), "properties": row}
        for shape, row in zip(shapes, rows, strict=True)
    ]
    body = {"type": "FeatureCollection", "features": features}
    return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)


def _summary(found: Siting, output: Path) -> dict[str, Any]:
    return {
        "area_ha": round(found.area_ha, 4),
        "totals_ha": {name: round(area, 4) for name, area in found.totals().items()},
        "rows": len(found.parts),
        "notes": [note.to_dict() for note in found.notes],
        "output": str(output),
    }


def _tell(found: Siting, activity: str, output: Path) -> None:
    screen = console()
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
    for head in ("Izin", "Zona", "Rencana", "Syarat dan ketentuan"):
        table.add_column(head, overflow="fold")
    table.add_column("Luas (ha)", justify="right", no_wrap=True)
    shown = found.parts[found.parts["status"].isin(("boleh", "bersyarat", "belum_pasti"))]
    for row in shown.head(15).to_dict("records"):
        rules = "; ".join(part for part in (row["ketentuan"], row["syarat"]) if part)
        cells = (str(row["izin"]), str(row["zona"]), str(row["rencana"]), rules)
        table.add_row(*cells, number(float(row["luas_ha"]), 2))
    screen.print(f"{activity}: {number(found.area_ha, 2)} ha ditanyakan\n")
    screen.print(table)
    screen.print()
    for status, area in found.totals().items():
        screen.print(f"{number(area, 2):>14} ha  {WORDS[status]}")
    for note in found.notes:
        screen.print(f"! {describe(note)[0]}", soft_wrap=True)
    screen.print(f"Tersimpan: {output}", soft_wrap=True)
