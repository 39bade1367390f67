"""The door of the public store: no persons come in, and small counts stay outside.

Tiles, API, reports and every map scale are made from the store, so what is withheld here is
withheld everywhere, and the mask of the last version goes with the next one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from layers.layer import Layer
from layers.poverty.columns import codes
from layers.poverty.personal import refuse_identity, refuse_personal
from layers.poverty.privacy import LEAST, Mask, levels_of_codes, protect
from spatial.errors import AccessError
from spatial.notes import Note

__all__ = ["COUNTS", "counts_the_poor", "guard", "hidden_again", "refuse_small_counts"]

#: Kind -> (columns that count the poor, column of everyone). Columns of everyone stay.
COUNTS: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "kemiskinan": (("penduduk_miskin",), "jumlah_penduduk"),
}
#: Kinds whose rows speak of people: every sign of a person is looked for.
ABOUT_PEOPLE: Final = frozenset({*COUNTS, "penduduk"})
#: Names of columns that count the poor or what is given to them, in layers of any other kind.
POOR: Final = re.compile(
    r"miskin|desil|pra_?sejahtera|dtks|dtsen|p3ke|rtlh|tidak_?layak_?huni|bansos|(^|_)pkh($|_)"
)
#: An application names its applicant; it is judged, not published.
APPLICATIONS: Final = frozenset({"permohonan"})


def guard(
    layer: Layer, *, earlier: Mapping[str, Any] | None = None, least: int = LEAST
) -> tuple[Any, tuple[Note, ...], dict[str, Any]]:
    """Return what of a layer may be published.

    Parameters
    ----------
    layer : Layer
        As it was read.
    earlier : mapping, optional
        Provenance of the version before: its mask stays in force.
    least : int
        Least number of poor, and of others, in a shown cell.

    Returns
    -------
    frame : DataFrame
        Hidden counts are NA.
    notes : tuple of Note
    provenance : dict
        To be kept with the version: `withheld`, the mask.

    Raises
    ------
    AccessError
        If the layer names persons, shows houses, or holds small counts of the poor under
        names that tell no population to compare them with.
    SchemaError
        If codes are missing or repeat, or counts cannot be true.
    """
    kind = layer.kind.name if layer.kind else ""
    what = layer.provenance.file
    if kind in ABOUT_PEOPLE:
        refuse_personal(layer.frame, what=what)
    elif kind not in APPLICATIONS:
        refuse_identity(layer.frame, what=what)
    if kind not in APPLICATIONS:
        kept = _kept(layer.frame, kind)
        refuse_small_counts(layer.frame.drop(columns=list(kept)), what, least)
    return _withhold(layer.frame, kind, earlier, least) if kind in COUNTS else (layer.frame, (), {})


def _kept(frame: pd.DataFrame, kind: str) -> tuple[str, ...]:
    """Return the columns whose small cells will be withheld; none where nobody is counted."""
    counts, everyone = COUNTS.get(kind, ((), ""))
    return counts if everyone in frame and set(counts) <= set(frame.columns) else ()


def refuse_small_counts(frame: pd.DataFrame, what: str, least: int = LEAST) -> None:
    """Refuse counts of the poor in a layer where nobody would know what to compare them with.

    Raises
    ------
    AccessError
        `counts_unprotected_layer`.
    """
    small = [
        str(name)
        for name in frame.columns
        if name != "geometry"
        and counts_the_poor(frame[name])
        and bool((frame[name].dropna() < least).any())
    ]
    if small:
        raise AccessError(
            "{what}: columns {columns} count the poor, some in cells below {least}",
            code="counts_unprotected_layer",
            hint="Publish them as kind kemiskinan with penduduk_miskin and jumlah_penduduk: small "
            "cells are then withheld; or work in a private workspace",
            what=what,
            columns=", ".join(small),
            least=least,
        )


def hidden_again(frame: Any, kind: str, newest: Mapping[str, Any]) -> Any:
    """Return a former version of a layer without what its newest version withholds.

    Parameters
    ----------
    frame : DataFrame or GeoDataFrame
        Of the former version.
    kind : str
        Of the layer.
    newest : mapping
        Provenance of the newest version, with its mask.

    Examples
    --------
    >>> hidden = {"desa": ["33.1"], "kecamatan": [], "kabkota": [], "total": []}
    >>> frame = pd.DataFrame({"kode_desa": ["33.1", "33.2"], "penduduk_miskin": [30, 40],
    ...                       "jumlah_penduduk": [400, 400]})
    >>> newest = {"withheld": {"least": 10, "hidden": hidden}}
    >>> hidden_again(frame, "kemiskinan", newest)["penduduk_miskin"].tolist()
    [nan, 40.0]
    """
    counts = _kept(frame, kind)
    if not counts or not newest.get("withheld"):
        return frame
    mask = Mask.from_json(json.dumps(newest["withheld"]))
    hidden = mask.covers(codes(frame["kode_desa"])).to_numpy()
    return frame.assign(**{column: frame[column].mask(hidden) for column in counts})


def counts_the_poor(column: pd.Series) -> bool:
    """Say whether a column counts the poor, by its name and by holding whole numbers.

    Examples
    --------
    >>> counts_the_poor(pd.Series([3, 40], name="kk_miskin"))
    True
    >>> counts_the_poor(pd.Series([3.5, 40], name="persen_miskin"))
    False
    """
    if not POOR.search(str(column.name).lower()):
        return False
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return False
    values = column.dropna()
    return bool(len(values)) and bool(((values % 1 == 0) & (values >= 0)).all())


def _withhold(
    frame: pd.DataFrame, kind: str, earlier: Mapping[str, Any] | None, least: int
) -> tuple[pd.DataFrame, tuple[Note, ...], dict[str, Any]]:
    counts, everyone = _kept(frame, kind), COUNTS[kind][1]
    if not counts:
        return frame, (), {}
    names = codes(frame["kode_desa"])
    mask = None
    if earlier and earlier.get("withheld"):
        mask = Mask.from_json(json.dumps(earlier["withheld"]))
    for column in counts:
        mask = protect(
            frame[column].set_axis(names),
            frame[everyone].set_axis(names),
            levels_of_codes(names),
            least=least,
            earlier=mask,
        )
    if mask is None:
        return frame, (), {}
    hidden = mask.covers(names).to_numpy()
    shown = frame.assign(**{column: frame[column].mask(hidden) for column in counts})
    many = int(hidden.sum())
    notes = (
        Note(
            "cells_withheld",
            "{count} areas are withheld: fewer than {least} poor or other households, or needed "
            "to keep those hidden",
            "info",
            {"count": many, "least": mask.least},
        ),
    )
    return shown, notes if many else (), {"withheld": json.loads(mask.to_json())}
