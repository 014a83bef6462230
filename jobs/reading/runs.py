"""The last runs of a task: how they ended, how long they took, what is usual."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cached_property
from itertools import takewhile
from statistics import median, quantiles
from typing import Any, NamedTuple

from django.db.models import JSONField, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject

from jobs.models import Job, JobQuerySet
from jobs.states import FINAL, SUCCESSFUL, State

COUNT = 30
_WORKED = (*SUCCESSFUL, State.FAILED)
_PLACES = [round(n * 100 / COUNT + 0.47, 2) for n in range(COUNT)]
_FILL: dict[str, str] = {
    State.COMPLETED: "f-ok",
    State.COMPLETED_WITH_ERRORS: "f-warn",
    State.FAILED: "f-bad",
    State.SKIPPED: "hollow",
}


class Run(NamedTuple):
    state: str
    seconds: float | None
    ended: datetime | None = None


class Bar(NamedTuple):
    """One run as a bar of the strip; places and sizes in percent of the drawing."""

    x: float
    height: float
    fill: str
    has_dot: bool

    @property
    def y(self) -> float:
        return round(100 - self.height, 1)

    @property
    def middle(self) -> float:
        return round(self.x + 1.2, 2)

    @property
    def dot(self) -> float:
        return max(self.y - 12, 8)


class Runs:
    """Oldest first."""

    def __init__(self, runs: Iterable[Run]) -> None:
        self.runs = list(runs)[-COUNT:]

    @cached_property
    def spans(self) -> list[float]:
        """Seconds of those that went through."""
        return [r.seconds for r in self.runs if r.seconds is not None and r.state in SUCCESSFUL]

    @property
    def usual(self) -> float | None:
        return median(self.spans) if len(self.spans) >= 3 else None

    @property
    def longest(self) -> float | None:
        return max(self.spans) if len(self.spans) >= 3 else None

    @property
    def p95(self) -> float | None:
        """What 19 of 20 did not exceed."""
        if len(self.spans) < 10:
            return None
        return quantiles(self.spans, n=20, method="inclusive")[-1]

    @property
    def last(self) -> Run | None:
        return self.runs[-1] if self.runs else None

    @property
    def completed_percent(self) -> float | None:
        """Of those that a worker brought to an end, how many did what they should."""
        ends = [run.state for run in self.runs if run.state in _WORKED]
        return 100 * sum(end in SUCCESSFUL for end in ends) / len(ends) if ends else None

    def count(self, state: str) -> int:
        return sum(run.state == state for run in self.runs)

    @property
    def failed(self) -> int:
        return self.count(State.FAILED)

    @property
    def failed_in_a_row(self) -> int:
        """How many of the last ones, of those that ran."""
        ran = [run.state for run in reversed(self.runs) if run.state != State.SKIPPED]
        return len(list(takewhile(lambda state: state == State.FAILED, ran)))

    @property
    def skipped(self) -> int:
        return self.count(State.SKIPPED)

    @property
    def with_errors(self) -> int:
        return self.count(State.COMPLETED_WITH_ERRORS)

    @cached_property
    def bars(self) -> list[Bar]:
        """Heights follow the time taken; twice the usual and more fills the strip."""
        full = 2 * (self.usual or max(self.spans, default=0)) or 1
        return [
            Bar(
                x=x,
                height=round(min(max(100 * (run.seconds or 0) / full, 18), 100), 1),
                fill=_FILL.get(run.state, "f-idle"),
                has_dot=run.state == State.FAILED,
            )
            for x, run in zip(_PLACES[COUNT - len(self.runs) :], self.runs, strict=True)
        ]


def of(jobs: JobQuerySet) -> Runs:
    """The last ended ones of `jobs`, which are of one task."""
    rows = _ended(jobs).values_list("state", "started_at", "finished_at")[:COUNT]
    return Runs(
        Run(state, _span(began, ended), ended) for state, began, ended in reversed(rows)
    )


def told(rows: Any) -> Runs:
    """From what `LastRuns` brought with a task's row."""
    return Runs(_run(row) for row in reversed(rows or []))


def last_runs(jobs: JobQuerySet, of: str = "task") -> "LastRuns":
    """An annotation for tasks, or for schedules: their last runs among `jobs`."""
    fields = {"state": "state", "began": "started_at", "ended": "finished_at"}
    mine = _ended(jobs).filter(**{of: OuterRef("pk")})
    return LastRuns(mine.values(run=JSONObject(**fields))[:COUNT])


def usual(jobs: JobQuerySet, rows: "QuerySet[Any]", of: str) -> dict[Any, float | None]:
    """What runs of tasks, or of schedules, usually take, in seconds; None where too little
    is known."""
    told_of = rows.annotate(recent=last_runs(jobs, of)).values_list("pk", "recent")
    return {key: told(recent).usual for key, recent in told_of}


def last_end(jobs: JobQuerySet) -> Subquery:
    """An annotation for tasks: the state of the last of `jobs` that a worker brought to
    an end."""
    worked = _ended(jobs).filter(task=OuterRef("pk"), state__in=_WORKED)
    return Subquery(worked.values("state")[:1])


class LastRuns(Subquery):
    """All rows of a subquery of one JSON column as one JSON list, so that a page of
    tasks with their last runs is one statement that reads only those rows."""

    output_field = JSONField()
    template = "(SELECT json_group_array(json(r.run)) FROM (%(subquery)s) r)"

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = "(SELECT jsonb_agg(r.run) FROM (%(subquery)s) r)"
        return self.as_sql(compiler, connection, template=template, **extra)


def worked(jobs: JobQuerySet, count: int) -> list[float]:
    """How many seconds the last `count` of them took that a worker brought to an end, good
    or bad; oldest first."""
    rows = _ended(jobs).filter(state__in=_WORKED).values_list("started_at", "finished_at")
    spans = [_span(began, ended) for began, ended in rows[:count]]
    return [span for span in reversed(spans) if span is not None]


def _ended(jobs: JobQuerySet) -> JobQuerySet:
    return jobs.filter(state__in=FINAL).order_by("-created_at")


def _run(row: dict[str, str | None]) -> Run:
    began, ended = (moment_of(row[edge]) for edge in _EDGES)
    return Run(str(row["state"]), _span(began, ended), ended)


def moment_of(text: str | None) -> datetime | None:
    """A moment as JSON of the database; SQLite's are in UTC and do not say so."""
    moment = datetime.fromisoformat(text) if text else None
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


_EDGES = ("began", "ended")


def _span(began: datetime | None, ended: datetime | None) -> float | None:
    return (ended - began).total_seconds() if began and ended else None


def span(job: Job) -> float | None:
    """Seconds from the start of the last attempt to the end."""
    return _span(job.started_at, job.finished_at)
