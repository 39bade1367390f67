"""What a service sets going, and how it ends: with the last request that began with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from api.heavy import HeavyJudge

__all__ = ["Running", "end"]


class Running:
    """What a service and its views hold while any of them is in use."""


def end(processes: tuple[HeavyJudge | None, ...], engine: Any) -> None:
    """Stop the processes beside, write what was submitted, let go of what was prepared."""
    for process in processes:
        if process is not None:
            process.close()
    recorder = vars(engine).get("recorder")
    if recorder is not None:
        recorder.close()
    for plan in getattr(engine, "plans", ()):
        # What was prepared names the plan: only the collector would free it, at nobody's ease.
        plan.prepared.clear()
