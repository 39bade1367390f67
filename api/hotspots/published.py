"""Hotspots of a poverty layer as it is published: they say nothing that the layer withholds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely

from api.clock import today
from api.hotspots.study import Question, Study, study
from api.hotspots.wording import CLASS_WORDS, with_reasons
from api.records import records
from hazard.vulnerability.table import Smooth
from layers.poverty import Mask
from layers.poverty.door import COUNTS, refuse_small_counts
from layers.poverty.files import join_areas
from layers.poverty.privacy import LEAST, LEVELS
from layers.store.base import StoredLayer, Version
from spatial.crs import LONLAT, to_crs
from spatial.errors import LayerNotFoundError
from spatial.text import describe

__all__ = ["Asked", "Form", "of_layer", "poverty_layer", "tell", "village_layer"]

Form = Literal["json", "geojson", "csv", "html"]
VILLAGES: Final = ("batas_administrasi", "batas_desa")
#: Decimals of degrees: a centimetre.
DECIMALS: Final = 1e-7


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a layer; see `api.hotspots.study.Question`."""

    layer: str
    weights: str = "queen"
    fdr: float = 0.05
    smooth: Smooth = "none"


def poverty_layer(engine: Any, name: str | None = None) -> Version:
    """Return the version of a poverty layer, or of the only one.

    Raises
    ------
    LayerNotFoundError
        `hotspots_layer`.
    """
    known: dict[str, Version] = {
        one.name: one for one in engine.store.layers() if one.kind in COUNTS
    }
    if name is None and len(known) == 1:
        return next(iter(known.values()))
    if name not in known:
        raise LayerNotFoundError(
            "there is no poverty layer {name!r}",
            code="hotspots_layer",
            hint="Poverty layers of this workspace: {known}",
            name=name or "",
            known=", ".join(known) or "-",
        )
    return known[name]


def village_layer(engine: Any) -> Version | None:
    """Return the version of the villages on which a table is placed."""
    found = (one for one in engine.store.layers() if {one.kind, one.name} & set(VILLAGES))
    return next(found, None)


def of_layer(engine: Any, asked: Asked) -> Study:
    """Study a published layer.

    What the layer withholds is not in it, so it cannot enter; the same cells are withheld here
    as in its tiles, features and every version.

    Parameters
    ----------
    engine : Engine

    Raises
    ------
    LayerNotFoundError
        `hotspots_layer`, or `kind_missing` where a table has no villages to stand on.
    AccessError
        `counts_unprotected_layer`, for a layer in which small counts are not withheld.
    """
    stored = engine.layer(poverty_layer(engine, asked.layer).name)
    counts, everyone = COUNTS[stored.version.kind]
    mask = _mask(stored)
    if mask is None:
        refuse_small_counts(stored.frame, stored.version.name)
        mask = Mask({level: frozenset() for level in LEVELS}, frozenset(), LEAST)
    areas, notes = _placed(engine, stored.frame)
    # Withheld cells leave before anything is computed; in place of their number stands any.
    areas[counts[0]] = areas[counts[0]].mask(mask.covers(areas.index), 0)
    question = Question(
        value=counts[0],
        population=everyone if everyone in areas else None,
        weights=asked.weights,
        fdr=asked.fdr,
        smooth=asked.smooth,
    )
    return study(areas, question, published=mask, notes=notes)


def tell(engine: Any, asked: Asked, form: Form) -> bytes:
    """Return the study of a layer in one of the forms.

    `csv` is the table of the command; `geojson` the same with shapes; `html` its report; `json`
    the table with what the map and a reader need to understand it.
    """
    done = of_layer(engine, asked)
    if form == "html":
        # Imported where they are used: they draw, and most answers are tables.
        from api.hotspots.report import build_report
        from api.reports.document import document_html

        return document_html(build_report(done, on=today())).encode()
    table = with_reasons(done.table(), done.found)
    if form == "csv":
        return table.to_csv(index=False).encode()
    if form == "geojson":
        return _features(table, done.areas)
    return orjson.dumps(_summary(done) | {"columns": list(table.columns), "table": records(table)})


def _mask(stored: StoredLayer) -> Mask | None:
    said = stored.version.provenance.get("withheld")
    return None if said is None else Mask.from_json(json.dumps(said))


def _placed(engine: Any, frame: pd.DataFrame) -> tuple[gpd.GeoDataFrame, tuple[Any, ...]]:
    if isinstance(frame, gpd.GeoDataFrame):
        return join_areas(pd.DataFrame(frame.drop(columns=frame.geometry.name)), frame)
    villages = village_layer(engine)
    if villages is None:
        raise LayerNotFoundError(
            "the workspace has no layer of the kind {kind}", code="kind_missing", kind=VILLAGES[0]
        )
    return join_areas(frame, engine.layer(villages.name).frame)


def _summary(done: Study) -> dict[str, Any]:
    found = done.found
    hot = done.groups.objects[done.groups.objects["class"] == "hot"]
    counts = found.table["class"].value_counts()
    overall = found.overall
    return {
        "value": done.question.value,
        "rate_of": done.question.population,
        "weights": found.spec,
        "fdr": found.fdr,
        "smooth": done.question.smooth,
        "areas": len(found.table),
        "withheld": int((found.table["status"] == "suppressed").sum()),
        "moran_i": overall.statistic if overall.status == "ok" else None,
        "moran_p": overall.p if overall.status == "ok" else None,
        "classes": [
            {
                "class": code,
                "name": words.name,
                "meaning": words.meaning,
                "name_en": words.name_en,
                "meaning_en": words.meaning_en,
                "colour": words.colour,
                "areas": int(counts.get(code, 0)),
            }
            for code, words in CLASS_WORDS.items()
        ],
        "clusters": [
            {"cluster": str(row["cluster"]), "members": [str(one) for one in row["members"]]}
            for row in hot.to_dict("records")
        ],
        "notes": [
            note.to_dict() | {"text": describe(note)[0], "text_en": describe(note, "en")[0]}
            for note in done.notes
        ],
    }


def _features(table: pd.DataFrame, areas: gpd.GeoDataFrame) -> bytes:
    shapes = shapely.set_precision(
        np.asarray(to_crs(areas[["geometry"]], LONLAT).geometry.array, dtype=object),
        DECIMALS,
        mode="pointwise",
    )
    features = [
        b'{"type":"Feature","id":%b,"properties":%b,"geometry":%b}'
        % (orjson.dumps(str(row["id"])), orjson.dumps(row), text.encode() if text else b"null")
        for row, text in zip(records(table), shapely.to_geojson(shapes), strict=True)
    ]
    return b'{"type":"FeatureCollection","features":[\n' + b",\n".join(features) + b"\n]}\n"
