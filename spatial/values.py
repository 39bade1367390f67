"""Values made by the million: frozen for what checks types, guarded by nothing at run time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

__all__ = ["value"]

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(*, eq: bool = True) -> Callable[[type[T]], type[T]]:
    """Make a class what `dataclass(frozen=True, slots=True)` would make of it.

    A frozen dataclass sets each of its fields by a call, and a verdict is made of three hundred:
    a twelfth of its time went there. The type checker refuses to change one all the same.

    Examples
    --------
    >>> @value()
    ... class Share:
    ...     zone: str
    ...     area_m2: float = 0.0
    >>> Share("R-2", 120.0), Share("R-2") == Share("R-2"), len({Share("R-2"), Share("R-2")})
    (Share(zone='R-2', area_m2=120.0), True, 1)
    """

    def made(cls: type[T]) -> type[T]:
        return dataclass(slots=True, eq=eq, unsafe_hash=eq)(cls)

    return made
