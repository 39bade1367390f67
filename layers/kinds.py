"""Kinds of layers: small declarations from which columns are recognised and renamed once."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from spatial.errors import SchemaError

__all__ = ["Kind", "declared", "kind_named", "kinds", "recognise"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of layer.

    Parameters
    ----------
    name, title : str
    geometry : tuple of str
        Geometry types; empty for tables.
    partition : bool
        Whether features must neither overlap nor leave gaps.
    rank : int
        Where several kinds fit, the higher wins.
    needs : tuple of tuple of str
        The kind fits when all columns of one group are there.
    columns : mapping of our name to official names
    derived : mapping of a new column to the columns whose first filled value it takes
    numbers, codes : tuple of str
        Columns read as numbers; columns kept as text, whatever the file made of them.
    dates : tuple of str
        Columns of days.
    units, area : mapping of column to unit
        Of numbers; of areas that the geometry must agree with ("ha", "m2", "km2").
    key : tuple of str
        Columns that name a feature.
    code_lists : tuple of str
        Names in `layers.code_lists`.
    legal : tuple of str
        Metadata without which the layer cannot carry a finding.
    index : str
        Column by which a new version is indexed for areas; empty where none is.
    """

    name: str
    title: str
    geometry: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...]
    rank: int = 10
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    derived: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    numbers: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    partition: bool = False
    dates: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    area: Mapping[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    code_lists: tuple[str, ...] = ()
    legal: tuple[str, ...] = ()
    index: str = ""

    def rename(self, columns: Iterable[str]) -> dict[str, str]:
        """Return official name -> our name for the columns of a file.

        Every column becomes small letters; the first alias that is there takes our name.

        Examples
        --------
        >>> kind_named("pola_ruang").rename(["KODZON_1", "NAMOBJ", "Shape_Area"])
        {'KODZON_1': 'kodzon', 'NAMOBJ': 'namobj', 'Shape_Area': 'shape_area'}
        """
        plain = {column: column.strip().lower() for column in columns}
        by_lower = {lower: column for column, lower in reversed(plain.items())}
        for ours, aliases in self.columns.items():
            for alias in aliases:
                if (found := by_lower.get(alias.lower())) and ours not in plain.values():
                    plain[found] = ours
                    break
        return plain

    def fits(self, columns: Iterable[str]) -> bool:
        """Say whether a file with these columns may be of this kind."""
        ours = set(self.rename(columns).values())
        return any(set(group) <= ours for group in self.needs)


#: Names a file of further declarations, for kinds that only one agency has.
MORE_KINDS: Final = "TATARUANG_KINDS"


def kinds() -> dict[str, Kind]:
    """Return every kind by name: those of the engine, and those of the file TATARUANG_KINDS."""
    return _kinds(os.environ.get(MORE_KINDS, ""))


@cache
def _kinds(more: str) -> dict[str, Kind]:
    found = declared((resources.files("layers") / "kinds.toml").read_text(encoding="utf-8"))
    return found | declared(Path(more).read_text(encoding="utf-8")) if more else found


def declared(text: str) -> dict[str, Kind]:
    """Read declarations of kinds; one table is one kind, as the head of kinds.toml says.

    Raises
    ------
    SchemaError
        `kind_declaration`, naming the kind and what is wrong with it.

    Examples
    --------
    >>> text = '''
    ... [embung]
    ... title = "Embung"
    ... geometry = ["Polygon"]
    ... needs = [["nama_embung"]]
    ... columns = { nama_embung = ["NAMA_EMB"] }
    ... '''
    >>> declared(text)["embung"].rename(["NAMA_EMB"])
    {'NAMA_EMB': 'nama_embung'}
    """
    known = {one.name for one in fields(Kind)} - {"name"}
    found = {}
    for name, said in tomllib.loads(text).items():
        strange = sorted(said.keys() - known) or sorted(
            {"title", "geometry", "needs"} - said.keys()
        )
        if strange:
            raise SchemaError(
                "the declaration of kind {name} has a fault at: {keys}",
                code="kind_declaration",
                hint="It needs title, geometry and needs; the head of layers/kinds.toml says all",
                name=name,
                keys=", ".join(strange),
            )
        found[name] = Kind(name=name, **{key: _frozen(value) for key, value in said.items()})
    return found


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(one) for one in value)
    return {k: _frozen(v) for k, v in value.items()} if isinstance(value, dict) else value


def kind_named(name: str) -> Kind:
    """Return a kind by its name.

    Raises
    ------
    SchemaError
        If there is none; the nearest name is suggested.
    """
    if name in kinds():
        return kinds()[name]
    near = get_close_matches(name, kinds(), n=1)
    raise SchemaError(
        "there is no kind of layer {name!r}",
        code="kind_unknown",
        hint="Nearest: {near}. Known: {known}",
        name=name,
        near=near[0] if near else "-",
        known=", ".join(sorted(kinds())),
    )


def recognise(columns: Iterable[str], geometry_types: Iterable[str]) -> Kind | None:
    """Return the kind whose columns are there, or None.

    Examples
    --------
    >>> recognise(["NAMOBJ", "KODZON", "LP2B_2"], ["Polygon"]).name
    'pola_ruang'
    """
    names, types = list(columns), set(geometry_types)
    found = [
        kind
        for kind in kinds().values()
        if bool(kind.geometry) == bool(types) and types <= set(kind.geometry) and kind.fits(names)
    ]
    return max(found, key=lambda kind: kind.rank, default=None)
