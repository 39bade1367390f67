"""The desk of a planner: a file of permits in, verdicts with tables, maps and reports out."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from api.engine import Engine
from api.formats import area, day
from api.options import atomic_path, on_terminal
from api.reports.html import IndexRow, render_html, render_index
from api.reports.page import build_page, texts
from api.reports.scene import Scenes, plan_of
from api.reports.verdict_map import draw_verdict_map
from api.shared_ground import SharedGround, shared_ground
from api.symbology import zone_colour
from api.terminal import print_verdicts
from api.verdict_files import verdict_bytes, write_verdicts
from spatial.crs import AREA_CRS, LONLAT, project
from zoning import Verdicts, explain, headline, read_permits
from zoning.permit import COLUMNS
from zoning.permit_tables import NO_COLUMNS

__all__ = ["Answers", "Desk"]

#: Characters a file name may have on every system; others become a hyphen.
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


#: Pairs of applications over the same ground that are told on the terminal.
MOST_TOLD = 10


@dataclass(frozen=True)
class Desk:
    """A workspace opened to judge files of permits."""

    engine: Engine

    @classmethod
    def open(cls, folder: Path | str) -> Desk:
        """Open the workspace of a folder."""
        return cls(Engine.open(folder))

    def check(
        self,
        permits: Path,
        *,
        source_crs: str | None = None,
        corners: Path | None = None,
        sheet: str | None = None,
        columns: Mapping[str, str] = NO_COLUMNS,
        on: date | None = None,
        plan: str | None = None,
        policy: str = "strict_parts",
    ) -> Answers:
        """Read a file of permits and judge each row.

        Raises
        ------
        EngineError
            What is wrong with the file, the plan or the day.
        """
        frame = read_permits(
            permits,
            source_crs=source_crs,
            within=self.engine.extent,
            corners=corners,
            sheet=sheet,
            columns=columns,
        )
        verdicts = self.engine.check(frame, on=on, plan=plan, policy=policy)
        return Answers(frame, verdicts, official=self.engine.workspace.resmi)

    def write_reports(self, answers: Answers, folder: Path) -> Path:
        """Write a map and a page for each permit and a summary; return the summary's path.

        Files are `peta/<permit>.png`, `laporan/<permit>.html` and `index.html`.
        """
        scenes = Scenes(self.engine)
        names = _file_names([one["permit_id"] for one in answers.bodies])
        for place, name in enumerate(_progress(names)):
            self._write_report(answers, place, name, scenes, folder)
        summary = folder / "index.html"
        with atomic_path(summary) as partial:
            partial.write_text(self._summary(answers, names), encoding="utf-8")
        return summary

    def _write_report(
        self, answers: Answers, place: int, name: str, scenes: Scenes, folder: Path
    ) -> None:
        body = answers.bodies[place]
        picture = self._map(answers, place, scenes)
        if picture is not None:
            with atomic_path(folder / "peta" / f"{name}.png") as partial:
                partial.write_bytes(picture)
        page = build_page(
            body,
            permit=answers.applicant(place),
            sentences=explain(body),
            colour_of=zone_colour,
            workspace=self.engine.workspace.name,
            official=answers.official,
            map_name=f"../peta/{name}.png" if picture is not None else "",
        )
        with atomic_path(folder / "laporan" / f"{name}.html") as partial:
            partial.write_text(render_html(page), encoding="utf-8")

    def _map(self, answers: Answers, place: int, scenes: Scenes) -> bytes | None:
        """Draw the map of a permit; None where there is no parcel to draw."""
        parcel, footprint = answers.shapes(self.engine.workspace.metric_crs, place)
        if parcel is None:
            return None
        body = answers.bodies[place]
        on = date.fromisoformat(body["evidence"]["on"])
        plan = plan_of(self.engine.plans, str(body["evidence"]["plan"]))
        verdict = answers.verdicts[place]
        approvable = _moved(verdict.approvable, verdict.crs, self.engine.workspace.metric_crs)
        return draw_verdict_map(
            scenes.of(plan, on), body, parcel, approvable=approvable, footprint=footprint
        )

    def _summary(self, answers: Answers, names: Sequence[str]) -> str:
        rows = [
            IndexRow(
                permit_id=str(body["permit_id"]),
                activity=str(answers.applicant(place).get("kegiatan") or "–"),
                area=area(body["parcel"]["area_m2"]),
                verdict=str(body["verdict"]),
                because=answers.because[place],
                link=f"laporan/{name}.html",
            )
            for place, (body, name) in enumerate(zip(answers.bodies, names, strict=True))
        ]
        days = sorted({str(body["evidence"]["on"]) for body in answers.bodies})
        return render_index(
            rows,
            on=" – ".join(day(one) for one in days[:: max(len(days) - 1, 1)]),
            workspace=self.engine.workspace.name,
            notice="" if answers.official else texts("id")["sample_notice"],
        )


@dataclass(frozen=True)
class Answers:
    """Permits with their verdicts, ready to be shown; all of it from the one verdict JSON."""

    permits: gpd.GeoDataFrame
    verdicts: Verdicts
    official: bool

    @cached_property
    def bodies(self) -> list[dict[str, Any]]:
        """The verdict JSON of each permit."""
        return self.verdicts.to_dicts()

    @cached_property
    def because(self) -> list[str]:
        """One Indonesian sentence for each: why."""
        return [headline(body).partition(": ")[2] or headline(body) for body in self.bodies]

    @property
    def unread(self) -> list[str]:
        """Columns of the file that no rule reads: told, because one may have been meant."""
        read = {*COLUMNS, "kendala", self.permits.geometry.name}
        return [str(name) for name in self.permits.columns if name not in read]

    @cached_property
    def shared(self) -> list[SharedGround]:
        """Pairs of applications that claim the same ground."""
        names = [str(body["permit_id"]) for body in self.bodies]
        shapes = [_drawable(shape) for shape in self.permits.geometry]
        return shared_ground(names, [_moved(shape, self.permits.crs, AREA_CRS) for shape in shapes])

    def applicant(self, place: int) -> Mapping[str, Any]:
        """Return the application's own fields."""
        row = self.permits.iloc[place]
        return {str(name): value for name, value in row.items() if _given(value)}

    def shapes(self, crs: str, place: int) -> tuple[BaseGeometry | None, BaseGeometry | None]:
        """Return parcel and footprint of a permit on a plane; None where it cannot be drawn."""
        row = self.permits.iloc[place]
        drawn = (_drawable(row.get(name)) for name in (self.permits.geometry.name, "footprint"))
        parcel, footprint = (_moved(shape, self.permits.crs, crs) for shape in drawn)
        return parcel, footprint

    def write(self, target: Path) -> None:
        """Write the verdicts in the format of the file's suffix."""
        target.parent.mkdir(parents=True, exist_ok=True)
        shapes = np.asarray(self.permits.geometry.array, dtype=object)
        drawn = np.array([_drawable(shape) for shape in shapes] + [None], dtype=object)[:-1]
        there = np.flatnonzero(drawn != None)  # noqa: E711  element by element
        drawn[there] = project(drawn[there], self.permits.crs, LONLAT)
        geometries = [shape.__geo_interface__ if shape is not None else None for shape in drawn]
        write_verdicts(
            target,
            self.bodies,
            because=self.because,
            geometries=geometries,
            shared=[one.row() for one in self.shared] if target.suffix.lower() == ".xlsx" else (),
        )

    def print_table(self, files: Iterable[Path], next_step: str = "") -> None:
        """Print the table of verdicts, the totals and where the files are."""
        if not self.official:
            print(texts("id")["sample_notice"])
        print_verdicts(self.bodies, self.because, files=files, next_step=next_step)
        if self.unread:
            print(f"! kolom yang tidak dibaca: {', '.join(self.unread)}")
            print("  → bila salah satunya dimaksud: --column permit_id='No Permohonan'")
        for one in self.shared[:MOST_TOLD]:
            print(f"! {one.sentence()}")
        if (more := len(self.shared) - MOST_TOLD) > 0:
            print(f"! {more} pasangan lain: lembar 'Tumpang tindih' pada hasil .xlsx")

    def print_json(self) -> None:
        """Print the verdicts, the same bytes as in a file."""
        sys.stdout.buffer.write(b"[" + b",\n".join(map(verdict_bytes, self.bodies)) + b"]\n")
        sys.stdout.flush()


