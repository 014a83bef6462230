"""The first page: what runs now, what is wrong, what waits and why, what comes next."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as lazy

from jobs import permissions
from jobs.models import JobQuerySet, Task
from jobs.reading import listing, runs
from jobs.reading.causes import Cause, Causes, causes
from jobs.reading.coming import Coming, Turn, coming
from jobs.reading.ended import ended
from jobs.reading.pending import Pending, pending

from .chart import Chart
from .page import page, person, show
from .sheet import Sheet

_SHOWN = 8
_LATE = 1.25
"""How many times longer than usual a job runs before that is told."""
_SPANS = {
    "1h": (timedelta(hours=1), lazy("1 h")),
    "24h": (timedelta(days=1), lazy("24 h")),
    "7d": (timedelta(days=7), lazy("7 d")),
}
_USUAL_SPAN = "24h"


@page()
def home(request: HttpRequest) -> HttpResponse:
    """With `?part=` the parts alone, for what has changed."""
    now = Now(person(request), request.GET)
    template = "jobs/now/parts.html" if "part" in request.GET else "jobs/now.html"
    return show(request, template, {"section": "home", "now": now})


@dataclass(frozen=True)
class Row:
    """A job that runs, beside what is usual for its task."""

    sheet: Sheet
    usual: float | None

    @property
    def is_late(self) -> bool:
        return bool(self.usual and (self.sheet.elapsed or 0) > _LATE * self.usual)


@dataclass(frozen=True)
class Wrong:
    """Failures of one kind, and the address that finds them all."""

    cause: Cause
    address: str
    may_run: bool


class Now:
    """All that the page tells; each part is read when a template asks for it."""

    def __init__(self, user: permissions.Person, query: QueryDict) -> None:
        self.user = user
        self.is_mine = query.get("owner") == "me"
        self.span = query.get("since", "") if query.get("since") in _SPANS else _USUAL_SPAN

    @cached_property
    def jobs(self) -> JobQuerySet:
        jobs = permissions.jobs(self.user)
        return jobs.filter(owner=self.user.pk) if self.is_mine else jobs

    # Where the links lead.

    def address(self, *, is_mine: bool, span: str) -> str:
        query = QueryDict(mutable=True)
        given = {"owner": "me" if is_mine else "", "since": "" if span == _USUAL_SPAN else span}
        query.update({key: value for key, value in given.items() if value})
        return "?" + query.urlencode()

    @property
    def everybody(self) -> str:
        return self.address(is_mine=False, span=self.span)

    @property
    def mine(self) -> str:
        return self.address(is_mine=True, span=self.span)

    @property
    def spans(self) -> list[tuple[object, str, bool]]:
        """The spans to look back: word, address, whether it is this one."""
        return [
            (word, self.address(is_mine=self.is_mine, span=key), key == self.span)
            for key, (_span, word) in _SPANS.items()
        ]

    @property
    def span_word(self) -> object:
        return _SPANS[self.span][1]

    @property
    def filter(self) -> str:
        """What a link to the list of jobs carries on."""
        return "&owner=me" if self.is_mine else ""

    # What runs.

    @cached_property
    def running(self) -> int:
        return self._active.count()

    @cached_property
    def rows(self) -> list[Row]:
        """Those that run for longest first."""
        found = self._active.select_related("owner", "schedule").order_by("started_at", "pk")
        jobs = list(found.defer("traceback", "checkpoint", "result")[:_SHOWN])
        recent = runs.last_runs(permissions.jobs(self.user))
        tasks = Task.objects.filter(pk__in={job.task_id for job in jobs})
        told = tasks.annotate(recent=recent).values_list("pk", "recent")
        usual = {name: runs.told(last).usual for name, last in told}
        return [Row(Sheet(self.user, job), usual.get(job.task_id)) for job in jobs]

    @property
    def late(self) -> int:
        return sum(row.is_late for row in self.rows)

    @cached_property
    def stalled(self) -> int:
        return self._active.filter(stalled_at__isnull=False).count()

    @property
    def _active(self) -> JobQuerySet:
        return self.jobs.filter(lease_expires_at__isnull=False)

    # What is wrong.

    @cached_property
    def failed(self) -> Causes:
        return causes(self.jobs, timezone.now() - _SPANS[self.span][0])

    @property
    def wrong(self) -> list[Wrong]:
        shown = self.failed.causes[:_SHOWN]
        names = {cause.last.task for cause in shown}
        mine = permissions.tasks(self.user, "run").filter(pk__in=names)
        allowed = set(mine.values_list("pk", flat=True))
        return [Wrong(each, self._search(each), each.last.task in allowed) for each in shown]

    def _search(self, cause: Cause) -> str:
        found = cause.last.search.with_only("since", self.span)
        return (found.with_only("owner", "me") if self.is_mine else found).address

    @cached_property
    def broken(self) -> list[Task]:
        """Modules that could not be read."""
        return list(permissions.tasks(self.user).exclude(error="").only("name")[:_SHOWN])

    @property
    def is_well(self) -> bool:
        return not (self.failed.count or self.stalled or self.broken)

    @cached_property
    def ended(self) -> Chart:
        return Chart(ended(self.jobs))

    # What waits, and what comes.

    @cached_property
    def pending(self) -> list[Pending]:
        return pending(self.jobs)

    @property
    def waiting(self) -> int:
        return sum(each.count for each in self.pending)

    @property
    def is_much(self) -> bool:
        """Whether more wait than were counted."""
        return self.waiting > listing.COUNTED

    @property
    def stuck(self) -> int:
        return sum(each.count for each in self.pending if each.is_stuck)

    @cached_property
    def coming(self) -> Coming:
        return coming(self.jobs, permissions.schedules(self.user))

    @property
    def turns(self) -> list[Turn]:
        return self.coming.turns[:_SHOWN]

    @property
    def has_fires(self) -> bool:
        """Whether the silence of beat concerns who looks."""
        return any(turn.entry for turn in self.coming.turns)

    @property
    def has_tasks(self) -> bool:
        return permissions.tasks(self.user).exists()
