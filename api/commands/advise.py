"""`tataruang advise`: what would conform, in sentences and as a layer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from api.engine import Engine
from api.options import AsJson, SourceCrs, WorkspaceOption, atomic_path
from api.roads import Roads
from zoning import read_permits
from zoning.advice_texts import advice_sentences
from zoning.counterfactual import Advice
from zoning.counterfactual import advise as ask

__all__ = ["advise"]


def advise(
    permits: Annotated[Path, typer.Argument(help="Berkas permohonan / file of permits")],
    workspace: WorkspaceOption,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="OUT.geojson: ruang bangun / envelopes")
    ] = None,
    permit: Annotated[
        str | None, typer.Option("--permit", help="Hanya permohonan ini / this application only")
    ] = None,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Hukum per tanggal / law of day")
    ] = None,
    language: Annotated[str, typer.Option("--lang", help="id | en")] = "id",
    source_crs: SourceCrs = None,
    as_json: AsJson = False,
) -> None:
    """Saran: ruang bangun, geser terkecil, zona terdekat / what would conform instead."""
    engine = Engine.open(workspace)
    frame = read_permits(permits, source_crs=source_crs, within=engine.extent)
    if permit is not None:
        frame = frame[frame["permit_id"].astype(str) == permit]
    found = ask(frame, engine.plans, on=on.date() if on else None, roads=Roads(engine))
    names = [str(name) for name in frame["permit_id"]]
    if output is not None:
        with atomic_path(output) as partial:
            partial.write_text(json.dumps(_layer(found), ensure_ascii=False), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps([one.to_dict() if one else None for one in found]))
        return
    for name, one in zip(names, found, strict=True):
        typer.echo(f"{name}: {one.verdict if one else 'PERLU_KAJIAN'}")
        for sentence in advice_sentences(one.to_dict(), language) if one else ():
            typer.echo(f"  {sentence}")
    if output is not None:
        typer.echo(f"Tersimpan: {output}")


def _layer(found: Sequence[Advice | None]) -> dict[str, Any]:
    """Return envelopes and nearest places as GeoJSON features."""
    features = []
    for one in found:
        if one is None:
            continue
        said = one.to_dict()
        shared = {"permit_id": one.permit_id, "verdict": one.verdict}
        if said["envelope"] and said["envelope"]["geometry"]:
            envelope = dict(said["envelope"])
            geometry = envelope.pop("geometry")
            features.append(_feature(geometry, shared | {"apa": "ruang_bangun"} | envelope))
        for place in said["near"]:
            point = {"type": "Point", "coordinates": [place["lon"], place["lat"]]}
            features.append(_feature(point, shared | {"apa": "zona_terdekat"} | place))
    return {"type": "FeatureCollection", "features": features}


def _feature(geometry: Any, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}
