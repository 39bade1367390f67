"""Letters for map labels, drawn from the one typeface as signed distance fields.

The map asks for ranges of 256 characters as protobuf; with them made here, labels need no
font service on the internet.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import distance_transform_edt

from api.fonts import font_file
from api.tiles.attributes import field, varint

__all__ = ["STACKS", "glyph_range"]

#: Names of font stacks in the map's style -> weight of the typeface.
STACKS: Final = {"Regular": "Regular", "Semibold": "Semibold", "Italic": "It"}
SIZE: Final = 24
BORDER: Final = 3
OVERSAMPLE: Final = 4
#: How the field is stored: 8 pixels of distance over the byte, the outline at three quarters.
RADIUS: Final = 8.0
CUTOFF: Final = 0.25
#: The map's renderer places a letter by its height above this line.
TOP_LINE: Final = 26


@lru_cache(maxsize=16)
def glyph_range(stack: str, start: int) -> bytes:
    """Return the glyphs of 256 characters from `start` on, as the map wants them.

    Parameters
    ----------
    stack : str
        A key of `STACKS`.
    start : int
        Multiple of 256.

    Examples
    --------
    >>> len(glyph_range("Regular", 0)) > 10_000
    True
    """
    font = ImageFont.truetype(
        str(font_file(STACKS[stack])), SIZE * OVERSAMPLE, layout_engine=ImageFont.Layout.BASIC
    )
    codes = [code for code in range(max(start, 32), start + 256) if not 0xD800 <= code < 0xE000]
    letters = [_glyph(font, code) for code in codes]
    body = field(1, stack.encode()) + field(2, f"{start}-{start + 255}".encode())
    return field(1, body + b"".join(letters))


def _glyph(font: ImageFont.FreeTypeFont, code: int) -> bytes:
    """Encode one glyph message; nothing for a character the typeface does not have."""
    letter = chr(code)
    left, top, right, bottom = font.getbbox(letter, anchor="ls")
    advance = round(font.getlength(letter) / OVERSAMPLE)
    if right <= left or bottom <= top:
        sizes = b"".join(_number(name, 0) for name in (3, 4, 5, 6))
        return field(3, b"\x08" + varint(code) + sizes + _number(7, advance))
    x0, y0 = int(np.floor(left / OVERSAMPLE)), int(np.floor(top / OVERSAMPLE))
    width = int(np.ceil(right / OVERSAMPLE)) - x0
    height = int(np.ceil(bottom / OVERSAMPLE)) - y0
    bitmap = _distance_field(font, letter, (x0, y0, width, height))
    return field(
        3,
        b"\x08" + varint(code) + field(2, bitmap.tobytes()) + _number(3, width)
        + _number(4, height) + _signed(5, x0) + _signed(6, -y0 - TOP_LINE)
        + _number(7, advance),
    )  # fmt: skip


def _distance_field(
    font: ImageFont.FreeTypeFont, letter: str, box: tuple[int, int, int, int]
) -> NDArray[np.uint8]:
    x0, y0, width, height = box
    size = ((width + 2 * BORDER) * OVERSAMPLE, (height + 2 * BORDER) * OVERSAMPLE)
    picture = Image.new("L", size)
    origin = ((BORDER - x0) * OVERSAMPLE, (BORDER - y0) * OVERSAMPLE)
    ImageDraw.Draw(picture).text(origin, letter, fill=255, font=font, anchor="ls")
    inside = np.asarray(picture) > 127
    distance = distance_transform_edt(~inside) - distance_transform_edt(inside)
    half = OVERSAMPLE // 2
    pixels = distance[half::OVERSAMPLE, half::OVERSAMPLE] / OVERSAMPLE
    level = 255.0 - 255.0 * (pixels / RADIUS + CUTOFF)
    return np.clip(np.rint(level), 0, 255).astype(np.uint8)


def _number(name: int, value: int) -> bytes:
    return varint(name << 3) + varint(value)


def _signed(name: int, value: int) -> bytes:
    return varint(name << 3) + varint(value << 1 if value >= 0 else (-value << 1) - 1)
