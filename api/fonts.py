"""The one typeface of everything people see: Source Sans Pro (OFL), from an installed package.

Its figures are tabular by default, so numbers in tables align.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["FAMILY", "font_file", "font_folder", "use_in_matplotlib", "web_font"]

FAMILY: Final = "Source Sans Pro"
#: Beyond Latin: superscripts, arrows, comparison, check and cross, bullets.
EXTRA_CHARACTERS: Final = (
    0xB2,
    0x2032,
    0x2033,
    0x2080,
    0x2082,
    0x2190,
    0x2192,
    0x2212,
    0x2248,
    0x2264,
    0x2265,
    0x25CF,
    0x2713,
    0x2717,
)


@cache
def font_folder() -> Path:
    """Return the folder with the TTF files, found without importing the package.

    Raises
    ------
    FileNotFoundError
        If the package `font-source-sans-pro` is not installed.
    """
    spec = importlib.util.find_spec("font_source_sans_pro")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package font-source-sans-pro is not installed")
    return Path(spec.origin).parent / "files"


def font_file(weight: str = "Regular") -> Path:
    """Return the TTF file of a weight: Regular, Semibold, Bold, It, Light.

    Examples
    --------
    >>> font_file("Semibold").name
    'SourceSansPro-Semibold.ttf'
    """
    return font_folder() / f"SourceSansPro-{weight}.ttf"


@cache
def use_in_matplotlib() -> None:
    """Register the family with matplotlib; figures then name it in their own rc context."""
    from matplotlib import font_manager

    for weight in ("Regular", "It", "Semibold", "Bold"):
        font_manager.fontManager.addfont(font_file(weight))


@cache
def web_font(weight: str = "Regular") -> bytes:
    """Return a WOFF of a weight cut down to the characters that pages use, about 25 kB.

    Latin, punctuation, mathematical signs and arrows: what Indonesian and English need.
    """
    import io

    from fontTools import subset
    from fontTools.ttLib import TTFont

    options = subset.Options(
        flavor="woff", layout_features=["kern", "liga", "tnum", "subs", "sups"]
    )
    options.recalc_timestamp = False
    font = TTFont(font_file(weight), recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[*range(0x20, 0x180), *range(0x2010, 0x2040), *EXTRA_CHARACTERS])
    cutter.subset(font)
    font.flavor = "woff"
    buffer = io.BytesIO()
    font.save(buffer)
    return buffer.getvalue()
