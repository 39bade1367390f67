"""`tataruang hazard weights`: how far doubts about weights of a rule carry into area and people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from api.commands.hazard.many_runs import (
    By,
    Homes,
    Measured,
    People,
    PeopleColumn,
    Runs,
    Seed,
    UnitId,
    units_of,
)
from api.commands.hazard.maps import Maps
from api.commands.hazard.overlay import factor_grids
from api.options import AsJson, SourceCrs, Yes
from hazard import ClassRule, load_rule
from hazard.overlay import overlay
from hazard.uncertainty import weights_within
from spatial.errors import LayerError

__all__ = ["weights"]


def weights(
    rule: Annotated[
        str, typer.Argument(help="Aturan berbobot, mis. longsor_pu22_2007_alami, atau .toml")
    ],
    output_dir: Annotated[Path, typer.Option("--output-dir", "-o", help="Folder hasil")],
    factor: Annotated[
        list[str], typer.Option("--factor", "-f", help="FAKTOR=raster; boleh beberapa kali")
    ],
    spread: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Rentang bobot: 0.2 berarti ±20 %")
    ] = 0.2,
    at_least: Annotated[
        str | None, typer.Option(help="Peluang sel mencapai kelas ini; kosong: kelas terberat")
    ] = None,
    runs: Runs = 200,
    seed: Seed = 0,
    by: By = None,
    homes: Homes = None,
    people: People = None,
    people_column: PeopleColumn = "jumlah_penduduk",
    unit_id: UnitId = "kode_desa",
    nodata: Annotated[float | None, typer.Option(help="Nilai tanpa data raster")] = None,
    source_crs: SourceCrs = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Ulangi peta dengan bobot dalam rentang / the map again and again with weights in a range."""
    grids = factor_grids(factor, nodata, source_crs)
    like = next(iter(grids.values()))
    values = {name: grid.values() for name, grid in grids.items()}
    stated = overlay(rule, values)
    labels, named = stated.labels, at_least or stated.labels[-1]
    if named not in labels:
        raise LayerError(
            "there is no class {name}; the map has {known}",
            code="class_name_unknown",
            name=named,
            known=", ".join(labels),
        )
    maps = Maps(output_dir, like, yes=yes, names=("peluang",))

    def drawn(rng: np.random.Generator) -> Any:
        chosen = weights_within(rule, spread=spread, rng=rng)
        codes = overlay(rule, values, weights=chosen).codes
        return np.where(codes == len(labels), np.nan, codes)

    facts: dict[str, Any] = {
        "rule": load_rule("overlay", rule).citation(),
        "factors": {name: grid.name for name, grid in grids.items()},
        "parameters": {"spread": spread, "runs": runs, "seed": seed, "at_least": named},
        "notes": [note.to_dict() for note in stated.notes],
    }
    units = units_of(by, homes, people, people_column, unit_id, source_crs)
    classes = ClassRule(
        labels, values={str(i): label for i, label in enumerate(labels)}, citation=stated.citation
    )
    measured = Measured(like, classes, units, lambda codes: codes >= labels.index(named))
    text = f"peluang kelas {named} atau lebih berat 0..1"
    measured.write(maps, drawn, facts, text=text, as_json=as_json)
