"""Schedules: the list, one, and how they are made, changed and deleted."""

from typing import Any, Literal

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask
from ninja import Query, Router
from pydantic import Field

from jobs import permissions
from jobs.execution.order import Order
from jobs.models import Scope
from jobs.reading.schedule_shape import schedule_shapes
from jobs.reading.schedules import COUNTED, Shown, said
from jobs.scheduling import edit as verbs

from .answers import answer
from .auth import CONTROL, person, scoped
from .errors import CONFLICT, invalid, may_answer
from .jobs import refuse_unknown
from .kinds import Given, Key, Words
from .schedule_kinds import NewSchedule, ScheduleChange, ScheduleOut, Schedules
from .verbs import Because
from .wishes import key_of, once_keyed

PAGE, MOST = 50, 200
# What is scheduled is run.
_WRITE = scoped(Scope.CONTROL, Scope.RUN)

router = Router(tags=["schedules"])


class SchedulesAsked(Given):
    q: Words = ""
    task: Key = ""
    enabled: bool | None = None
    paused: bool | None = None
    state: Literal["on", "paused", "missed", "failing", "flawed", "off"] | None = None
    cursor: Key = ""
    limit: int = Field(PAGE, ge=1, le=MOST)

    def narrow(self, rows: QuerySet[PeriodicTask]) -> QuerySet[PeriodicTask]:
        rows = rows.filter(said(self.q))
        if self.task:
            rows = rows.filter(task=self.task)
        if self.enabled is not None:
            rows = rows.filter(enabled=self.enabled)
        if self.paused is not None:
            rows = rows.filter(policy__paused_at__isnull=not self.paused)
        if self.state is not None:
            rows = rows.filter(Shown(rows).of(self.state))
        return rows


@router.get("/schedules", response=may_answer(Schedules), summary="List schedules")
def schedules(request: HttpRequest, asked: Query[SchedulesAsked]) -> HttpResponse:
    """The schedules of the tasks that you may see, by name; `q` looks in name, task and
    note, and `state` is one of those of the page. `count` is null beyond 10 000."""
    refuse_unknown(request, SchedulesAsked)
    user = person(request)
    chosen = asked.narrow(permissions.schedules(user))
    beyond = chosen.filter(name__gt=asked.cursor).order_by("name")
    found = list(beyond.values_list("pk", "name")[: asked.limit + 1])
    page = found[: asked.limit]
    after = page[-1][1] if len(found) > asked.limit else None
    count = chosen.order_by()[: COUNTED + 1].count()
    items = schedule_shapes(user, [key for key, _name in page])
    return answer({"items": items, "next": after, "count": count if count <= COUNTED else None})


@router.post(
    "/schedules",
    auth=_WRITE,
    response=may_answer(ScheduleOut, 201, CONFLICT | {200: ScheduleOut}),
    summary="Make a schedule",
)
def create(request: HttpRequest, given: NewSchedule) -> HttpResponse:
    """Needs a say in its task: who manages it, or may run it and has
    `jobs.manage_schedules`. A name is given once: sent again, it is refused; but with the
    same `idempotency_key` (or header `Idempotency-Key`) it finds its schedule: 200."""
    order = Order(person(request), given.reason)
    made, is_new = once_keyed(
        request,
        key_of(request, given.idempotency_key),
        {"schedule": given.model_dump(mode="json", exclude={"idempotency_key"})},
        lambda: verbs.create(given.values(), order),
    )
    where = reverse("jobs:api:schedule", args=[made.pk])
    return answer(shape(request, made.pk), 201 if is_new else 200, Location=where)


@router.get(
    "/schedules/{int:schedule_id}", response=may_answer(ScheduleOut), summary="One schedule"
)
def schedule(request: HttpRequest, schedule_id: int) -> HttpResponse:
    """What it says, when it comes next, and what became of it last."""
    entry = permissions.schedule(person(request), "view", schedule_id)
    return answer(shape(request, entry.pk))


@router.patch(
    "/schedules/{int:schedule_id}",
    auth=_WRITE,
    response=may_answer(ScheduleOut, others=CONFLICT),
    summary="Edit a schedule",
)
def edit(request: HttpRequest, schedule_id: int, given: ScheduleChange) -> HttpResponse:
    """Change only what is named; 409 when somebody else changed it since you have `seen`
    it. To name another way to say when is to leave the one it had."""
    entry = permissions.schedule(person(request), "manage", schedule_id)
    values = given.values()
    if not values:
        raise invalid({"": [_("Say what is to be changed.")]})
    order = Order(person(request), given.reason)
    verbs.edit(entry.pk, values, order, seen=given.seen)
    return answer(shape(request, entry.pk))


@router.delete(
    "/schedules/{int:schedule_id}",
    auth=CONTROL,
    response=may_answer(None, 204),
    summary="Delete a schedule",
)
def delete(
    request: HttpRequest, schedule_id: int, given: Because | None = None
) -> HttpResponse:
    """Its jobs stay. One that the code declares can only be disabled."""
    entry = permissions.schedule(person(request), "manage", schedule_id)
    verbs.delete(entry.pk, Order(person(request), given.reason if given else ""))
    return HttpResponse(status=204)


def shape(request: HttpRequest, schedule_id: int) -> dict[str, Any]:
    """The schedule as it is now; Http404 once it is gone."""
    found = schedule_shapes(person(request), [schedule_id])
    if not found:
        raise Http404
    return found[0]
