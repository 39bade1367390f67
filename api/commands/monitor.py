"""`tataruang monitor`: what has changed since it was decided, each answer with its evidence."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final

import geopandas as gpd
import pandas as pd
import typer

from api.engine import Engine, today
from api.formats import number, percent
from api.monitor_files import SUFFIXES, check_suffix, layer_of, write_table
from api.options import AsJson, SourceCrs, WorkspaceOption
from spatial.errors import LayerError
from zoning import read_permits
from zoning.monitoring import (
    building_indications,
    conversion,
    green_shares,
    ledger,
    read_limits,
    rejudge,
    rejudge_decisions,
)

__all__ = ["monitor"]

monitor = typer.Typer(no_args_is_help=True)

Output = Annotated[
    Path, typer.Option("--output", "-o", help=f"Hasil / result: {', '.join(SUFFIXES)}")
]
OnDay = Annotated[
    datetime | None,
    typer.Option("--on", formats=["%Y-%m-%d"], help="Hukum per tanggal / law of this day"),
]
#: Columns that name a building and its use, in the spellings that layers have.
BUILDING_ID: Final = ("id_bangunan", "id_bgn", "ID_BGN", "id")
BUILDING_USE: Final = ("fungsi", "FUNGSI")


@monitor.command("flips")
def flips(
    workspace: WorkspaceOption,
    output: Output,
    permits: Annotated[
        Path | None,
        typer.Option(help="Berkas izin, dinilai pada dua tanggal / judged on two days"),
    ] = None,
    before: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Hukum dahulu / then")
    ] = None,
    on: OnDay = None,
    source_crs: SourceCrs = None,
    as_json: AsJson = False,
) -> None:
    """Izin yang hasilnya berubah, dan sebabnya / permits whose answer turned, and why."""
    check_suffix(output)
    engine = Engine.open(workspace)
    day = on.date() if on else today()
    if permits is None:
        found = rejudge_decisions(engine.register.decisions(), engine.plans, on=day)
    elif before is None:
        raise typer.BadParameter("--permits juga memerlukan --from / needs --from too")
    else:
        frame = read_permits(permits, source_crs=source_crs, within=engine.extent)
        found = rejudge(frame, engine.plans, before=before.date(), after=day)
    table = pd.DataFrame([flip.to_dict() for flip in found.flips], columns=FLIP_COLUMNS)
    write_table(table, output)
    if as_json:
        body = {"total": found.total, "unchanged": found.unchanged}
        typer.echo(json.dumps(body | {"flips": table.to_dict("records")}, ensure_ascii=False))
        return
    for flip in found.flips:
        typer.echo(f"{flip.permit_id:<16} {flip.then} → {flip.now}")
        for reason in flip.reasons[:3]:
            typer.echo(f"    {reason}")
        for cause in flip.causes[:4]:
            typer.echo(f"    sebab: {cause}")
    typer.echo(f"{len(found.flips)} dari {found.total} berubah → {output}")


FLIP_COLUMNS: Final = [
    "permit_id", "nomor", "dahulu", "sekarang", "arah", "alasan", "tidak_lagi", "sebab",
    "peralihan",
]  # fmt: skip


@monitor.command("buildings")
def buildings(
    workspace: WorkspaceOption,
    output: Output,
    permits: Annotated[Path, typer.Option(help="Berkas izin yang terbit / issued permits")],
    layer: Annotated[str, typer.Option(help="Layer bangunan / layer of buildings")] = "bangunan",
    uses: Annotated[
        Path | None,
        typer.Option(help="CSV fungsi,kegiatan / which activity a use is; tanpa: padanan contoh"),
    ] = None,
    on: OnDay = None,
    source_crs: SourceCrs = None,
    as_json: AsJson = False,
) -> None:
    """Indikasi bangunan tanpa izin atau di zona terlarang / indications, with evidence."""
    check_suffix(output)
    engine = Engine.open(workspace)
    frame = layer_of(engine, layer)
    found = building_indications(
        frame,
        _issued(read_permits(permits, source_crs=source_crs, within=engine.extent)),
        engine.plans,
        on=on.date() if on else today(),
        activities=_activities(uses),
        id_column=_column(frame, BUILDING_ID, layer),
        use_column=_column(frame, BUILDING_USE, layer),
    )
    write_table(found, output)
    counts = Counter(str(kind) or "tanpa_indikasi" for kind in found["indikasi"])
    if as_json:
        typer.echo(json.dumps({"buildings": len(found), "counts": counts}))
        return
    for kind, count in sorted(counts.items()):
        typer.echo(f"{number(count, 0):>10}  {kind.replace('_', ' ')}")
    typer.echo(f"{number(len(found), 0):>10}  bangunan diperiksa → {output}")
    typer.echo("Indikasi saja: bangunan lama dan izin yang tidak terpetakan tampak sama.")


def _issued(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return permits with a parcel that can be compared."""
    usable = frame.geometry.notna() & frame.geometry.is_valid
    return frame[usable]


def _activities(path: Path | None) -> dict[str, str]:
    source = path or resources.files("zoning") / "rules" / "fungsi_bangunan.csv"
    lines = source.read_text(encoding="utf-8-sig").splitlines()
    return {row["fungsi"].strip(): row["kegiatan"].strip() for row in csv.DictReader(lines)}


