"""What a careful developer would ask PostGIS for a verdict: one prepared question over pieces.

Zones and overlays lie in one table with one index, whole and shrunk by the accuracy of the
map, cut into small pieces. From its rows the engine's own judge gives the verdict, so that
both services say the same and differ in how they measure, hold and record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from api.applications import Applications
from api.engine import Engine
from api.verdict_files import verdict_bytes
from spatial.crs import project
from tests.benchmarks.served import JUDGED_ON
from tests.benchmarks.tasks import need
from zoning.building import Drawing
from zoning.check import DEGREE_PRECISION_M
from zoning.coverage import Coverage
from zoning.ground import Ground, OverlayMap, ZoneMap, ground_on
from zoning.judge import Case, judge
from zoning.permit import area_uncertainty
from zoning.survey import CLOSURE, DEEP_M2, OverlayHit, Scene, ZoneHit

__all__ = ["QUESTION", "RECORD", "Judge", "fill_pieces"]

ZONES: Final = "zoning"
#: A piece that is met, whole or in part; zones also within the accuracy of the map ($2, m).
QUESTION: Final = """
WITH p AS (SELECT ST_GeomFromWKB($1) AS shape)
SELECT z.layer, z.deep, z.code, sum(ST_Area(part.shape)) AS area,
    min(CASE WHEN z.layer = 'zoning' AND NOT z.deep AND part.shape IS NULL
        THEN ST_Distance(p.shape, z.shape) END) AS distance,
    CASE WHEN NOT z.deep AND NOT bool_or(met.inside)
        THEN ST_AsBinary(ST_Union(part.shape)) END AS cut
FROM p JOIN pieces z ON ST_DWithin(p.shape, z.shape, $2)
CROSS JOIN LATERAL (SELECT ST_CoveredBy(p.shape, z.shape) AS inside) met
CROSS JOIN LATERAL (SELECT CASE WHEN met.inside THEN p.shape
    WHEN ST_Intersects(p.shape, z.shape) THEN ST_Intersection(p.shape, z.shape) END AS shape) part
GROUP BY z.layer, z.deep, z.code ORDER BY z.layer, z.code
"""
RECORD: Final = """
INSERT INTO decisions (permit_id, request, answer, request_sha256, answer_sha256)
VALUES ($1, $2, $3, $4, $5) RETURNING seq
"""
TABLES: Final = """
DROP TABLE IF EXISTS pieces, decisions;
CREATE TABLE pieces (layer text, deep bool, code text, shape geometry);
CREATE TABLE decisions (seq bigserial PRIMARY KEY, permit_id text NOT NULL, request bytea NOT NULL,
    answer bytea NOT NULL, request_sha256 text NOT NULL, answer_sha256 text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON decisions (permit_id)
"""


def fill_pieces(address: str, workspace: Path) -> None:
    """Put what the plan of a workspace reads into one table with one index."""
    with need("psycopg").connect(address, autocommit=True) as base:
        base.execute(TABLES)
        with base.cursor().copy("COPY pieces FROM STDIN") as copy:
            for layer, deep, coverage in _coverages(_ground(workspace)):
                hexes = shapely.to_wkb(coverage.pieces, hex=True)
                for owner, wkb in zip(coverage.owner.tolist(), hexes, strict=True):
                    copy.write_row((layer, deep, coverage.codes[owner], wkb))
        base.execute("CREATE INDEX ON pieces USING gist (shape)")
        base.execute("VACUUM ANALYZE pieces")


def _ground(workspace: Path) -> Ground:
    [plan] = Engine.open(workspace).plans
    return ground_on(plan, JUDGED_ON)


def _coverages(ground: Ground) -> Iterable[tuple[str, bool, Coverage]]:
    assert isinstance(ground.zones, ZoneMap)
    yield ZONES, False, ground.zones.whole
    yield ZONES, True, ground.zones.deep
    for rule in ground.rules.overlays:
        found = ground.overlays[rule.ground]
        assert isinstance(found, OverlayMap)
        yield rule.layer, False, found.certain
        yield rule.layer, True, found.deep


@dataclass
class Judge:
    """The engine's judge over areas that a database measured."""

    workspace: Path
    ground: Ground = field(init=False)
    keys: dict[str, tuple[object, ...]] = field(init=False)

    def __post_init__(self) -> None:
        self.ground = _ground(self.workspace)
        self.keys = {rule.layer: rule.ground for rule in self.ground.rules.overlays}

    def placed(self, sent: Applications) -> BaseGeometry:
        """Return the parcel on the plane of areas."""
        parcel = shapely.normalize(np.array([sent.permits[0].parcel], dtype=object))
        found: BaseGeometry = project(parcel, sent.permits.crs, self.ground.meta.area_crs)[0]
        return found

    def answer(
        self, sent: Applications, parcel: BaseGeometry, rows: Iterable[Mapping[str, Any]]
    ) -> bytes:
        """Return the verdict as the engine writes it."""
        [permit] = sent.permits
        scene = self._scene(parcel, rows)
        case = Case(
            permit=permit,
            parcel=parcel,
            drawing=Drawing(),
            area_m2=scene.area_m2,
            uncertainty_m2=float(area_uncertainty([parcel], DEGREE_PRECISION_M)[0]),
            precision_m=DEGREE_PRECISION_M,
            grounds=(self.ground,),
            scenes=(scene,),
            compared=(),
            rest=None,
            on=permit.tanggal or JUDGED_ON,
            known_at=None,
            policy="strict_parts",
        )
        return verdict_bytes(judge(case).to_dict())

    def _scene(self, parcel: BaseGeometry, rows: Iterable[Mapping[str, Any]]) -> Scene:
        scene = Scene(self.ground, parcel, float(shapely.area(parcel)))
        found = list(rows)
        deep = {(row["layer"], row["code"]): row["area"] or 0.0 for row in found if row["deep"]}
        for row in found:
            layer, code, area = row["layer"], row["code"], row["area"] or 0.0
            inner = deep.get((layer, code), 0.0)
            if row["deep"]:
                continue
            if layer == ZONES and area <= CLOSURE * scene.area_m2:
                if row["distance"] is not None:
                    scene.near[code] = row["distance"]
            elif layer == ZONES:
                scene.zones.append(ZoneHit(code, area, inner > DEEP_M2, inner))
                _keep(scene, ("zone", code), row["cut"])
            elif area > CLOSURE * scene.area_m2:
                key = self.keys[layer]
                scene.overlays[key] = OverlayHit(area, area, inner > DEEP_M2)
                _keep(scene, ("overlay", key, True), row["cut"])
        rest = scene.area_m2 - sum(hit.area_m2 for hit in scene.zones)
        scene.uncovered_m2 = rest if rest > CLOSURE * scene.area_m2 else 0.0
        return scene


def _keep(scene: Scene, key: tuple[object, ...], wkb: bytes | None) -> None:
    scene.cut[key] = scene.region if wkb is None else shapely.from_wkb(wkb)
