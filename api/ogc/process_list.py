"""The processes that are served: each a description and the function of this engine it asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

import orjson

from api.hotspots.published import Asked
from api.ogc import process_inputs as given
from api.questions import MOST_FDR, SMOOTH, WEIGHTS
from api.service import Service
from spatial.errors import LayerNotFoundError
from zoning.studies import siting_rules

__all__ = ["PROCESSES", "Process"]

Inputs = Mapping[str, Any]
Result = dict[str, Any]
GEOJSON: Final = "https://geojson.org/schema/"
OBJECT: Final = {"schema": {"type": "object"}}
_POLYGON: Final = {"$ref": f"{GEOJSON}Polygon.json"}
_FEATURES: Final = {"$ref": f"{GEOJSON}FeatureCollection.json"}


@dataclass(frozen=True)
class Process:
    """One process.

    Parameters
    ----------
    id, title, description : str
    inputs, outputs : mappings of name to description
    required : tuple of str
    run : callable
        (service, inputs) -> JSON-ready content for each output.
    """

    id: str
    title: str
    description: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    required: tuple[str, ...]
    run: Callable[[Service, Inputs], Result]


def _conformity(service: Service, inputs: Inputs) -> Result:
    on, plan = given.day_of(inputs, "on"), given.text_of(inputs, "plan")
    judged = service.conformity(orjson.dumps(inputs["applications"]), on, plan)
    return {"verdicts": [orjson.loads(one) for one in judged.verdicts]}


def _exposure_of(pattern: str) -> Callable[[Service, Inputs], Result]:
    def run(service: Service, inputs: Inputs) -> Result:
        name = str(inputs["hazard"])
        if not fnmatchcase(name, pattern):
            raise LayerNotFoundError(
                "the layer {name} is no hazard map",
                code="hazard_unknown",
                hint="Hazard maps of this workspace: {known}",
                name=name[:80],
                known=pattern,
            )
        return {"exposure": service.analyst.exposure(orjson.dumps(dict(inputs)))}

    return run


def _hotspots(service: Service, inputs: Inputs) -> Result:
    layer = service.analyst.sources(given.text_of(inputs, "layer"))[0].name
    asked = Asked(layer, given.weights_of(inputs), given.fdr_of(inputs), given.smooth_of(inputs))
    return {"hotspots": orjson.loads(service.analyst.hotspots(asked, "json"))}


def _suitability(service: Service, inputs: Inputs) -> Result:
    rule, layers = given.text_of(inputs, "rule"), given.names_of(inputs, "layers")
    sites = given.places_of(inputs["sites"], "sites", service.extent, points=True)
    work = "api.studies.served:site_suitability"
    return {"ranking": service.analyst.run(work, rule, sites, layers)}


def _overlay(service: Service, inputs: Inputs) -> Result:
    layer, by = given.text_of(inputs, "layer"), given.text_of(inputs, "by")
    units = given.text_of(inputs, "units")
    if (units is None) == ("areas" not in inputs):
        raise given.refused("either 'areas' or 'units'")
    areas = [] if units else given.places_of(inputs["areas"], "areas", service.extent)
    work = "api.studies.served:overlay_summary"
    return {"summary": service.analyst.run(work, layer, by, areas, units)}


def _input(title: str, schema: Mapping[str, Any], *, optional: bool = False) -> dict[str, Any]:
    return {"title": title, "schema": dict(schema)} | ({"minOccurs": 0} if optional else {})


def _text(title: str, *, optional: bool = False, **more: Any) -> dict[str, Any]:
    return _input(title, {"type": "string", **more}, optional=optional)


def _exposure(name: str, title: str, pattern: str) -> Process:
    return Process(
        id=name,
        title=title,
        description="Yang berada di tiap kelas bahaya, desa demi desa; jumlahnya menutup. "
        "What stands in each class of a hazard, village by village; the sums close.",
        inputs={
            "hazard": _text("Peta bahaya / hazard map"),
            "of": _text("Yang dihitung / what is counted", enum=["lahan", "bangunan", "jalan"]),
            "area": _input("Wilayah / area", _POLYGON, optional=True),
        },
        outputs={"exposure": OBJECT},
        required=("hazard", "of"),
        run=_exposure_of(pattern),
    )


_LIST: Final = (
    Process(
        id="zoning-conformity",
        title="Kesesuaian kegiatan pemanfaatan ruang / land-use conformity",
        description="Menilai permohonan terhadap rencana; tidak dicatat dalam register. "
        "Judges applications against the plans; nothing is put on record.",
        inputs={
            "applications": _input(
                "Permohonan / applications",
                {"oneOf": [{"$ref": f"{GEOJSON}Feature.json"}, _FEATURES]},
            ),
            "on": _text("Menurut hukum per / by the law of", optional=True, format="date"),
            "plan": _text("Rencana / plan", optional=True),
        },
        outputs={"verdicts": {"schema": {"type": "array", "items": {"type": "object"}}}},
        required=("applications",),
        run=_conformity,
    ),
    _exposure("flood-exposure", "Paparan banjir / flood exposure", "banjir*"),
    _exposure("landslide-exposure", "Paparan longsor / landslide exposure", "longsor*"),
    Process(
        id="poverty-hotspots",
        title="Kantong kemiskinan / poverty hotspots",
        description="Di mana kemiskinan mengelompok dan mengapa; sel kecil tetap ditutup. "
        "Where poverty clusters and why; small cells stay withheld.",
        inputs={
            "layer": _text("Layer kemiskinan / poverty layer", optional=True),
            "weights": _text(
                "Bobot tetangga / weights", optional=True, pattern=WEIGHTS, default="queen"
            ),
            "fdr": _input(
                "Laju temuan keliru / false discovery rate",
                {"type": "number", "exclusiveMinimum": 0, "maximum": MOST_FDR, "default": 0.05},
                optional=True,
            ),
            "smooth": _text(
                "Rasio yang dipelajari / smoothing",
                optional=True, enum=list(SMOOTH), default="none",
            ),
        },
        outputs={"hotspots": OBJECT},
        required=(),
        run=_hotspots,
    ),
    Process(
        id="site-suitability",
        title="Kesesuaian lokasi / site suitability",
        description="Menutup dan mengurutkan calon lokasi menurut aturan berbobot, beserta "
        "kekukuhan urutannya. Closes and ranks candidate sites by a rule of weighted criteria, "
        "and tells how far the order holds.",
        inputs={
            "rule": _text("Aturan / rule", enum=siting_rules()),
            "sites": _input("Calon lokasi / candidate sites, polygons or points", _FEATURES),
            "layers": _input(
                "Layer untuk tiap nama dalam aturan / layer for each name of the rule",
                {"type": "object", "additionalProperties": {"type": "string"}},
                optional=True,
            ),
        },
        outputs={"ranking": OBJECT},
        required=("rule", "sites"),
        run=_suitability,
    ),
    Process(
        id="overlay-summary",
        title="Luas per kelas / overlay summary",
        description="Luas wilayah, atau tiap satuan sebuah layer, di tiap kelas layer lain; "
        "bagian dan sisanya menjadi keseluruhan. How much of areas, or of each unit of a layer, "
        "lies in each class of another; parts and rest are the whole.",
        inputs={
            "layer": _text("Layer poligon / layer of polygons"),
            "by": _text("Kolom kelas / column of classes", optional=True),
            "areas": _input(
                "Wilayah / areas", {"oneOf": [_POLYGON, _FEATURES]}, optional=True
            ),
            "units": _text("Layer satuan, pengganti wilayah / units instead", optional=True),
        },
        outputs={"summary": OBJECT},
        required=("layer",),
        run=_overlay,
    ),
)  # fmt: skip
PROCESSES: Final[dict[str, Process]] = {one.id: one for one in _LIST}
