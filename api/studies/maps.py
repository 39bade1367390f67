"""Maps of studies: what was found, class by class, over a plain backdrop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from api.formats import number
from api.reports.thematic import Themed, on_plane

__all__ = ["PALETTE", "kind_map"]

#: Colour and hatch by meaning; never colour alone.
PALETTE: Final[dict[str, tuple[str, str]]] = {
    "good": ("#1b7f4b", ""),
    "bad": ("#b02a37", "////"),
    "risk": ("#c05621", "\\\\\\\\"),
    "plain": ("#e4e4df", ""),
    "unknown": ("#f3f3f1", "xxxx"),
}


def kind_map(
    frame: gpd.GeoDataFrame,
    kinds: pd.Series,
    words: Mapping[str, tuple[str, str]],
    *,
    title: str,
    names: pd.Series | None = None,
    backdrop: gpd.GeoDataFrame | None = None,
) -> bytes:
    """Draw features by kind as PNG.

    Parameters
    ----------
    frame : GeoDataFrame
    kinds : Series of str, same index
        Kind of each feature; kinds without words are not drawn.
    words : mapping of kind to (word, meaning)
        In the order of drawing; the meaning is a key of `PALETTE`.
    title : str
        Of the legend.
    names : Series of str, optional
        Written into the features that have one.
    backdrop : GeoDataFrame, optional
        Drawn in grey below, such as the desa.
    """
    plane = on_plane(frame)
    ground = plane if backdrop is None else on_plane(backdrop)
    page = Themed.around(gpd.GeoDataFrame(pd.concat((plane, ground)), crs=plane.crs))
    if backdrop is not None:
        page.draw(ground, {"facecolor": "#f7f7f4", "edgecolor": "#b9bfc6"})
    for kind, (word, meaning) in words.items():
        chosen = plane[(kinds.reindex(plane.index) == kind).to_numpy(dtype=bool)]
        if len(chosen):
            colour, hatch = PALETTE[meaning]
            style = {"facecolor": colour, "edgecolor": "#5b636b", "hatch": hatch}
            page.draw(chosen, style, f"{word} ({number(len(chosen), 0)})", many=len(plane))
    if names is not None:
        shapes = np.asarray(plane.geometry.reindex(names.index).array, dtype=object)
        page.write([str(name) for name in names], list(shapes))
    return page.png(title)
