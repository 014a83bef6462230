"""`Prefer: wait=20`: hold the answer until the job has ended, or so many seconds (RFC 7240)."""

import re
import threading
import time

from django.db import connection
from django.http import HttpRequest

from jobs.models import Job

MOST_SECONDS = 30
MOST_AT_ONCE = 20
"""Askers that one web process lets wait, each in a thread; others are answered at once."""
_LOOK_AGAIN_SECONDS = 0.2

_WISH = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,4})\b")
_seats = threading.BoundedSemaphore(MOST_AT_ONCE)


def seconds_of(request: HttpRequest) -> int:
    """How long the asker would wait; 0 when nothing (readable) was said of it."""
    wish = _WISH.search(request.headers.get("Prefer", ""))
    return min(int(wish[1]), MOST_SECONDS) if wish else 0


def has_ended(job: Job, seconds: int) -> bool:
    """Whether the job ends within `seconds`; then it is fresh."""
    if not seconds or job.is_final:
        return job.is_final
    if not _seats.acquire(blocking=False):
        return False
    try:
        return _waited(job, time.monotonic() + seconds)
    finally:
        _seats.release()


def _waited(job: Job, deadline: float) -> bool:
    while (left := deadline - time.monotonic()) > 0:
        if not connection.in_atomic_block:
            connection.close()  # nobody else should lack it while this one waits
        time.sleep(min(_LOOK_AGAIN_SECONDS, left))
        if Job.objects.final().filter(pk=job.pk).exists():
            job.refresh_from_db()
            return True
    return False
