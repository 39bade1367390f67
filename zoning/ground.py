"""What lies where under a plan on a day: its zones and overlays, prepared once for many permits."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from spatial.errors import EngineError, LayerNotFoundError
from spatial.index import Stack
from zoning.coverage import Coverage, Reach, reach_of
from zoning.ground_maps import OverlayMap, ZoneMap, overlay_map, zone_map
from zoning.plan import Dated, OverlayRule, Plan, PlanMeta
from zoning.ruleset import RuleSet, rules_on

__all__ = [
    "Ground",
    "LayerUse",
    "OverlayMap",
    "ZoneMap",
    "ground_on",
    "is_prepared",
]

#: Maps of a plan that are made or opened at the same time.
MOST_AT_ONCE: Final = min(4, os.cpu_count() or 1)
#: What overlays that are one map have in common.
Key = tuple[object, ...]
#: Days whose ground is remembered; a stranger may name any day.
MOST_DAYS: Final = 4_000
_PREPARING: Final = threading.RLock()


@dataclass(frozen=True, slots=True)
class LayerUse:
    """A layer that an answer rests on, and its version (content hash)."""

    name: str
    version: str

    def to_dict(self) -> dict[str, str]:
        """Return the layer as JSON-ready dictionary."""
        return {"name": self.name, "version": self.version}


@dataclass(frozen=True, eq=False)
class Ground:
    """A plan on a day, ready to be asked.

    `zones` is the fault where the layer could not be read; so is each overlay, and `faults`
    are those of them. `hazards` are the layers of the hazard maps as they were read, by name,
    or the fault. `stack` holds every map that could be read; `measured` says of each of its
    layers what it is: "whole" or "deep" of the zones, "certain", "possible" or "deep" of an
    overlay by its key.
    """

    plan: Plan
    rules: RuleSet
    zones: ZoneMap | EngineError
    overlays: Mapping[tuple[object, ...], OverlayMap | EngineError]
    reach: Reach
    hazards: Mapping[str, Any]
    layers: tuple[LayerUse, ...]
    faults: dict[tuple[object, ...], EngineError] = field(init=False)
    stack: Stack = field(init=False)
    measured: tuple[tuple[Key | None, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        unread = {k: one for k, one in self.overlays.items() if isinstance(one, EngineError)}
        object.__setattr__(self, "faults", unread)
        maps = dict(self._maps())
        named = {f"{place}": coverage.index for place, coverage in enumerate(maps.values())}
        object.__setattr__(self, "stack", Stack(named))
        object.__setattr__(self, "measured", tuple(maps))

    def _maps(self) -> Iterator[tuple[tuple[Key | None, str], Coverage]]:
        if isinstance(self.zones, ZoneMap):
            yield (None, "whole"), self.zones.whole
            yield (None, "deep"), self.zones.deep
        for key, one in self.overlays.items():
            if isinstance(one, OverlayMap):
                yield (key, "certain"), one.certain
                if one.possible is not one.certain:
                    yield (key, "possible"), one.possible
                yield (key, "deep"), one.deep

    @property
    def meta(self) -> PlanMeta:
        """What `plan.toml` says."""
        return self.plan.meta

    def met(
        self, regions: NDArray[np.object_]
    ) -> Iterator[tuple[tuple[object, ...], OverlayMap, list[int]]]:
        """Yield the overlays that regions may meet, each with the rows of these regions."""
        maps = [(k, one) for k, one in self.overlays.items() if isinstance(one, OverlayMap)]
        for position, rows in self.reach.met(regions):
            yield *maps[position], rows


def ground_on(plan: Plan, on: date, known_at: Any = None) -> Ground:
    """Return the ground of a plan on a day; days with the same rules and layers share one."""
    found: Ground | None = plan.prepared.get(("day", on, known_at))
    if found is None:
        # Threads that ask for the same ground at once wait for the first of them.
        with _PREPARING:
            found = plan.prepared.get(("day", on, known_at)) or _read(plan, on, known_at)
    return found


def is_prepared(plan: Plan, on: date, known_at: Any = None) -> bool:
    """Say whether the ground of a plan on a day is there already, so that nobody waits for it."""
    return ("day", on, known_at) in plan.prepared


def _read(plan: Plan, on: date, known_at: Any) -> Ground:
    rules = rules_on(plan, on)
    names = sorted(
        {plan.meta.layer} | {r.layer for r in rules.overlays if r.layer} | _hazard_layers(rules)
    )
    found = {name: _layer(plan, name, on, known_at) for name in names}
    stamp = ("ground", _epoch(plan, on), tuple(_version(found[name]) for name in names))
    if stamp not in plan.prepared:
        plan.prepared[stamp] = _prepare(plan, rules, found)
    days = [key for key in plan.prepared if key[0] == "day"]
    for key in days if len(days) >= MOST_DAYS else ():
        del plan.prepared[key]
    ground: Ground = plan.prepared[stamp]
    plan.prepared["day", on, known_at] = ground
    return ground


def _epoch(plan: Plan, on: date) -> int:
    """Count the days on which some rule began or ended, up to this one."""
    tables: tuple[tuple[Dated, ...], ...] = (
        plan.matrix, plan.intensities, plan.overlays, plan.kbli, plan.exemptions, plan.rivers,
        plan.hazards,
    )  # fmt: skip
    edges = {edge for rows in tables for row in rows for edge in (row.valid_from, row.valid_to)}
    return sum(1 for edge in edges if edge is not None and edge <= on)


def _layer(plan: Plan, name: str, on: date, known_at: Any) -> Any:
    """Get a layer; a fault is kept and not raised, so that it can widen the answer."""
    if plan.source is None:
        return LayerNotFoundError(
            "plan {plan} was loaded without a source of layers",
            code="plan_without_source",
            plan=plan.id,
        )
    return _or_fault(name, partial(plan.source.get, name, on=on, known_at=known_at))


def _version(layer: Any) -> str:
    if isinstance(layer, EngineError):
        return f"!{layer.code}"
    version = layer.version
    return str(getattr(version, "id", getattr(version, "sha256", version)))


def _prepare(plan: Plan, rules: RuleSet, layers: Mapping[str, Any]) -> Ground:
    grounds: dict[tuple[object, ...], OverlayRule] = {}
    for rule in rules.overlays:
        grounds.setdefault(rule.ground, rule)
    # Checking what is kept and making what is not both leave the interpreter to others.
    with ThreadPoolExecutor(MOST_AT_ONCE, "ground") as threads:
        zones = threads.submit(_or_fault, plan.meta.layer, partial(zone_map, plan.meta, layers))
        made = {
            key: threads.submit(
                _or_fault, rule.layer, partial(overlay_map, plan.meta, rules, rule, layers)
            )
            for key, rule in grounds.items()
        }
        overlays = {key: one.result() for key, one in made.items()}
    maps = [one for one in overlays.values() if isinstance(one, OverlayMap)]
    return Ground(
        plan=plan,
        rules=rules,
        zones=zones.result(),
        overlays=overlays,
        reach=reach_of([(one.certain, one.possible) for one in maps]),
        hazards={name: layers[name] for name in _hazard_layers(rules)},
        layers=tuple(
            LayerUse(name, _version(layer))
            for name, layer in layers.items()
            if not isinstance(layer, EngineError)
        ),
    )


def _hazard_layers(rules: RuleSet) -> set[str]:
    names = {name for rule in rules.hazards for name in (rule.source.layer, rule.source.studied)}
    return names - {""}


def _or_fault(layer: str, make: Callable[[], Any]) -> Any:
    """Return what is made of a layer, or why it cannot be read: its rows are read only then."""
    try:
        return make()
    except EngineError as error:
        return _bare(error)
    except (OSError, KeyError) as error:
        return LayerNotFoundError(
            "layer {layer} cannot be read: {why}",
            code="plan_layer_unreadable",
            layer=layer,
            why=f"{type(error).__name__}: {error}",
        )


def _bare(error: EngineError) -> EngineError:
    """Take from an error that is kept the frames it came through: they hold all they knew."""
    one: BaseException | None = error
    while one is not None:
        one.__traceback__ = None
        one = one.__cause__ or one.__context__
    return error
