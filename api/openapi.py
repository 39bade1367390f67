"""The OpenAPI document: written from the routes, with the models that bytes are held against."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.leaving import LEAVING
from api.models import (
    BatchLine,
    ExplainedVerdict,
    Feature,
    FeatureCollection,
    Problem,
    VerdictModel,
)
from api.openapi_common import complete

__all__ = ["openapi_of", "reference"]

MODELS: Final[tuple[type[BaseModel], ...]] = (
    BatchLine,
    ExplainedVerdict,
    Feature,
    FeatureCollection,
    Problem,
    VerdictModel,
)
TEMPLATE: Final = "#/components/schemas/{model}"


def reference(model: str) -> dict[str, str]:
    """Return a reference to a model of the document.

    Examples
    --------
    >>> reference("Problem")
    {'$ref': '#/components/schemas/Problem'}
    """
    return {"$ref": TEMPLATE.format(model=model)}


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """Return the document of an application, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        _, models = models_json_schema(
            [(model, "validation") for model in MODELS], ref_template=TEMPLATE
        )
        schemas.update(models["$defs"])
        # Parameter faults are answered as problem+json with 400 or 404, never as FastAPI's 422.
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        for operation in (one for path in document["paths"].values() for one in path.values()):
            _forget_validation(operation)
        complete(document)
        for path in LEAVING.keys() & document["paths"].keys():
            for operation in document["paths"][path].values():
                operation["deprecated"] = True
        app.openapi_schema = document
    return app.openapi_schema


def _forget_validation(operation: dict[str, Any]) -> None:
    answers = operation.get("responses", {})
    if "HTTPValidationError" in str(answers.get("422")):
        del answers["422"]
