"""`tataruang hazard overlay`: landslide, forest function, state of a DAS, by a rule file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from api.commands.hazard.maps import Maps
from api.options import AsJson, SourceCrs, Yes, atomic_path
from hazard import load_rule
from hazard.overlay import Overlay
from hazard.overlay import overlay as lay
from layers import read
from spatial.errors import LayerError, RasterError
from spatial.text import describe
from spatial.zonal import Grid, open_grid

__all__ = ["factor_grids", "overlay"]


def overlay(
    rule: Annotated[
        str,
        typer.Argument(
            help="longsor_pu22_2007_alami, longsor_dvmbg_2004, fungsi_hutan_sk837_1980, "
            "das_p60_2014, atau berkas .toml"
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder (raster) atau .csv (dengan --table)")
    ],
    factor: Annotated[
        list[str] | None, typer.Option("--factor", "-f", help="FAKTOR=raster; boleh beberapa kali")
    ] = None,
    table: Annotated[
        Path | None, typer.Option(help="Tabel: satu baris per unit, satu kolom per faktor")
    ] = None,
    nodata: Annotated[float | None, typer.Option(help="Nilai tanpa data raster")] = None,
    source_crs: SourceCrs = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Nilai longsor, fungsi hutan atau DAS menurut aturan / lay factors over each other by rule."""
    if bool(factor) == (table is not None):
        raise LayerError(
            "give either rasters or a table of factors",
            code="factors_not_given",
            hint="--factor lereng=lereng.tif --factor tanah=tanah.tif, or --table das.csv",
        )
    if table is not None:
        _table(rule, table, output)
        return
    grids = factor_grids(factor or [], nodata, source_crs)
    like = next(iter(grids.values()))
    maps = Maps(output, like, yes=yes, names=("skor", "kelas"))
    made = lay(rule, {name: grid.values() for name, grid in grids.items()})
    maps.write("skor", np.where(made.low == made.high, made.low, np.nan), "skor")
    maps.write_codes("kelas", made.codes, made.labels, made.citation)
    if made.overrides:
        why = ("skor", *made.overrides)
        maps.write_codes(
            "sebab",
            np.where(made.codes < len(made.labels), made.fired, len(why)),
            why,
            made.citation,
        )
    _warn(made)
    maps.finish("overlay", _facts(made, grids), as_json=as_json)


def factor_grids(words: list[str], nodata: float | None, crs: str | None) -> dict[str, Grid]:
    """Open the rasters of factors, each named; all on the same cells."""
    grids: dict[str, Grid] = {}
    for word in words:
        name, _, path = word.partition("=")
        if not path:
            raise LayerError(
                "{word!r} does not name a factor and its raster",
                code="factor_malformed",
                hint="Write FACTOR=file.tif",
                word=word,
            )
        grids[name] = open_grid(Path(path), crs=crs, nodata=nodata)
    first = next(iter(grids.values()))
    for grid in grids.values():
        if not grid.same_cells(first):
            raise RasterError(
                "{one} and {other} do not have the same cells",
                code="grids_differ",
                hint="Warp one to the cells of the other: gdalwarp -r near (classes) -tr -te",
                one=first.name,
                other=grid.name,
            )
    return grids


def _facts(made: Overlay, grids: dict[str, Grid]) -> dict[str, Any]:
    words = [*made.labels, "tanpa_kelas"]
    counts = np.bincount(made.codes.ravel(), minlength=len(words))
    return {
        "rule": made.citation,
        "factors": {name: grid.name for name, grid in grids.items()},
        "cells": dict(zip(words, counts.tolist(), strict=True)),
        "overrides": {
            name: int((made.fired == i).sum()) for i, name in enumerate(made.overrides, start=1)
        },
        "notes": [note.to_dict() for note in made.notes],
    }


def _warn(made: Overlay) -> None:
    for note in made.notes:
        typer.echo(f"! {describe(note)[0]}", err=True)


def _table(rule: str, table: Path, output: Path) -> None:
    """Judge the rows of a table; every row leaves with a class or with what it could be."""
    frame = read(table).frame
    known = [part["name"] for part in load_rule("overlay", rule).data["factors"]]
    columns = {name: frame[name] for name in known if name in frame}
    made = lay(
        rule,
        {n: pd.to_numeric(c, errors="coerce").to_numpy(float) for n, c in columns.items()},
    )
    words = np.array([*made.labels, None], dtype=object)
    result = pd.DataFrame(frame).assign(
        skor_terendah=made.low,
        skor_tertinggi=made.high,
        kelas=words[made.codes],
        aturan=made.citation,
    )
    with atomic_path(output) as partial:
        result.to_csv(partial, index=False)
    _warn(made)
    typer.echo(f"→ {output}")
