"""Classes that are told apart by colour are told apart by who sees fewer colours."""

from __future__ import annotations

import gzip
import re
from itertools import combinations
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

from api.hotspots.wording import CLASS_WORDS
from api.symbology import raster_styles
from api.web.files import static_file

#: Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
SIGHTS: Final = {
    "full": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
#: CIE 1976: two colours this far apart are told apart beside each other without effort.
FAR: Final = 12.0
HATCHED: Final = ("X", "belum_pasti", "tanpa_sel")


def _matrix_tones() -> dict[str, str]:
    """Colours of the classes of the matrix, as the map has them; hatched ones aside."""
    found = static_file("izin.js")
    assert found is not None
    text = gzip.decompress(found.body).decode()
    [line] = re.findall(r"TONES = \{(.*?)\}", text)
    pairs = dict(re.findall(r'(\w+): "(#[0-9a-f]{6})"', line))
    assert set(HATCHED) < set(pairs)
    return {name: tone for name, tone in pairs.items() if name not in HATCHED}


def _sets() -> dict[str, dict[str, str]]:
    hotspots = {name: words.colour for name, words in CLASS_WORDS.items() if name != "no_answer"}
    sets: dict[str, dict[str, str]] = {"matrix": _matrix_tones(), "hotspots": hotspots}
    sets |= {name: dict(style["colours"]) for name, style in raster_styles().items()}
    return sets


def _lab(colour: str, sight: NDArray[np.float64]) -> NDArray[np.float64]:
    rgb = np.array(list(bytes.fromhex(colour.removeprefix("#")))) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(sight @ linear, 0, 1)
    xyz = (
        np.array(
            [
                [0.4124564, 0.3575761, 0.1804375],
                [0.2126729, 0.7151522, 0.0721750],
                [0.0193339, 0.1191920, 0.9503041],
            ]
        )
        @ seen
        / np.array([0.95047, 1.0, 1.08883])
    )
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("name", _sets())
def test_classes_are_told_apart(name: str, sight: str) -> None:
    labs: dict[str, Any] = {key: _lab(tone, SIGHTS[sight]) for key, tone in _sets()[name].items()}
    for one, other in combinations(labs, 2):
        assert np.linalg.norm(labs[one] - labs[other]) > FAR, (one, other)


def test_the_measure_itself_finds_red_and_green_alike() -> None:
    """A test that calls everything far apart would prove nothing."""
    red, green = "#c0504d", "#7f7f3a"
    near, far = (
        float(np.linalg.norm(_lab(red, SIGHTS[sight]) - _lab(green, SIGHTS[sight])))
        for sight in ("deuteranopia", "full")
    )
    assert near < 20 < far
