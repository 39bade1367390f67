"""What can be computed as OGC API Processes: descriptions, and inputs turned into questions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, Final

import orjson

from api.errors import RequestError
from api.hotspots.published import Asked
from api.ogc.documents import JSON, Address, link
from api.questions import MOST_FDR, SMOOTH, WEIGHTS
from api.service import Service
from spatial.errors import LayerNotFoundError

__all__ = ["PROCESSES", "Process", "checked", "describe", "named", "summary"]

REL: Final = "http://www.opengis.net/def/rel/ogc/1.0"
#: Of the name of a layer.
MOST_LETTERS: Final = 64
GEOJSON: Final = "https://geojson.org/schema/"
_AREA: Final = {"title": "Wilayah / area", "schema": {"$ref": f"{GEOJSON}Polygon.json"}}
_OF: Final = {
    "title": "Yang dihitung / what is counted",
    "schema": {"type": "string", "enum": ["lahan", "bangunan", "jalan"]},
}


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
    run: Callable[[Service, Mapping[str, Any]], dict[str, Any]]


def _conformity(service: Service, inputs: Mapping[str, Any]) -> dict[str, Any]:
    on = _day(inputs.get("on"))
    plan = inputs.get("plan")
    judged = service.conformity(orjson.dumps(inputs["applications"]), on, plan)
    return {"verdicts": [orjson.loads(one) for one in judged.verdicts]}


def _exposure_of(pattern: str) -> Callable[[Service, Mapping[str, Any]], dict[str, Any]]:
    def run(service: Service, inputs: Mapping[str, Any]) -> dict[str, Any]:
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


def _exposure(name: str, title: str, pattern: str) -> Process:
    return Process(
        id=name,
        title=title,
        description="Yang berada di tiap kelas bahaya, desa demi desa; jumlahnya menutup. "
        "What stands in each class of a hazard, village by village; the sums close.",
        inputs={
            "hazard": {"title": "Peta bahaya / hazard map", "schema": {"type": "string"}},
            "of": _OF,
            "area": _AREA | {"minOccurs": 0},
        },
        outputs={"exposure": {"schema": {"type": "object"}}},
        required=("hazard", "of"),
        run=_exposure_of(pattern),
    )


def _hotspots(service: Service, inputs: Mapping[str, Any]) -> dict[str, Any]:
    layer, weights = inputs.get("layer"), inputs.get("weights", "queen")
    fdr, smooth = inputs.get("fdr", 0.05), inputs.get("smooth", "none")
    if layer is not None and not (isinstance(layer, str) and len(layer) <= MOST_LETTERS):
        raise _refused("'layer' as the name of a layer")
    if not isinstance(weights, str) or not re.fullmatch(WEIGHTS, weights):
        raise _refused("'weights' as queen, rook, knn:8 or distance:5000")
    if isinstance(fdr, bool) or not isinstance(fdr, int | float) or not 0 < fdr <= MOST_FDR:
        raise _refused(f"'fdr' above 0, up to {MOST_FDR}")
    if smooth not in SMOOTH:
        raise _refused(f"'smooth' as one of {', '.join(SMOOTH)}")
    asked = Asked(service.analyst.sources(layer)[0].name, weights, float(fdr), smooth)
    return {"hotspots": orjson.loads(service.analyst.hotspots(asked, "json"))}


PROCESSES: Final[dict[str, Process]] = {
    one.id: one
    for one in (
        Process(
            id="zoning-conformity",
            title="Kesesuaian kegiatan pemanfaatan ruang / land-use conformity",
            description="Menilai permohonan terhadap rencana; tidak dicatat dalam register. "
            "Judges applications against the plans; nothing is put on record.",
            inputs={
                "applications": {
                    "title": "Permohonan / applications",
                    "schema": {
                        "oneOf": [
                            {"$ref": f"{GEOJSON}Feature.json"},
                            {"$ref": f"{GEOJSON}FeatureCollection.json"},
                        ]
                    },
                },
                "on": {"title": "Menurut hukum per / by the law of", "minOccurs": 0,
                       "schema": {"type": "string", "format": "date"}},
                "plan": {"title": "Rencana / plan", "minOccurs": 0, "schema": {"type": "string"}},
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
                "layer": {"title": "Layer kemiskinan / poverty layer", "minOccurs": 0,
                          "schema": {"type": "string"}},
                "weights": {"title": "Bobot tetangga / weights", "minOccurs": 0,
                            "schema": {"type": "string", "pattern": WEIGHTS, "default": "queen"}},
                "fdr": {"title": "Laju temuan keliru / false discovery rate", "minOccurs": 0,
                        "schema": {"type": "number", "exclusiveMinimum": 0, "maximum": MOST_FDR,
                                   "default": 0.05}},
                "smooth": {"title": "Rasio yang dipelajari / smoothing", "minOccurs": 0,
                           "schema": {"type": "string", "enum": list(SMOOTH),
                                      "default": "none"}},
            },
            outputs={"hotspots": {"schema": {"type": "object"}}},
            required=(),
            run=_hotspots,
        ),
    )
}  # fmt: skip


def named(name: str) -> Process:
    """Return a process by its id.

    Raises
    ------
    LayerNotFoundError
        `process_unknown`.

    Examples
    --------
    >>> named("flood-exposure").required
    ('hazard', 'of')
    """
    if name not in PROCESSES:
        raise LayerNotFoundError(
            "there is no process {name!r}",
            code="process_unknown",
            hint="Known are {known}",
            name=name[:80],
            known=", ".join(PROCESSES),
        )
    return PROCESSES[name]


def checked(process: Process, body: Any) -> dict[str, Any]:
    """Return the inputs of an execution request.

    Raises
    ------
    RequestError
        `process_inputs`.
    """
    inputs = body.get("inputs") if isinstance(body, Mapping) else None
    if not isinstance(inputs, Mapping):
        raise _refused("an object 'inputs'")
    if strange := sorted(set(inputs) - set(process.inputs)):
        raise _refused(f"no input {strange[0][:40]!r}")
    if missing := [name for name in process.required if name not in inputs]:
        raise _refused(f"the input {missing[0]!r}")
    return dict(inputs)


def summary(process: Process, at: Address) -> dict[str, Any]:
    """Return the summary of a process."""
    return {
        "id": process.id,
        "title": process.title,
        "description": process.description,
        "version": "1.0.0",
        "jobControlOptions": ["sync-execute", "async-execute", "dismiss"],
        "outputTransmission": ["value"],
        "links": [link(at.to(f"/processes/{process.id}"), "self", JSON, process.title)],
    }


def describe(process: Process, at: Address) -> dict[str, Any]:
    """Return the whole description of a process."""
    execute = link(at.to(f"/processes/{process.id}/execution"), f"{REL}/execute", JSON)
    told = summary(process, at)
    told["links"] = [*told["links"], execute]
    return told | {"inputs": dict(process.inputs), "outputs": dict(process.outputs)}


def _day(value: Any) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise _refused("'on' as a day such as 2024-06-13") from None


def _refused(wanted: str) -> RequestError:
    return RequestError(
        "the execution request must give {wanted}",
        code="process_inputs",
        hint='An example: {{"inputs": {{"hazard": "banjir_100", "of": "bangunan"}}}}',
        wanted=wanted,
    )
