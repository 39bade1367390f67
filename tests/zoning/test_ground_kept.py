"""Maps kept beside their layer: the same as made anew, opened unread, and never trusted."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from layers.store import files, open_store
from layers.workspace import Workspace
from tests.zoning.d1_workspace import make, permits
from zoning import check_permits, load_plans
from zoning.ground import ground_on
from zoning.ground_maps import OverlayMap, ZoneMap
from zoning.pieces import pieces_of

DAY = date(2026, 6, 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make(tmp_path / "ruang")


def _plan(folder: Path) -> Any:
    workspace = Workspace.open(folder)
    [plan] = load_plans(workspace.plans, open_store(workspace))
    return plan


def _answers(folder: Path) -> list[Any]:
    return [one.to_dict() for one in check_permits(permits(60), _plan(folder), on=DAY)]


def _kept(folder: Path) -> list[Path]:
    return sorted((folder / "store").rglob("*.map"))


def _unreadable(*_: object) -> None:
    raise AssertionError("a layer was read")


def test_what_is_kept_gives_the_same_verdicts_and_no_layer_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _answers(folder)
    assert _kept(folder)
    monkeypatch.setattr(files, "read_frame", _unreadable)
    assert _answers(folder) == made


def test_maps_that_are_opened_are_those_that_were_made(folder: Path) -> None:
    made, opened = (ground_on(_plan(folder), DAY) for _ in range(2))
    assert isinstance(made.zones, ZoneMap)
    assert isinstance(opened.zones, ZoneMap)
    pairs = [(made.zones.whole, opened.zones.whole), (made.zones.deep, opened.zones.deep)]
    for key, one in made.overlays.items():
        other = opened.overlays[key]
        assert isinstance(one, OverlayMap)
        assert isinstance(other, OverlayMap)
        assert (one.possible is one.certain) == (other.possible is other.certain)
        pairs += [(one.certain, other.certain), (one.deep, other.deep)]
    for one, other in pairs:
        assert one.codes == other.codes
        assert one.index.same_as(other.index)
        assert shapely.equals_exact(one.pieces, other.pieces, 0.0).all()
        assert np.array_equal(one.owner, other.owner)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: b"TATAMAP0" + data[8:],
        lambda data: data[:-100] + bytes([data[-100] ^ 1]) + data[-99:],
        lambda data: b"",
    ],
    ids=["cut", "another format", "one bit", "empty"],
)
def test_a_damaged_map_is_made_again_and_said(
    folder: Path, damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    made = _answers(folder)
    whole = {path: path.read_bytes() for path in _kept(folder)}
    for path, data in whole.items():
        path.write_bytes(damage(data))
    with caplog.at_level(logging.WARNING, "tataruang.ground"):
        assert _answers(folder) == made
    assert {path: path.read_bytes() for path in _kept(folder)} == whole
    assert len([one for one in caplog.records if "made again" in one.message]) == len(whole)


@pytest.mark.parametrize(
    ("name", "other", "told"),
    [
        ("shapely.geos_version_string", "9.9.9", b"GEOS 9.9.9"),
        ("zoning.ground_files.INDEX", b"TATAIDX0", b" TATAIDX0"),
    ],
)
def test_another_engine_replaces_what_the_former_left(
    name: str, other: object, told: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _answers(folder)
    before = _kept(folder)
    monkeypatch.setattr(name, other)
    assert _answers(folder) == made
    assert _kept(folder) == before
    assert all(told in path.read_bytes() for path in before)


def test_another_accuracy_is_another_map(folder: Path) -> None:
    _answers(folder)
    before = _kept(folder)
    toml = folder / "plans" / "D1" / "plan.toml"
    lines = toml.read_text(encoding="utf-8").splitlines()
    wider = ["ce90_m = 4.25" if one.startswith("ce90_m") else one for one in lines]
    assert wider != lines
    toml.write_text("\n".join(wider), encoding="utf-8")
    _answers(folder)
    assert len(_kept(folder)) > len(before)


def test_a_layer_whose_bytes_were_changed_decides_nothing_though_its_map_is_whole(
    folder: Path,
) -> None:
    assert isinstance(ground_on(_plan(folder), DAY).zones, ZoneMap)
    layer = _plan(folder).source.get("zona_d1", on=DAY)
    data = layer.path.read_bytes()
    layer.path.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    zones = ground_on(_plan(folder), DAY).zones
    assert getattr(zones, "code", "") == "version_corrupt"


def test_a_store_that_may_only_be_read_answers_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr("zoning.ground_files.save_arrays", refuse)
    answers = _answers(folder)
    assert not _kept(folder)
    monkeypatch.undo()
    assert _answers(folder) == answers


def test_pieces_come_back_as_they_were_one_by_one_and_together() -> None:
    chance = np.random.default_rng(4)
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(chance.uniform(0, 99, (50, 2))))
    )
    holed = np.array([cell.difference(cell.centroid.buffer(0.2)) for cell in cells], dtype=object)
    made = pieces_of(holed)
    assert shapely.equals_exact(made.all(), holed, 0.0).all()
    rows = chance.permutation(len(holed))
    assert shapely.equals_exact(made.take(rows), holed[rows], 0.0).all()
    for x, y in chance.uniform(0, 99, (40, 2)):
        place = shapely.Point(x, y)
        assert set(made.meeting(place)) == set(np.flatnonzero(shapely.intersects(holed, place)))
    assert len(pieces_of([])) == len(pieces_of([]).all()) == 0


def test_a_layer_that_breaks_while_its_rows_are_read_widens_the_answer(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError("the disk went away")

    monkeypatch.setattr(files, "read_frame", broken)
    answers = _answers(folder)
    assert {one["verdict"] for one in answers} == {"PERLU_KAJIAN"}
    told = {f["facts"].get("sebab_kode") for one in answers for f in one["findings"]}
    assert "plan_layer_unreadable" in told
