"""The beat scheduler: it looks into the database for what has come due, and holds nothing
of it in memory. The relay runs beside it."""

import logging
import math
import os
import socket
import time
from datetime import datetime
from typing import Any

from django.db import connections
from django_celery_beat.schedulers import DatabaseScheduler as StockScheduler

from jobs.conf import configuration
from jobs.dispatch.closed import closed
from jobs.models import Leader, Schedule

from .coded import follow_code
from .firing import fire_due
from .relay import Relay
from .replan import reconsider, replan
from .rows import AWAY

logger = logging.getLogger(__name__)

# An edit is heeded within this time, and what is due soon is waited for exactly.
LONGEST_NAP_SECONDS = 1.0
# What is due but is just being edited is tried again after this time.
SHORTEST_NAP_SECONDS = 0.02


class DatabaseScheduler(StockScheduler):
    """Several of them may run: one leads, and only that one fires."""

    def __init__(self, *args: Any, lazy: bool = False, **kwargs: Any) -> None:
        self.holder = f"{socket.gethostname()}:{os.getpid()}"
        self.leads = False
        self.has_taken_over = False
        self.lag_seconds = 0.0
        self.stood_by_at = -math.inf
        self.relay: Relay | None = None
        super().__init__(*args, lazy=lazy, **kwargs)
        self.max_interval = LONGEST_NAP_SECONDS
        if not lazy:
            self.relay = Relay()
            self.relay.start()

    def setup_schedule(self) -> None:
        """Nothing is read before somebody leads."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """One look, and what it leads to; seconds until the next. Never raises: a beat
        that ends helps nobody."""
        try:
            now = self.time_as_leader()
            return LONGEST_NAP_SECONDS if now is None else self.look(now)
        except AWAY as error:
            logger.warning("Beat cannot reach the database: %s", error)
            connections.close_all()
        except Exception:
            logger.exception("A look for due schedules failed.")
        return LONGEST_NAP_SECONDS

    def time_as_leader(self) -> datetime | None:
        """The time of the database while we hold the office; else None."""
        lease, lag = configuration().lease_seconds, self.lag_seconds
        self.leads = Leader.hold(Leader.SCHEDULES, self.holder, lease, lag)
        if not self.leads:
            self.has_taken_over = False
            self.stand_by()
            return None
        if not self.has_taken_over:
            logger.info("Beat leads: it fires the schedules.")
            self.take_over()
            self.has_taken_over = True
        return Leader.objects.get(pk=Leader.SCHEDULES).renewed_at

    def stand_by(self) -> None:
        """Tell now and then that somebody would take over."""
        lease = configuration().lease_seconds
        if time.monotonic() - self.stood_by_at > lease / 3:
            self.stood_by_at = time.monotonic()
            Leader.stand_by(self.holder, lease)

    def take_over(self) -> None:
        """What code declares is brought in, and what it may have mended is tried again."""
        Leader.stand_by_no_more(self.holder)
        follow_code(self.app)
        reconsider()

    def look(self, now: datetime) -> float:
        """Heed edits, fire what is due; seconds until the next look."""
        began = time.monotonic()
        if closed().is_frozen:
            return self.look_on()
        planned = replan()
        first = Schedule.objects.planned().values_list("fire_at", flat=True).first()
        wait = LONGEST_NAP_SECONDS if first is None else (first - now).total_seconds()
        self.lag_seconds = max(-wait, 0.0)
        if (wait <= 0 and fire_due(now)) or planned:
            return 0.0
        wait -= time.monotonic() - began
        return min(wait, LONGEST_NAP_SECONDS) if wait > 0 else SHORTEST_NAP_SECONDS

    def look_on(self) -> float:
        """While all is frozen nothing fires. What comes due is dealt with afterwards, as
        the rule of each schedule for what was missed says."""
        self.lag_seconds = 0.0
        return LONGEST_NAP_SECONDS

    def should_sync(self) -> bool:
        return False

    def sync(self) -> None:
        """Nothing is kept in memory that would have to be written."""

    def close(self) -> None:
        if self.relay is not None:
            self.relay.stop()
        if self.leads:
            self.leads = False
            Leader.resign(Leader.SCHEDULES, self.holder)
        elif self.relay is not None:
            Leader.stand_by_no_more(self.holder)
        super().close()
