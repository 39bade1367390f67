"""Kinds of layers: small declarations from which columns are recognised and renamed once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib import resources

from spatial.errors import SchemaError

__all__ = ["Kind", "kind_named", "kinds", "recognise"]


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
    """

    name: str
    title: str
    geometry: tuple[str, ...]
    rank: int
    needs: tuple[tuple[str, ...], ...]
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    derived: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    numbers: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    partition: bool = False

    def rename(self, columns: Iterable[str]) -> dict[str, str]:
        """Return official name -> our name for the columns of a file.

        Every column becomes small letters; the first alias that is there takes our name.

        Examples
        --------
        >>> kind_named("pola_ruang").rename(["KODZON_1", "NAMOBJ", "Shape_Area"])
        {'KODZON_1': 'kodzon', 'NAMOBJ': 'namobj', 'Shape_Area': 'shape_area'}
        """
        plain = {column: column.strip().lower() for column in columns}
        by_lower = {lower: column for column, lower in plain.items()}
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


@cache
def kinds() -> dict[str, Kind]:
    """Return every kind by name."""
    text = (resources.files("layers") / "kinds.toml").read_text(encoding="utf-8")
    return {
        name: Kind(
            name=name,
            title=said["title"],
            geometry=tuple(said["geometry"]),
            rank=said["rank"],
            needs=tuple(tuple(group) for group in said["needs"]),
            columns={ours: tuple(names) for ours, names in said["columns"].items()},
            derived={new: tuple(names) for new, names in said.get("derived", {}).items()},
            numbers=tuple(said.get("numbers", ())),
            codes=tuple(said.get("codes", ())),
            partition=said.get("partition", False),
        )
        for name, said in tomllib.loads(text).items()
    }


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
