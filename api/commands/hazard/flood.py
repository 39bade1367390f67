"""`tataruang hazard flood`: flood index, depth and classes from a height model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
import typer
from numpy.typing import NDArray

from api.commands.hazard.maps import Maps, observed_of
from api.commands.terrain import Making, scratch_of
from api.options import AsJson, SourceCrs, Yes, ZUnit
from hazard import class_rule, load_rule
from hazard.flood import GeomorphicFlood, calibrate, fuzzy_large, geomorphic_flood
from spatial.terrain import Flow, flow_of, in_windows, open_heights, slope_area_rivers

__all__ = ["flood"]

NAMES: Final = ("gfi", "kedalaman_m", "indeks_bahaya", "kelas_kedalaman", "kelas_indeks")
DEPTH_CLASSES: Final = "banjir_kedalaman_bnpb"
INDEX_CLASSES: Final = "indeks_bnpb"


def flood(
    dem: Annotated[Path, typer.Argument(help="DEM, meter, CRS meter")],
    output_dir: Annotated[Path, typer.Option("--output-dir", "-o", help="Folder hasil (COG)")],
    observed: Annotated[
        Path | None, typer.Option(help="Peta banjir teramati untuk kalibrasi (ROC)")
    ] = None,
    observed_within: Annotated[
        Path | None, typer.Option(help="Wilayah yang disurvei, bila --observed poligon")
    ] = None,
    rule: Annotated[str, typer.Option(help="Aturan banjir atau berkas .toml")] = "gfi_bnpb_2019",
    river_rule: Annotated[
        Literal["luas", "luas-lereng"], typer.Option(help="Sungai menurut luas, atau luas x lereng")
    ] = "luas",
    river_km2: Annotated[
        float | None, typer.Option(min=0.0, help="Luas tangkapan awal sungai, km²")
    ] = None,
    n: Annotated[float | None, typer.Option(help="Pangkat hr = a * A^n")] = None,
    a: Annotated[float | None, typer.Option(help="Faktor hr = a * A^n")] = None,
    threshold: Annotated[
        float | None, typer.Option(help="Ambang indeks ternormalisasi (-1..1) untuk rawan banjir")
    ] = None,
    depth_classes: Annotated[str, typer.Option(help="Aturan kelas kedalaman")] = DEPTH_CLASSES,
    nodata: Annotated[float | None, typer.Option(help="Nilai tanpa data DEM")] = None,
    z_unit: ZUnit = None,
    source_crs: SourceCrs = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Petakan bahaya banjir dari bentuk lahan (GFI) / flood hazard from the shape of the land."""
    grid = open_heights(dem, crs=source_crs, nodata=nodata, unit=z_unit)
    maps = Maps(output_dir, grid, yes=yes, names=NAMES)
    stated = load_rule("flood", rule)
    flow = flow_of(grid, folder=scratch_of(grid, output_dir), progress=Making().step)
    made = _flood(flow, rule, stated.data, river_rule, river_km2, n, a)
    if observed is not None:
        made = calibrate(made, observed_of(observed, observed_within, grid, source_crs))

    def index(depth: NDArray[Any]) -> NDArray[Any]:
        return fuzzy_large(
            depth,
            midpoint_m=float(stated.data["index_midpoint_m"]),
            spread=float(stated.data["index_spread"]),
        )

    relative = "" if made.calibrated else "; belum dikalibrasi: angka relatif"
    maps.write("gfi", made.index, "GFI = ln(hr/H)")
    maps.write("kedalaman_m", made.depth_m, f"hr - H, meter{relative}")
    text = "indeks bahaya 0..1 (fuzzy large dari kedalaman)"
    maps.write("indeks_bahaya", made.depth_m, text, index)
    by_depth, by_index = class_rule(depth_classes), class_rule(INDEX_CLASSES)
    maps.write_classes("kelas_kedalaman", made.depth_m, by_depth)
    maps.write_classes("kelas_indeks", made.depth_m, by_index, index)
    facts: dict[str, Any] = {
        "dem": dem.name,
        "parameters": made.parameters()
        | {key: stated.data[key] for key in ("index_midpoint_m", "index_spread")},
        "classes": {
            "kelas_kedalaman": by_depth.citation,
            "kelas_indeks": by_index.citation,
        },
        "notes": [note.to_dict() for note in flow.notes],
    }
    if threshold is not None:
        prone = made.prone(threshold)
        facts["prone"] = {
            "threshold_normalised": threshold,
            "cells": int(prone.sum()),
            "cells_without_depth": sum(
                int((part & (depth <= 0)).sum())
                for (_, part), (_, depth) in zip(
                    in_windows(prone), in_windows(made.depth_m), strict=True
                )
            ),
        }
        codes = flow.each(
            "rawan",
            np.uint8,
            lambda t: np.where(np.isfinite(made.depth_m[t.window]), prone[t.window], 2),
        )
        maps.write_codes("rawan", codes, ("tidak_rawan", "rawan"), stated.citation())
    maps.finish("banjir", facts, as_json=as_json)
    if not made.calibrated and not as_json:
        typer.echo(
            "! Kedalaman belum dikalibrasi: angka relatif, bukan meter air. Beri --observed.",
            err=True,
        )


def _flood(
    flow: Flow,
    rule: str,
    stated: dict[str, Any],
    river_rule: str,
    river_km2: float | None,
    n: float | None,
    a: float | None,
) -> GeomorphicFlood:
    if river_rule == "luas":
        return geomorphic_flood(flow, rule=rule, river_km2=river_km2, n=n, a=a)
    least = float(stated["river_slope_threshold_m2"])
    rivers = slope_area_rivers(
        flow,
        exponent=float(stated["river_slope_exponent"]),
        offset=float(stated["river_slope_offset"]),
        threshold_m2=least,
    )
    return geomorphic_flood(
        flow, rule=rule, rivers=rivers, river_rule="luas_lereng_m2", river_value=least, n=n, a=a
    )
