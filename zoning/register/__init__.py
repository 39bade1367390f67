"""Decisions on record: append-only, chained by hashes, kept by key, replayed years later."""

from __future__ import annotations

from zoning.register.archive import PlanArchive
from zoning.register.entry import Decision, Draft, Receipt
from zoning.register.log import Head, Register
from zoning.register.recorder import Recorder
from zoning.register.replaying import Difference, Replay, replay
from zoning.register.request import drafts_of
from zoning.register.scribe import Scribe

__all__ = [
    "Decision",
    "Difference",
    "Draft",
    "Head",
    "PlanArchive",
    "Receipt",
    "Recorder",
    "Register",
    "Replay",
    "Scribe",
    "drafts_of",
    "replay",
]
