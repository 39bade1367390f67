"""The one typeface of everything people see: Source Sans Pro (OFL), from an installed package.

Its figures are tabular by default, so numbers in tables align.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["FAMILY", "font_file", "font_folder", "use_in_matplotlib"]

FAMILY: Final = "Source Sans Pro"


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
