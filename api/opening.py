"""The service in use: opened beside the first requests, exchanged when the workspace changes.

A new version of a layer or an edited plan opens a second service in a thread; requests that
have begun keep the one they began with, the next ones get the new one. None is dropped.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

from api.errors import RequestError
from spatial.errors import EngineError

if TYPE_CHECKING:
    # Its libraries take longer to import than the service may take to answer.
    from api.service import Service

__all__ = ["Opening"]

log = logging.getLogger("tataruang.opening")


class Opening:
    """An engine that is being opened in a thread, then is there, or has failed.

    Parameters
    ----------
    open_service : callable
    """

    def __init__(self, open_service: Callable[[], Service]) -> None:
        self._open = open_service
        self._stamp: Hashable = None
        self.service: Service | None = None
        self.fault: EngineError | None = None
        #: Whether the first question will be answered as fast as the next.
        self.warm = False

    def start(self) -> threading.Thread:
        """Open in a thread."""
        thread = threading.Thread(target=self._run, name="opening", daemon=True)
        thread.start()
        return thread

    def current(self) -> Service:
        """Return the service, or say that it is not there yet."""
        if self.service is not None:
            return self.service
        if self.fault is not None:
            raise self.fault
        raise RequestError("the service is starting", code="starting")

    async def watch(self, every_s: float) -> None:
        """Look for changes of the workspace until cancelled."""
        while True:
            await asyncio.sleep(every_s)
            try:
                await asyncio.to_thread(self.renew)
            except Exception:
                log.exception("the workspace cannot be looked at; the open one goes on")

    def renew(self) -> bool:
        """Open the workspace again if it changed; say whether that was done.

        One that cannot be opened leaves the former in service.
        """
        if self.service is None or self.service.stamp() == self._stamp:
            return False
        stamp = self.service.stamp()
        try:
            fresh = self._open()
        except EngineError as error:
            log.warning("the changed workspace cannot be opened: %s", error)
            self._stamp = stamp
            return False
        fresh.adopt(self.service)
        fresh.warm()
        # Kept out of the collector's rounds, which would stop requests for long.
        gc.freeze()
        # The former ends when the last request that began with it lets go of it.
        self._stamp, self.service = stamp, fresh
        log.info("the workspace changed and is open again")
        return True

    def _run(self) -> None:
        try:
            service = self._open()
            self._stamp = service.stamp()
            self.service = service
            service.warm()
            self.warm = True
        except EngineError as error:
            log.exception("the workspace cannot be opened")
            self.fault = error
        except Exception as error:  # the service must say what is wrong, not hang
            log.exception("the workspace cannot be opened")
            self.fault = EngineError("the workspace cannot be opened", code="opening_failed")
            self.fault.__cause__ = error
        finally:
            # Not collected here: looking through everything would hold up the first questions.
            gc.freeze()
            gc.enable()
