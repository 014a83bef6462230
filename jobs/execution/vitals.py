"""How a worker does: where it runs and with which code, what it took, what that weighs."""

import os
import platform
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import celery
from celery.worker import state as worker_state
from django.db.models.functions import Now

from jobs import registry
from jobs.conf import VERSION
from jobs.models import Code, Worker
from jobs.registry.fingerprint import fingerprint, signatures

HOST_MAX_CHARS = 255
MOST_CHILDREN = 200
CLOCK_EVERY_SECONDS = 60.0
_MB = 1024 * 1024


class Vitals:
    """Of one worker, from its beginning on."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.code = ""
        self._clock_at = -CLOCK_EVERY_SECONDS
        self._offset: float | None = None

    def identity(self) -> dict[str, Any]:
        """What stays the same until it ends; tells which code it runs, too."""
        known = registry.all()
        self.code = fingerprint(known)
        Code.runs(self.code, signatures(known))
        return {
            "host": socket.gethostname()[:HOST_MAX_CHARS],
            "pid": os.getpid(),
            "version": VERSION,
            "celery": celery.__version__,
            "python": platform.python_version(),
            "code": self.code,
        }

    def now(self, pool: Any) -> dict[str, Any]:
        return {
            "load": load(),
            "memory": [
                megabytes(pid) for pid in [os.getpid(), *children(pool)[:MOST_CHILDREN]]
            ],
            "processed": sum(worker_state.total_count.values()),
            "failed": tally.failed,
            "prefetched": _prefetched(),
            "clock_offset_seconds": self._clock_offset(),
        }

    def _clock_offset(self) -> float | None:
        """Asked of the database now and then: the clocks of two machines drift slowly."""
        if time.monotonic() - self._clock_at < CLOCK_EVERY_SECONDS:
            return self._offset
        began = datetime.now(UTC)
        there = Worker.objects.filter(pk=self.name).values_list(Now(), flat=True).first()
        if there is not None:
            here = began + (datetime.now(UTC) - began) / 2
            self._offset = round((here - there).total_seconds(), 3)
            self._clock_at = time.monotonic()
        return self._offset


class Tally:
    """What the main process of a worker counts."""

    failed = 0
    """Calls that failed in its pool."""
    heard = 0
    """Messages that came, whatever became of them."""


tally = Tally()


def children(pool: Any) -> list[int]:
    """The processes of a prefork pool; other pools have none."""
    processes = getattr(getattr(pool, "_pool", None), "_pool", None) or []
    return [each.pid for each in list(processes) if getattr(each, "pid", None)]


def megabytes(pid: int) -> int:
    """What a process holds in memory; 0 where the system does not say (see proc(5))."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // _MB


def load() -> float | None:
    """Of the machine in the last minute."""
    try:
        return round(os.getloadavg()[0], 2)
    except (AttributeError, OSError):
        return None


def _prefetched() -> int:
    """What lies in this worker and has not begun."""
    return max(len(worker_state.reserved_requests) - len(worker_state.active_requests), 0)
