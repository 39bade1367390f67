"""A plan as the law writes it: one instrument with its dated rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from spatial.crs import AREA_CRS, METRIC_CRS
from zoning.lattice import UNKNOWN, Interval

__all__ = [
    "HIERARCHY",
    "Cell",
    "Citation",
    "Dated",
    "Effect",
    "Exemption",
    "GeometrySource",
    "HazardMap",
    "HazardRule",
    "IntensityRule",
    "KbliRow",
    "MatrixRow",
    "OverlayRule",
    "Plan",
    "PlanMeta",
    "RiverWidth",
    "normal",
]

Effect: TypeAlias = Literal["larang", "perketat", "syarat", "longgarkan"]
GeometrySource: TypeAlias = Literal["layer", "atribut", "penyangga", "sempadan_sungai"]
HazardEffect: TypeAlias = Literal["larang", "kajian", "syarat", "bebas"]

#: Which instrument is asked first (PP 21/2021: RDTR for konfirmasi, else level by level).
HIERARCHY: Final[dict[str, int]] = {
    "RDTR": 0,
    "RTR_KSK": 1,
    "RTR_KSP": 2,
    "RTRW_KAB": 3,
    "RTRW_KOTA": 3,
    "RTRW_PROV": 4,
    "RTRWN": 5,
}


def normal(text: str) -> str:
    """Return a name by which equal names are found: case and runs of blanks do not matter.

    Examples
    --------
    >>> normal("  Rumah  Tunggal ")
    'rumah tunggal'
    """
    return " ".join(text.split()).casefold()


@dataclass(frozen=True, slots=True)
class Citation:
    """The law behind a rule: instrument, article, verbatim clause, where it was read, how sure."""

    instrument: str
    pasal: str
    kutipan: str = ""
    sumber: str = ""
    status: str = "belum_diverifikasi"

    def to_dict(self) -> dict[str, str]:
        """Return the citation as JSON-ready dictionary."""
        return {
            "instrument": self.instrument,
            "pasal": self.pasal,
            "kutipan": self.kutipan,
            "sumber": self.sumber,
            "status": self.status,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A rule with its citation, its row in the file and the days on which it holds."""

    basis: Citation
    line: int
    valid_from: date | None = None
    valid_to: date | None = None

    def holds(self, on: date) -> bool:
        """Say whether the rule is in force on a day: from the first, before the last."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_to is None or on < self.valid_to
        )


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the matrix: the class or classes it allows, and its sub-codes."""

    interval: Interval
    subcodes: tuple[str, ...] = ()
    blank: bool = False


