"""What many runs of a hazard map give: the chance per cell, and 5/50/95 % of area or people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import typer
from numpy.typing import NDArray

from api.commands.hazard.maps import Maps
from api.formats import number
from api.options import atomic_path
from api.progress import Clock
from api.unit_numbers import UnitNumbers
from hazard import ClassRule, exposure, hazard_from_grid, people_exposure
from hazard.uncertainty import Chance, simulate
from layers import read
from spatial.errors import LayerError
from spatial.zonal import Grid

__all__ = [
    "By",
    "Homes",
    "Measured",
    "People",
    "PeopleColumn",
    "Runs",
    "Seed",
    "UnitId",
    "units_of",
]

#: The unit that stands for all of them together in a run.
WHOLE: Final = "semua"
#: Draws one map: the values of its cells.
Draw: TypeAlias = Callable[[np.random.Generator], NDArray[Any]]

Runs: TypeAlias = Annotated[int, typer.Option(help="Banyak ulangan")]
Seed: TypeAlias = Annotated[int, typer.Option(help="Benih; sama berarti hasil sama")]
By: TypeAlias = Annotated[Path | None, typer.Option("--by", help="Unit: desa, kecamatan")]
Homes: TypeAlias = Annotated[Path | None, typer.Option(help="Bangunan, bila --people")]
People: TypeAlias = Annotated[Path | None, typer.Option(help="Tabel penduduk per unit")]
PeopleColumn: TypeAlias = Annotated[str, typer.Option(help="Kolom jumlah")]
UnitId: TypeAlias = Annotated[str, typer.Option(help="Kolom kode unit")]


@dataclass(frozen=True)
class Units:
    """The units that amounts are summed by, with their people where those are asked for."""

    shapes: gpd.GeoDataFrame
    key: str
    people: str = ""
    homes: gpd.GeoDataFrame | None = None

    def measure(self, grid: Grid, rule: ClassRule) -> pd.Series[Any]:
        """Return amounts by unit and class, and those of all units together."""
        hazard = hazard_from_grid(grid, rule, name="bahaya")
        if self.homes is None:
            made = exposure(hazard, self.shapes, unit_id=self.key)
        else:
            made = people_exposure(
                hazard, self.shapes, unit_id=self.key, people=self.people, settlement=self.homes
            )
        amounts = made.table.set_index(["unit_id", "hazard_class"])["amount"]
        sums = amounts.groupby(level="hazard_class", sort=False).sum()
        whole = pd.concat([sums], keys=[WHOLE], names=["unit_id"])
        together: pd.Series[Any] = pd.concat([amounts, whole])
        return together


def units_of(
    by: Path | None, homes: Path | None, people: Path | None, column: str, unit_id: str, crs: Any
) -> Units | None:
    """Read the units and join their people by code; None where none are asked for."""
    if by is None:
        return None
    units = read(by, source_crs=crs)
    key = units.column(unit_id)
    if people is None:
        return Units(units.features, key)
    if homes is None:
        raise LayerError(
            "people are placed on settlements, and none are given",
            code="settlement_not_given",
            hint="Give the buildings or settlements: --homes bangunan.gpkg",
        )
    shapes, at = UnitNumbers.of(people, key).joined(units.features, key, column)
    return Units(shapes, key, at, read(homes, source_crs=crs).features)


@dataclass
class Measured:
    """Draws a map many times; keeps the chance of every cell and the quantiles of amounts.

    `hit` tells which values of a drawn map count for the chance.
    """

    grid: Grid
    rule: ClassRule
    units: Units | None
    hit: Callable[[NDArray[Any]], NDArray[np.bool_]]

    def run(
        self, draw: Draw, *, runs: int, seed: int
    ) -> tuple[NDArray[np.float64], pd.DataFrame | None]:
        """Return the chance per cell and, with units, the table of quantiles."""
        chance, clock = Chance(), Clock()

        def one(rng: np.random.Generator) -> pd.Series[Any]:
            values = draw(rng)
            chance.add(np.where(np.isnan(values), np.nan, self.hit(values)))
            clock.tell(f"ulangan {chance.runs}/{runs}", chance.runs / runs)
            if self.units is None:
                return pd.Series(dtype=float)
            return self.units.measure(self.grid.with_values(values), self.rule)

        made = simulate(one, runs=runs, seed=seed)
        return chance.share(), None if self.units is None else made.table

    def write(
        self, maps: Maps, draw: Draw, facts: dict[str, Any], *, text: str, as_json: bool
    ) -> None:
        """Run, write the map, the table and what made them, and tell the whole."""
        said = facts["parameters"]
        chance, table = self.run(draw, runs=said["runs"], seed=said["seed"])
        maps.write("peluang", chance, text)
        if table is not None:
            with atomic_path(maps.folder / "kuantil.csv") as partial:
                table.drop(WHOLE, level="unit_id").reset_index().to_csv(partial, index=False)
            whole = table.xs(WHOLE, level="unit_id")
            facts["total"] = {str(name): dict(row) for name, row in whole.iterrows()}
            facts["unit"] = "m2" if self.units and self.units.homes is None else "jiwa"
        maps.finish("ketidakpastian", facts, as_json=as_json)
        for label, row in ({} if as_json else facts.get("total", {})).items():
            low, middle, high = (number(row[name], 0) for name in ("p05", "p50", "p95"))
            typer.echo(f"  {label:<16} {middle} {facts['unit']} (5-95 %: {low} sampai {high})")
