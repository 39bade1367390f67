"""A batch on disk: what is asked, the parts it was cut into, and what of them is answered.

Completeness rests on files alone. A part's answers are written whole or not at all, under
a name made of the part's bytes, the workspace's versions and the question; so whoever
judges, however often and wherever, an answer counts once and never for another question.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from api.clock import today
from api.engine import Engine
from spatial.errors import LayerError
from zoning.release import ENGINE

__all__ = ["PART_ROWS", "Job", "Order", "Part", "Span", "prepare"]

#: Permits in one part: some hundred megabytes while they are judged.
PART_ROWS: Final = 5_000
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of every permit, in words that travel to other processes."""

    workspace: str
    plan: str | None = None
    on: str | None = None
    policy: str = "strict_parts"
    source_crs: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A file of some permits: its name, the hash of its bytes, and which rows it holds."""

    name: str
    sha256: str
    first: int
    rows: int


@dataclass(frozen=True, slots=True)
class Span:
    """Rows begin <= i < end of a part, and where their answers go."""

    part: Part
    begin: int
    end: int
    source: str
    target: str

    def __len__(self) -> int:
        return self.end - self.begin


@dataclass(frozen=True)
class Job:
    """A batch in a folder.

    Parameters
    ----------
    stamp : str
        Hash of the workspace's versions, the question and the engine.
    """

    folder: Path
    order: Order
    parts: tuple[Part, ...]
    stamp: str

    @property
    def rows(self) -> int:
        """Permits in all parts."""
        return sum(part.rows for part in self.parts)

    @cached_property
    def answers(self) -> Path:
        """The folder of finished spans."""
        folder = self.folder / "answers"
        folder.mkdir(exist_ok=True)
        return folder

    def span(self, part: Part, begin: int, end: int) -> Span:
        """Return some rows of a part as a task."""
        key = hashlib.sha256(f"{part.sha256}:{part.first}:{self.stamp}".encode()).hexdigest()[:32]
        target = self.answers / f"{key}.{begin:07d}-{end:07d}.parquet"
        return Span(part, begin, end, str(self.folder / "parts" / part.name), str(target))

    def finished(self) -> Iterator[tuple[Part, list[Span]]]:
        """Yield every part with its finished spans in order; they never overlap.

        The folder is looked through once: a nation has ten thousand parts.
        """
        there: dict[str, list[str]] = {}
        for path in self.answers.glob("*.parquet"):
            key, _, rows = path.name.partition(".")
            there.setdefault(key, []).append(rows)
        for part in self.parts:
            found: list[Span] = []
            key = Path(self.span(part, 0, part.rows).target).name.partition(".")[0]
            for rows in sorted(there.get(key, [])):
                begin, _, end = rows.partition(".")[0].partition("-")
                span = self.span(part, int(begin), int(end))
                # A span that was cut after a fault may lie beside one that was finished late.
                if not found or span.begin >= found[-1].end:
                    found.append(span)
            yield part, found

    def missing(self) -> Iterator[Span]:
        """Yield the spans that have no answer yet."""
        for part, finished in self.finished():
            at = 0
            for span in finished:
                if span.begin > at:
                    yield self.span(part, at, span.begin)
                at = span.end
            if at < part.rows:
                yield self.span(part, at, part.rows)


def prepare(permits: Path, order: Order, folder: Path, *, part_rows: int = PART_ROWS) -> Job:
    """Cut a GeoParquet file of permits into parts, or find the parts that are there already.

    Raises
    ------
    LayerError
        `batch_not_geoparquet`, if the file is no GeoParquet.
    """
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / "manifest.json"
    wanted = {"input": _hash_file(permits), "part_rows": part_rows}
    said = json.loads(manifest.read_bytes()) if manifest.exists() else {}
    if any(said.get(name) != value for name, value in wanted.items()):
        shutil.rmtree(folder / "parts", ignore_errors=True)
        parts = list(_cut(permits, folder / "parts", part_rows))
        said = wanted | {"parts": [asdict(part) for part in parts]}
        _write(manifest, json.dumps(said).encode())
    return Job(folder, order, tuple(Part(**one) for one in said["parts"]), _stamp(order))


def _cut(permits: Path, folder: Path, part_rows: int) -> Iterator[Part]:
    try:
        source = pq.ParquetFile(permits)
    except (pa.ArrowInvalid, OSError) as error:
        raise _no_geoparquet(permits) from error
    if b"geo" not in (source.schema_arrow.metadata or {}):
        raise _no_geoparquet(permits)
    folder.mkdir(parents=True)
    first = 0
    for number, batch in enumerate(source.iter_batches(batch_size=part_rows)):
        path = folder / f"part-{number:06d}.parquet"
        pq.write_table(pa.Table.from_batches([batch], source.schema_arrow), path)
        yield Part(path.name, _hash_file(path), first, batch.num_rows)
        first += batch.num_rows


def _no_geoparquet(path: Path) -> LayerError:
    return LayerError(
        "{name} is no GeoParquet, which a batch by several workers reads in parts",
        code="batch_not_geoparquet",
        hint="Convert it with GDAL or geopandas, or check it without --workers",
        name=path.name,
    )


def _stamp(order: Order) -> str:
    """Return a hash of all that an answer depends on beside the permit."""
    engine = Engine.open(order.workspace)
    plans = engine.workspace.plans
    files = sorted(path for path in plans.rglob("*") if path.is_file())
    known = {
        "engine": ENGINE,
        "order": asdict(order) | {"workspace": engine.workspace.name},
        # Permits without a date are judged by the day.
        "day": today().isoformat() if order.on is None else order.on,
        "layers": [(one.name, one.id, one.seq) for one in engine.store.layers()],
        "plans": [(str(path.relative_to(plans)), _hash_file(path)) for path in files],
    }
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def _hash_file(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _write(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with partial.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(path)
