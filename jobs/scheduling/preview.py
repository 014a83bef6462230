"""What is ahead of a schedule, told by the code that fires it: its next moments, and those
within a year that are not like the others."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from itertools import islice

from django.utils.translation import gettext as _

from jobs.models import Schedule

from .marks import Kind, Mark, Marks
from .plan import Plan
from .times import DAY, Impossible, Once, following
from .words import hints, words

MOST = 50
"""Moments that are listed one by one."""
MOST_NOTABLE = 12

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Ahead:
    """One moment that will come."""

    number: int
    """Which one it is, from now on: the next is 1."""
    due_at: datetime
    local: datetime
    """What the clock of the schedule shows then."""
    fires_at: datetime
    """When it is dealt with, by its jitter."""
    missing: datetime | None = None
    """What the cron line says, where that clock leaps over it."""
    marks: tuple[Mark, ...] = ()

    @property
    def fires_local(self) -> datetime:
        """The same on the clock of the schedule."""
        return self.fires_at.astimezone(self.local.tzinfo)

    @property
    def is_skipped(self) -> bool:
        return any(mark.kind == Kind.BLACKOUT for mark in self.marks)

    def with_mark(self, mark: Mark) -> "Ahead":
        return replace(self, marks=(*self.marks, mark))


@dataclass(frozen=True)
class Preview:
    words: str = ""
    zone: str = ""
    hints: tuple[str, ...] = ()
    flaw: str = ""
    """Why it can never come; then there is nothing else."""
    off: str = ""
    """Why nothing of it happens as long as that is so."""
    jitter_seconds: int = 0
    ahead: tuple[Ahead, ...] = ()
    more: int = 0
    """How many follow those on the day of the last of them."""
    is_over: bool = False
    """Whether nothing follows those."""
    notable: tuple[Ahead, ...] = ()
    """Those after them, within a year, that are not like the others."""


def preview(schedule: Schedule, now: datetime, count: int = 10) -> Preview:
    """The next `count` moments (at most `MOST`) of a schedule, stored or not."""
    plan = Plan(schedule)
    try:
        plan.check()
        return _Outlook(plan, now).told(min(max(count, 1), MOST))
    except Impossible as reason:
        return Preview(flaw=str(reason))


class _Outlook:
    def __init__(self, plan: Plan, now: datetime) -> None:
        self.plan, self.now = plan, now
        self.marks = Marks(plan, now)

    def told(self, count: int) -> Preview:
        plan = self.plan
        found = list(islice(self._ahead(), count + 1))
        ahead, is_over = found[:count], len(found) <= count
        if ahead and is_over and not isinstance(plan.times, Once):
            ahead[-1] = _last(ahead[-1])
        return Preview(
            words(plan.times),
            str(plan.zone),
            tuple(hints(plan.times)),
            off=self._off(),
            jitter_seconds=plan.schedule.jitter_seconds,
            ahead=tuple(ahead),
            more=0 if is_over else self._more(ahead[-1].due_at),
            is_over=is_over,
            notable=() if is_over else tuple(self._notable(ahead[-1])),
        )

    def _off(self) -> str:
        if not self.plan.entry.enabled:
            return _("It is disabled: nothing of this happens until somebody enables it.")
        if self.plan.schedule.is_paused:
            return _("It is paused: nothing of this happens until somebody resumes it.")
        return ""

    def _ahead(self) -> Iterator[Ahead]:
        """As many as it may still fire; what is skipped is not one of those."""
        left = self.plan.left
        for number, moment in enumerate(self._moments(), start=1):
            if left is not None and left <= 0:
                return
            each = self._seen(number, moment)
            if left is not None:
                left -= not each.is_skipped
            yield each

    def _moments(self) -> Iterator[datetime]:
        due_at = self.plan.schedule.due_at
        first = self.plan.first_if_on(self.now)
        if due_at is not None and due_at <= self.now < self.plan.fires_at(due_at):
            first = due_at  # it has come, and its jitter lasts still
        if first is not None:
            yield first
            yield from following(self.plan, first)

    def _seen(self, number: int, moment: datetime) -> Ahead:
        return Ahead(
            number,
            moment,
            moment.astimezone(self.plan.zone),
            self.plan.fires_at(moment),
            self.marks.missing(moment),
            self.marks.of(moment),
        )

    def _more(self, last: datetime) -> int:
        day = last.astimezone(self.plan.zone).date() + DAY
        return self.plan.count(last, datetime.combine(day, time(), self.plan.zone) - _TICK)

    def _notable(self, last: Ahead) -> Iterator[Ahead]:
        """Counted on from the last one that is listed."""
        number, before, left = last.number, last.due_at, self.plan.left
        chosen = [moment for moment in self.marks.moments() if moment > before]
        for moment in chosen[:MOST_NOTABLE]:
            number += self.plan.count(before, moment)
            if left is not None and number > left:
                return  # perhaps it is used up by then
            yield self._seen(number, moment)
            before = moment


def _last(ahead: Ahead) -> Ahead:
    if any(mark.kind == Kind.LAST for mark in ahead.marks):
        return ahead
    return ahead.with_mark(Mark(Kind.LAST, _("The last one")))
