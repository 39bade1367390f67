"""Maps of hotspots for paper and screen: classes with hatches and names, and the values behind."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
import shapely

from api.formats import number
from api.hotspots.study import Study
from api.hotspots.wording import CLASS_WORDS, ClassWords
from api.reports.thematic import NO_DATA, Themed, on_plane

__all__ = ["class_map", "value_map"]

#: Light to dark, readable in grey.
RAMP: Final = ("#fdf0dc", "#f9cf9c", "#f09c5c", "#cf5f3c", "#8e2f2f")
#: So many clusters are named on the map; more would hide it.
NAMED: Final = 12


def class_map(done: Study, *, title: str = "", notice: str = "") -> bytes:
    """Draw the classes as PNG, clusters outlined and named."""
    frame = on_plane(done.areas)
    page = Themed.around(frame, title)
    kinds = done.found.table["class"]
    for code, words in CLASS_WORDS.items():
        chosen = frame[(kinds == code).to_numpy()]
        if len(chosen):
            label = f"{words.name} ({number(len(chosen), 0)})"
            page.draw(chosen, _style(words), label, many=len(frame))
    _outline(page, done)
    return page.png("Kelas", notice)


def value_map(done: Study, *, title: str = "", notice: str = "") -> bytes:
    """Draw what was studied, in five classes of equally many areas, as PNG."""
    frame = on_plane(done.areas)
    page = Themed.around(frame, title)
    table = done.found.table
    share = bool(table["rate"].notna().any())
    values = (table["rate"] * 100 if share else table["value"]).to_numpy(dtype=np.float64)
    values = np.where(table["status"].isin(["ok", "isolate"]), values, np.nan)
    known = values[~np.isnan(values)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, 6))) if len(known) else np.zeros(1)
    for low, high, colour in zip(edges[:-1], edges[1:], RAMP[-(len(edges) - 1) :], strict=True):
        inside = (values >= low) & ((values < high) | ((values == high) & (high == edges[-1])))
        label = f"{number(low, 1)} – {number(high, 1)}{' %' if share else ''}"
        style = {"facecolor": colour, "edgecolor": "#9a8f83"}
        page.draw(frame[inside], style, label, many=len(frame))
    if np.isnan(values).any():
        page.draw(frame[np.isnan(values)], NO_DATA, "tanpa angka", many=len(frame))
    return page.png("Rasio" if share else "Nilai", notice)


def _style(words: ClassWords) -> dict[str, Any]:
    if words.code == "no_answer":
        return dict(NO_DATA)
    edge = "#ffffff" if words.code in {"hot", "cold"} else "#9aa1a8"
    return {"facecolor": words.colour, "edgecolor": edge, "hatch": words.hatch}


def _outline(page: Themed, done: Study) -> None:
    """Outline each hot cluster and write its name into it."""
    hot = done.groups.objects[done.groups.objects["class"] == "hot"]
    if hot.empty:
        return
    shapes = np.asarray(on_plane(hot).geometry.array, dtype=object)
    solid = shapely.get_dimensions(shapes) == 2
    if solid.any():
        page.outline(shapes[solid], "Batas kelompok (K1, K2, ...)")
    largest = pd.Series(hot["areas"]).rank(method="first", ascending=False) <= NAMED
    page.write(list(hot["cluster"][largest]), list(shapes[largest.to_numpy()]))
