"""The state of every station: levels with hysteresis, and not known when it falls silent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from hazard.warning.readings import Reading, Sorted, place_reading
from hazard.warning.stations import NORMAL, Level, Station
from spatial.errors import StoreError

__all__ = ["UNKNOWN", "Change", "Monitor"]

#: The state of a station that says nothing: never the same as normal.
UNKNOWN: Final = "tidak_diketahui"


@dataclass(frozen=True, slots=True)
class Change:
    """A station passes from one state to another.

    `level` is None for normal and for not known. `value` is what was read, None when the
    station fell silent; `last_time` is when it was last heard.
    """

    station: Station
    before: str
    after: str
    time: datetime
    last_time: datetime | None
    value: float | None
    level: Level | None
    source: str

    @property
    def worse(self) -> bool:
        """Say whether people have to be told to act: a level is entered that is above the last."""
        return self.level is not None and self._rank(self.after) > self._rank(self.before)

    def _rank(self, name: str) -> int:
        if name == UNKNOWN:
            # After silence every level is news.
            return 0
        table = self.station.thresholds_on(self.time.date())
        names = [NORMAL, *(level.name for level in table.levels)]
        return names.index(name) if name in names else 0

    def to_dict(self) -> dict[str, Any]:
        """Return the line of the log."""
        return {
            "station": self.station.id,
            "before": self.before,
            "after": self.after,
            "time": self.time.isoformat(),
            "last_time": None if self.last_time is None else self.last_time.isoformat(),
            "value": self.value,
            "unit": self.station.unit,
            "thresholds": self.source,
        }


@dataclass(slots=True)
class _State:
    """What is known of one station: the last state shown, and the level that still holds."""

    shown: str = UNKNOWN
    level: int = 0
    last: Reading | None = None
    told: list[tuple[str, datetime]] = field(default_factory=list)

    def show(self, after: str, time: datetime) -> None:
        """Note a change: what was told since all was normal is what a later message refers to."""
        self.shown = after
        if after == NORMAL:
            self.told.clear()
        else:
            self.told.append((after, time))


@dataclass(slots=True)
class Monitor:
    """Turns readings into changes of state and remembers both.

    Parameters
    ----------
    stations : mapping of id to Station
    log : Path, optional
        Every change is appended to it as a line of JSON before it is returned; a monitor that
        is started again with the same log goes on where it was.
    """

    stations: Mapping[str, Station]
    log: Path | None = None
    readings: Sorted = field(default_factory=Sorted)
    _states: dict[str, _State] = field(default_factory=dict)
    _last: dict[str, Reading] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._states = {name: _State() for name in self.stations}
        if self.log is not None and self.log.exists():
            self._resume(self.log)

    def state(self, station: str, now: datetime) -> str:
        """Return the state of a station at a moment: `UNKNOWN` if it was not heard in time."""
        kept = self._states[station]
        silent = kept.last is None or now - kept.last.time > self.stations[station].late_after
        return UNKNOWN if silent else kept.shown

    def standing(self, station: str) -> Change | None:
        """Return the last reading of a station as the state it shows; None if never heard."""
        kept, known = self._states[station], self.stations[station]
        if kept.last is None:
            return None
        table = known.thresholds_on(kept.last.time.date())
        level = table.levels[kept.level - 1] if kept.level else None
        since = kept.told[-1][1] if kept.told else kept.last.time
        after = NORMAL if level is None else level.name
        return Change(
            known, kept.shown, after, since, kept.last.time, kept.last.value, level, table.source
        )

    def open_changes(self) -> dict[str, list[tuple[str, datetime]]]:
        """Return per station the states, with their times, since it was last normal."""
        return {name: list(kept.told) for name, kept in self._states.items()}

    def take(self, reading: Reading, now: datetime | None = None) -> Change | None:
        """Take one reading; return the change that it makes, if any."""
        self.readings.trim()
        if not place_reading(reading, self.stations, self._last, self.readings, now):
            return None
        station, kept = self.stations[reading.station], self._states[reading.station]
        table = station.thresholds_on(reading.time.date())
        number = station.level(reading.value, reading.time.date(), kept.level)
        level = table.levels[number - 1] if number else None
        kept.level, kept.last = number, reading
        after = NORMAL if level is None else level.name
        if after == kept.shown:
            return None
        source = f"{table.source} ({table.valid_from.isoformat()}, {table.status})"
        change = Change(
            station,
            kept.shown,
            after,
            reading.time,
            reading.time,
            reading.value,
            level,
            source,
        )
        return self._keep(change)

    def check(self, now: datetime) -> Iterator[Change]:
        """Return the stations that have fallen silent since they were last heard."""
        for name, kept in self._states.items():
            if kept.shown != UNKNOWN and self.state(name, now) == UNKNOWN:
                heard = None if kept.last is None else kept.last.time
                yield self._keep(
                    Change(self.stations[name], kept.shown, UNKNOWN, now, heard, None, None, "")
                )

    def _keep(self, change: Change) -> Change:
        if self.log is not None:
            with self.log.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(change.to_dict(), ensure_ascii=False) + "\n")
        self._states[change.station.id].show(change.after, change.time)
        return change

    def _resume(self, log: Path) -> None:
        """Go on from the last line of each station; a level holds until a reading ends it."""
        for number, line in enumerate(log.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                item = json.loads(line)
                station = self.stations.get(item["station"])
                time = datetime.fromisoformat(item["last_time"] or item["time"])
            except (ValueError, KeyError, TypeError) as error:
                raise StoreError(
                    "line {line} of {name} is no entry of a warning log",
                    code="warning_log_damaged",
                    hint="Move the log away and keep it; a new one begins with states not known",
                    line=number,
                    name=log.name,
                ) from error
            if station is None:
                continue
            kept = self._states[station.id]
            kept.show(item["after"], datetime.fromisoformat(item["time"]))
            if item["value"] is not None:
                kept.last = Reading(station.id, time, float(item["value"]))
                self._last[station.id] = kept.last
                names = [level.name for level in station.thresholds_on(time.date()).levels]
                kept.level = names.index(item["after"]) + 1 if item["after"] in names else 0
