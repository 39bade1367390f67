"""What goes in and comes out over HTTP, as models: they check requests and write the OpenAPI.

Answers are sent as the bytes the engine wrote; the models of answers document them, and a
test holds real answers against them.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from api.errors import RequestError
from api.faults import of_model
from spatial.errors import PermitError

__all__ = [
    "PERMIT_EXAMPLE",
    "SCHEMA_VERSION",
    "SESSION_EXAMPLE",
    "BatchLine",
    "ExplainedVerdict",
    "Feature",
    "FeatureCollection",
    "PermitProperties",
    "Problem",
    "SessionModel",
    "VerdictModel",
    "check_properties",
]

Area = Annotated[float, Field(ge=0, le=1e10, allow_inf_nan=False)]
Length = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]
Izin = Literal["I", "T", "B", "TB", "X"]

#: Of the bodies below. Fields may be added within a version; none is taken away or changed.
SCHEMA_VERSION: Final = "1.0"
PERMIT_EXAMPLE: Final[dict[str, Any]] = {
    "type": "Feature",
    "geometry": {
        "type": "Polygon",
        "coordinates": [
            [
                [110.6400, -6.8800],
                [110.6402, -6.8800],
                [110.6402, -6.8798],
                [110.6400, -6.8798],
                [110.6400, -6.8800],
            ]
        ],
    },
    "properties": {
        "permit_id": "IZIN-2026-0001",
        "kegiatan": "rumah tunggal",
        "luas_tapak_m2": 70.0,
        "luas_lantai_m2": 140.0,
        "lantai": 2,
        "luas_hijau_m2": 90.0,
        "tanggal": "2026-03-02",
    },
}


class PermitProperties(BaseModel):
    """The fields of an application, named as in CSV and XLSX; leave out what is unknown."""

    model_config = ConfigDict(extra="forbid", strict=True)

    permit_id: str | None = Field(None, min_length=1, max_length=100, description="Own number")
    kegiatan: str | None = Field(
        None, min_length=1, max_length=300, description="Activity, as the matrix of the plan has it"
    )
    kbli: str | None = Field(None, pattern=r"^\d{2,5}$", description="KBLI code, as text")
    luas_sertipikat_m2: Area | None = Field(None, description="Registered area, m²")
    luas_tapak_m2: Area | None = Field(None, description="Ground-floor area, m²")
    luas_lantai_m2: Area | None = Field(None, description="Area of all floors, m²")
    lantai: Annotated[float, Field(ge=0, le=300, allow_inf_nan=False)] | None = Field(
        None, description="Number of floors"
    )
    tinggi_m: Length | None = Field(None, description="Height of the building, m")
    luas_hijau_m2: Area | None = Field(None, description="Green open area outside buildings, m²")
    luas_basement_m2: Area | None = Field(None, description="Basement area, m²")
    luas_terbangun_m2: Area | None = Field(None, description="Built-up area, m²")
    gsb_m: Length | None = Field(None, description="Distance of the facade from the road edge, m")
    jbs_m: Length | None = Field(None, description="Side setback, m")
    jbb_m: Length | None = Field(None, description="Rear setback, m")
    kelas_jalan: str | None = Field(None, max_length=100, description="Class of the road in front")
    footprint: dict[str, Any] | None = Field(None, description="Polygon of the building")
    geom_lantai: list[dict[str, Any]] | None = Field(
        None, min_length=1, max_length=300, description="A Polygon for each floor"
    )
    geom_hijau: dict[str, Any] | None = Field(
        None, description="Polygon of the green open area outside buildings"
    )
    geom_basement: dict[str, Any] | None = Field(None, description="Polygon of the basement")
    garis_jalan: dict[str, Any] | None = Field(
        None, description="Line of the road edge from which the setback is measured"
    )
    tanggal: str | None = Field(None, description="Date of application, YYYY-MM-DD")
    kkpr_tanggal: str | None = Field(None, description="Date of a KKPR held already, YYYY-MM-DD")
    status_pembangunan: str | None = Field(
        None, max_length=100, description="Whether it stands already, such as terbangun"
    )
    dokumen: list[Annotated[str, Field(max_length=200)]] | None = Field(
        None, max_length=50, description="Documents held, such as PSN:number"
    )

    @field_validator("tanggal", "kkpr_tanggal")
    @classmethod
    def _is_date(cls, value: str | None) -> str | None:
        if value is not None:
            date.fromisoformat(value)
        return value


class Geometry(BaseModel):
    """A GeoJSON Polygon or MultiPolygon, longitude first."""

    type: Literal["Polygon", "MultiPolygon"]
    coordinates: list[Any]


class Feature(BaseModel):
    """One application: a parcel and its fields."""

    model_config = ConfigDict(json_schema_extra={"examples": [PERMIT_EXAMPLE]})

    type: Literal["Feature"]
    id: str | int | None = None
    geometry: Geometry
    properties: PermitProperties


class FeatureCollection(BaseModel):
    """Several applications; they are answered in their order."""

    type: Literal["FeatureCollection"]
    features: list[Feature]


class _Open(BaseModel):
    """An answer: fields may be added in later versions, none is taken away."""

    model_config = ConfigDict(extra="allow")


class Parcel(_Open):
    """The parcel as measured."""

    area_m2: float | None
    crs: str


class Part(_Open):
    """What of the parcel lies in one zone of one instrument."""

    instrument: str
    zone: str
    area_m2: float
    share: float
    izin: str | None
    sliver: bool


class Finding(_Open):
    """One rule applied: how far it holds, what was measured against which limit, by which law."""

    rule: str
    kind: str
    interval: list[Izin]
    measured: float | str | None
    limit: float | str | None
    unit: str | None
    area_m2: float | None
    conditions: list[Any]
    dasar: dict[str, Any] | None
    geometry: dict[str, Any] | None


class VerdictModel(_Open):
    """The verdict on one application, with everything it rests on."""

    permit_id: str
    verdict: Literal[
        "SESUAI",
        "SESUAI_TERBATAS",
        "SESUAI_BERSYARAT",
        "DISETUJUI_SEBAGIAN",
        "TIDAK_SESUAI",
        "PERLU_KAJIAN",
    ]
    interval: list[Izin]
    reasons: list[str]
    parcel: Parcel
    parts: list[Part]
    uncovered_m2: float
    findings: list[Finding]
    conditions: list[Any]
    approvable: dict[str, Any] | None
    evidence: dict[str, Any]


class ExplainedVerdict(_Open):
    """A verdict with the sentence that decided and one for each finding."""

    headline: str
    sentences: list[str]
    verdict: VerdictModel


class BatchLine(_Open):
    """A line of an answered stream: one of the three."""

    line: int | None = Field(None, description="Number of the line sent, from 1")
    verdict: VerdictModel | None = None
    record: dict[str, Any] | None = Field(
        None, description="id, check_code and repeated of a verdict on record"
    )
    problem: dict[str, Any] | None = None
    done: dict[str, int] | None = Field(None, description="lines, judged, refused; the last line")


class Problem(BaseModel):
    """RFC 9457: what was refused, where, and what would work, in Indonesian and English."""

    type: str = Field(examples=["urn:tataruang:problem:ring_unclosed"])
    title: str
    status: int
    detail: str
    hint: str | None = None
    code: str
    pointer: str | None = Field(None, description="JSON pointer to the fault")
    instance: str = Field(description="Id of the request, as in the log")
    details: dict[str, Any]
    texts: dict[str, dict[str, str]]
    errors: list[dict[str, Any]] | None = None


def check_properties(value: Any, pointer: str) -> PermitProperties:
    """Check the properties of one application.

    Raises
    ------
    PermitError
        For the first field at fault, with its pointer.

    Examples
    --------
    >>> check_properties({"kegiatan": "toko", "lantai": 2}, "/properties").lantai
    2.0
    """
    try:
        return PermitProperties.model_validate({} if value is None else value)
    except ValidationError as error:
        raise _refusal(error, pointer) from None


def _refusal(error: ValidationError, pointer: str) -> PermitError | RequestError:
    first = error.errors(include_url=False)[0]
    place = "/".join([pointer, *(str(step) for step in first["loc"])])
    if first["type"] == "extra_forbidden":
        return PermitError(
            "the field {pointer} is not known",
            code="property_unknown",
            hint="Known are {known}",
            pointer=place,
            known=", ".join(PermitProperties.model_fields),
        )
    return PermitError(
        "the field {pointer} cannot be used: {reason}",
        code="property_refused",
        hint="Numbers are sent as numbers, dates as text YYYY-MM-DD; leave out what is unknown",
        pointer=place,
        **of_model(first),
    )


SESSION_EXAMPLE: Final[dict[str, Any]] = {
    "asked": True,
    "known": True,
    "name": "oss",
    "roles": ["verifikator"],
    "rights": ["decisions", "judge", "record"],
    "sign_in": "/masuk",
}


class SessionModel(BaseModel):
    """How the service sees whoever asks."""

    asked: bool = Field(description="Whether this service asks for keys")
    known: bool = Field(description="Whether a key, a token or a session was shown")
    name: str | None = Field(description="Whom the key was made for")
    roles: list[str]
    rights: list[str] = Field(
        description="judge: verdicts without a record; record: verdicts on record; decisions: "
        "read the record and its letters; metrics; audit"
    )
    sign_in: str | None = Field(description="Page where staff enter a key, where keys are asked")
