"""What must be known of schedules before it is decided what becomes of their moments:
asked for many at once."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from jobs import permissions
from jobs.models import Job, Overlap, Schedule
from jobs.states import State, WaitingFor

from .decide import Facts

WAITS = Q(state=State.PENDING, waiting_for=WaitingFor.UPSTREAM, attempt=0)


def gather(rows: Iterable[Schedule], now: datetime) -> dict[int, Facts]:
    """The facts of each schedule, by its key."""
    rows = list(rows)
    live = _live([row.pk for row in rows if row.overlap != Overlap.ALLOW_ALL])
    refusals = _Refusals()
    return {
        row.pk: Facts(
            now,
            *live.get(row.pk, (0, 0)),
            failed=_failed(row),
            refusal=refusals.of(row),
        )
        for row in rows
    }


def _live(keys: list[int]) -> dict[int, tuple[int, int]]:
    """How many jobs of each have not ended, and how many of those wait for the others. A
    backfill of a thousand moments must not skip, or be ended by, what comes due beside it."""
    if not keys:
        return {}
    jobs = (
        Job.objects.live()
        .filter(schedule__in=keys, backfill=None)
        .order_by()
        .values("schedule")
    )
    counted = jobs.annotate(all=Count("pk"), waiting=Count("pk", filter=WAITS))
    found = counted.values_list("schedule", "all", "waiting")
    return {key: (n, waits) for key, n, waits in found}


def _failed(row: Schedule) -> int:
    """How many of its last fires failed in a row, since somebody let it go on."""
    most = row.pause_after_failures
    if not most:
        return 0
    fires = Job.objects.filter(schedule=row.pk, due_at__isnull=False, backfill=None)
    ended = fires.filter(finished_at__isnull=False)
    if row.resumed_at is not None:
        ended = ended.filter(created_at__gt=row.resumed_at)
    ended = ended.exclude(state=State.SKIPPED).order_by("-created_at", "-id")
    states = list(ended.values_list("state", flat=True)[:most])
    return most if states.count(State.FAILED) == most else 0


class _Refusals:
    """Why a person may not run a task; asked once of each pair."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, str], str] = {}

    def of(self, row: Schedule) -> str:
        if row.run_as_id is None:
            return ""
        pair = (row.run_as_id, row.entry.task)
        if pair not in self._known:
            self._known[pair] = refusal(*pair)
        return self._known[pair]


def refusal(user_id: Any, task: str) -> str:
    """Why this person may not run it; "" where they may."""
    person: Any = get_user_model()._default_manager.filter(pk=user_id).first()
    if person is None:
        return _("The person as whom it runs is no longer there.")
    name = {"name": person.get_username()}
    if not person.is_active:
        return _("%(name)s, as whom it runs, is deactivated.") % name
    if not permissions.tasks(person, "run").filter(pk=task).exists():
        return _("%(name)s, as whom it runs, may not run its task.") % name
    return ""
