"""Queues: who waits where, and what keeps them. For who may control queues; for all others
these pages do not exist."""

from functools import cached_property
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from jobs import permissions
from jobs.execution import emptying
from jobs.models import Event, Job, Queue, Task
from jobs.reading import queues as reading
from jobs.reading.policy import queue_of
from jobs.reading.queues import Standing

from .page import page, person, show
from .queue_story import Told, story

_SHOWN = 10
_HAPPENINGS = 30
_MOST_TASKS = 100


@page()
def queues(request: HttpRequest) -> HttpResponse:
    """All of them; with `?part=` the parts alone, for what has changed."""
    if not permissions.may_control_queues(person(request)):
        raise Http404
    context = {"section": "queues", "board": Board(person(request))}
    template = "jobs/queues/parts.html" if "part" in request.GET else "jobs/queues.html"
    return show(request, template, context)


@page()
def queue(request: HttpRequest, name: str) -> HttpResponse:
    """One of them; with `?part=` the parts alone."""
    return shown(request, permissions.queue(person(request), name))


def shown(
    request: HttpRequest, row: Queue, *, status: int = 200, **context: Any
) -> HttpResponse:
    """Its page, as it stands now."""
    context |= {"section": "queues", "board": One(person(request), row)}
    template = "jobs/queue/parts.html" if "part" in request.GET else "jobs/queue.html"
    return show(request, template, context, status)


class Board:
    """All that the page of all queues tells."""

    def __init__(self, user: permissions.Person) -> None:
        self.user = user

    @cached_property
    def frozen(self) -> Queue | None:
        return reading.freeze()

    @cached_property
    def standings(self) -> list[Standing]:
        return reading.standings(self.user)

    @property
    def waiting(self) -> int:
        return sum(each.all for each in self.standings)

    @property
    def is_more(self) -> bool:
        return any(each.is_more for each in self.standings)

    @property
    def closed(self) -> int:
        return sum(not each.queue.is_open for each in self.standings)

    @property
    def unserved(self) -> int:
        return sum(each.is_unserved and each.all > 0 for each in self.standings)

    @property
    def slowest(self) -> Standing | None:
        """In which one waits longest, as far as is known."""
        known = [each for each in self.standings if each.p95 is not None]
        return max(known, key=lambda each: each.p95 or 0, default=None)


class One:
    """All that the page of one queue tells."""

    def __init__(self, user: permissions.Person, row: Queue) -> None:
        self.user = user
        self.row = row

    @cached_property
    def frozen(self) -> Queue | None:
        return reading.freeze()

    @cached_property
    def standing(self) -> Standing:
        return reading.standing(self.row)

    @property
    def first(self) -> list[Job]:
        """Those in line that the person may see, in the order of their turn."""
        found = permissions.jobs(self.user).filter(emptying.READY, queue=self.row.pk)
        rows = found.filter(ring_at__isnull=False).order_by("-priority", "created_at", "pk")
        columns = ("id", "task", "state", "waiting_for", "priority", "created_at")
        return list(rows.only(*columns)[:_SHOWN])

    @property
    def tasks(self) -> list[Task]:
        """Those that the person may see and whose jobs come here, unless somebody says
        otherwise of one."""
        seen = permissions.tasks(self.user).order_by("name").only("name", "title", "queue")
        return [task for task in seen if queue_of(task) == self.row.pk][:_MOST_TASKS]

    @cached_property
    def managed(self) -> set[str]:
        """The tasks of which the person may say where their jobs go."""
        return {*permissions.tasks(self.user, "manage").values_list("pk", flat=True)}

    @property
    def story(self) -> list[Told]:
        own = Event.objects.filter(subject=self.row.pk, job=None, task=None)
        return story(own.select_related("actor").order_by("-at", "-id")[:_HAPPENINGS])
