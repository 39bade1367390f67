"""The quality report of a layer as one page that stands alone: facts, map, errors, notes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import geopandas as gpd

from api.formats import area, number
from api.reports.html import environment, page_fonts, page_style
from api.reports.quality_map import COLOURS, close_up, overview
from layers.defects import Defect
from layers.layer import Layer
from layers.quality import Quality
from spatial.text import describe

__all__ = ["DEFECT_WORDS", "render_quality"]

DEFECT_WORDS: Final = {
    "overlap": "tumpang tindih",
    "gap": "celah",
    "slit": "celah terbuka",
}
#: Errors drawn close up.
_CLOSE_UPS: Final = 6
_ROWS: Final = 200


def render_quality(quality: Quality, layer: Layer) -> str:
    """Return the page as HTML, with nothing to fetch from elsewhere."""
    frame = layer.frame if isinstance(layer.frame, gpd.GeoDataFrame) else None
    real = [defect for defect in quality.defects if not defect.sliver]
    drawn = real or list(quality.defects)
    return (
        environment()
        .get_template("quality.html.j2")
        .render(
            name=Path(str(quality.summary["file"])).name,
            summary=quality.summary,
            coverage=quality.coverage,
            defects=list(enumerate(quality.defects[:_ROWS], 1)),
            more=max(len(quality.defects) - _ROWS, 0),
            real=len(real),
            words=DEFECT_WORDS,
            colours=COLOURS,
            map="" if frame is None else overview(frame, quality.defects),
            close_ups=_close_ups(layer, drawn[:_CLOSE_UPS]),
            notes=[(note.level, describe(note)[0]) for note in quality.notes],
            duplicates=quality.duplicates[:_ROWS],
            nulls=quality.nulls,
            areas=quality.areas[:_ROWS],
            area=area,
            number=number,
            css=page_style(),
            fonts=page_fonts(),
        )
    )


def _close_ups(layer: Layer, defects: list[Defect]) -> list[tuple[int, Defect, str]]:
    if not isinstance(layer.frame, gpd.GeoDataFrame):
        return []
    return [
        (place, defect, close_up(layer.frame, defect)) for place, defect in enumerate(defects, 1)
    ]
