"""Questions beside verdicts, checked here and computed where they can be stopped."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import shapely

from api.clock import today
from api.corners import read_corners
from api.errors import RequestError
from api.geojson import LONLAT, declared_crs, parse_geometry
from api.heavy import HeavyJudge, load
from api.plan_facts import where
from api.questions import MOST_VERTICES
from api.strict_json import parse
from api.symbology.rasters import style_of
from layers.store.base import Version
from spatial.crs import Bounds
from spatial.errors import LimitError

if TYPE_CHECKING:
    from api.hotspots.published import Asked, Form

__all__ = ["Analyst"]

#: Answers about hotspots that are kept; versions never change.
KEPT: Final = 8
KNOWN: Final = {"hazard", "of", "area", "crs"}


@dataclass
class Analyst:
    """Analyses of one service.

    Parameters
    ----------
    engine : object
    extent : (west, south, east, north)
        Degrees.
    process : HeavyJudge, optional
        Where analyses run; in this process without one.
    hidden : frozenset of str
        Layers that `engine` lacks and the process has.
    """

    engine: Any
    extent: Bounds
    process: HeavyJudge | None = None
    hidden: frozenset[str] = frozenset()
    _kept: dict[tuple[Hashable, ...], bytes] = field(default_factory=dict)

    def run(self, function: str, *args: Any) -> Any:
        """Run an analysis of ours, `"module:name"`."""
        if self.process is not None:
            return self.process.call(function, *args, hidden=self.hidden)
        return load(function)(self.engine, *args)

    def parcels(self, raw: bytes) -> dict[str, Any]:
        """Read a file of parcels; the reader confines itself."""
        from api.analyses import parcels

        return parcels(self.engine, raw)

    def corners(self, raw: bytes) -> dict[str, Any]:
        """Read the corners of a parcel, one on a line."""
        return read_corners(raw.decode("utf-8", "replace"), self.extent)

    def hazards(self) -> list[dict[str, Any]]:
        """Return hazard maps with their classes and colours."""
        from api.analyses import hazards

        return [{"name": name} | _legend(name) for name in hazards(self.engine)]

    def where(self, kegiatan: str, on: date | None, kbli: str = "") -> list[dict[str, Any]]:
        """Return how far every zone of every plan in force allows an activity.

        Raises
        ------
        RequestError
            `where_question`, unless either activity or classification is given.
        """
        if bool(kegiatan) == bool(kbli):
            raise RequestError(
                "either an activity or a KBLI is asked for",
                code="where_question",
                hint="Such as ?kegiatan=toko or ?kbli=47112",
            )
        return where(getattr(self.engine, "plans", ()), kegiatan, on or today(), kbli)

    def sources(self, layer: str | None) -> tuple[Version, ...]:
        """Return the versions that hotspots of a poverty layer, or of the only one, rest on."""
        from api.hotspots.published import poverty_layer, village_layer

        villages = village_layer(self.engine)
        return (poverty_layer(self.engine, layer), *(() if villages is None else (villages,)))

    def hotspots(self, asked: Asked, form: Form) -> bytes:
        """Return hotspots of a published poverty layer in one of the forms; the last are kept."""
        key = (asked, form, *(one.id for one in self.sources(asked.layer)))
        found = self._kept.get(key)
        if found is None:
            found = self.run("api.hotspots.published:tell", asked, form)
            self._kept[key] = found
            for old in list(self._kept)[:-KEPT]:
                self._kept.pop(old, None)
        return found

    def exposure(self, raw: bytes) -> dict[str, Any]:
        """Read a question for exposure and answer it.

        Raises
        ------
        EngineError
            What is wrong with the question, or what cannot be measured.
        """
        from api.analyses import OF

        asked = parse(raw)
        if not isinstance(asked, Mapping) or set(asked) - KNOWN:
            raise _refused("an object with hazard, of and area")
        hazard, of = asked.get("hazard"), asked.get("of")
        if not isinstance(hazard, str) or not 0 < len(hazard) <= 64:
            raise _refused("hazard as text")
        if not isinstance(of, str) or of not in OF:
            raise _refused(f"of as one of {', '.join(OF)}")
        found: dict[str, Any] = self.run("api.analyses:exposure", hazard, of, self._area(asked))
        return found | {"legend": _legend(hazard)}

    def _area(self, asked: Mapping[str, Any]) -> bytes | None:
        if asked.get("area") is None:
            return None
        crs = declared_crs(asked)
        if crs != LONLAT:
            raise _refused("the area in degrees")
        area, _ = parse_geometry(asked["area"], pointer="/area", what="area", within=self.extent)
        if shapely.get_num_coordinates(area) > MOST_VERTICES:
            raise LimitError(
                "the area has more than {most} vertices",
                code="area_too_detailed",
                hint="Send it with fewer corners",
                most=MOST_VERTICES,
            )
        wkb: bytes = shapely.to_wkb(area)
        return wkb


def _legend(name: str) -> dict[str, Any]:
    style = style_of(name) or {"nama": name, "en": name, "colours": {}, "words": {}}
    return {
        "title": style["nama"],
        "title_en": style["en"],
        "classes": [
            {"class": label, "colour": colour, "words": style["words"].get(label, label)}
            for label, colour in style["colours"].items()
        ],
    }


def _refused(wanted: str) -> RequestError:
    return RequestError(
        "the question cannot be read; it must give {wanted}",
        code="exposure_question",
        hint='An example: {{"hazard": "banjir_100", "of": "bangunan"}}',
        wanted=wanted,
    )
