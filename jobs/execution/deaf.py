"""Workers that live and take nothing: their connection looks alive, and nothing comes by it
any more (celery#10205 is one way to get there). Nobody but the worker itself can tell that from
a message that was lost: it knows that it had a free slot all the while and heard nothing.
"""

import logging
import os
import signal
import time
from collections.abc import Mapping
from typing import Any

from celery.worker import state as worker_state
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from jobs.conf import as_the_site_speaks, configuration
from jobs.models import Event, Job, Queue, Worker, from_now
from jobs.states import State

from . import rollcall
from .vitals import tally

logger = logging.getLogger(__name__)

DEAF, HEARS = "worker_deaf", "worker_hears"
# So often the relay finds messages there before it is said that they do not come, and it
# counts them every five seconds; what it counted longer ago says nothing.
CALLS = 2
FRESH_SECONDS = 15.0
# So long one that was told to end may take before it is ended from outside its main thread.
FAREWELL_SECONDS = 10.0


class Ear:
    """Of one worker; asked by its keeper with each renewal."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._heard = 0
        self._silent_since = time.monotonic()
        self._called: set[str] = set()
        self._deaf_since: float | None = None

    def listen(self, told: Mapping[str, Any]) -> None:
        """Look whether it should have heard something; `told` is what its row says."""
        if self._deaf_since is not None:
            self._go_on()
        elif self._is_excused(told):
            self._heard, self._silent_since = tally.heard, time.monotonic()
            self._called.clear()
        elif self._silence >= configuration().deaf_seconds and self._is_called(told["queues"]):
            self._flag()

    @property
    def _silence(self) -> float:
        return time.monotonic() - self._silent_since

    def _is_excused(self, told: Mapping[str, Any]) -> bool:
        """Whether it heard something, or could not be expected to."""
        is_busy = len(worker_state.reserved_requests) >= told["slots"]
        is_away = not told["is_connected"] or told["leaving_at"] is not None
        return tally.heard != self._heard or is_busy or is_away or not told["queues"]

    def _is_called(self, queues: list[str]) -> bool:
        """Whether messages lie in one of its queues, each time the relay counted them, and
        a job waits there: what lies there a moment another may take."""
        counted = Queue.objects.filter(pk__in=queues, depth_at__gt=from_now(-FRESH_SECONDS))
        lies = dict(counted.filter(depth__gt=0).values_list("pk", "depth_at"))
        waits = Job.objects.filter(state=State.QUEUED, queue__in=[*lies], ring_at__gt=Now())
        if not lies or not waits.exists():
            self._called.clear()
            return False
        self._called.add(max(str(at) for at in lies.values()))
        return len(self._called) >= CALLS

    def _flag(self) -> None:
        self._deaf_since, self._heard = time.monotonic(), tally.heard
        self._called.clear()
        with as_the_site_speaks():
            reason = _("It had a free slot, and heard nothing for %(seconds)d s.")
        _note(self.name, DEAF, reason % {"seconds": self._silence}, deaf_at=Now())
        logger.error("This worker is deaf: jobs wait in its queues and nothing comes.")
        if configuration().deaf_workers == "restart":
            os.kill(os.getpid(), signal.SIGTERM)  # as a supervisor would end it

    def _go_on(self) -> None:
        if tally.heard != self._heard:
            self._deaf_since, self._silent_since = None, time.monotonic()
            return _note(self.name, HEARS, "", deaf_at=None)
        is_told = configuration().deaf_workers == "restart"
        if is_told and time.monotonic() - (self._deaf_since or 0) > FAREWELL_SECONDS:
            self._end()

    def _end(self) -> None:
        """Its main thread hangs with its connection and obeys no signal. What its pool still
        runs is brought to its end first."""
        if (
            Job.objects.active()
            .filter(lease_expires_at__isnull=False, worker=self.name)
            .exists()
        ):
            return
        rollcall.end(self.name)
        logger.error("This deaf worker does not end by itself: it is ended.")
        os._exit(os.EX_TEMPFAIL)


def _note(name: str, verb: str, reason: str, **columns: Any) -> None:
    with transaction.atomic():
        Worker.objects.filter(pk=name).update(**columns)
        Event.objects.create(verb=verb, subject=name, reason=reason)
    Worker.changed(name)
