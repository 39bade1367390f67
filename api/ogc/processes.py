"""OGC API Processes as documents: which there are, what each takes, what was sent to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from api.ogc.documents import JSON, Address, link
from api.ogc.process_inputs import refused
from api.ogc.process_list import PROCESSES, Process
from spatial.errors import LayerNotFoundError

__all__ = ["PROCESSES", "Process", "checked", "describe", "named", "summary"]

REL: Final = "http://www.opengis.net/def/rel/ogc/1.0"


def named(name: str) -> Process:
    """Return a process by its id.

    Raises
    ------
    LayerNotFoundError
        `process_unknown`.

    Examples
    --------
    >>> named("flood-exposure").required
    ('hazard', 'of')
    """
    if name not in PROCESSES:
        raise LayerNotFoundError(
            "there is no process {name!r}",
            code="process_unknown",
            hint="Known are {known}",
            name=name[:80],
            known=", ".join(PROCESSES),
        )
    return PROCESSES[name]


def checked(process: Process, body: Any) -> dict[str, Any]:
    """Return the inputs of an execution request.

    Raises
    ------
    RequestError
        `process_inputs`.
    """
    inputs = body.get("inputs") if isinstance(body, Mapping) else None
    if not isinstance(inputs, Mapping):
        raise refused("an object 'inputs'")
    if strange := sorted(set(inputs) - set(process.inputs)):
        raise refused(f"no input {strange[0][:40]!r}")
    if missing := [name for name in process.required if inputs.get(name) is None]:
        raise refused(f"the input {missing[0]!r}")
    return dict(inputs)


def summary(process: Process, at: Address) -> dict[str, Any]:
    """Return the summary of a process."""
    return {
        "id": process.id,
        "title": process.title,
        "description": process.description,
        "version": "1.0.0",
        "jobControlOptions": ["sync-execute", "async-execute", "dismiss"],
        "outputTransmission": ["value"],
        "links": [link(at.to(f"/processes/{process.id}"), "self", JSON, process.title)],
    }


def describe(process: Process, at: Address) -> dict[str, Any]:
    """Return the whole description of a process."""
    execute = link(at.to(f"/processes/{process.id}/execution"), f"{REL}/execute", JSON)
    told = summary(process, at)
    told["links"] = [*told["links"], execute]
    return told | {"inputs": dict(process.inputs), "outputs": dict(process.outputs)}
