"""Stations and their thresholds: dated, cited, with different values to enter and to leave."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from hazard.rule_files import STATUSES
from spatial.errors import PlanError

__all__ = ["NORMAL", "Level", "Station", "Thresholds", "load_stations"]

#: The state below every level.
NORMAL: Final = "normal"
REQUIRED: Final = ("id", "name", "kind", "unit", "lon", "lat", "late_after_min", "range")


@dataclass(frozen=True, slots=True)
class Level:
    """A level of alert: entered at `enter`, left only beyond `leave`; `scenario` is its map."""

    name: str
    enter: float
    leave: float
    severity: str
    scenario: str | None = None


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The levels in force from a day on, from least to worst, and who set them."""

    valid_from: date
    source: str
    status: str
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Station:
    """A sensor: what it measures, what it can measure, and when its silence means not known.

    `rising` says that high values are bad; water quality such as oxygen is bad when it falls.
    `zero_m` is the reading at which a river stands at the river bed of the height model.
    """

    id: str
    name: str
    kind: str
    unit: str
    lon: float
    lat: float
    late_after: timedelta
    lowest: float
    highest: float
    thresholds: tuple[Thresholds, ...]
    rising: bool = True
    zero_m: float = 0.0
    reach_km: float = 10.0

    def thresholds_on(self, day: date) -> Thresholds:
        """Return the thresholds in force on a day.

        Raises
        ------
        PlanError
            `thresholds_not_yet`, if the first are later: no level is better than a wrong one.
        """
        valid = [item for item in self.thresholds if item.valid_from <= day]
        if not valid:
            raise PlanError(
                "station {station} has no thresholds in force on {day}",
                code="thresholds_not_yet",
                hint="The first are of {first}",
                station=self.id,
                day=day.isoformat(),
                first=self.thresholds[0].valid_from.isoformat(),
            )
        return valid[-1]

    def level(self, value: float, day: date, current: int) -> int:
        """Return the level of a value, 0 for normal, given the one that holds.

        A level is entered at its `enter`, and holds until the value is beyond its `leave`.

        Examples
        --------
        >>> levels = (Level("Siaga 3", 1.5, 1.3, "Moderate"), Level("Siaga 2", 2.0, 1.8, "Severe"))
        >>> table = Thresholds(date(2026, 1, 1), "BPBD", "contoh", levels)
        >>> station = Station("S1", "Garang", "tinggi_muka_air", "m", 110.4, -7.0,
        ...                   timedelta(minutes=30), 0.0, 12.0, (table,))
        >>> [station.level(v, date(2026, 2, 1), now) for v, now in
        ...  ((1.4, 0), (2.1, 0), (1.9, 2), (1.7, 2), (1.4, 1), (1.2, 1))]
        [0, 2, 2, 1, 1, 0]
        """
        sign = 1.0 if self.rising else -1.0
        found = 0
        for number, item in enumerate(self.thresholds_on(day).levels, start=1):
            entered = sign * value >= sign * item.enter
            held = number <= current and sign * value > sign * item.leave
            if entered or held:
                found = number
        return found


def load_stations(path: Path) -> dict[str, Station]:
    """Read stations from a TOML file: `[[stations]]`, each with `[[stations.thresholds]]`.

    Raises
    ------
    PlanError
        `stations_unreadable`, `station_incomplete`, `station_repeated`, `thresholds_disordered`.
    """
    try:
        items = tomllib.loads(path.read_text(encoding="utf-8")).get("stations", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PlanError(
            "stations file {name} cannot be read: {reason}",
            code="stations_unreadable",
            name=path.name,
            reason=str(error)[:200],
        ) from error
    stations: dict[str, Station] = {}
    for number, item in enumerate(items, start=1):
        station = _station(item, number)
        if station.id in stations:
            raise PlanError(
                "station {station} stands in the file twice",
                code="station_repeated",
                station=station.id,
            )
        stations[station.id] = station
    if not stations:
        raise PlanError(
            "stations file {name} holds no station",
            code="stations_none",
            hint="Write [[stations]] with {keys}",
            name=path.name,
            keys=", ".join(REQUIRED),
        )
    return stations


def _station(item: dict[str, Any], number: int) -> Station:
    missing = [key for key in (*REQUIRED, "thresholds") if item.get(key) in (None, "", [])]
    if missing:
        raise PlanError(
            "station {number} ({name}) does not say {missing}",
            code="station_incomplete",
            number=number,
            name=str(item.get("id", "?")),
            missing=", ".join(missing),
        )
    rising = item.get("direction", "naik") == "naik"
    tables = sorted(
        (_thresholds(table, str(item["id"]), rising) for table in item["thresholds"]),
        key=lambda table: table.valid_from,
    )
    lowest, highest = (float(end) for end in item["range"])
    return Station(
        str(item["id"]),
        str(item["name"]),
        str(item["kind"]),
        str(item["unit"]),
        float(item["lon"]),
        float(item["lat"]),
        timedelta(minutes=float(item["late_after_min"])),
        lowest,
        highest,
        tuple(tables),
        rising,
        float(item.get("zero_m", 0.0)),
        float(item.get("reach_km", 10.0)),
    )


def _thresholds(table: dict[str, Any], station: str, rising: bool) -> Thresholds:
    levels = tuple(
        Level(
            str(item["name"]),
            float(item["enter"]),
            float(item["leave"]),
            str(item.get("severity", "Unknown")),
            item.get("scenario"),
        )
        for item in table.get("levels", ())
    )
    sign = 1 if rising else -1
    enter, leave = [sign * item.enter for item in levels], [sign * item.leave for item in levels]
    ordered = enter == sorted(set(enter)) and leave == sorted(leave)
    apart = all(low < high for low, high in zip(leave, enter, strict=True))
    stated = isinstance(table.get("valid_from"), date) and table.get("source")
    if not (levels and ordered and apart and stated and table.get("status") in STATUSES):
        raise PlanError(
            "station {station}: thresholds are out of order or incomplete",
            code="thresholds_disordered",
            hint="valid_from (a date), source, status ({statuses}), and levels from least to "
            "worst, each left at a milder value than it is entered at",
            station=station,
            statuses=", ".join(STATUSES),
        )
    return Thresholds(table["valid_from"], str(table["source"]), str(table["status"]), levels)
