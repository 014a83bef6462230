"""Which moment of a schedule is next, as far as its rows can say. Reads no clock."""

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property
from hashlib import blake2b
from itertools import takewhile
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask

from jobs import registry
from jobs.dispatch.policy import is_listed
from jobs.models import CatchUp, Overlap, Schedule
from jobs.registry import is_ours

from .blackout import Blackout
from .given import read
from .times import Impossible, Once, Times, following, times_of

CLEANUP = "celery.backend_cleanup"
ALWAYS = datetime.min.replace(tzinfo=UTC)
MOST_MOMENTS = 100
"""How many moments that passed are looked at one by one; of the others they are the last."""

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Plan:
    """The rules of one schedule, read from its rows once. Raises Impossible."""

    schedule: Schedule

    @property
    def entry(self) -> PeriodicTask:
        return self.schedule.entry

    @cached_property
    def times(self) -> Times:
        return times_of(self.entry, self.schedule.anchor_at)

    @cached_property
    def zone(self) -> tzinfo:
        return zone_of(self.entry)

    @cached_property
    def blackout(self) -> Blackout:
        return Blackout(self.schedule.blackout, self.zone)

    @property
    def end(self) -> datetime | None:
        """From then on it does not come any more."""
        return min(filter(None, (self.entry.expires, self.schedule.ends_at)), default=None)

    @property
    def is_on(self) -> bool:
        schedule = self.schedule
        return self.entry.enabled and not schedule.is_paused and schedule.remaining != 0

    def first(self, since: datetime) -> datetime | None:
        """The moment that is next after `since`; None for never. What has one moment only
        comes at that, be it past or not, unless it did already."""
        return self.first_if_on(since) if self.is_on else None

    def first_if_on(self, since: datetime) -> datetime | None:
        """The same for one that is off or paused: when it would come if it were not."""
        if isinstance(self.times, Once):
            since = self.schedule.last_due_at or ALWAYS
        elif (start := self.entry.start_time) is not None:
            since = max(since, start - _TICK)
        return self.after(since)

    def after(self, moment: datetime) -> datetime | None:
        found = self.times.after(moment)
        return found if found and (self.end is None or found < self.end) else None

    def count(self, since: datetime, until: datetime) -> int:
        """How many moments are later than `since` and not later than `until`."""
        if self.end is not None:
            until = min(until, self.end - _TICK)
        return self.times.count(since, until)

    @property
    def left(self) -> int | None:
        """How often it still may fire; None for without an end."""
        return 1 if self.entry.one_off else self.schedule.remaining

    def fires_at(self, due_at: datetime) -> datetime:
        """When a moment is dealt with: later by its jitter, but not so late as the next."""
        longest = timedelta(seconds=self.schedule.jitter_seconds)
        if not longest:
            return due_at
        following_one = self.times.after(due_at)
        if following_one is not None:
            longest = min(longest, following_one - due_at)
        return due_at + longest * _share(self.schedule.pk, due_at)

    def passed(self, since: datetime, until: datetime) -> tuple[list[datetime], bool]:
        """The moments later than `since`, up to `until`; the last of them if there are more
        than `MOST_MOMENTS`, and whether there are."""
        if (first := self.after(since)) is None or first > until:
            return [], False
        kept: deque[datetime] = deque()
        begin, step = until, timedelta(seconds=1)
        # Nobody can count backwards: we look from further and further away.
        while len(kept) <= MOST_MOMENTS and begin > since:
            begin, step = max(until - step, since), step * 2
            some = takewhile(lambda moment: moment <= until, following(self, begin))
            kept = deque(some, MOST_MOMENTS + 1)
        return list(kept)[-MOST_MOMENTS:], len(kept) > MOST_MOMENTS

    def check(self) -> None:
        """Raises Impossible where something of it can never be read or done."""
        self.after(self.schedule.anchor_at)
        _ = self.blackout
        _check_words(self.schedule)
        _check_texts(self.entry)


def zone_of(entry: PeriodicTask) -> tzinfo:
    """On whose clock a schedule is read."""
    crontab = entry.crontab
    return timezone.get_default_timezone() if crontab is None else crontab.timezone


def _share(key: Any, due_at: datetime) -> float:
    """Between 0 and 1, the same for the same moment wherever it is asked."""
    text = f"{key} {due_at.astimezone(UTC).isoformat()}".encode()
    return int.from_bytes(blake2b(text, digest_size=6).digest()) / 2**48


def _check_words(schedule: Schedule) -> None:
    if schedule.overlap not in Overlap or schedule.catch_up not in CatchUp:
        words = {"overlap": schedule.overlap, "catch_up": schedule.catch_up}
        raise Impossible(_("No such rule: %(overlap)s, %(catch_up)s") % words)


def _check_texts(entry: PeriodicTask) -> None:
    if not is_known(entry.task):
        raise Impossible(_("Its task is not registered: %(name)s") % {"name": entry.task})
    kinds: tuple[tuple[str, type], ...] = (("args", list), ("kwargs", dict), ("headers", dict))
    for name, kind in kinds:
        try:
            read(getattr(entry, name) or repr(kind()), kind)
        except ValueError as reason:
            raise Impossible(f"{name}: {reason}") from None


def is_known(task: str) -> bool:
    """Whether some process can run it: this one knows it, or another one told of it. Of
    Celery's own tasks only one is for schedules: others call whatever they are given."""
    if not is_ours(task):
        return task == CLEANUP or not task.startswith("celery.")
    return registry.knows(task) or is_listed(task)
