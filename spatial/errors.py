"""The errors of the engine, drawn as one tree.

Every error is an `EngineError`; each leaf is named by the thing that failed and is
also the builtin that a Python programmer would catch. A message says what failed,
which one (name, row, line) and what would work.

    EngineError
    ├── CrsError(ValueError)             unknown, missing, mixed or impossible CRS
    ├── GeometryError(ValueError)        a geometry that cannot be measured
    ├── LayerError(ValueError)           a file or table that cannot be read as a layer
    │   ├── SchemaError                  its columns or values are not those of the kind
    │   └── RasterError                  a raster without CRS, nodata, or of the wrong shape
    ├── LayerNotFoundError(LookupError)  no layer or version of that name
    ├── PlanError(ValueError)            a rule file with a fault
    ├── PlanNotFoundError(LookupError)   no plan of that name or for that date
    ├── PermitError(ValueError)          a permit that cannot be judged as it was sent
    ├── ClosureError(ArithmeticError)    parts that do not add up to the whole
    ├── LimitError(ValueError)           larger than the engine accepts
    │   └── TimeLimitError(TimeoutError) took longer than the engine allows
    ├── SecurityError(PermissionError)   an input that tries to reach something else
    ├── AccessError(PermissionError)     the caller may not see or do this
    └── StoreError(OSError)              the store cannot be read or written
        └── CorruptError                 stored bytes differ from their hash
"""

from __future__ import annotations

from typing import Any, ClassVar

__all__ = [
    "AccessError",
    "ClosureError",
    "CorruptError",
    "CrsError",
    "EngineError",
    "GeometryError",
    "LayerError",
    "LayerNotFoundError",
    "LimitError",
    "PermitError",
    "PlanError",
    "PlanNotFoundError",
    "RasterError",
    "SchemaError",
    "SecurityError",
    "StoreError",
    "TimeLimitError",
]


class EngineError(Exception):
    """Anything the engine refuses, with a stable code and the facts behind it.

    Parameters
    ----------
    message : str
        An English sentence with `{name}` fields for the facts in `details`.
    code : str
        Stable snake_case name of the fault; the key of its text in other languages.
    hint : str, optional
        What would work, also with fields.
    **details
        The facts: names, rows, places, values. They are kept for machines.

    Examples
    --------
    >>> error = EngineError("row {row} has no geometry", code="no_geometry", row=7)
    >>> str(error), error.code, error.details
    ('row 7 has no geometry', 'no_geometry', {'row': 7})
    """

    default_code: ClassVar[str] = "engine_error"

    def __init__(
        self, message: str, *, code: str | None = None, hint: str = "", **details: object
    ) -> None:
        self.code = code or self.default_code
        self.details = details
        self.message = message.format_map(details)
        self.hint = hint.format_map(details)
        super().__init__(f"{self.message}. {self.hint}" if self.hint else self.message)

    def __reduce__(self) -> Any:
        """Go from one process to another as it is: its sentences are filled already."""
        return _again, (type(self), self.message, self.code, self.hint, self.details)


def _again(
    kind: type[EngineError], message: str, code: str, hint: str, details: dict[str, Any]
) -> EngineError:
    error = kind("", code=code, **details)
    error.message, error.hint = message, hint
    error.args = (f"{message}. {hint}" if hint else message,)
    return error


class CrsError(EngineError, ValueError):
    """A coordinate reference system that is unknown, missing, mixed or impossible."""

    default_code = "crs_error"


class GeometryError(EngineError, ValueError):
    """A geometry that cannot be measured as it is."""

    default_code = "geometry_error"


class LayerError(EngineError, ValueError):
    """A file or table that cannot be read as a layer."""

    default_code = "layer_error"


class SchemaError(LayerError):
    """Columns or values that are not those of the kind."""

    default_code = "schema_error"


class RasterError(LayerError):
    """A raster without CRS or nodata, or of a shape that cannot be used."""

    default_code = "raster_error"


class LayerNotFoundError(EngineError, LookupError):
    """No layer or version of that name."""

    default_code = "layer_not_found"


class PlanError(EngineError, ValueError):
    """A rule file with a fault."""

    default_code = "plan_error"


class PlanNotFoundError(EngineError, LookupError):
    """No plan of that name, or none for that date."""

    default_code = "plan_not_found"


class PermitError(EngineError, ValueError):
    """A permit that cannot be judged as it was sent."""

    default_code = "permit_error"


class ClosureError(EngineError, ArithmeticError):
    """Parts that do not add up to the whole."""

    default_code = "closure_error"


class LimitError(EngineError, ValueError):
    """Larger than the engine accepts."""

    default_code = "limit_exceeded"


class TimeLimitError(LimitError, TimeoutError):
    """Took longer than the engine allows."""

    default_code = "time_limit"


class SecurityError(EngineError, PermissionError):
    """An input that tries to reach something other than itself."""

    default_code = "security_error"


class AccessError(EngineError, PermissionError):
    """The caller may not see or do this."""

    default_code = "access_denied"


class StoreError(EngineError, OSError):
    """The store cannot be read or written."""

    default_code = "store_error"


class CorruptError(StoreError):
    """Stored bytes differ from their hash."""

    default_code = "corrupt"
