"""The relay's loop: one leader of all beat processes does the rounds."""

import logging
import math
import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from celery import current_app
from django.db import connections
from django.utils import timezone
from kombu.exceptions import OperationalError

from jobs.conf import configuration
from jobs.dispatch.doorman import Sweep, admit_due
from jobs.dispatch.epoch import broker_lost_its_data
from jobs.dispatch.relay import is_any_due, release_due, release_next, ring_all_again, ring_due
from jobs.dispatch.stepping import settle
from jobs.execution import depths
from jobs.execution.rescue import expire_due, reap_dead, reap_lost, terminate_deaf
from jobs.execution.rollcall import note_lost
from jobs.execution.stall import flag_stalled
from jobs.models import Leader

from .backfill import advance
from .caution import Caution
from .late import tell_of_late
from .rows import AWAY

logger = logging.getLogger(__name__)

# Between two rounds of ringing while jobs are taken and others wait for their place.
FLOW_SECONDS = 0.1
# Between two looks at how much lies in the broker.
COUNT_SECONDS = 5.0
# Between two looks at what is due by a rate.
NAP_SECONDS = 0.005
# How long a process that ends waits for the round that it is in.
FAREWELL_SECONDS = 15.0


class Rounds(threading.Thread):
    """Does its duties again and again, until `stopped`."""

    def __init__(self, name: str, stopped: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self.stopped = stopped

    def run(self) -> None:
        try:
            while not self.stopped.wait(self.pause()):
                self.tick()
        finally:
            connections.close_all()

    def pause(self) -> float:
        """Seconds until the next round."""
        return configuration().relay_seconds

    def tick(self) -> None:
        raise NotImplementedError

    def managed(self, duty: Callable[[], Any]) -> Any:
        """One duty; none may keep the others from being done, and the next round tries
        again."""
        try:
            return duty()
        except AWAY as error:
            logger.warning("The relay cannot reach the database: %s", error)
            connections.close_all()
            self.lost_database()
        except Exception:
            logger.exception("A duty of the relay failed.")
        return None

    def lost_database(self) -> None:
        """Told when a duty could not be done for want of the database."""


class Relay(Rounds):
    """What concerns the database alone. Runs beside beat's own tick, which never waits
    for it, and beside the `Ringer`: a broker that is down must keep nobody from being
    rescued, and must not make this round look late."""

    def __init__(self) -> None:
        super().__init__("batuta-relay", threading.Event())
        self.holder = f"{socket.gethostname()}:{os.getpid()}"
        self.caution = Caution()
        self.leads = False
        self.office, self.term = Leader(), 0
        self.ringer = Ringer(self)
        self.doorman = Doorman(self)

    def run(self) -> None:
        self.ringer.start()
        self.doorman.start()
        try:
            super().run()
        finally:
            self.managed(lambda: Leader.resign(Leader.RELAY, self.holder))
            connections.close_all()
            self.ringer.join(FAREWELL_SECONDS)
            self.doorman.join(FAREWELL_SECONDS)

    def stop(self) -> None:
        self.stopped.set()
        self.join(FAREWELL_SECONDS)

    def tick(self) -> None:
        self.leads = bool(self.managed(self.holds_office))
        if not self.leads:
            return
        for duty in (
            expire_due,
            settle,
            release_due,
            release_next,
            advance,
            tell_of_late,
            reap_dead,
            self.reap,
        ):
            self.managed(duty)

    def holds_office(self) -> bool:
        """A leader that is silent for one lease is replaced."""
        if not Leader.hold(Leader.RELAY, self.holder, configuration().lease_seconds):
            return False
        self.office = Leader.objects.get(pk=Leader.RELAY)
        if self.office.term != self.term:
            self.take_over()
            self.term = self.office.term
        return True

    def take_over(self) -> None:
        """Nobody tells a new leader what the broker lost while there was none."""
        self.caution.begin_anew()
        ring_all_again()

    def reap(self) -> None:
        if self.caution.allows(self.office.renewed_at.timestamp()):
            reap_lost()
            flag_stalled()
            note_lost()

    def lost_database(self) -> None:
        self.caution.begin_anew()


class Ringer(Rounds):
    """What concerns the broker, while the relay leads."""

    def __init__(self, relay: Relay) -> None:
        super().__init__("batuta-ringer", relay.stopped)
        self.relay = relay
        self.flows = False
        self.counted_at = -math.inf

    def pause(self) -> float:
        return FLOW_SECONDS if self.flows else super().pause()

    def tick(self) -> None:
        self.flows = False
        if self.relay.leads:
            self.managed(self.ring)
            self.managed(lambda: terminate_deaf(current_app))
            if time.monotonic() - self.counted_at > COUNT_SECONDS:
                self.counted_at = time.monotonic()
                self.managed(self.count)

    def count(self) -> None:
        """What lies in the broker, for people to see."""
        depths.note_all()
        try:
            depths.measure(current_app)
        except OperationalError as error:
            logger.warning("The broker cannot be asked for its queues: %s", error)

    def ring(self) -> None:
        if broker_lost_its_data(current_app):
            ring_all_again()
        # A queue with more to ring than there is room for must not run dry meanwhile.
        self.flows = ring_due() > 0 and is_any_due()


class Doorman(Rounds):
    """Lets in what waits for a limit and what nobody else let in, while the relay leads. It
    wakes when the next one is due by its rate."""

    def __init__(self, relay: Relay) -> None:
        super().__init__("batuta-doorman", relay.stopped)
        self.relay = relay
        self.sweep = Sweep()
        self.swept_at = 0.0
        self.next_at: datetime | None = None

    def pause(self) -> float:
        most = super().pause()
        if self.next_at is None:
            return most
        wait = (self.next_at - timezone.now()).total_seconds()
        return min(max(wait, NAP_SECONDS), most)

    def tick(self) -> None:
        if not self.relay.leads:
            return
        self.next_at = self.managed(admit_due)
        if time.monotonic() - self.swept_at >= super().pause():
            self.managed(self.sweep)
            self.swept_at = time.monotonic()
