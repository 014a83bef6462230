"""What a worker tells of itself into its row: which queues it takes from, and how much it
can do at once. Pages read the row; a broker that hangs hinders nobody."""

from datetime import datetime
from typing import Any

from celery.worker import state as worker_state
from django.utils import timezone

from jobs.models import Job, Worker

from . import behind, leaving, marker, rollcall
from .vitals import Vitals

NAME_MAX_CHARS = 64


class Presence:
    """Of the worker that a Celery consumer belongs to; told by its keeper thread."""

    def __init__(self, consumer: Any) -> None:
        self.consumer = consumer
        self.name = str(consumer.hostname)
        self.has_left = False
        self.told: dict[str, Any] = {}
        self.vitals = Vitals(self.name)
        self._has_told = False
        self._queues: list[str] = []
        self._leaving_at: datetime | None = None
        self._without_job: set[str] = set()

    def tell(self) -> None:
        if self.has_left:
            return
        self.told = self.facts()
        if self._has_told:
            Worker.tell(self.name, self.told)
        else:
            rollcall.begin(self.name, self.vitals.identity() | self.told)
            Worker.objects.all().forget_old()
            marker.leave_soon(self.name)
        self._has_told = True
        behind.look(self.vitals.code)

    def leave(self) -> None:
        self.has_left = True
        rollcall.end(self.name)

    def facts(self) -> dict[str, Any]:
        pool = self.consumer.pool
        return {
            "pool": type(pool).__module__.rpartition(".")[2][:NAME_MAX_CHARS],
            "slots": max(int(pool.num_processes), 1),
            "others": self._running_others(),
            "queues": self._taken_from(),
            "is_connected": self._is_connected,
            "leaving_at": self._leaves_since(),
            **self.vitals.now(pool),
        }

    def _running_others(self) -> int:
        """What keeps slots busy and is no job: plain tasks, and functions that go on though
        their attempt was given up or their job is over. One that is just ending is not meant,
        so the latter count from the second look on."""
        running = _running()
        leases = {request.lease for request in running if hasattr(request, "lease")}
        plain = len(running) - len(leases)
        held = Job.objects.filter(lease_expires_at__isnull=False, lease__in=leases)
        without_job = leases - {*held.values_list("lease", flat=True)} if leases else set()
        others = plain + len(without_job & self._without_job)
        self._without_job = without_job
        return others

    def _leaves_since(self) -> datetime | None:
        if self._leaving_at is None and leaving.is_told():
            self._leaving_at = timezone.now()
        return self._leaving_at

    @property
    def _is_connected(self) -> bool:
        """Celery takes both away while it looks for the broker."""
        return None not in (self.consumer.connection, self.consumer.task_consumer)

    def _taken_from(self) -> list[str]:
        """What it takes from, or did until it lost the broker."""
        taken = self.consumer.task_consumer
        if taken is not None:
            self._queues = sorted(queue.name for queue in taken.queues)
        return self._queues


def _running() -> list[Any]:
    """What the pool runs. The main thread may be adding to it right now."""
    while True:
        try:
            return list(worker_state.active_requests)
        except RuntimeError:  # "set changed size during iteration"
            continue
