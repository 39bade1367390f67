"""The desk of early warning: takes readings, writes states and CAP messages, tells what changed.

The command and the HTTP service sit at the same desk. Beside readings it keeps nothing but the
log of changes and the messages, so it can be opened again anywhere.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from api.options import atomic_path
from hazard.warning import (
    NORMAL,
    CapSettings,
    Change,
    Impact,
    ImpactIndex,
    Monitor,
    Sorted,
    cap_xml,
    load_stations,
    parse_readings,
)
from hazard.warning.cap import headline, identifier, reference
from spatial.errors import LayerNotFoundError

__all__ = ["Desk", "as_dict", "desk_of"]

#: An answer lists so many readings that were not used, with the reason of each.
SHOWN = 100
#: Files of a workspace that has early warning.
ROOM, STATIONS, INDICES = "peringatan", "stasiun.toml", "indeks"


class Desk:
    """One place where readings come in.

    Parameters
    ----------
    stations : Path
        The file of stations and thresholds.
    folder : Path
        Where the log (`catatan.jsonl`), messages (`cap/`) and `tidak_dipakai.csv` go.
    indices : Path, optional
        Folder of impact indices, see `hazard.warning.prepare`.
    """

    def __init__(
        self,
        stations: Path,
        folder: Path,
        indices: Path | None = None,
        settings: CapSettings | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.settings = settings or CapSettings("tataruang@localhost", "tataruang (uji coba)")
        self.monitor = Monitor(load_stations(stations), folder / "catatan.jsonl")
        found = sorted(indices.glob("*.parquet")) if indices is not None else []
        self.indices = {index.station: index for index in map(ImpactIndex.read, found)}
        self.sent = {
            station: [reference(station, after, time, self.settings) for after, time in told]
            for station, told in self.monitor.open_changes().items()
        }
        self._lock, self._requests = threading.Lock(), threading.Lock()

    def take(
        self, lines: Iterable[str], now: datetime | None = None
    ) -> Iterator[tuple[Change, Impact | None]]:
        """Take readings, CSV or JSON lines, and yield what they change."""
        for item in parse_readings(lines):
            with self._lock:
                if isinstance(item, tuple):
                    self.monitor.readings.bad.append(item)
                    continue
                change = self.monitor.take(item, now)
                told = None if change is None else self._tell(change)
            if told is not None:
                yield told

    def answer(self, lines: Iterable[str], now: datetime) -> dict[str, Any]:
        """Take the readings of one request; return what they change and what was not used."""
        with self._requests:
            self.monitor.readings = Sorted()
            changes = [as_dict(*told) for told in self.take(lines, now)]
            return {
                "changes": changes,
                "readings": self.monitor.readings.counts(),
                "rejected": self.rejected().head(SHOWN).to_dict("records"),
            }

    def silent(self, now: datetime) -> Iterator[tuple[Change, Impact | None]]:
        """Yield the stations that have fallen silent."""
        with self._lock:
            told = [self._tell(change) for change in self.monitor.check(now)]
        yield from told

    def states(self, now: datetime) -> list[dict[str, Any]]:
        """Return the state of every station at a moment, when it was read, and whom it concerns.

        `impact` is that of the last reading, null where nothing is known to be reached.
        """
        return [self._state(name, now) for name in self.monitor.stations]

    def _state(self, name: str, now: datetime) -> dict[str, Any]:
        station, standing = self.monitor.stations[name], self.monitor.standing(name)
        index = self.indices.get(name)
        impact = None if index is None or standing is None else index.at(standing)
        level = None if standing is None else standing.level
        return {
            "station": name,
            "name": station.name,
            "kind": station.kind,
            "lon": station.lon,
            "lat": station.lat,
            "state": self.monitor.state(name, now),
            "severity": None if level is None else level.severity,
            "since": None if standing is None else standing.time.isoformat(),
            "read_at": _instant(None if standing is None else standing.last_time),
            "value": None if standing is None else standing.value,
            "unit": station.unit,
            "impact": None if impact is None else impact.to_dict(),
        }

    def newest(self) -> datetime | None:
        """Return the time of the newest reading that came."""
        found = self.monitor.readings
        times = [reading.time for reading in (*found.good, *found.late, *found.repeated)]
        return max(times) if times else None

    def rejected(self) -> pd.DataFrame:
        """Return what could not be used, each with its reason; nothing is lost."""
        found = self.monitor.readings
        rows = list(found.bad)
        for reason, readings in (("terlambat", found.late), ("berulang", found.repeated)):
            rows += [
                (r.line, reason, f"{r.station} {r.time.isoformat()} {r.value}") for r in readings
            ]
        return pd.DataFrame(sorted(rows), columns=["baris", "alasan", "isi"])

    def _tell(self, change: Change) -> tuple[Change, Impact | None]:
        """Look up whom a change concerns, and write its message."""
        station = change.station.id
        index = self.indices.get(station)
        impact = None if index is None else index.at(change)
        before = self.sent.setdefault(station, [])
        if change.after != NORMAL or before:
            text = cap_xml(change, impact, self.settings, references=before)
            name = identifier(station, change.after, change.time)
            with atomic_path(self.folder / "cap" / f"{name}.xml") as partial:
                partial.write_text(text, encoding="utf-8")
            before.append(reference(station, change.after, change.time, self.settings))
            if change.after == NORMAL:
                before.clear()
        return change, impact


def _instant(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def as_dict(change: Change, impact: Impact | None) -> dict[str, Any]:
    """Return a change with whom it concerns, ready for JSON."""
    return change.to_dict() | {
        "headline": headline(change),
        "impact": None if impact is None else impact.to_dict(),
    }


def desk_of(workspace: Path | None) -> Desk:
    """Open the desk of a workspace: `peringatan/stasiun.toml`, `peringatan/indeks/`.

    Raises
    ------
    LayerNotFoundError
        `warning_not_set_up`.
    """
    room = None if workspace is None else workspace / ROOM
    if room is None or not (room / STATIONS).is_file():
        raise LayerNotFoundError(
            "this workspace has no stations",
            code="warning_not_set_up",
            hint="Write {room}/{stations}, and prepare indices into {room}/{indices}",
            room=ROOM,
            stations=STATIONS,
            indices=INDICES,
        )
    indices = room / INDICES
    return Desk(room / STATIONS, room, indices if indices.is_dir() else None)
