"""kill -9 during publications: nothing that was acknowledged is ever lost, on any backend."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from layers.store import Store

ROOT = Path(__file__).resolve().parents[3]
#: As many as a person wants to wait for; the default keeps the suite short.
ROUNDS = int(os.environ.get("TATARUANG_KILLS", "20"))

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")


def test_kills_lose_nothing_that_was_acknowledged(place: str, reopen: Callable[[], Store]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.layers.store.kill_rounds", place, str(ROUNDS), "7"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60 + 10 * ROUNDS,
    )  # fmt: skip
    rounds = [json.loads(line) for line in done.stdout.splitlines()]
    acknowledged = [entry for one in rounds for entry in one]
    assert len(rounds) == ROUNDS
    assert len(acknowledged) > ROUNDS, "the kills came before anything was acknowledged"
    store = reopen()
    kept = {str(v.seq): v for name in range(3) for v in store.history(f"layer_{name}")}
    for seq, name, version, number in acknowledged:
        assert (kept[seq].name, kept[seq].id) == (name, version)
        assert set(store.get(name, version=version).frame["n"]) == {int(number)}
    assert store.verify() == []
    # At most one publication per kill got into the log without its acknowledgement.
    assert len(kept) - len(acknowledged) <= ROUNDS
