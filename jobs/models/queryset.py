"""Choices of jobs, and the one statement by which any of them changes."""

from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from jobs.conf import configuration
from jobs.states import ACTIVE, FINAL, SOURCES, WAITING, Requested, State

from .statement import update

if TYPE_CHECKING:
    from .job import Job

# Made once, so that they are the same in each statement (see `OneJob`).
NOW, NEXT_VERSION = Now(), F("version") + 1


class JobQuerySet(models.QuerySet["Job"]):
    def waiting(self) -> "JobQuerySet":
        return self.live().filter(state__in=WAITING)

    def active(self) -> "JobQuerySet":
        return self.filter(state__in=ACTIVE)

    def live(self) -> "JobQuerySet":
        """Not ended yet; said so that each database finds its index."""
        return self.filter(finished_at=None)

    def final(self) -> "JobQuerySet":
        return self.filter(state__in=FINAL)

    def held_by(self, lease: str) -> "JobQuerySet":
        """The job that this lease holds, if it still does."""
        return self.filter(state__in=ACTIVE, lease=lease)

    def in_line(self, line: str) -> "JobQuerySet":
        """Who waits in it, the first one first: just as the index has them. What came in one
        statement has one moment, and to sort a million of those would take a second."""
        waits = self.filter(line=line, lined_at__isnull=False)
        return waits.order_by("-priority", "created_at")

    def admitted(self, task: str) -> "JobQuerySet":
        """Who holds a place of the task."""
        return self.filter(task=task, admitted_at__isnull=False)

    def unexpired(self) -> "JobQuerySet":
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=Now()))

    def move(self, to: State, **changes: Any) -> int:
        """Guarded change of state of all chosen jobs; how many moved. 0 is normal:
        somebody was first."""
        return self.source_of(to).update(**moved(to, changes))

    def move_returning(self, to: State, fields: Iterable[str], **changes: Any) -> "list[Job]":
        """`move`, handing back the moved rows with only `fields` loaded, in one statement."""
        return self.source_of(to).update_returning(fields, **moved(to, changes))

    def source_of(self, to: State) -> "JobQuerySet":
        return self.filter(state__in=SOURCES[to])

    def place_returning(self, fields: Iterable[str], **changes: Any) -> "list[Job]":
        """`move_returning` into their queues, or to where each has to wait before: for
        `dispatch.entrance` alone, which decides it for each row by expressions."""
        return self.source_of(State.QUEUED).update_returning(
            fields, **moved(State.QUEUED, changes)
        )

    def update_returning(self, fields: Iterable[str], **changes: Any) -> "list[Job]":
        """UPDATE … RETURNING of all chosen jobs, with only `fields` loaded."""
        return update(self, changes, fields).run()


def moved(to: State, changes: dict[str, Any]) -> dict[str, Any]:
    """The columns that follow from the state alone, under those of the verb."""
    values: dict[str, Any] = {
        "state": to,
        "version": NEXT_VERSION,
        "waiting_for": "",
        "ring_at": None,
        "halted_at": None,
        "requested": Requested.NOTHING,
        "requested_at": None,
        "lined_at": None,
    }
    if to in FINAL:
        values["finished_at"] = NOW
    if to not in ACTIVE:
        values |= {"lease": None, "lease_expires_at": None}
        values |= {"stack_asked_at": None, "stalled_at": None}
    if to not in ACTIVE and to != State.QUEUED:
        values["admitted_at"] = None
    return values | changes


def lease_end() -> Any:
    """When a lease taken or renewed now runs out, by the database's clock."""
    return from_now(configuration().lease_seconds)


@cache
def from_now(seconds: float) -> Any:
    """That many seconds after now, by the database's clock."""
    return NOW + timedelta(seconds=seconds)
