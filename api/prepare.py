"""Make what the plans of a workspace make of its layers, in a process that answers nobody.

    echo WORKSPACE | python -m api.prepare

A service runs it before it takes up a changed workspace: making maps for seconds in its own
process would hold up every request, opening what was made takes thousandths.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from contextlib import suppress
from typing import Final

__all__ = ["prepare_beside"]

log = logging.getLogger("tataruang.prepare")

#: Larger provinces take a minute; after this the service makes it itself.
MOST_SECONDS: Final = 1_800
#: How far it stands back behind requests.
NICE: Final = 10


def prepare_beside(workspace: str, seconds: float = MOST_SECONDS) -> bool:
    """Prepare a workspace in another process; say whether that was done.

    Where it was not, whoever opens the workspace prepares it.

    Parameters
    ----------
    workspace : str
        Folder or database.
    seconds : float
        The process is ended after this.
    """
    command = [sys.executable, "-m", "api.prepare"]
    try:
        # The address of a database may carry a password: everybody reads a command line.
        done = subprocess.run(  # noqa: S603  our own program
            command, input=workspace, capture_output=True, text=True, check=False, timeout=seconds
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        log.warning("the changed workspace is not prepared beside: %s", error)
        return False
    if done.returncode:
        log.warning("the changed workspace is not prepared beside: %s", done.stderr[-500:])
    return done.returncode == 0


def _main(workspace: str) -> None:
    from api.engine import Engine

    with suppress(AttributeError, OSError):
        os.nice(NICE)
    Engine.open(workspace).prepare()


if __name__ == "__main__":
    _main(sys.stdin.read().strip())
