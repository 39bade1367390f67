"""Readings as sensors send them; what cannot be used is kept apart, with the reason."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from hazard.warning.stations import Station

__all__ = ["Reading", "Sorted", "parse_readings", "sort_readings"]

#: A clock may run ahead by this much.
AHEAD: Final = timedelta(minutes=5)
#: A line longer than this is no reading.
LONGEST_LINE: Final = 4096
KINDS: Final = ("good", "bad", "late", "repeated")
#: Of a stream without end, at least so many of each kind are remembered.
KEPT: Final = 50_000
#: Names by which senders call the three columns.
NAMES: Final = {
    "station": ("station", "stasiun", "station_id", "id"),
    "time": ("time", "waktu", "timestamp", "tanggal"),
    "value": ("value", "nilai", "tma", "reading"),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one station at one time, with the line it came from."""

    station: str
    time: datetime
    value: float
    line: int = 0


@dataclass(slots=True)
class Sorted:
    """Readings that can be used, in the order they came, and all others with their reason.

    `bad` is no reading at all or cannot be true, `late` came after a newer one of its station
    or too old to tell of the present, `repeated` was there already.
    """

    good: list[Reading] = field(default_factory=list)
    bad: list[tuple[int, str, str]] = field(default_factory=list)
    late: list[Reading] = field(default_factory=list)
    repeated: list[Reading] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """Return how many of each: together they are all that came."""
        return {name: len(getattr(self, name)) + self.dropped.get(name, 0) for name in KINDS}

    def trim(self, kept: int = KEPT) -> None:
        """Forget the oldest of a stream without end; they stay counted."""
        for name in KINDS:
            held = getattr(self, name)
            if len(held) > 2 * kept:
                self.dropped[name] = self.dropped.get(name, 0) + len(held) - kept
                del held[:-kept]


def parse_readings(lines: Iterable[str]) -> Iterator[Reading | tuple[int, str, str]]:
    """Read CSV with a header, or one JSON object a line; a line that is none yields its reason.

    Yields
    ------
    Reading, or (line, code, text)

    Examples
    --------
    >>> lines = ["stasiun,waktu,nilai", "S1,2026-11-24T07:00:00+07:00,1.5", "S1,kemarin,2"]
    >>> [item if isinstance(item, tuple) else item.value for item in parse_readings(lines)]
    [1.5, (3, 'waktu_salah', 'kemarin')]
    """
    header: list[str] | None = None
    for number, raw in enumerate(lines, start=1):
        line = raw.strip().lstrip("\ufeff")
        if not line:
            continue
        if len(line) > LONGEST_LINE:
            yield number, "baris_terlalu_panjang", line[:80]
        elif line.startswith("{"):
            yield _json_line(line, number)
        elif header is None:
            header = [name.strip().lower() for name in _cells(line)]
        else:
            yield _reading(dict(zip(header, _cells(line), strict=False)), number)


def _cells(line: str) -> list[str]:
    separator = ";" if line.count(";") > line.count(",") else ","
    return next(csv.reader([line], delimiter=separator))


def _json_line(line: str, number: int) -> Reading | tuple[int, str, str]:
    try:
        body = json.loads(line)
    except ValueError:
        return number, "json_salah", line[:80]
    return _reading({str(key).lower(): value for key, value in body.items()}, number)


def _reading(row: Mapping[str, Any], number: int) -> Reading | tuple[int, str, str]:
    found = {
        key: next((row[name] for name in names if row.get(name) not in (None, "")), None)
        for key, names in NAMES.items()
    }
    if found["station"] is None:
        return number, "stasiun_kosong", str(dict(row))[:80]
    try:
        time = datetime.fromisoformat(str(found["time"]).strip())
    except ValueError:
        return number, "waktu_salah", str(found["time"])[:80]
    if time.tzinfo is None:
        return number, "waktu_tanpa_zona", str(found["time"])[:80]
    try:
        value = float(str(found["value"]).strip().replace(",", "."))
    except ValueError:
        return number, "nilai_salah", str(found["value"])[:80]
    return Reading(str(found["station"]).strip(), time, value, number)


def sort_readings(
    items: Iterable[Reading | tuple[int, str, str]],
    stations: Mapping[str, Station],
    *,
    now: datetime | None = None,
) -> Sorted:
    """Sort readings into what can be used and what cannot.

    Parameters
    ----------
    now : datetime with a zone, optional
        When they are read; without it, each is taken as it comes, as in a replay.
    """
    out, last = Sorted(), dict[str, Reading]()
    for item in items:
        if isinstance(item, Reading):
            place_reading(item, stations, last, out, now)
        else:
            out.bad.append(item)
    return out


def place_reading(
    reading: Reading,
    stations: Mapping[str, Station],
    last: dict[str, Reading],
    out: Sorted,
    now: datetime | None,
) -> bool:
    """Put one reading where it belongs; say whether it can be used."""
    reason = _why_bad(reading, stations, now)
    before = last.get(reading.station)
    if reason is not None:
        out.bad.append((reading.line, reason, f"{reading.station} {reading.value}"))
    elif before is not None and reading.time == before.time:
        if reading.value == before.value:
            out.repeated.append(reading)
        else:
            out.bad.append(
                (reading.line, "dua_nilai_satu_waktu", f"{reading.station} {reading.value}")
            )
    elif before is not None and reading.time < before.time:
        out.late.append(reading)
    elif now is not None and now - reading.time > stations[reading.station].late_after:
        out.late.append(reading)
        last[reading.station] = reading
    else:
        out.good.append(reading)
        last[reading.station] = reading
        return True
    return False


def _why_bad(reading: Reading, stations: Mapping[str, Station], now: datetime | None) -> str | None:
    station = stations.get(reading.station)
    if station is None:
        return "stasiun_tidak_dikenal"
    if not math.isfinite(reading.value):
        return "nilai_salah"
    if not station.lowest <= reading.value <= station.highest:
        return "nilai_di_luar_alat"
    if now is not None and reading.time - now > AHEAD:
        return "jam_alat_di_depan"
    return None
