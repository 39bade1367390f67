"""The map of each study, with its words and caption."""

from __future__ import annotations

from typing import Any, Final

import geopandas as gpd
import pandas as pd

from api.reports.document import Figure
from api.studies.maps import kind_map

__all__ = ["programme_map", "site_map", "study_map"]

#: So many first sites are shown by their rank.
TOP: Final = 5


def study_map(
    frame: gpd.GeoDataFrame,
    kinds: pd.Series,
    words: dict[str, tuple[str, str]],
    caption: str,
    **more: Any,
) -> Figure:
    """Draw features by kind, with a caption."""
    return Figure(kind_map(frame, kinds, words, title="Keterangan", **more), caption)


def site_map(
    frame: gpd.GeoDataFrame,
    table: pd.DataFrame,
    names: pd.Series,
    backdrop: gpd.GeoDataFrame | None = None,
) -> Figure:
    """Sites as points, the first ones by their rank: a site is small in a kabupaten."""
    kinds = pd.Series("open", table.index).mask(table["closed"] != "", "closed")
    kinds = kinds.mask(table["rank"] <= TOP, "first")
    points = frame.set_geometry(frame.geometry.representative_point())
    return study_map(
        points, kinds,
        {"closed": ("Tertutup", "bad"), "open": ("Terbuka", "plain"),
         "first": (f"{TOP} teratas", "good")},
        "Calon lokasi; angka adalah urutannya.",
        backdrop=backdrop,
        names=table.loc[table["rank"] <= TOP, "rank"].astype(int).astype(str),
    )  # fmt: skip


def programme_map(
    frame: gpd.GeoDataFrame, table: pd.DataFrame, villages: gpd.GeoDataFrame
) -> Figure:
    """Draw programmes by what was found of them, over the desa."""
    kinds = pd.Series("fine", table.index).mask(table["hazard_share"] > 0, "risky")
    kinds = kinds.mask(table["contradicts"].fillna("") != "", "bad")
    return study_map(
        frame, kinds,
        {"fine": ("Tanpa catatan", "good"), "risky": ("Di kawasan bahaya", "risk"),
         "bad": ("Berlawanan dengan zona", "bad")},
        "Program desa di atas batas desa.", backdrop=villages,
    )  # fmt: skip
