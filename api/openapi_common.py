"""What the OpenAPI document says of every operation: keys, refusals, headers, who is told."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["EXECUTION", "complete"]

PROBLEM: Final = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
SCHEMES: Final[dict[str, dict[str, str]]] = {
    "ApiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "For programs; the office makes keys (tataruang keys add)",
    },
    "Token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "Of the office's OpenID Connect provider, where one is set up",
    },
    "Session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "tataruang",
        "description": "Of staff at a browser who signed in at /masuk; with https the cookie is "
        "__Host-tataruang. What changes something is taken from pages of this service alone",
    },
}
#: Asked for where the office serves a network; what is public needs none.
SECURITY: Final[list[dict[str, list[str]]]] = [{}, {"ApiKey": []}, {"Token": []}, {"Session": []}]
HEADERS: Final[dict[str, str]] = {
    "X-Request-Id": "Id of this request in the log of the service; one that is sent is kept",
    "Retry-After": "Seconds after which the same request may work",
    "RateLimit": 'Where requests are limited: r left now, t seconds to the next: "caller";r=99;t=1',
    "RateLimit-Policy": 'Where requests are limited: "caller";q=100;w=2',
    "Deprecation": "Where the operation will go: since when that is announced (RFC 9745)",
    "Sunset": "Where the operation will go: until when it answers, a year or more after (RFC 8594)",
    "Tataruang-Register": "Number in the register; of a collection first..last; not in a dry run",
    "Tataruang-Check-Code": "Code by which a letter is verified; of a single application",
    "Tataruang-Recorded-At": "When the decision was put on record, with its zone",
    "Tataruang-Notes": "Codes of what was noticed about the request itself",
    "Idempotent-Replayed": "true where this is the answer given to the same key before",
    "Location": "Where the decision or the job can be asked for later",
    "Preference-Applied": "respond-async",
}
EVERYWHERE: Final = ("X-Request-Id",)
LIMITED: Final = ("RateLimit", "RateLimit-Policy", "Deprecation", "Sunset")
#: (method, path, status) -> headers of that answer beside those of all.
SPECIAL: Final[dict[tuple[str, str, str], tuple[str, ...]]] = {
    ("post", "/v1/conformity", "200"): (
        "Tataruang-Register", "Tataruang-Check-Code", "Location", "Tataruang-Notes",
        "Idempotent-Replayed",
    ),
    ("get", "/v1/conformity/{number}", "200"): (
        "Tataruang-Register", "Tataruang-Check-Code", "Tataruang-Recorded-At",
    ),
    ("post", "/ogc/processes/{name}/execution", "201"): ("Location", "Preference-Applied"),
}  # fmt: skip
REFUSALS: Final[dict[str, str]] = {
    "401": "A key or token is needed, or the one shown is not accepted",
    "403": "The role of the key has no right to this",
    "429": "More requests than a caller may send; see Retry-After",
}
IN_FLIGHT: Final = "The request with this Idempotency-Key is being answered; see Retry-After"
WAIT: Final = ("409", "429", "503")


def complete(document: dict[str, Any]) -> None:
    """Add to a document, in place, what stands around every operation."""
    parts = document.setdefault("components", {})
    parts["securitySchemes"] = SCHEMES
    parts["headers"] = {
        name: {"description": text, "schema": {"type": "string"}} for name, text in HEADERS.items()
    }
    document["security"] = SECURITY
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(method, path, operation)


def _complete(method: str, path: str, operation: dict[str, Any]) -> None:
    answers = operation["responses"]
    asked = path.startswith(("/v1/", "/ogc"))
    if asked:
        for status, text in REFUSALS.items():
            answers.setdefault(status, {"content": PROBLEM})["description"] = text
    if any(one["name"] == "idempotency-key" for one in operation.get("parameters", ())):
        answers["409"] = {"description": IN_FLIGHT, "content": PROBLEM}
    for status, answer in answers.items():
        names = [*EVERYWHERE, *(LIMITED if asked else ())]
        names += ["Retry-After"] * (status in WAIT)
        names += SPECIAL.get((method, path, status), ())
        told = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
        answer["headers"] = answer.get("headers", {}) | told


def _told(text: str) -> dict[str, Any]:
    header = {"in": "header", "required": True, "schema": {"type": "string"}}
    return {
        "post": {
            "summary": text,
            "parameters": [
                header | {"name": "webhook-id", "description": "The same at every attempt"},
                header | {"name": "webhook-timestamp", "description": "Seconds since 1970"},
                header
                | {
                    "name": "webhook-signature",
                    "description": "Standard Webhooks: v1, and the HMAC-SHA256 of id.timestamp.body"
                    " in base64, with the secret that the office gives with the key",
                },
                header | {"name": "tataruang-event", "description": "job.successful and so on"},
                header | {"name": "tataruang-job", "description": "Id of the job"},
            ],
            "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
            "responses": {
                "2XX": {"description": "Taken; anything else is sent again for about a day"},
                "410": {"description": "Do not send it again"},
            },
        }
    }


ADDRESS: Final = {"type": "string", "format": "uri", "maxLength": 500}
#: What the document says of running a process, beside what the route itself tells.
EXECUTION: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": "Prefer",
            "in": "header",
            "required": False,
            "schema": {"type": "string", "enum": ["respond-async", "respond-sync"]},
            "description": "respond-async: answer 201 at once with the address of a job",
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["inputs"],
                    "properties": {
                        "inputs": {
                            "type": "object",
                            "description": "As /ogc/processes/{name} describes them",
                        },
                        "subscriber": {
                            "type": "object",
                            "required": ["successUri"],
                            "additionalProperties": False,
                            "description": "Who is told, with respond-async; the office lists hosts"
                            " that may be",
                            "properties": {
                                "successUri": ADDRESS,
                                "failedUri": ADDRESS,
                                "inProgressUri": ADDRESS,
                            },
                        },
                    },
                },
                "example": {"inputs": {"hazard": "banjir_100", "of": "bangunan"}},
            }
        },
    },
    "callbacks": {
        name: {f"{{$request.body#/subscriber/{member}}}": _told(text)}
        for name, member, text in (
            ("succeeded", "successUri", "The job has ended; the body is its results"),
            ("failed", "failedUri", "The job has failed; the body is its problem or its status"),
            ("running", "inProgressUri", "The job runs; the body is its status"),
        )
    },
}
