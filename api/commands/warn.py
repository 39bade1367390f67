"""`tataruang warn`: sensor readings become states, crossings name people and places."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import pandas as pd
import typer

from api.commands.exposure import read_hazard
from api.options import AsJson, SourceCrs, atomic_path
from hazard.warning import (
    NORMAL,
    CapSettings,
    Change,
    Impact,
    ImpactIndex,
    Monitor,
    cap_xml,
    load_stations,
    parse_readings,
)
from hazard.warning.cap import describe_change, headline, identifier, reference
from hazard.warning.prepare import prepare_indices
from layers import read
from spatial.errors import LayerError
from spatial.zonal import open_grid

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
    classes: Annotated[
        str, typer.Option(help="Aturan kelas peta skenario")
    ] = "banjir_kedalaman_bnpb",
    column: Annotated[str, typer.Option(help="Kolom kelas pada poligon skenario")] = "kelas",
    facilities: Annotated[Path | None, typer.Option(help="Sekolah, puskesmas, ...")] = None,
    shelters: Annotated[Path | None, typer.Option(help="Tempat evakuasi")] = None,
    name: Annotated[str, typer.Option(help="Kolom nama fasilitas dan tempat evakuasi")] = "nama",
    unit_id: Annotated[str, typer.Option(help="Kolom kode desa")] = "kode_desa",
    unit_name: Annotated[str, typer.Option(help="Kolom nama desa")] = "nama_desa",
    people_column: Annotated[str, typer.Option(help="Kolom jumlah")] = "jumlah_penduduk",
    river_km2: Annotated[float, typer.Option(help="Luas tangkapan awal sungai, km²")] = 1.0,
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
    numbers = read(people)
    table = pd.DataFrame(numbers.frame).set_index(numbers.frame[numbers.column(key)].astype(str))
    desa = units.features.assign(
        penduduk=units.features[key].astype(str).map(table[numbers.column(people_column)])
    )
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
        people="penduduk",
        dem=None if dem is None else open_grid(dem, crs=source_crs),
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
    known = load_stations(stations)
    output.mkdir(parents=True, exist_ok=True)
    monitor = Monitor(known, output / "catatan.jsonl")
    settings = CapSettings(sender, sender_name, status)
    writer = _Writer(output, _indices(index), settings, as_json, monitor.open_changes())
    live = readings == STDIN
    for item in parse_readings(_lines(readings)):
        if isinstance(item, tuple):
            monitor.readings.bad.append(item)
            continue
        change = monitor.take(item, datetime.now(UTC) if live and now is None else now)
        if change is not None:
            writer.tell(change)
    moment = now or (datetime.now(UTC) if live else _newest(monitor))
    for change in monitor.check(moment):
        writer.tell(change)
    _rejected(monitor, output)
    _states(monitor, moment, as_json)


def _lines(readings: str) -> Iterable[str]:
    if readings == STDIN:
        return sys.stdin
    path = Path(readings)
    if not path.is_file():
        raise LayerError("there is no file {name}", code="readings_not_found", name=readings)
    return _file_lines(path)


def _file_lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace") as stream:
        yield from stream


def _indices(folder: Path | None) -> dict[str, ImpactIndex]:
    found = sorted(folder.glob("*.parquet")) if folder is not None else []
    return {index.station: index for index in map(ImpactIndex.read, found)}


def _newest(monitor: Monitor) -> datetime:
    found = monitor.readings
    times = [reading.time for reading in (*found.good, *found.late, *found.repeated)]
    return max(times) if times else datetime.now(UTC)


class _Writer:
    """Tells of changes on the terminal and as CAP files; remembers what a later one refers to."""

    def __init__(
        self,
        folder: Path,
        indices: dict[str, ImpactIndex],
        settings: CapSettings,
        as_json: bool,
        before: dict[str, list[tuple[str, datetime]]],
    ) -> None:
        self.folder, self.indices, self.settings, self.as_json = folder, indices, settings, as_json
        self.before = {
            station: [reference(station, after, time, settings) for after, time in sent]
            for station, sent in before.items()
        }

    def tell(self, change: Change) -> None:
        """Write one change."""
        index = self.indices.get(change.station.id)
        impact = None if index is None else index.at(change)
        sent = self.before.setdefault(change.station.id, [])
        if change.after != NORMAL or sent:
            text = cap_xml(change, impact, self.settings, references=sent)
            name = identifier(change.station.id, change.after, change.time)
            with atomic_path(self.folder / "cap" / f"{name}.xml") as partial:
                partial.write_text(text, encoding="utf-8")
            sent.append(reference(change.station.id, change.after, change.time, self.settings))
            if change.after == NORMAL:
                sent.clear()
        self._show(change, impact)

    def _show(self, change: Change, impact: Impact | None) -> None:
        if self.as_json:
            body: dict[str, Any] = change.to_dict()
            body["impact"] = None if impact is None else impact.to_dict()
            typer.echo(json.dumps(body, ensure_ascii=False))
            return
        typer.echo(f"{change.time:%Y-%m-%d %H:%M}  {headline(change)}")
        if change.after != NORMAL:
            typer.echo(f"    {describe_change(change, impact)}")
        if impact is not None:
            for unit, place in impact.evacuation.items():
                typer.echo(f"    {unit}: ke {place}")


def _rejected(monitor: Monitor, folder: Path) -> None:
    """Write what could not be used, each with its reason; nothing is lost."""
    found = monitor.readings
    rows = [(line, reason, text) for line, reason, text in found.bad]
    rows += [
        (r.line, "terlambat", f"{r.station} {r.time.isoformat()} {r.value}") for r in found.late
    ]
    rows += [
        (r.line, "berulang", f"{r.station} {r.time.isoformat()} {r.value}") for r in found.repeated
    ]
    table = pd.DataFrame(sorted(rows), columns=["baris", "alasan", "isi"])
    with atomic_path(folder / "tidak_dipakai.csv") as partial:
        table.to_csv(partial, index=False)


def _states(monitor: Monitor, moment: datetime, as_json: bool) -> None:
    states = {name: monitor.state(name, moment) for name in monitor.stations}
    counts = monitor.readings.counts()
    if as_json:
        body = {"at": moment.isoformat(), "states": states, "readings": counts}
        typer.echo(json.dumps(body, ensure_ascii=False))
        return
    typer.echo(f"Keadaan pada {moment:%Y-%m-%d %H:%M %z}:")
    for name, state in states.items():
        typer.echo(f"  {monitor.stations[name].name:<32} {state.replace('_', ' ')}")
    typer.echo(
        f"Bacaan: {counts['good']} dipakai, {counts['bad']} salah, {counts['late']} terlambat, "
        f"{counts['repeated']} berulang"
    )
