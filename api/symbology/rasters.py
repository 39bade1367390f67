"""How rasters are drawn and called, by their names."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from api.symbology import raster_styles

__all__ = ["style_of", "titles_of"]


def style_of(name: str) -> dict[str, Any] | None:
    """Return how a raster of a name is drawn; None where nothing says so.

    Examples
    --------
    >>> style_of("banjir_100")["classes"], style_of("indeks_banjir")["classes"]
    ('banjir_kedalaman_bnpb', 'indeks_bnpb')
    >>> style_of("dem"), style_of("indeks_vegetasi")
    (None, None)
    """
    for style in raster_styles().values():
        if any(fnmatchcase(name, pattern) for pattern in style["names"]):
            return style
    return None


def titles_of(name: str) -> dict[str, str]:
    """Return what a class map is called, in both languages, with its return period.

    Examples
    --------
    >>> titles_of("banjir_100")["title"]
    'Genangan banjir 100 tahunan'
    """
    style = style_of(name) or {"nama": name, "en": name}
    if style.get("sure"):
        # Several hazards have one: the layer's own name tells them apart.
        return {"title": f"{style['nama']} ({name})", "title_en": f"{style['en']} ({name})"}
    period = name.rpartition("_")[2].lstrip("0")
    if not period.isdigit():
        return {"title": style["nama"], "title_en": style["en"]}
    return {
        "title": f"{style['nama']} {period} tahunan",
        "title_en": f"{style['en']}, {period} years",
    }
