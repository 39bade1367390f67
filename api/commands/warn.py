"""`tataruang warn`: sensor readings become states, crossings name people and places."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from api.commands.exposure import read_hazard
from api.options import AsJson, SourceCrs, ZUnit, atomic_path
from api.unit_numbers import UnitNumbers
from api.warning_desk import Desk, as_dict
from hazard.warning import NORMAL, CapSettings, Change, Impact, load_stations
from hazard.warning.cap import describe_change, headline
from hazard.warning.prepare import prepare_indices
from layers import read
from spatial.errors import LayerError
from spatial.terrain import open_heights

__all__ = ["warn"]

warn = typer.Typer(no_args_is_help=True)
STDIN: Final = "-"
StationsFile = Annotated[Path, typer.Option("--stations", help="Stasiun dan ambangnya (.toml)")]


@warn.command(short_help="Siapkan indeks dampak tiap stasiun / work out who is in reach")
def prepare(
    stations: StationsFile,
    homes: Annotated[Path, typer.Option(help="Bangunan atau permukiman")],
    by: Annotated[Path, typer.Option("--by", help="Desa")],
    people: Annotated[Path, typer.Option(help="Tabel penduduk per desa")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder indeks")],
    dem: Annotated[Path | None, typer.Option(help="DEM: genangan lewat HAND")] = None,
    scenario: Annotated[
        list[str] | None, typer.Option(help="NAMA=peta bahaya siap pakai; boleh beberapa kali")
    ] = None,
    classes: Annotated[str | None, typer.Option(help="Aturan kelas peta skenario")] = None,
    column: Annotated[str, typer.Option(help="Kolom kelas pada poligon skenario")] = "kelas",
    facilities: Annotated[Path | None, typer.Option(help="Sekolah, puskesmas, ...")] = None,
    shelters: Annotated[Path | None, typer.Option(help="Tempat evakuasi")] = None,
    name: Annotated[str, typer.Option(help="Kolom nama fasilitas dan tempat evakuasi")] = "nama",
    unit_id: Annotated[str, typer.Option(help="Kolom kode desa")] = "kode_desa",
    unit_name: Annotated[str, typer.Option(help="Kolom nama desa")] = "nama_desa",
    people_column: Annotated[str, typer.Option(help="Kolom jumlah")] = "jumlah_penduduk",
    river_km2: Annotated[float, typer.Option(help="Luas tangkapan awal sungai, km²")] = 1.0,
    z_unit: ZUnit = None,
    source_crs: SourceCrs = None,
) -> None:
    """Hitung sebelum air datang: siapa berdiri setinggi apa / who stands how high."""
    if dem is None and not scenario:
        raise LayerError(
            "neither a height model nor a scenario says where the water goes",
            code="warn_no_map",
            hint="Give --dem dem.tif, or --scenario NAME=map.tif, or both",
        )
    known = load_stations(stations)
    units = read(by, source_crs=source_crs)
    key = units.column(unit_id)
    desa, counted = UnitNumbers.of(people, key).joined(units.features, key, people_column)
    named = {
        kind: (read(path, source_crs=source_crs).features, name)
        for kind, path in (("facilities", facilities), ("shelters", shelters))
        if path is not None
    }
    maps = {
        word.partition("=")[0]: read_hazard(
            Path(word.partition("=")[2]), classes, column=column, crs=source_crs
        )
        for word in scenario or ()
    }
    made = prepare_indices(
        known,
        read(homes, source_crs=source_crs).features,
        desa,
        unit_id=key,
        unit_name=units.column(unit_name),
        people=counted,
        dem=None if dem is None else open_heights(dem, crs=source_crs, unit=z_unit),
        river_km2=river_km2,
        scenarios=maps,
        **named,
    )
    for station, index in made.items():
        target = output / f"{station}.parquet"
        with atomic_path(target) as partial:
            index.write(partial)
        near = index.things[index.things["hand_m"].notna()]
        typer.echo(f"→ {target}: {len(index.things)} tempat, {len(near)} di daerah ruas hilir")


@warn.command(short_help="Baca sensor, catat keadaan, beri peringatan / read sensors and warn")
def run(
    readings: Annotated[str, typer.Argument(help="CSV atau JSON per baris; - untuk masukan")],
    stations: StationsFile,
    output: Annotated[Path, typer.Option("--output", "-o", help="Catatan, pesan CAP, ditolak")],
    index: Annotated[Path | None, typer.Option(help="Folder hasil warn prepare")] = None,
    now: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z"], help="Saat ini; kosong: waktu bacaan"),
    ] = None,
    sender: Annotated[str, typer.Option(help="Pengirim CAP")] = "tataruang@localhost",
    sender_name: Annotated[str, typer.Option(help="Nama instansi")] = "tataruang (uji coba)",
    status: Annotated[str, typer.Option(help="Status CAP: Test, Exercise, Actual")] = "Test",
    as_json: AsJson = False,
) -> None:
    """Ubah bacaan menjadi keadaan dan peringatan / turn readings into states and warnings."""
    desk = Desk(stations, output, index, CapSettings(sender, sender_name, status))
    live = readings == STDIN
    for line in _lines(readings, live):
        for change, impact in desk.take(line, datetime.now(UTC) if live and now is None else now):
            _show(change, impact, as_json)
    moment = now or (None if live else desk.newest()) or datetime.now(UTC)
    for change, impact in desk.silent(moment):
        _show(change, impact, as_json)
    with atomic_path(output / "tidak_dipakai.csv") as partial:
        desk.rejected().to_csv(partial, index=False)
    _states(desk, moment, as_json)


def _lines(readings: str, live: bool) -> Iterator[Iterable[str]]:
    """Give a file as one piece, and what comes in by and by in pieces as it comes."""
    if live:
        yield from _pieces(sys.stdin)
        return
    path = Path(readings)
    if not path.is_file():
        raise LayerError("there is no file {name}", code="readings_not_found", name=readings)
    with path.open(encoding="utf-8", errors="replace") as stream:
        yield stream


def _pieces(stream: Iterable[str]) -> Iterator[Iterable[str]]:
    """Give each line with the head of the table, if it is one, so that each can be read alone."""
    head: str | None = None
    for line in stream:
        if head is None and line.strip() and not line.lstrip("\ufeff ").startswith("{"):
            head = line
        elif head is None or line.lstrip().startswith("{"):
            yield [line]
        else:
            yield [head, line]


def _show(change: Change, impact: Impact | None, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(as_dict(change, impact), ensure_ascii=False))
        return
    typer.echo(f"{change.time:%Y-%m-%d %H:%M}  {headline(change)}")
    if change.after != NORMAL:
        typer.echo(f"    {describe_change(change, impact)}")
    if impact is not None:
        for unit, place in impact.evacuation.items():
            typer.echo(f"    {unit}: ke {place}")


def _states(desk: Desk, moment: datetime, as_json: bool) -> None:
    states, counts = desk.states(moment), desk.monitor.readings.counts()
    if as_json:
        found = {item["station"]: item["state"] for item in states}
        body = {"at": moment.isoformat(), "states": found, "readings": counts}
        typer.echo(json.dumps(body, ensure_ascii=False))
        return
    typer.echo(f"Keadaan pada {moment:%Y-%m-%d %H:%M %z}:")
    for item in states:
        typer.echo(f"  {item['name']:<32} {item['state'].replace('_', ' ')}")
    typer.echo(
        f"Bacaan: {counts['good']} dipakai, {counts['bad']} salah, {counts['late']} terlambat, "
        f"{counts['repeated']} berulang"
    )
