"""Which layers only some roles may see: a file of the workspace, `akses.toml`.

    [layers]
    kemiskinan = ["opd", "verifikator", "auditor"]

A layer that is not named is public. A layer that a caller may not see is not there for them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from api.access.roles import ROLES, Caller
from spatial.errors import LayerNotFoundError, StoreError

__all__ = ["FILE", "LayerRights"]

FILE: Final = "akses.toml"


@dataclass(frozen=True)
class LayerRights:
    """Roles that may see a layer, by its name.

    Examples
    --------
    >>> rights = LayerRights({"kemiskinan": frozenset({"opd"})})
    >>> from api.access.roles import EVERYBODY
    >>> rights.sees(EVERYBODY, "rdtr"), rights.sees(EVERYBODY, "kemiskinan")
    (True, False)
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

    def sees(self, caller: Caller, layer: str) -> bool:
        """Say whether a caller may see a layer."""
        return layer not in self.layers or caller.sees(self.layers[layer])

    def public(self, layer: str) -> bool:
        """Say whether everybody may see a layer."""
        return layer not in self.layers

    def require(self, caller: Caller, layer: str) -> None:
        """Refuse a layer that a caller may not see, as if there were none.

        Raises
        ------
        LayerNotFoundError
            `layer_hidden`.
        """
        if not self.sees(caller, layer):
            raise LayerNotFoundError(
                "there is no layer {name!r} for you",
                code="layer_hidden",
                hint="A key may show more layers",
                name=layer[:80],
            )


def _unreadable(reason: str) -> StoreError:
    return StoreError(
        "{file} cannot be understood: {reason}",
        code="rights_unreadable",
        hint='Write [layers] with lines such as kemiskinan = ["opd"]',
        file=FILE,
        reason=reason[:160],
    )