def _given(value: Any) -> bool:
    """Say whether an application states something: lists of documents may be empty."""
    if pd.api.types.is_scalar(value) or value is None:
        return bool(pd.notna(value))
    return np.size(value) > 0


def _drawable(shape: Any) -> BaseGeometry | None:
    """Return a polygon that can be drawn and measured; None for anything else."""
    if not isinstance(shape, BaseGeometry) or shape.is_empty or not np.isfinite(shape.bounds).all():
        return None
    flat = shapely.force_2d(shape)
    return flat if flat.is_valid and flat.area > 0 else None


def _moved(shape: BaseGeometry | None, source: Any, target: Any) -> BaseGeometry | None:
    if shape is None:
        return None
    array = np.empty(1, dtype=object)
    array[0] = shape
    moved: BaseGeometry = project(array, source, target)[0]
    return moved


def _file_names(permit_ids: Sequence[str]) -> list[str]:
    """Make file names of permits' names: plain characters, each once."""
    seen: dict[str, int] = {}
    names = []
    for permit_id in permit_ids:
        plain = "".join(c if c in PLAIN else "-" for c in permit_id).strip(".-")[:80] or "izin"
        key = plain.lower()
        seen[key] = seen.get(key, 0) + 1
        names.append(plain if seen[key] == 1 else f"{plain}~{seen[key]}")
    return names


def _progress(names: Sequence[str]) -> Iterator[str]:
    """Pass names on, showing rate and time left to a person who looks."""
    if not on_terminal():
        yield from names
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(
        names, description="peta dan laporan", console=Console(stderr=True), transient=True
    )
