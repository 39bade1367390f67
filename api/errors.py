"""From an error of the engine to an answer over HTTP: one table, one shape (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from spatial import errors as tree
from spatial.errors import EngineError
from spatial.text import DEFAULT_LANGUAGE, LANGUAGES, describe

__all__ = ["STATUS_OF_CLASS", "STATUS_OF_CODE", "RequestError", "problem", "status_of"]


class RequestError(EngineError, ValueError):
    """A request that cannot be read as it was sent."""

    default_code = "bad_request"


#: What went wrong by kind; the nearest class in the tree decides.
STATUS_OF_CLASS: Final[Mapping[type[EngineError], int]] = {
    RequestError: 400,
    tree.CrsError: 422,
    tree.GeometryError: 422,
    tree.PermitError: 422,
    tree.LayerError: 422,
    tree.PlanError: 503,
    tree.LayerNotFoundError: 404,
    tree.PlanNotFoundError: 404,
    tree.LimitError: 422,
    tree.TimeLimitError: 503,
    tree.SecurityError: 400,
    tree.AccessError: 403,
    tree.StoreError: 503,
    tree.ClosureError: 500,
    EngineError: 500,
}

#: Codes that need another status than their kind.
STATUS_OF_CODE: Final[Mapping[str, int]] = {
    "access_needs_key": 401,
    "key_expired": 401,
    "key_unknown": 401,
    "token_refused": 401,
    "body_too_slow": 408,
    "content_encoding": 415,
    "body_too_large": 413,
    "format_refused": 415,
    "idempotency_in_flight": 409,
    "idempotency_mismatch": 422,
    "idempotency_key": 400,
    "job_no_results": 404,
    "json_nested": 422,
    "json_number_not_finite": 422,
    "json_text_unusable": 422,
    "line_too_large": 413,
    "media_type": 415,
    "method_not_allowed": 405,
    "no_such_path": 404,
    "not_acceptable": 406,
    "not_geojson": 422,
    "property_refused": 422,
    "opening_failed": 503,
    "queue_full": 503,
    "rate_limit": 429,
    "sign_in_too_often": 429,
    "starting": 503,
    "tile_out_of_range": 404,
}

#: Statuses after which the same request may work: seconds to wait.
RETRY_AFTER_S: Final[Mapping[int, int]] = {409: 1, 429: 5, 503: 5}

TITLES: Final[Mapping[int, tuple[str, str]]] = {
    400: ("Permintaan tidak dapat dibaca", "The request cannot be read"),
    401: ("Perlu kunci akses", "A key is needed"),
    403: ("Tidak berwenang", "Not allowed"),
    404: ("Tidak ditemukan", "Not found"),
    405: ("Metode tidak dilayani", "Method not allowed"),
    406: ("Bentuk jawaban tidak tersedia", "Not acceptable"),
    408: ("Permintaan terlalu lambat", "The request took too long to arrive"),
    409: ("Permintaan yang sama sedang diproses", "The same request is being processed"),
    413: ("Permintaan terlalu besar", "The request is too large"),
    415: ("Jenis isi tidak diterima", "The content type is not accepted"),
    422: ("Isi tidak dapat dinilai", "The content cannot be judged"),
    429: ("Terlalu banyak permintaan", "Too many requests"),
    500: ("Kesalahan pada layanan", "A fault of the service"),
    503: ("Layanan sedang tidak dapat menjawab", "The service cannot answer now"),
}

PROBLEM_JSON: Final = "application/problem+json"


def status_of(error: EngineError) -> int:
    """Return the HTTP status of an error: by its code, else by its nearest class.

    Examples
    --------
    >>> status_of(tree.GeometryError("ring open", code="ring_unclosed"))
    422
    >>> status_of(tree.CorruptError("bytes differ"))
    503
    """
    if error.code in STATUS_OF_CODE:
        return STATUS_OF_CODE[error.code]
    return next(STATUS_OF_CLASS[kind] for kind in type(error).__mro__ if kind in STATUS_OF_CLASS)


def problem(
    error: EngineError,
    *,
    language: str = DEFAULT_LANGUAGE,
    instance: str = "",
    others: Iterable[EngineError] = (),
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of an RFC 9457 answer.

    `detail` and `hint` are in the language asked for; `texts` has every language.

    Parameters
    ----------
    instance : str
        The id of the request, for the log.
    others : iterable of EngineError
        Further faults of the same request, listed in `errors`.
    """
    status = status_of(error)
    body = _entry(error, language) | {
        "type": f"urn:tataruang:problem:{error.code}",
        "title": TITLES[status][LANGUAGES.index(language)],
        "status": status,
        "instance": instance,
    }
    if more := [_entry(other, language) for other in others]:
        body["errors"] = more
    headers = {"content-type": PROBLEM_JSON, "cache-control": "no-store"}
    if status == 401:
        headers["www-authenticate"] = 'Bearer realm="tataruang", ApiKey header="X-API-Key"'
    if status in RETRY_AFTER_S:
        headers["retry-after"] = str(error.details.get("wait", RETRY_AFTER_S[status]))
    return status, headers, json.dumps(body, ensure_ascii=False, default=str).encode()


def _entry(error: EngineError, language: str) -> dict[str, Any]:
    texts = {name: describe(error, name) for name in LANGUAGES}
    entry: dict[str, Any] = {"code": error.code, "detail": texts[language][0]}
    if texts[language][1]:
        entry["hint"] = texts[language][1]
    if "pointer" in error.details:
        entry["pointer"] = error.details["pointer"]
    entry["details"] = {k: v for k, v in error.details.items() if k != "pointer"}
    entry["texts"] = {
        name: {"detail": detail, "hint": hint} for name, (detail, hint) in texts.items()
    }
    return entry
