"""One source of colours and hatches for web map, tiles, legend, PNG and PDF.

`zones.csv` holds zone colours with their status and source, dated 2026-11-24;
`overlays.toml` holds how layers that are no zones are drawn. An unknown code has a
colour of its own that says so: neither white nor green.
"""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

__all__ = [
    "DATED",
    "NO_DATA",
    "UNKNOWN_ZONE",
    "ZoneStyle",
    "layer_styles",
    "raster_styles",
    "zone_colour",
    "zone_styles",
]

DATED: Final = "2026-11-24"
#: Light grey for "outside every plan"; always drawn with diagonals.
NO_DATA: Final = "#eceff2"
#: A zone whose code is in no table, such as a compound class of unsettled status.
UNKNOWN_ZONE: Final = "#c9c3d6"


@dataclass(frozen=True, slots=True)
class ZoneStyle:
    """How a zone is drawn, and where its colour comes from.

    `systems` names the code lists that use the code (`rtrw`, `rdtr`); `status` is
    `resmi`, `belum_diverifikasi` or `contoh`.
    """

    code: str
    name: str
    colour: str
    systems: tuple[str, ...]
    status: str
    source: str


@cache
def zone_styles() -> dict[str, ZoneStyle]:
    """Return the style of every known zone code.

    Examples
    --------
    >>> zone_styles()["HL"].name, zone_styles()["HL"].colour
    ('Hutan Lindung', '#325f28')
    """
    text = (resources.files("api.symbology") / "zones.csv").read_text(encoding="utf-8")
    return {row["kode"]: _style(row) for row in csv.DictReader(text.splitlines())}


def _style(row: dict[str, str]) -> ZoneStyle:
    colour = "#" + "".join(f"{int(row[channel]):02x}" for channel in "rgb")
    systems = tuple(row["sistem"].split())
    return ZoneStyle(row["kode"], row["nama"], colour, systems, row["status"], row["sumber"])


def zone_colour(code: str) -> str:
    """Return the colour of a zone as "#rrggbb"; `UNKNOWN_ZONE` where none is known.

    Examples
    --------
    >>> zone_colour("R-1"), zone_colour("HL / PD") == UNKNOWN_ZONE
    ('#ffbe00', True)
    """
    style = zone_styles().get(code)
    return UNKNOWN_ZONE if style is None else style.colour


@cache
def raster_styles() -> dict[str, dict[str, Any]]:
    """Return how rasters are drawn: class rule, colour and words of each class.

    Examples
    --------
    >>> raster_styles()["banjir"]["colours"]["tinggi"]
    '#08519c'
    """
    text = (resources.files("api.symbology") / "rasters.toml").read_text(encoding="utf-8")
    return {name: entry for name, entry in tomllib.loads(text).items() if isinstance(entry, dict)}


@cache
def layer_styles() -> dict[str, dict[str, Any]]:
    """Return name, colour and hatch of layers that are no zones.

    Examples
    --------
    >>> layer_styles()["lp2b"]["hatch"]
    'diagonal'
    """
    text = (resources.files("api.symbology") / "overlays.toml").read_text(encoding="utf-8")
    return {name: entry for name, entry in tomllib.loads(text).items() if isinstance(entry, dict)}