#: A cell in which nothing stands: neither X nor I.
BLANK: Final = Cell(UNKNOWN, blank=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixRow(Dated):
    """One activity of the matrix, its group, and its cells by zone."""

    kegiatan: str
    kelompok: str
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntensityRule(Dated):
    """One limit: a parameter of a zone, for plots of an area in [area_from, area_to)."""

    zona: str
    parameter: str
    limit: float
    area_from_m2: float = 0.0
    area_to_m2: float = float("inf")
    kelas_jalan: str = ""
    kegiatan: tuple[str, ...] = ()

    @property
    def is_maximum(self) -> bool:
        """Whether the limit is one from above (`*_maks*`) rather than from below."""
        return "_maks" in self.parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayRule(Dated):
    """One effect of a ketentuan khusus on some activities."""

    kode: str
    nama: str
    geometry: GeometrySource
    layer: str
    column: str
    values: tuple[str, ...]
    distance_m: float | None
    ce90_m: float | None
    kegiatan: tuple[str, ...]
    except_kegiatan: tuple[str, ...]
    effect: Effect
    parameter: str
    limit: float | None
    conditions: tuple[str, ...]
    exemptions: tuple[str, ...]
    deducts: bool
    decree_column: str
    foreign: bool
    #: What decides where the rule lies; rules of the same ground are measured once.
    ground: tuple[object, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        where = (self.geometry, self.layer, self.column, self.values)
        object.__setattr__(
            self, "ground", (*where, self.distance_m, self.ce90_m, self.decree_column)
        )


@dataclass(frozen=True, slots=True)
class HazardMap:
    """Which hazard map a rule speaks about, and how its values become classes.

    `column` holds the classes of a polygon layer and `studied` names the layer of the ground
    that its authors looked at; `band` is that of a raster, `classes` the name of a rule for
    classes, `ce90_m` how far the map may be off.
    """

    layer: str
    column: str = ""
    studied: str = ""
    classes: str = ""
    band: int = 1
    ce90_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardRule(Dated):
    """What some classes of a hazard map mean for some activities.

    A class that holds less than `least_share` of a parcel has no effect on it.
    """

    kode: str
    nama: str
    source: HazardMap
    classes: tuple[str, ...]
    least_share: float
    kegiatan: tuple[str, ...]
    except_kegiatan: tuple[str, ...]
    effect: HazardEffect
    conditions: tuple[str, ...]
    exemptions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KbliRow(Dated):
    """One pair of business classification and activity."""

    kbli: str
    kegiatan: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption(Dated):
    """What turns a prohibition into conditions when a document proves it; never into I.

    With `before`, only a document dated before that day proves it.
    """

    kode: str
    uraian: str
    conditions: tuple[str, ...]
    before: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RiverWidth(Dated):
    """Width of a river's sempadan for a kind of river; None = either."""

    urban: bool | None
    levee: bool | None
    large: bool | None
    depth_from_m: float
    depth_to_m: float
    distance_m: float


@dataclass(frozen=True, slots=True)
class PlanMeta:
    """What `plan.toml` says: the instrument, its dates, scale, accuracy, planes and layer."""

    id: str
    name: str
    kind: str
    legal_ref: str
    promulgated: date
    valid_from: date
    valid_to: date | None
    legal_status: str
    status: str
    scale_denominator: int
    ce90_m: float
    code_system: str
    layer: str
    source: str
    layer_code_system: str = ""
    zone_column: str = "zona"
    area_crs: str = AREA_CRS
    metric_crs: str = METRIC_CRS
    area_floor_m2: float = 1.0
    area_tolerance: float = 0.05
    revoked_by: str = ""
    transition_article: str = ""
    subcodes: Mapping[str, str] = field(default_factory=dict)
    zone_names: Mapping[str, str] = field(default_factory=dict)
    rth_public: tuple[str, ...] = ()
    rth_private: tuple[str, ...] = ()
    examples: tuple[Mapping[str, Any], ...] = ()

    @property
    def level(self) -> int:
        """Place in the hierarchy; lower is asked first."""
        return HIERARCHY[self.kind]

    @property
    def route(self) -> str:
        """KKPR route when this instrument decides."""
        return "KONFIRMASI" if self.kind == "RDTR" else "PERSETUJUAN"

    def in_force(self, on: date) -> bool:
        """Say whether the instrument decides on a day: promulgated, not revoked, no draft."""
        if self.legal_status in ("rancangan", "pra_berlaku"):
            return False
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


@dataclass(frozen=True, eq=False)
class Plan:
    """One instrument with its rules and the source its layers come from.

    A plan is a snapshot: what it has read of its layers stays, so that many threads may
    ask it at once. Load it again to see newer layers.

    Parameters
    ----------
    meta : PlanMeta
    matrix, intensities, overlays, kbli, exemptions, rivers, hazards : tuples of dated rules
    source : LayerSource or None
        Where its layers come from; None only reads rules.
    version : str
        SHA-256 over the files of its folder.
    folder : Path or None
    meter : callable or None
        Measures parcels against hazard maps (`zoning.hazards.Meter`); without one every
        hazard that the plan has rules for is unknown.
    """

    meta: PlanMeta
    matrix: tuple[MatrixRow, ...] = ()
    intensities: tuple[IntensityRule, ...] = ()
    overlays: tuple[OverlayRule, ...] = ()
    kbli: tuple[KbliRow, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    rivers: tuple[RiverWidth, ...] = ()
    source: Any = None
    version: str = ""
    folder: Path | None = None
    hazards: tuple[HazardRule, ...] = ()
    meter: Any = None
    #: What was prepared from the layers, by day and layer version; filled by `zoning.ground`.
    prepared: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def id(self) -> str:
        """Short name."""
        return self.meta.id

    @property
    def layers(self) -> frozenset[str]:
        """Names of the layers that its rules read, on whatever day."""
        return frozenset({self.meta.layer} | {rule.layer for rule in self.overlays if rule.layer})

    def with_source(self, source: Any) -> Plan:
        """Return the same rules over other layers."""
        return replace(self, source=source)

    def __repr__(self) -> str:
        return f"Plan({self.meta.id!r}, {self.meta.kind}, {self.version[:12]})"
