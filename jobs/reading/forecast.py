"""Will the runs of a schedule get into each other's way: how long the last ones took, and
what its overlap rule would make of the next ones, if they took as long."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import cycle, islice, pairwise
from statistics import median, quantiles

from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import permissions
from jobs.models import Overlap, Schedule
from jobs.scheduling.plan import Plan
from jobs.scheduling.times import Impossible, following

from . import runs
from .spans import duration

MOST_RUNS = 200
FEWEST = 3
_ENOUGH_FOR_P95 = 10
_SHOWN = 4
_LEFT, _STEP = 28.0, 18.0
"""In percent of the drawing: where the first fire stands, and the next one after it."""


@dataclass(frozen=True)
class Outcome:
    """What became of the replayed fires."""

    fires: int = 0
    skipped: int = 0
    ended: int = 0
    """Ended early for the sake of the next one."""
    most: int = 0
    """How many ran, or waited for those that did, at the worst time."""


@dataclass(frozen=True)
class Bar:
    """Places and sizes in percent of the drawing's width, pixels of its height."""

    x: float
    y: int
    width: float


@dataclass(frozen=True)
class Forecast:
    spans: Sequence[float] = ()
    """Seconds of the last runs, the oldest first."""
    of_task: bool = False
    """Whether those are all of its task, since it has too few of its own."""
    gap: float | None = None
    """Seconds from one fire to the next, where they are closest."""
    overlap: str = Overlap.ALLOW_ALL
    fires: Sequence[datetime] = ()
    """The next ones, on the clock of the schedule."""
    outcome: Outcome = field(default_factory=Outcome)

    @property
    def is_known(self) -> bool:
        return self.gap is not None and len(self.spans) >= FEWEST

    @property
    def usual(self) -> float:
        return median(self.spans)

    @property
    def p95(self) -> float:
        """What 19 of 20 did not exceed; of few runs, the longest."""
        if len(self.spans) < _ENOUGH_FOR_P95:
            return max(self.spans)
        return quantiles(self.spans, n=20, method="inclusive")[-1]

    @property
    def longer(self) -> int:
        """How many of the last runs took longer than the gap."""
        return sum(span > (self.gap or 0) for span in self.spans)

    @property
    def headline(self) -> str:
        if not self.longer:
            return _("Each run ends before the next one is due.")
        told = {"gap": duration(self.gap), "usual": duration(self.usual)}
        if self.gap is not None and self.usual > self.gap:
            return _("It is asked every %(gap)s, and a run usually takes %(usual)s.") % told
        n = round(len(self.spans) / self.longer)
        return _("About 1 run in %(n)d still goes on when the next one is due.") % {"n": n}

    @property
    def detail(self) -> str:
        """In numbers, and what the rule makes of it."""
        told = {"longer": self.longer, "n": len(self.spans), "gap": duration(self.gap)}
        if not self.longer:
            return _("None of the last %(n)d runs took longer than %(gap)s.") % told
        said = _("Of the last %(n)d runs, %(longer)d took longer than %(gap)s.") % told
        return f"{said} {_consequence(self.overlap, self.outcome)}"

    @property
    def dots(self) -> list[tuple[float, datetime]]:
        return [(_LEFT + _STEP * n, at) for n, at in enumerate(self.fires[:_SHOWN])]

    @property
    def usual_bars(self) -> list[Bar]:
        return self._bars(self.usual, (42, 42))

    @property
    def p95_bars(self) -> list[Bar]:
        return self._bars(self.p95, (70, 84))

    def _bars(self, span: float, rows: tuple[int, int]) -> list[Bar]:
        """Those that would lie over each other take turns in two rows."""
        width = max(_STEP * span / (self.gap or span or 1), 0.6)
        y = cycle(rows if width > _STEP else rows[:1])
        return [Bar(x, next(y), round(min(width, 100 - x), 2)) for x, _at in self.dots]


def forecast(user: permissions.Person, row: Schedule, now: datetime | None = None) -> Forecast:
    """Of a schedule that is stored or is only being written, by the runs that `user` may
    see. Empty where it can never come, comes once, or nothing is known yet."""
    plan = Plan(row)
    try:
        moments = _moments(plan, now or timezone.now())
    except Impossible:
        return Forecast()
    spans, of_task = _spans(user, row)
    gap = _gap(moments)
    return Forecast(
        spans=spans,
        of_task=of_task,
        gap=gap,
        overlap=row.overlap,
        fires=[at.astimezone(plan.zone) for at in moments[:_SHOWN]],
        outcome=replay(moments, spans, row.overlap) if len(spans) >= FEWEST else Outcome(),
    )


def replay(moments: Sequence[datetime], spans: Sequence[float], overlap: str) -> Outcome:
    """What the rule makes of fires at these moments, whose runs take so long in turn."""
    lasts = (timedelta(seconds=span) for span in cycle(spans))
    live: list[datetime] = []  # when each of those that run, or wait in line, will end
    most = skipped = ended = 0
    for at in moments:
        live = [end for end in live if end > at]
        if overlap in _ENDING:
            ended += len(live)
            live = []
        if len(live) >= _MOST_LIVE.get(overlap, len(moments)):
            skipped += 1
            continue
        begin = at if overlap == Overlap.ALLOW_ALL else max([at, *live[-1:]])
        live.append(begin + next(lasts))
        most = max(most, len(live))
    return Outcome(len(moments), skipped, ended, most)


_ENDING = (Overlap.CANCEL_OTHER, Overlap.TERMINATE_OTHER)
_MOST_LIVE: dict[str, int] = {Overlap.SKIP: 1, Overlap.BUFFER_ONE: 2}


def _consequence(overlap: str, outcome: Outcome) -> str:
    told = {"rule": Overlap(overlap).label, "fires": outcome.fires, "most": outcome.most}
    told |= {"line": outcome.most - 1, "skipped": outcome.skipped, "ended": outcome.ended}
    if overlap in _ENDING:
        words = _("With “%(rule)s”, %(ended)d of the next %(fires)d would be ended early.")
    elif overlap == Overlap.ALLOW_ALL:
        words = _("With “%(rule)s”, up to %(most)d would run at the same time.")
    elif overlap == Overlap.BUFFER_ALL:
        words = _(
            "With “%(rule)s”, the line would grow to %(line)d within the next %(fires)d fires."
        )
    else:
        words = _("With “%(rule)s”, %(skipped)d of the next %(fires)d would be skipped.")
    return words % told


def _spans(user: permissions.Person, row: Schedule) -> tuple[list[float], bool]:
    """Of its own jobs; of all jobs of its task where those are too few."""
    jobs = permissions.jobs(user)
    own = runs.worked(jobs.filter(schedule=row.pk), MOST_RUNS) if row.pk else []
    if len(own) >= FEWEST:
        return own, False
    return runs.worked(jobs.filter(task=row.entry.task), MOST_RUNS), True


def _moments(plan: Plan, now: datetime) -> list[datetime]:
    plan.check()
    first = plan.first_if_on(now)
    some = [] if first is None else [first, *islice(following(plan, first), MOST_RUNS - 1)]
    return [at for at in some if not plan.blackout.covers(at)][: plan.left]


def _gap(moments: Sequence[datetime]) -> float | None:
    """Where the fires are closest; one in ten aside, as on the day that has 23 hours."""
    gaps = sorted((b - a).total_seconds() for a, b in pairwise(moments))
    return gaps[len(gaps) // 10] if gaps else None
