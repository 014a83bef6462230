"""What is worth knowing about the moments of a schedule, within a year."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .clocks import Change, changes_of
from .plan import Plan
from .times import DAY, Cron, Every

YEAR = timedelta(days=366)
MOST_STRETCHES = 12
"""Of a blackout, so many whose fires are counted."""
_TICK = timedelta(microseconds=1)


class Kind(StrEnum):
    GAP = "gap"
    TWICE = "twice"
    CLOCK = "clock"
    BLACKOUT = "blackout"
    START = "start"
    LAST = "last"
    CLASH = "clash"


@dataclass(frozen=True)
class Mark:
    kind: Kind
    words: str
    more: str = ""


class Marks:
    """Of one schedule, from `now` on."""

    def __init__(self, plan: Plan, now: datetime) -> None:
        self.plan, self.now = plan, now
        self.changes = changes_of(plan.zone, now - DAY, now + YEAR)
        self._known: dict[datetime, list[Mark]] = defaultdict(list)
        for moment, mark in (*self._starts(), *self._sets(), *self._stretches(), *self._ends()):
            self._known[moment].append(mark)

    def of(self, moment: datetime) -> tuple[Mark, ...]:
        known = self._known.get(moment, [])
        found = [self._gap(moment), self._twice(moment), *known]
        if all(mark.kind != Kind.BLACKOUT for mark in known):
            found.append(self._blackout(moment))
        return tuple(mark for mark in found if mark)

    def missing(self, moment: datetime) -> datetime | None:
        """What its cron line says, where the clock leaps over that."""
        line = self.plan.times
        for change in self.changes if self._leaves_gaps else ():
            wall = change.leapt_over(moment)
            if wall is not None and isinstance(line, Cron) and line.says(wall):
                return wall
        return None

    def moments(self) -> list[datetime]:
        """The first one of whatever is worth knowing, in order."""
        edges = (edge for c in self.changes for edge in (c.begins_at, c.at))
        found = {self._from(edge) for edge in edges if edge > self.now}
        return sorted(at for at in {*found, *self._known} if at is not None and self.of(at))

    # --- Clocks -------------------------------------------------------------------------------

    @property
    def _leaves_gaps(self) -> bool:
        """Whether a time that the clock leaps over is one that people wait for."""
        return isinstance(self.plan.times, Cron) and not self.plan.times.runs_every_hour

    def _gap(self, moment: datetime) -> Mark | None:
        if (wall := self.missing(moment)) is None:
            return None
        local = moment.astimezone(self.plan.zone)
        told = {"time": f"{wall:%H:%M}", "later": f"{local:%H:%M}"}
        more = _("the clock leaps over %(time)s; it fires once, at %(later)s") % told
        return Mark(Kind.GAP, _("This time does not exist"), more)

    def _twice(self, moment: datetime) -> Mark | None:
        by_clock = isinstance(self.plan.times, Cron)
        if not by_clock or not any(change.repeats(moment) for change in self.changes):
            return None
        once, both = _("it fires the first time only"), _("it fires both times")
        return Mark(Kind.TWICE, _("This time comes twice"), once if self._leaves_gaps else both)

    def _sets(self) -> Iterator[tuple[datetime, Mark]]:
        """The first one after each change of the clock, where that says something."""
        for change in self.changes:
            edge = change.settled_at if self._leaves_gaps else change.at
            after = self._from(edge) if edge > self.now else None
            if after is not None and (told := self._meaning(change)) is not None:
                yield after, Mark(Kind.CLOCK, change.words, told)

    def _meaning(self, change: Change) -> str | None:
        times = self.plan.times
        if isinstance(times, Cron):
            return change.in_utc if self._leaves_gaps else ""
        if isinstance(times, Every) and change.leap % times.length:
            return change.on_the_clock
        return None

    # --- Bounds and blackouts -----------------------------------------------------------------

    def _starts(self) -> Iterator[tuple[datetime, Mark]]:
        start = self.plan.entry.start_time
        if start is not None and start > self.now and (first := self._from(start)):
            yield first, Mark(Kind.START, _("The first one"))

    def _ends(self) -> Iterator[tuple[datetime, Mark]]:
        end = self.plan.end
        if end is not None and self.now < end <= self.now + YEAR:
            for last in self.plan.passed(self.now, end - _TICK)[0][-1:]:
                yield last, Mark(Kind.LAST, _("The last one"))

    def _stretches(self) -> Iterator[tuple[datetime, Mark]]:
        year = self.now, self.now + YEAR
        for begin, end in self.plan.blackout.stretches(*year)[:MOST_STRETCHES]:
            begin, end = max(begin, self.now), min(end, self.now + YEAR)
            first = self._from(begin)
            if first is not None and first < end:
                n = self.plan.count(begin - _TICK, end - _TICK)
                more = ngettext("%(n)d fire is skipped", "%(n)d fires are skipped", n)
                yield first, Mark(Kind.BLACKOUT, _("It is not to run then"), more % {"n": n})

    def _blackout(self, moment: datetime) -> Mark | None:
        if not self.plan.blackout.covers(moment):
            return None
        return Mark(Kind.BLACKOUT, _("It is not to run then"), _("this fire is skipped"))

    def _from(self, moment: datetime) -> datetime | None:
        return self.plan.after(moment - _TICK)
