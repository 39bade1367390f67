"""Indicators of kabupaten and kota: tables by name, brought to codes without a guess."""

from __future__ import annotations

import re
from typing import Final

import pandas as pd

from spatial.errors import SchemaError

__all__ = ["kabkota_codes"]

KIND: Final = re.compile(r"^(kabupaten|kab\.?|kota)\s+", re.IGNORECASE)


def kabkota_codes(names: pd.Series, register: pd.Series) -> pd.Series:
    """Return the code of each kabupaten or kota of a table that only has names.

    Kabupaten and kota are the one level at which names are unique in a province, once it is
    said which of the two is meant; desa are never joined by name.

    Parameters
    ----------
    names : Series of str
        "Kabupaten Cilacap", "KAB. CILACAP", "Kota Tegal", or "Cilacap" where nothing else can
        be meant: there is no kota of that name, or the table has that kota too.
    register : Series of str, index code
        Official names, e.g. of Kepmendagri.

    Returns
    -------
    Series of str
        Index as `names`.

    Raises
    ------
    SchemaError
        `kabkota_unknown` or `kabkota_ambiguous`, with the name.

    Examples
    --------
    >>> register = pd.Series({"33.22": "KAB. SEMARANG", "33.74": "KOTA SEMARANG"})
    >>> kabkota_codes(pd.Series(["Semarang", "Kota Semarang"]), register).to_list()
    ['33.22', '33.74']
    """
    known: dict[tuple[str, str], str] = {}
    for code, name in register.items():
        known[_parts(str(name))] = str(code)
    said = {_parts(str(name)) for name in names}
    return names.map(lambda name: _code(str(name), known, said))


def _parts(name: str) -> tuple[str, str]:
    """Return kind ("kab", "kota" or "") and the bare name in small letters."""
    text = " ".join(name.split())
    found = KIND.match(text)
    kind = "" if found is None else ("kota" if found[1].lower() == "kota" else "kab")
    return kind, KIND.sub("", text).strip().lower()


def _code(name: str, known: dict[tuple[str, str], str], said: set[tuple[str, str]]) -> str:
    kind, bare = _parts(name)
    if kind:
        fits = [known[(kind, bare)]] if (kind, bare) in known else []
    else:
        # A bare name beside its kota is the kabupaten; alone it may be either.
        kinds = ["kab"] if ("kota", bare) in said else ["kab", "kota"]
        fits = [known[(one, bare)] for one in kinds if (one, bare) in known]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise SchemaError(
            "{name!r} may be a kabupaten or a kota",
            code="kabkota_ambiguous",
            hint="Write Kabupaten or Kota before the name, or give the code",
            name=name[:60],
        )
    raise SchemaError(
        "{name!r} is no kabupaten or kota of the list",
        code="kabkota_unknown",
        hint="Compare its spelling with the list of codes, or give the code",
        name=name[:60],
    )
