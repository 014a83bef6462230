"""The keeper renews the leases of all running attempts of a worker with one UPDATE.

It lives in the worker's main process: a child that holds the GIL in a C call for twenty
seconds would look dead if it had to renew by itself.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any

from celery.worker import state as worker_state
from django.db import Error as DatabaseError

from jobs.conf import configuration
from jobs.dispatch.forks import between_forks
from jobs.models import Job, lease_end

from .deaf import Ear
from .deaths import look
from .presence import Presence
from .rescue import reap_dead
from .scratch import sweep_scratch

logger = logging.getLogger(__name__)


class Keeper(threading.Thread):
    def __init__(self, presence: Presence) -> None:
        super().__init__(name="batuta-keeper", daemon=True)
        self.presence = presence
        self.ear = Ear(presence.name)
        # Set where what the worker tells of itself is no longer true.
        self.news = threading.Event()

    def run(self) -> None:
        look()
        self.managed(reap_dead)  # what an earlier process of this machine held
        self.managed(sweep_scratch)
        self.managed(self.presence.tell)
        while True:
            self.news.wait(configuration().renew_seconds)
            self.news.clear()
            self.managed(self.round)

    def round(self) -> None:
        renew(self.leases())
        look(running_requests())
        self.presence.tell()
        self.ear.listen(self.presence.told)

    @staticmethod
    def managed(duty: Callable[[], object]) -> None:
        try:
            with between_forks():
                duty()
        except DatabaseError as error:
            logger.warning("The worker cannot reach the database: %s", error)
        except Exception:  # a keeper that ends takes the leases of all its jobs along
            logger.exception("A duty of the keeper failed.")

    @staticmethod
    def leases() -> list[str]:
        """The leases of what the pool of this worker runs."""
        return [request.lease for request in running_requests()]


def running_requests() -> list[Any]:
    """What the pool of this worker runs. The main thread may be adding to it right now."""
    while True:
        try:
            # Reserved ones too: the child may have begun before this process heard of it.
            requests = {*worker_state.active_requests, *worker_state.reserved_requests}
            return [request for request in requests if hasattr(request, "lease")]
        except RuntimeError:  # "set changed size during iteration"
            continue


def renew(leases: list[str]) -> int:
    """Extend the leases by the database's clock; how many still hold."""
    if not leases:
        return 0
    # By the index of leases: without that, all jobs that ever were would be read.
    held = Job.objects.active().filter(lease_expires_at__isnull=False, lease__in=leases)
    return held.update(lease_expires_at=lease_end())
