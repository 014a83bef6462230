"""The past moments of a schedule, and which of them a backfill is to run."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import TypeAlias

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from jobs.models import Backfill, Job, Schedule, Which
from jobs.states import FINAL, SUCCESSFUL, State

from .plan import Plan
from .times import following

MOST = 10_000
"""Moments of one backfill."""

_TICK = timedelta(microseconds=1)
_Range: TypeAlias = tuple[datetime, datetime]

LIVE, RAN, FAILED, NOT_RUN, NOT_THEN = "live", "ran", "failed", "", "blackout"
"""What stands at a moment."""

LEFT_OUT = {
    LIVE: _("Its job has not ended."),
    RAN: _("It ran."),
    FAILED: _("It failed."),
    NOT_THEN: _("It is not to run at this time."),
}
_WANTED = {
    Which.MISSING: {NOT_RUN},
    Which.FAILED: {NOT_RUN, FAILED},
    Which.ALL: {NOT_RUN, FAILED, RAN},
}


@dataclass(frozen=True)
class Moment:
    """One due moment, and whether it is to be run."""

    due_at: datetime
    standing: str
    is_wanted: bool

    @property
    def why(self) -> str:
        """Why it is left out; "" where it is not."""
        return "" if self.is_wanted else str(LEFT_OUT[self.standing])


@dataclass
class Look:
    """At the moments of a schedule from `since` on and before `until`. What beat has still
    to deal with is none of them: it would run twice."""

    plan: Plan
    since: datetime
    until: datetime
    which: Which
    now: datetime
    moments: list[Moment] = field(default_factory=list, init=False)
    """All of them up to `MOST`, the oldest first."""
    is_more: bool = field(default=False, init=False)
    """Whether there are more than a backfill may have."""
    _known: dict[datetime, str] = field(default_factory=dict, init=False)

    def read(self) -> None:
        """Find them. Raises Impossible."""
        due = list(islice(self._due(), MOST + 1))
        self.is_more = len(due) > MOST
        self._known = self._standings()
        self.moments = [self._moment(at, self._known.get(at, NOT_RUN)) for at in due[:MOST]]

    def holds_still(self) -> bool:
        """Whether nobody has edited or fired the schedule, nor anything become of one of its
        moments, since they were read."""
        schedule = self.plan.schedule
        marks = Schedule.objects.filter(pk=schedule.pk).values_list("revision", "due_at")
        return marks.first() == schedule.mark and self._standings() == self._known

    def _standings(self) -> dict[datetime, str]:
        return _standings(self.plan.schedule, (self.since, self.until))

    @property
    def wanted(self) -> list[datetime]:
        return [moment.due_at for moment in self.moments if moment.is_wanted]

    @property
    def left_out(self) -> list[tuple[str, int]]:
        """How many are left out, by the reason."""
        counted = Counter(moment.why for moment in self.moments if not moment.is_wanted)
        return counted.most_common()

    def _moment(self, at: datetime, standing: str) -> Moment:
        if self.plan.blackout.covers(at):
            standing = LIVE if standing == LIVE else NOT_THEN
        return Moment(at, standing, standing in _WANTED[self.which])

    def _due(self) -> Iterator[datetime]:
        schedule = self.plan.schedule
        since = max(filter(None, (self.since, self.plan.entry.start_time)))
        bounds = (self.until, self.now, schedule.due_at, schedule.stale_at)
        end = min(bound for bound in bounds if bound is not None)
        return takewhile(lambda at: at < end, following(self.plan, since - _TICK))


def _standings(schedule: Schedule, dates: _Range) -> dict[datetime, str]:
    """What became of each moment, by all its jobs: fires, backfilled ones, and those that
    were run again by hand."""
    within = Q(due_at__gte=dates[0], due_at__lt=dates[1])
    mine = Backfill.objects.filter(schedule=schedule.pk)
    jobs = Job.objects.filter(within).order_by()
    found: dict[datetime | None, set[str]] = defaultdict(set)
    for some in (
        jobs.filter(schedule=schedule.pk, backfill=None),
        jobs.filter(backfill__in=mine.values("pk")),
        jobs.filter(retry_of__schedule=schedule.pk),
    ):
        for at, state in some.values_list("due_at", "state"):
            found[at].add(state)
    return {at: _standing(states) for at, states in found.items() if at is not None}


def _standing(states: set[str]) -> str:
    if states - FINAL:
        return LIVE
    if states & SUCCESSFUL:
        return RAN
    return FAILED if State.FAILED in states else NOT_RUN
