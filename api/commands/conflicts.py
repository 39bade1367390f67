"""`tataruang conflicts`: where plans contradict each other, as table, layer and map."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely
import typer
from rich.table import Table

from api.engine import Engine, today
from api.formats import day, number, percent
from api.options import AsJson, WorkspaceOption, atomic_path
from api.reports.conflict_map import draw_conflict_map, in_words
from api.reports.page import texts
from api.terminal import console
from spatial.crs import LONLAT, project
from spatial.errors import PlanError
from spatial.text import describe
from zoning.crossplan import Conflicts, plan_conflicts
from zoning.ground import ZoneMap, ground_on
from zoning.ruleset import rules_on

__all__ = ["conflicts"]


def conflicts(
    workspace: WorkspaceOption,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder hasil / output folder")],
    kegiatan: Annotated[
        str | None, typer.Option(help="Satu kegiatan saja / one activity only")
    ] = None,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Hukum per tanggal / law of day")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Pertentangan RDTR, RTRW, kawasan hutan, LSD dan LP2B / contradictions between plans."""
    engine = Engine.open(workspace)
    when = on.date() if on else today()
    _require_known(engine, kegiatan, when)
    found = plan_conflicts(engine.plans, on=when, kegiatan=kegiatan)
    files = _write(engine, found, when, kegiatan, output)
    if as_json:
        typer.echo(json.dumps(_summary(found, when, kegiatan, files), ensure_ascii=False))
        return
    _tell(found, files)


def _require_known(engine: Engine, kegiatan: str | None, on: date) -> None:
    """Refuse an activity that no matrix has: nothing would contradict, and that would be a lie."""
    if kegiatan is None:
        return
    selections = [rules_on(plan, on).select(kegiatan) for plan in engine.plans]
    if any(selection.rows for selection in selections):
        return
    near = dict.fromkeys(name for selection in selections for name in selection.suggestions)
    raise PlanError(
        "no plan knows the activity {kegiatan!r}",
        code="activity_unknown",
        hint="Perhaps: {near}",
        kegiatan=kegiatan[:80],
        near=", ".join(near) or "-",
    )


def _write(
    engine: Engine, found: Conflicts, on: date, kegiatan: str | None, folder: Path
) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"konflik.{suffix}" for suffix in ("xlsx", "geojson", "png", "json")]
    workbook, layer, picture, facts = files
    with atomic_path(workbook) as partial:
        _workbook(found, partial)
    with atomic_path(layer) as partial:
        partial.write_bytes(_geojson(found.patches))
    with atomic_path(picture) as partial:
        partial.write_bytes(
            draw_conflict_map(
                found,
                _outline(engine, on),
                engine.workspace.metric_crs,
                subtitle=_subtitle(engine, on, kegiatan),
                notice="" if engine.workspace.resmi else texts("id")["sample_notice"],
            )
        )
    with atomic_path(facts) as partial:
        body = _summary(found, on, kegiatan, files[:3])
        partial.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return files


def _workbook(found: Conflicts, target: Path) -> None:
    notes = pd.DataFrame({"catatan": [describe(note)[0] for note in found.notes]})
    with pd.ExcelWriter(target, engine="openpyxl") as book:
        table = pd.DataFrame(found.patches.drop(columns="geometry"))
        for name, frame in (("Ringkasan", found.summary), ("Pasangan", table), ("Catatan", notes)):
            frame.to_excel(book, sheet_name=name, index=False, freeze_panes=(1, 0))
            for column, cells in zip(book.sheets[name].columns, frame, strict=True):
                widest = max([len(str(cells)), *frame[cells].astype(str).str.len()])
                letter = column[0].column_letter
                book.sheets[name].column_dimensions[letter].width = min(widest + 2, 70)


def _geojson(patches: gpd.GeoDataFrame) -> bytes:
    """Return the patches in degrees, longitude first."""
    shapes = np.asarray(patches.geometry.array, dtype=object)
    moved = project(shapes, patches.crs, LONLAT) if len(shapes) else shapes
    features = [
        {"type": "Feature", "geometry": shapely.geometry.mapping(shape), "properties": row}
        for shape, row in zip(
            moved, pd.DataFrame(patches.drop(columns="geometry")).to_dict("records"), strict=True
        )
    ]
    body = {"type": "FeatureCollection", "features": features}
    return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)


def _outline(engine: Engine, on: date) -> Any:
    """Return the area of all plans in force, on the plane of their areas."""
    grounds = [ground_on(plan, on) for plan in engine.plans if plan.meta.in_force(on)]
    pieces = [
        shapely.union_all(ground.zones.whole.pieces)
        for ground in grounds
        if isinstance(ground.zones, ZoneMap)
    ]
    whole = shapely.simplify(shapely.union_all(pieces), 10.0)
    return whole if not whole.is_empty else shapely.box(0, 0, 1000, 1000)


def _subtitle(engine: Engine, on: date, kegiatan: str | None) -> str:
    asked = f"kegiatan {kegiatan}" if kegiatan else "menurut kegiatan yang diperuntukkan"
    return f"{engine.workspace.name} · hukum per {day(on)} · {asked}"


def _summary(found: Conflicts, on: date, kegiatan: str | None, files: list[Path]) -> dict[str, Any]:
    return {
        "on": on.isoformat(),
        "kegiatan": kegiatan,
        "compared_ha": round(found.compared_ha, 4),
        "conflict_ha": round(found.conflict_ha, 4),
        "summary": found.summary.round(4).to_dict("records"),
        "pairs": len(found.patches),
        "notes": [note.to_dict() for note in found.notes],
        "files": [path.name for path in files],
    }


def _tell(found: Conflicts, files: list[Path]) -> None:
    screen = console()
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
    table.add_column("Bertentangan di satu tempat", overflow="fold")
    table.add_column("Luas (ha)", justify="right", no_wrap=True)
    for row in found.summary.head(12).itertuples():
        table.add_row(in_words(str(row.kelas)), number(float(row.luas_ha), 2))  # type: ignore[arg-type]  # a column of floats
    screen.print(table)
    share = found.conflict_ha / found.compared_ha if found.compared_ha else float("nan")
    screen.print(
        f"\n{number(found.conflict_ha, 1)} ha dari {number(found.compared_ha, 1)} ha "
        f"bertentangan ({percent(share, 1)}); tiap tempat dihitung sekali"
    )
    for note in found.notes:
        screen.print(f"! {describe(note)[0]}", soft_wrap=True)
    for path in files:
        screen.print(f"Tersimpan: {path}", soft_wrap=True)
