"""What reading gives: a frame with our columns, where it came from, and all that was met."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from layers.kinds import Kind
from spatial.errors import SchemaError
from spatial.notes import Note

__all__ = ["Layer", "Provenance"]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a layer came from.

    `columns` maps each of our column names to the official one; `crs_stated` says whether
    the file itself named its CRS.
    """

    file: str
    sha256: str
    format: str
    layer: str
    crs: str | None
    crs_stated: bool
    rows: int
    columns: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready dictionary."""
        return {
            "file": self.file,
            "sha256": self.sha256,
            "format": self.format,
            "layer": self.layer,
            "crs": self.crs,
            "crs_stated": self.crs_stated,
            "rows": self.rows,
            "columns": dict(self.columns),
        }


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer that was read: `frame` (a plain DataFrame for tables), kind, origin, notes."""

    frame: gpd.GeoDataFrame | pd.DataFrame
    kind: Kind | None
    provenance: Provenance
    report: tuple[Note, ...]

    @property
    def features(self) -> gpd.GeoDataFrame:
        """The frame of a layer that has geometry.

        Raises
        ------
        SchemaError
            `no_geometry`, if the file is a table.
        """
        if isinstance(self.frame, gpd.GeoDataFrame):
            return self.frame
        raise SchemaError(
            "{file} is a table without geometry",
            code="no_geometry",
            hint="Give a layer, or a table with a column wkt or geometry",
            file=self.provenance.file,
        )

    def column(self, name: str) -> str:
        """Return our name of a column that is called by ours or by its official name.

        Case does not matter, nor whether words are parted by blanks, points or underscores,
        unless two columns differ in nothing else.

        Raises
        ------
        SchemaError
            `column_missing`, with the columns there are.
        """
        wanted = name.strip().lower()
        if wanted in self.frame.columns:
            return wanted
        for ours, official in self.provenance.columns.items():
            if official.lower() == wanted:
                return ours
        names = {str(ours): ours for ours in self.frame.columns}
        names |= {official: ours for ours, official in self.provenance.columns.items()}
        alike = {ours for called, ours in names.items() if _parted(called) == _parted(name)}
        if len(alike) == 1:
            return str(alike.pop())
        raise SchemaError(
            "{what} has no column {column!r}",
            code="column_missing",
            hint="It has: {known}",
            what=self.provenance.file,
            column=name,
            known=", ".join(self.provenance.columns.values()),
        )


def _parted(name: str) -> str:
    """Return a name with its words parted by underscores."""
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower())
