"""Progress of long work for a person who looks: what is done, and how long it still takes."""

from __future__ import annotations

import time
from typing import Final

import typer

from api.options import on_terminal

__all__ = ["Clock", "duration"]

SHOWN_EVERY_S: Final = 2.0
#: Before this much of the work is done its speed says little.
TELLING_SHARE: Final = 0.02


class Clock:
    """Counts work and, on a terminal, tells how far it is and when it will be done."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self._shown = -SHOWN_EVERY_S

    def seconds(self) -> float:
        """Time since the beginning."""
        return time.monotonic() - self.began

    def tell(self, what: str, share: float, *, always: bool = False) -> None:
        """Say what is being done; `share` (0..1) of all work is behind us."""
        now = self.seconds()
        if not on_terminal() or not (always or now - self._shown >= SHOWN_EVERY_S):
            return
        self._shown = now
        typer.echo(f"{share * 100:3.0f} %  {what}  ({self._left(share, now)})", err=True)

    def _left(self, share: float, now: float) -> str:
        if share >= 1 or share < TELLING_SHARE:
            return duration(now)
        return f"{duration(now)}, sisa {duration(now * (1 - share) / share)}"


def duration(seconds: float) -> str:
    """Write a time to the second below ten minutes, else to the minute.

    Examples
    --------
    >>> duration(42.4), duration(125), duration(3700)
    ('42 d', '2 mnt 05 d', '1 j 01 mnt')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} d"
    if whole < 600:
        return f"{whole // 60} mnt {whole % 60:02d} d"
    minutes = whole // 60
    return f"{minutes // 60} j {minutes % 60:02d} mnt" if minutes >= 60 else f"{minutes} mnt"
