"""What beat would do in days to come: its own decisions, one schedule after the other, with
runs that take as long as they usually do. Nothing is stored, and nothing runs."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from jobs.models import Overlap

from .decide import Decision, Deed, Facts, decide
from .plan import Plan

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Span:
    begin: datetime
    end: datetime
    down: tuple[datetime, datetime] | None = None
    """Between these no beat runs; what came meanwhile is dealt with after it."""

    def dealt_with_at(self, plan: Plan, due_at: datetime) -> datetime:
        moment = max(plan.fires_at(due_at), self.begin)
        if self.down is not None and self.down[0] <= moment < self.down[1]:
            return self.down[1]
        return moment


@dataclass
class Run:
    """From when to when a job of it would run."""

    begin: datetime
    end: datetime


@dataclass
class Told:
    """What became of one schedule."""

    plan: Plan
    queue: str
    usual: timedelta
    refusal: str = ""
    """Why the person as whom it runs may not."""
    moments: int = 0
    runs: list[Run] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    """How many were not run, by the reason."""
    caught_up: int = 0
    ended: int = 0
    """Runs that a later one ended."""
    pauses: str = ""
    """Why it paused itself."""
    is_replayed: bool = True
    """False where its moments were only counted."""

    @property
    def name(self) -> str:
        return str(self.plan.entry.name)

    @property
    def busiest(self) -> tuple[datetime, int] | None:
        return busiest(self.runs)


@dataclass
class Queue:
    runs: int = 0
    clashes: int = 0
    """Runs that began while one of another schedule was going on."""
    most: int = 0
    """How many were going on at once."""


@dataclass(frozen=True)
class Simulation:
    span: Span
    schedules: list[Told]
    queues: dict[str, Queue]

    @property
    def busiest(self) -> tuple[datetime, int] | None:
        return busiest(run for told in self.schedules for run in told.runs)


def simulate(schedules: Iterable[Told], span: Span, most: int) -> Simulation:
    """At most `most` moments are dealt with one by one, those of schedules that come seldom
    first; where that is not enough, moments are counted."""
    found = list(schedules)
    for told in found:
        told.moments = _count(told.plan, span)
    for told in sorted(found, key=lambda told: told.moments):
        most -= told.moments
        told.is_replayed = most >= 0
        if told.is_replayed:
            _replay(told, span)
    return Simulation(span, found, _queues(found))


def busiest(runs: Iterable[Run]) -> tuple[datetime, int] | None:
    """The minute in which most of them begin, and how many that are."""
    minutes = Counter(run.begin.replace(second=0, microsecond=0) for run in runs)
    return max(minutes.items(), key=lambda item: (item[1], -item[0].timestamp()), default=None)


def _count(plan: Plan, span: Span) -> int:
    first = _first(plan, span)
    return 0 if first is None else plan.count(first - _TICK, span.end - _TICK)


def _first(plan: Plan, span: Span) -> datetime | None:
    """Its next moment, or the first one of a later span."""
    due_at = plan.schedule.due_at
    is_before = due_at is not None and due_at < span.begin
    return plan.after(span.begin - _TICK) if is_before else due_at


def _replay(told: Told, span: Span) -> None:
    plan, row = told.plan, told.plan.schedule
    told.moments, row.due_at = 0, _first(plan, span)
    live: list[Run] = []
    while row.due_at is not None and row.due_at < span.end:
        now = span.dealt_with_at(plan, row.due_at)
        live = [run for run in live if run.end > now]
        decision = decide(plan, _facts(told, now, live))
        live = _follow(told, decision, now, live)
        row.due_at = decision.next_at
        if row.remaining is not None:
            row.remaining -= decision.fires


def _facts(told: Told, now: datetime, live: list[Run]) -> Facts:
    if told.plan.schedule.overlap == Overlap.ALLOW_ALL:
        return Facts(now, refusal=told.refusal)  # as beat: nobody asks
    waiting = sum(run.begin > now for run in live)
    return Facts(now, len(live), waiting, refusal=told.refusal)


def _follow(told: Told, decision: Decision, now: datetime, live: list[Run]) -> list[Run]:
    """What the decision does to those that are going on; who is going on then."""
    if decision.ends_others:
        told.ended += len(live)
        for run in live:
            run.begin, run.end = min(run.begin, now), now
        live = []
    told.pauses = told.pauses or decision.pauses
    told.moments += len(decision.turns)
    for turn in decision.turns:
        if turn.deed in (Deed.SKIP, Deed.FAIL):
            told.skipped[turn.reason] += 1
            continue
        told.caught_up += bool(turn.tag)
        begin = max([now, *(run.end for run in live)]) if turn.deed == Deed.WAIT else now
        live.append(Run(begin, begin + told.usual))
        told.runs.append(live[-1])
    return live


def _queues(schedules: list[Told]) -> dict[str, Queue]:
    by_queue: dict[str, list[tuple[datetime, int, datetime]]] = defaultdict(list)
    for number, told in enumerate(schedules):
        by_queue[told.queue] += [(run.begin, number, run.end) for run in told.runs]
    return {name: _queue(sorted(runs)) for name, runs in sorted(by_queue.items())}


def _queue(runs: list[tuple[datetime, int, datetime]]) -> Queue:
    found, own = Queue(len(runs)), Counter[int]()
    going_on: list[tuple[datetime, int]] = []
    for begin, number, end in runs:
        while going_on and going_on[0][0] <= begin:
            own[heapq.heappop(going_on)[1]] -= 1
        found.clashes += len(going_on) > own[number]
        heapq.heappush(going_on, (end, number))
        own[number] += 1
        found.most = max(found.most, len(going_on))
    return found
