"""Which layers only some roles may see: a file of the workspace, `akses.toml`.

    [layers]
    kemiskinan = ["opd", "verifikator", "auditor"]

A layer that is not named is public. A layer that a caller may not see is not there for them: every
answer is that of a workspace without it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from api.access.roles import RIGHTS, ROLES
from spatial.errors import StoreError

__all__ = ["FILE", "LayerRights"]

FILE: Final = "akses.toml"


@dataclass(frozen=True)
class LayerRights:
    """Roles that may see a layer, by its name.

    Examples
    --------
    >>> rights = LayerRights({"kemiskinan": frozenset({"opd"})})
    >>> rights.public("rdtr"), rights.public("kemiskinan")
    (True, False)
    >>> from api.access.roles import EVERYBODY
    >>> sorted(rights.hidden_from(EVERYBODY.roles))
    ['kemiskinan']
    """

    layers: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> LayerRights:
        """Read the rights of a workspace.

        Raises
        ------
        StoreError
            `rights_unreadable`: a file that cannot be understood opens nothing.
        """
        path = folder / FILE
        if not path.is_file():
            return cls()
        try:
            said = tomllib.loads(path.read_text(encoding="utf-8"))
            layers = {str(n): frozenset(map(str, r)) for n, r in said["layers"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _unreadable(str(error)) from error
        strange = sorted({role for roles in layers.values() for role in roles} - set(ROLES))
        if strange:
            raise _unreadable(f"there is no role {strange[0]!r}")
        return cls(layers)

    def hidden_from(self, roles: frozenset[str]) -> frozenset[str]:
        """Return the names of layers that none of some roles may see."""
        return frozenset(name for name, allowed in self.layers.items() if allowed.isdisjoint(roles))

    def check_recorders(self, needed: Iterable[str]) -> None:
        """Demand that whoever records decisions sees every layer that plans read.

        A decision rests on the whole law and can be replayed, so it cannot leave a layer out
        for one officer and not for another.

        Raises
        ------
        StoreError
            `rights_recorder`.
        """
        recorders = [role for role in ROLES if "record" in RIGHTS[role]]
        for layer in sorted(set(needed) & set(self.layers)):
            if blind := sorted(set(recorders) - self.layers[layer]):
                raise StoreError(
                    "{file} closes the layer {layer}, which plans read, to {role}",
                    code="rights_recorder",
                    hint="Who records decisions must see what they rest on: add {role}",
                    file=FILE,
                    layer=layer,
                    role=blind[0],
                )

    def public(self, layer: str) -> bool:
        """Say whether everybody may see a layer."""
        return layer not in self.layers


def _unreadable(reason: str) -> StoreError:
    return StoreError(
        "{file} cannot be understood: {reason}",
        code="rights_unreadable",
        hint='Write [layers] with lines such as kemiskinan = ["opd"]',
        file=FILE,
        reason=reason[:160],
    )