def _column(frame: gpd.GeoDataFrame, names: tuple[str, ...], layer: str) -> str:
    for name in names:
        if name in frame.columns:
            return name
    raise LayerError(
        "layer {layer} has none of the columns {names}",
        code="monitor_column",
        hint="It has {known}",
        layer=layer,
        names=", ".join(names),
        known=", ".join(str(name) for name in frame.columns),
    )


@monitor.command("rth")
def rth(workspace: WorkspaceOption, output: Output, on: OnDay = None) -> None:
    """Proporsi RTH publik dan privat terhadap 30/20/10 / green open space against the law."""
    check_suffix(output)
    engine = Engine.open(workspace)
    day = on.date() if on else today()
    tables = []
    for plan in engine.plans:
        if not plan.meta.in_force(day) or not (plan.meta.rth_public or plan.meta.rth_private):
            continue
        found = green_shares(plan, on=day)
        table = found.table()
        typer.echo(f"{plan.meta.name}: {number(found.area_ha, 2)} ha")
        for row in table.to_dict("records"):
            typer.echo(
                f"  {row['jenis']:<8} {number(row['luas_ha'], 2):>12} ha"
                f"  {percent(row['bagian'], 2):>9} dari sasaran {percent(row['target'], 0)},"
                f" kurang {number(row['kurang_ha'], 2)} ha"
            )
        typer.echo(f"  {found.counted}")
        typer.echo(f"  {found.targets['sumber']} ({found.targets['status'].replace('_', ' ')})")
        tables += [table.assign(rencana=plan.id, dihitung=", ".join(found.zones["zona"]))]
    if not tables:
        raise LayerError(
            "no plan in force names zones of green open space",
            code="monitor_no_greens",
            hint="Name them in plan.toml: zona_rth, zona_rth_privat",
        )
    write_table(pd.concat(tables, ignore_index=True), output)
    typer.echo(f"Tersimpan: {output}")


@monitor.command("sawah")
def sawah(
    workspace: WorkspaceOption,
    output: Output,
    before: Annotated[str, typer.Option("--from", help="Layer dahulu / layer of then")],
    after: Annotated[str, typer.Option("--to", help="Layer kini / layer of now")],
    smallest: Annotated[
        float, typer.Option(min=0, help="Satuan terkecil, m2 / smallest patch")
    ] = 0.0,
    on: OnDay = None,
    as_json: AsJson = False,
) -> None:
    """Alih fungsi sawah antara dua tanggal, per zona / conversion of paddy between two dates."""
    check_suffix(output)
    engine = Engine.open(workspace)
    found = conversion(
        layer_of(engine, before),
        layer_of(engine, after),
        engine.plans,
        on=on.date() if on else today(),
        smallest_m2=smallest,
    )
    write_table(found.patches, output)
    totals: dict[str, Any] = {
        "dahulu_ha": found.before_ha,
        "tetap_ha": found.stayed_ha,
        "hilang_ha": found.of("hilang"),
        "bertambah_ha": found.of("bertambah"),
        "kini_ha": found.after_ha,
    }
    if as_json:
        typer.echo(json.dumps(totals | {"rows": found.table().to_dict("records")}))
        return
    for name, value in totals.items():
        typer.echo(f"{number(value, 2):>14} ha  {name.removesuffix('_ha')}")
    for row in found.table().head(12).to_dict("records"):
        where = " · ".join(str(row[k]) for k in ("rencana", "zona", "dilindungi") if row[k])
        typer.echo(f"  {row['perubahan']:<10} {number(row['luas_ha'], 2):>12} ha  {where}")
    typer.echo(f"Tersimpan: {output}")


@monitor.command("ledger")
def limits(
    workspace: WorkspaceOption,
    output: Output,
    limits_file: Annotated[
        Path | None,
        typer.Option("--limits", help="CSV batas kumulatif / cumulative limits; lihat dokumentasi"),
    ] = None,
    blocks: Annotated[
        str | None, typer.Option(help="Layer blok dengan kolom kodblk / layer of blocks")
    ] = None,
    on: OnDay = None,
    as_json: AsJson = False,
) -> None:
    """Buku batas kumulatif: jumlah T3, batas per blok / ledger of cumulative limits."""
    check_suffix(output)
    engine = Engine.open(workspace)
    found = ledger(
        engine.register.decisions(),
        engine.plans,
        on=on.date() if on else today(),
        limits=read_limits(limits_file) if limits_file else (),
        blocks=layer_of(engine, blocks) if blocks else None,
    )
    write_table(found, output)
    if as_json:
        rows = found.astype(object).where(found.notna(), None).to_dict("records")
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in found.to_dict("records"):
        what = " · ".join(str(row[k]) for k in ("rencana", "zona", "blok", "kegiatan") if row[k])
        limit = number(row["batas"], 0) if row["batas"] == row["batas"] else "?"
        state = str(row["keadaan"]).replace("_", " ")
        typer.echo(
            f"{number(row['terpakai'], 0):>8} / {limit:<8} {row['ukuran']:<18} {what}: {state}"
        )
    typer.echo(f"{len(found)} baris → {output}")
