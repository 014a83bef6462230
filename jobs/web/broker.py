"""What is wrong with how the broker is set up, as the checks at the start see it. It is asked
now and then and beside the pages: one that hangs keeps none of them waiting for long."""

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Lock

from django.core.checks import CheckMessage
from django.db import connection

from jobs.checks import servers

logger = logging.getLogger(__name__)

FRESH_SECONDS = 30.0
PATIENCE_SECONDS = 0.3
"""How long somebody waits for a fresh answer, before the last one is given."""


@dataclass
class _Latest:
    at: float = -FRESH_SECONDS
    found: tuple[CheckMessage, ...] = ()
    asking: "Future[None] | None" = None
    lock: Lock = field(default_factory=Lock)
    pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, "batuta-broker")
    )

    def faults(self) -> tuple[CheckMessage, ...]:
        with self.lock:
            if self.asking is None and time.monotonic() - self.at > FRESH_SECONDS:
                self.asking = self.pool.submit(self._ask)
            asking = self.asking
        if asking:
            wait([asking], PATIENCE_SECONDS)
        return self.found

    def _ask(self) -> None:
        try:
            self.found = tuple(servers.broker())
        except Exception:
            logger.exception("The broker could not be asked how it is set up.")
        finally:
            connection.close()  # it is this thread's own
            with self.lock:
                self.at, self.asking = time.monotonic(), None


def faults() -> tuple[CheckMessage, ...]:
    """What it said last, at most half a minute ago while it answers."""
    return _latest.faults()


_latest = _Latest()
