"""What comes next: the fires of schedules, and jobs whose time has not come."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask

from jobs.models import JobQuerySet
from jobs.scheduling.rows import read_rows
from jobs.scheduling.timings import next_turn, words
from jobs.states import State, WaitingFor

MOST_SCHEDULES = 200
"""Schedules whose next fire is worked out for one page."""
_MOST_JOBS = 50
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Turn:
    """One thing that is going to run. `job` is its id where there is one already."""

    at: datetime
    task: str
    entry: PeriodicTask | None = None
    state: str = ""
    job: str = ""

    @property
    def words(self) -> str:
        """Why it comes then."""
        if self.entry is None:
            is_again = self.state == State.RETRYING
            return _("another attempt") if is_again else _("asked for, with a time")
        return f"{self.entry.name}: {words(self.entry.scheduler)}"


@dataclass(frozen=True)
class Coming:
    turns: list[Turn]
    """The nearest first; of each schedule its next fire."""
    is_more: bool
    """Whether there were more schedules than could be looked at."""

    @property
    def next(self) -> Turn | None:
        return self.turns[0] if self.turns else None

    @property
    def within_the_hour(self) -> int:
        soon = timezone.now() + _HOUR
        return sum(turn.at <= soon for turn in self.turns)


def coming(jobs: JobQuerySet, schedules: QuerySet[PeriodicTask]) -> Coming:
    """Of those schedules that are enabled, and of `jobs` that wait for their time."""
    on = schedules.filter(enabled=True)
    planned = on.filter(policy__fire_at__isnull=False).order_by("policy__fire_at")
    some = list(planned.values_list("pk", flat=True)[: MOST_SCHEDULES + 1])
    edited = on.filter(policy__stale_at__isnull=False).values_list("pk", flat=True)
    turns = [*_fires({*some[:MOST_SCHEDULES], *edited[:MOST_SCHEDULES]}), *_due(jobs)]
    return Coming(sorted(turns, key=lambda turn: turn.at), len(some) > MOST_SCHEDULES)


def next_of_each(
    schedules: QuerySet[PeriodicTask], tasks: list[str]
) -> tuple[dict[str, datetime], bool]:
    """When each of the tasks is started next by one of `schedules`; and whether there were
    more of them than could be looked at."""
    on = schedules.filter(enabled=True, task__in=tasks).order_by("pk")
    some = list(on.values_list("pk", flat=True)[: MOST_SCHEDULES + 1])
    found: dict[str, datetime] = {}
    for turn in _fires(some[:MOST_SCHEDULES]):
        found[turn.task] = min(turn.at, found.get(turn.task, turn.at))
    return found, len(some) > MOST_SCHEDULES


def _fires(keys: Collection[int]) -> list[Turn]:
    """The next one of each; one that cannot be read has none."""
    entries = [row.entry for row in read_rows(keys)[0]] if keys else []
    dated = ((entry, next_turn(entry)) for entry in entries)
    return [Turn(moment, entry.task, entry) for entry, moment in dated if moment]


def _due(jobs: JobQuerySet) -> list[Turn]:
    timed = jobs.live().filter(not_before__gt=timezone.now())
    timed = timed.filter(state__in=(State.PENDING, State.RETRYING))
    timed = timed.exclude(state=State.PENDING, waiting_for__in=_OTHERWISE_HELD)
    rows = timed.order_by("not_before").values_list("not_before", "task", "state", "pk")
    return [
        Turn(at, task, state=state, job=job)
        for at, task, state, job in rows[:_MOST_JOBS]
        if at is not None
    ]


_OTHERWISE_HELD = (WaitingFor.START, WaitingFor.TASK, WaitingFor.QUEUE)
