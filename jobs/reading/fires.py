"""What schedules did last and do next, as a list and their pages tell it."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import islice, takewhile
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from jobs import permissions
from jobs.models import Job, Schedule
from jobs.scheduling import coded
from jobs.scheduling.decide import MISSED
from jobs.scheduling.plan import Plan, zone_of
from jobs.scheduling.rows import UNREADABLE, read_rows
from jobs.scheduling.times import CRON_FIELDS, Impossible, following
from jobs.scheduling.timings import next_turn
from jobs.scheduling.timings import words as as_written
from jobs.scheduling.words import words

from .runs import Runs, last_runs, span, told

_MOST_PASSED = 100
"""Moments of a pause that are counted."""


@dataclass(frozen=True)
class Fire:
    """The last job of a schedule."""

    job: Job
    is_seen: bool
    """Whether its page is open to the reader."""

    @property
    def is_missed(self) -> bool:
        """It was not run, since nobody was there at its time."""
        return MISSED in self.job.tags

    @property
    def is_by_hand(self) -> bool:
        return self.job.due_at is None

    @property
    def span(self) -> float | None:
        return span(self.job)

    @property
    def words(self) -> str:
        """What went wrong, or why it did not run; nothing to who may not see the job."""
        return (self.job.error_type or self.job.reason) if self.is_seen else ""


@dataclass(frozen=True)
class Row:
    """One schedule, as a reader may see it."""

    schedule: Schedule
    flaw: str = ""
    last: Fire | None = None
    runs: Runs = field(default_factory=lambda: Runs([]))
    paused_by: Any = None
    run_as: Any = None
    may_manage: bool = False
    may_run: bool = False
    is_readable: bool = True

    @property
    def entry(self) -> PeriodicTask:
        return self.schedule.entry

    @property
    def state(self) -> str:
        """flawed, off, paused, over (it never comes again) or on."""
        if self.flaw:
            return "flawed"
        if not self.entry.enabled:
            return "off"
        if self.schedule.is_paused:
            return "paused"
        return "on" if self.next_at else "over"

    @cached_property
    def next_at(self) -> datetime | None:
        return next_turn(self.entry) if self.is_readable else None

    @cached_property
    def would_be(self) -> datetime | None:
        """When it would come next if it were let."""
        return next(self._following(timezone.now()), None)

    @cached_property
    def passed(self) -> int:
        """How many moments came while it was paused, counted up to a hundred."""
        now, since = timezone.now(), self.schedule.paused_at
        if since is None:
            return 0
        come = takewhile(lambda moment: moment <= now, self._following(since))
        return len(list(islice(come, _MOST_PASSED)))

    @property
    def is_much_passed(self) -> bool:
        return self.passed == _MOST_PASSED

    @property
    def words(self) -> str:
        """When it comes."""
        if not self.is_readable:
            return ""
        with suppress(Impossible, *UNREADABLE):
            return words(Plan(self.schedule).times)
        return self.line or as_written(self.entry.scheduler)

    @property
    def line(self) -> str:
        """The cron line as it is written; "" for what has none."""
        row = self.entry.crontab
        return " ".join(getattr(row, name) for name in CRON_FIELDS) if row else ""

    @property
    def zone(self) -> str:
        """The clock of a cron line; nothing else has one."""
        has_clock = self.is_readable and self.entry.crontab_id is not None
        return str(zone_of(self.entry)) if has_clock else ""

    @property
    def is_edited(self) -> bool:
        """Whether it is of the code, and somebody made it another."""
        return self.is_readable and coded.is_edited(self.schedule)

    def _following(self, since: datetime) -> Iterator[datetime]:
        if not self.is_readable or self.flaw:
            return
        # What is paused was not looked at by beat: it may be one that can never be read.
        with suppress(Impossible, *UNREADABLE):
            yield from following(Plan(self.schedule), since)


def rows(user: permissions.Person, keys: list[int]) -> list[Row]:
    """Those schedules, in that order, with what they did; whatever their number, it takes
    as many queries."""
    found, broken = read_rows(keys)
    why = {schedule.pk: flaw for schedule, flaw in broken}
    schedules = {row.pk: row for row in (*found, *(row for row, _why in broken))}
    beside = _Beside(user, schedules.values())
    return [
        Row(
            schedule,
            flaw=why.get(key, schedule.flaw),
            is_readable=key not in why,
            **beside.of(schedule, is_whole=key not in why),
        )
        for key in keys
        if (schedule := schedules.get(key)) is not None
    ]


def of_task(user: permissions.Person, task: str, most: int) -> list[Row]:
    """The schedules of a task, those that come next first, without what they did."""
    mine = permissions.schedules(user).filter(task=task)
    by_next = mine.order_by(F("policy__fire_at").asc(nulls_last=True), "name")
    keys = list(by_next.values_list("pk", flat=True)[:most])
    found = {row.pk: row for row in read_rows(keys)[0]} if keys else {}
    return [Row(found[key], found[key].flaw) for key in keys if key in found]


class _Beside:
    """What stands beside schedules, read for all of them at once."""

    def __init__(self, user: permissions.Person, schedules: Iterable[Schedule]) -> None:
        self._schedules = list(schedules)
        keys = [schedule.pk for schedule in self._schedules]
        self._managed = _pks(permissions.schedules(user, "manage").filter(pk__in=keys))
        tasks = {schedule.entry.task for schedule in self._schedules}
        self._runnable = _pks(permissions.tasks(user, "run").filter(pk__in=tasks))
        self._runs_all = bool(user.is_superuser)
        self._last = _last_jobs(keys)
        jobs = [job.pk for job, _recent in self._last.values() if job]
        self._seen = _pks(permissions.jobs(user).filter(pk__in=jobs))

    def of(self, schedule: Schedule, *, is_whole: bool) -> dict[str, Any]:
        job, recent = self._last.get(schedule.pk, (None, []))
        people = self._people if is_whole else {}
        return {
            "last": job and Fire(job, job.pk in self._seen),
            "runs": told(recent),
            "may_manage": schedule.pk in self._managed,
            "may_run": self._runs_all or schedule.entry.task in self._runnable,
            "paused_by": people.get(is_whole and schedule.paused_by_id),
            "run_as": people.get(is_whole and schedule.run_as_id),
        }

    @cached_property
    def _people(self) -> dict[Any, Any]:
        """Who paused them and as whom they run."""
        deferred = {"paused_by_id", "run_as_id"}
        whole = [s for s in self._schedules if not deferred & s.get_deferred_fields()]
        keys = {key for s in whole for key in (s.paused_by_id, s.run_as_id)} - {None}
        return get_user_model()._default_manager.in_bulk(keys) if keys else {}


def _last_jobs(keys: list[int]) -> dict[int, tuple[Job | None, Any]]:
    """By schedule: its newest job, and how the last ones that ended did."""
    mine = Job.objects.filter(schedule=OuterRef("pk")).order_by("-created_at", "-id")
    entries = PeriodicTask.objects.filter(pk__in=keys).annotate(
        last=Subquery(mine.values("pk")[:1]),
        recent=last_runs(Job.objects.all(), "schedule"),
    )
    known = list(entries.values_list("pk", "last", "recent"))
    jobs = Job.objects.defer("traceback", "checkpoint", "result", "arguments", "options")
    found = jobs.in_bulk([last for _key, last, _recent in known if last])
    return {key: (found.get(last), recent) for key, last, recent in known}


def _pks(rows: Any) -> set[Any]:
    return set(rows.values_list("pk", flat=True))
