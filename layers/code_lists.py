"""Lists of codes, each of one code system: what a code means, and what a misspelt one may be."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import resources

__all__ = ["CodeList", "code_lists", "nearest", "unresolved"]


@dataclass(frozen=True, slots=True)
class CodeList:
    """Codes of one column in one code system, with source and status.

    `complete` is False where other codes exist beside those listed.
    """

    name: str
    system: str
    column: str
    source: str
    status: str
    complete: bool
    values: Mapping[str, str]


@cache
def code_lists() -> dict[str, CodeList]:
    """Return every list by name.

    Examples
    --------
    >>> code_lists()["rdtr_atr_2021"].values["R-2"]
    'Perumahan Kepadatan Tinggi'
    >>> code_lists()["rdtr_pu_2011"].values["K-1"], code_lists()["rdtr_atr_2018"].values["K-1"]
    ('Perdagangan dan Jasa Tunggal', 'Perdagangan dan Jasa Skala Kota')
    """
    text = (resources.files("layers") / "code_lists.toml").read_text(encoding="utf-8")
    return {name: CodeList(name=name, **said) for name, said in tomllib.loads(text).items()}


def nearest(code: str, known: Iterable[str]) -> str | None:
    """Return the known code that a misspelt one most resembles: a suggestion, never an answer.

    Examples
    --------
    >>> nearest("Permukiman Pedesaan", ["Permukiman Perdesaan", "Permukiman Perkotaan"])
    'Permukiman Perdesaan'
    >>> nearest("r2", ["R-1", "R-2", "P-1"])
    'R-2'
    """
    by_plain = {_plain(one): one for one in known}
    if (same := by_plain.get(_plain(code))) is not None:
        return same
    found = get_close_matches(_plain(code), by_plain, n=1, cutoff=0.7)
    return by_plain[found[0]] if found else None


def _plain(code: str) -> str:
    return "".join(letter for letter in code.lower() if letter.isalnum())


def unresolved(value: object) -> bool:
    """Say whether a class names two at once, as plans do where forest and plan disagree.

    Examples
    --------
    >>> unresolved("Kawasan Hutan Lindung / Kawasan Permukiman Perdesaan")
    True
    >>> unresolved("Kawasan Suaka Alam/Kawasan Pelestarian Alam"), unresolved("R-2")
    (True, False)
    """
    parts = [part.strip() for part in str(value).split("/")]
    return len(parts) > 1 and all(len(part) > 1 for part in parts)
