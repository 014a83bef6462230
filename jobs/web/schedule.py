"""The page of one schedule: what it is, what comes, what it did, who changed it."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django_celery_beat.models import PeriodicTask

from jobs import permissions
from jobs.execution.asked import ticket
from jobs.models import Job
from jobs.reading import runs
from jobs.reading.ahead import USUAL, preview
from jobs.reading.fires import Row, rows
from jobs.reading.forecast import Forecast, forecast
from jobs.reading.given import given_to
from jobs.scheduling.decide import CAUGHT_UP, MISSED
from jobs.scheduling.misfit import misfit
from jobs.scheduling.preview import Preview
from jobs.states import FINAL, State

from .page import page, person, show
from .schedule_deeds import offered
from .schedule_settings import settings_of
from .schedule_story import Told, story
from .sheet import Sheet
from .tree import tree

PARTS = ("head", "ahead", "past", "recent", "story")
_LONG = 50
_RECENT = 8
_EVENTS = 30
_NOTABLE = 6


@dataclass(frozen=True)
class PastFire:
    """One moment that has come, and what became of it."""

    job: Job
    is_seen: bool

    @property
    def tag(self) -> str:
        """missed, caught up, or "" for one that came in time."""
        return next((tag for tag in (MISSED, CAUGHT_UP) if tag in self.job.tags), "")

    @property
    def is_notable(self) -> bool:
        return bool(self.tag) or self.job.state in (State.SKIPPED, State.FAILED, State.EXPIRED)

    @property
    def lag(self) -> timedelta:
        """How long after its moment it was dealt with."""
        assert self.job.due_at is not None, "it stands for no moment"
        return self.job.created_at - self.job.due_at


class About:
    """All that the page tells; each part is read when a template asks for it."""

    def __init__(self, user: permissions.Person, key: int, *, is_long: bool = False) -> None:
        found = rows(user, [key])
        if not found:
            raise Http404
        self.is_long = is_long
        self.user = user
        self.row: Row = found[0]
        self.entry: PeriodicTask = self.row.entry

    @cached_property
    def fires(self) -> list[PastFire]:
        """The last moments that came, the newest first; a backfill comes when it is asked."""
        mine = Job.objects.filter(schedule=self.entry.pk, due_at__isnull=False, backfill=None)
        jobs = list(mine.defer("traceback", "checkpoint", "result")[: runs.COUNT])
        keys = [job.pk for job in jobs]
        seen = set(permissions.jobs(self.user).filter(pk__in=keys).values_list("pk", flat=True))
        return [PastFire(job, job.pk in seen) for job in jobs]

    @cached_property
    def runs(self) -> runs.Runs:
        ended = [fire.job for fire in reversed(self.fires) if fire.job.state in FINAL]
        return runs.Runs(runs.Run(job.state, runs.span(job), job.finished_at) for job in ended)

    @cached_property
    def preview(self) -> Preview:
        """Its next moments; of one that cannot be read, why."""
        row = self.row
        if row.flaw:
            return Preview(flaw=row.flaw)
        return preview(self.user, row.schedule, _LONG if self.is_long else USUAL)

    @cached_property
    def forecast(self) -> Forecast:
        return forecast(self.user, self.row.schedule)

    @property
    def misfit(self) -> str:
        """Why its next fire is going to fail; "" where nothing speaks for that."""
        return misfit(self.entry) if self.row.is_readable and not self.row.flaw else ""

    @property
    def notable(self) -> list[PastFire]:
        return [fire for fire in self.fires if fire.is_notable][:_NOTABLE]

    @property
    def late(self) -> int:
        return sum(bool(fire.tag) for fire in self.fires)

    @property
    def worst_lag(self) -> timedelta | None:
        return max((fire.lag for fire in self.fires), default=None)

    @cached_property
    def sheets(self) -> list[Sheet]:
        """Its last jobs that the reader may see."""
        mine = permissions.jobs(self.user).filter(schedule=self.entry.pk)
        jobs = mine.select_related("owner").defer("traceback", "checkpoint", "result")
        return [Sheet(self.user, job) for job in jobs[:_RECENT]]

    @cached_property
    def story(self) -> list[Told]:
        """What was done to it, for who may know."""
        events = permissions.events(self.user).filter(schedule=self.entry.pk)
        return story(events.select_related("actor")[:_EVENTS])

    @property
    def settings(self) -> list[tuple[str, str]]:
        return settings_of(self.row.schedule) if self.row.is_readable else []

    @cached_property
    def given(self) -> Any:
        """What its task is given, as a tree; words where nobody can read it."""
        return tree(given_to(self.entry)).root if self.row.is_readable else None

    @property
    def task(self) -> Any:
        """Its task, if it is known and may be seen."""
        return permissions.tasks(self.user).filter(pk=self.entry.task).first()


@page()
def schedule(request: HttpRequest, schedule_id: int) -> HttpResponse:
    """One schedule; with `?part=` only those parts of its page, for what changed."""
    permissions.schedule(person(request), "view", schedule_id)
    asked = request.GET.getlist("part")
    return shown(request, schedule_id, parts=[part for part in PARTS if part in asked])


def shown(
    request: HttpRequest, key: int, *, parts: Any = (), status: int = 200, **more: Any
) -> HttpResponse:
    """The page, or parts of it."""
    is_long = request.GET.get("count") == str(_LONG)
    about = About(person(request), key, is_long=is_long)
    context = {"section": "schedules", "about": about, "row": about.row, "parts": parts}
    context |= {"entry": about.entry, "deeds": offered(about.row), **more}
    context["ticket"] = ticket(about.user)
    template = "jobs/schedule/parts.html" if parts else "jobs/schedule.html"
    return show(request, template, context, status)
