"""What is wrong with one value, told in both languages within the refusal it belongs to."""

from __future__ import annotations

from typing import Any

__all__ = ["of_model", "wanted"]


def wanted(kind: str, english: str, **facts: Any) -> dict[str, Any]:
    """Return the details of a refusal: what a value must be.

    Parameters
    ----------
    kind : str
        Names the Indonesian text, `fault_<kind>`; without one the English is told.
    english : str
        What it must be, after "it must be".

    Examples
    --------
    >>> wanted("true_false", "true or false")["reason"]
    'it must be true or false'
    """
    return {"fault": f"fault_{kind}", "fault_details": facts, "reason": f"it must be {english}"}


def of_model(fault: Any) -> dict[str, Any]:
    """Return the details of a refusal from a fault that a model found.

    Examples
    --------
    >>> of_model({"type": "finite_number", "msg": "Input should be a finite number"})["fault"]
    'fault_finite_number'
    """
    context = fault.get("ctx", {})
    facts = {name: value for name, value in context.items() if isinstance(value, str | int | float)}
    return {
        "fault": f"fault_{fault['type']}",
        "fault_details": facts,
        "reason": str(fault["msg"])[:200],
    }
