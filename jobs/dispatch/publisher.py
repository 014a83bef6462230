"""Rings for new jobs from a thread of its own: a hanging broker never blocks a page.

The queue is bounded and lives in memory; whatever does not get through is left to the
relay, which reads the rows.
"""

import atexit
import logging
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from queue import Full, Queue
from typing import Any

from django.db import close_old_connections, connections, transaction
from django.db.models import F
from django.db.models.functions import Now

from jobs.conf import configuration
from jobs.models import Job, from_now
from jobs.states import State, WaitingFor

from .changes import move_and_tell
from .forks import between_forks
from .message import Unringable, ring_or_blame

logger = logging.getLogger(__name__)

CAPACITY = 1_000
# After a failure the broker is left alone for this long; the relay tries on.
REST_SECONDS = 1.0
# How long a process that ends waits for its last messages.
FAREWELL_SECONDS = 5.0


class Publisher(threading.Thread):
    """One per process, started when the first job is asked for."""

    def __init__(self) -> None:
        super().__init__(name="batuta-publisher", daemon=True)
        self.pid = os.getpid()
        self.waiting: Queue[Job] = Queue(CAPACITY)
        self.rests_until = 0.0

    def offer(self, job: Job) -> None:
        """Never blocks; a job that finds no place is left to the relay."""
        try:
            self.waiting.put_nowait(job)
        except Full:
            Job.objects.filter(pk=job.pk, state=State.QUEUED).update(ring_at=Now())

    def run(self) -> None:
        while True:
            job = self.waiting.get()
            try:
                self.publish(job)
            except Exception:
                logger.exception("The job %s is left to the relay.", job.pk)
            finally:
                connections.close_all()  # it is rarely asked for, and then once
                self.waiting.task_done()

    def publish(self, job: Job) -> None:
        if time.monotonic() < self.rests_until:
            return self._write(waits_for_broker, [job])
        try:
            ring_or_blame(job)
        except Unringable as error:
            self._write(cannot_be_rung, job, error)
        except Exception as error:
            self.rests_until = time.monotonic() + REST_SECONDS
            logger.warning("The broker cannot be reached: %s", error)
            self._write(waits_for_broker, [job])

    @staticmethod
    def _write(write: Callable[..., None], *given: Any) -> None:
        """Not while a worker forks: it may be its main process that asks for jobs."""
        with between_forks():
            write(*given)

    def drain(self) -> None:
        """Let the last messages out before the process ends."""
        deadline = time.monotonic() + FAREWELL_SECONDS
        while self.waiting.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.01)


_publisher: Publisher | None = None
_starting = threading.Lock()


def publisher() -> Publisher:
    """This process's publisher; a forked child gets one of its own."""
    global _publisher
    with _starting:
        if _publisher is None or _publisher.pid != os.getpid():
            _publisher = Publisher()
            _publisher.start()
            atexit.register(_publisher.drain)
        return _publisher


def _forget_after_fork() -> None:
    # A lock held by another thread at the moment of the fork stays locked in the child.
    global _publisher, _starting
    _publisher, _starting = None, threading.Lock()


os.register_at_fork(after_in_child=_forget_after_fork)


def soon() -> Any:
    """When the relay rings should our own message be lost."""
    return from_now(configuration().ring_again_seconds)


def ring_on_commit(job: Job) -> None:
    """Ring once the row is there to be found; a rolled-back job is never heard of."""
    transaction.on_commit(partial(_offer, job))


def _offer(job: Job) -> None:
    publisher().offer(job)


def is_unpublished(job_id: str) -> bool:
    """Whether the transaction that asked for the job is still open on this connection."""
    connection = transaction.get_connection()
    return any(
        isinstance(call, partial) and call.func is _offer and call.args[0].pk == job_id
        for _, call, _ in connection.run_on_commit
    )


def waits_for_broker(jobs: list[Job]) -> None:
    """The rows say that the broker cannot be reached; the relay rings when it is back."""
    close_old_connections()
    chosen = Job.objects.filter(pk__in=[job.pk for job in jobs], state=State.QUEUED)
    # It keeps its place, if its task has places.
    kept = {"admitted_at": F("admitted_at")}
    move_and_tell(chosen, State.PENDING, waiting_for=WaitingFor.BROKER, ring_at=Now(), **kept)


def cannot_be_rung(job: Job, error: Exception) -> None:
    """The row says why; the relay tries again, later and later."""
    close_old_connections()
    Job.objects.filter(pk=job.pk, state=State.QUEUED).update(reason=str(error))
