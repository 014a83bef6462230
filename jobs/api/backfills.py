"""Backfills: past moments of a schedule, run on purpose."""

from typing import Annotated
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import BaseModel, Field, Strict

from jobs import permissions
from jobs.execution.order import Order
from jobs.models import Backfill, First, Which
from jobs.reading.backfills import backfill_shape, backfill_shapes, preview_shape
from jobs.reading.listing import NoSuchPlace
from jobs.scheduling import backfill as verbs

from .answers import answer
from .auth import CONTROL, RUN, person
from .errors import CONFLICT, conflict, may_answer
from .jobs import refuse_unknown
from .kinds import Body, Given, Key, Moment, Reason
from .shapes import Time
from .verbs import Because
from .wishes import key_of

_SALT = "jobs.api.backfills"
MOST_LISTED = 50

router = Router(tags=["schedules"])


class BackfillMoment(BaseModel):
    due_at: Time
    runs: bool
    reason: str


class LeftOut(BaseModel):
    reason: str
    count: int


class BackfillLook(BaseModel):
    """What a backfill would run, and what not; of the moments the first thousand."""

    count: int
    left_out: list[LeftOut]
    moments: list[BackfillMoment]


class BackfillOut(BaseModel):
    """`state` is running, cancelling, cancelled or ended; `states` counts its jobs."""

    id: str
    schedule: int | None
    state: str
    count: int
    ended: int
    states: dict[str, int]
    since: Time
    until: Time
    which: str
    first: str
    concurrency: int
    reason: str
    asked_by: str | None
    asked_at: Time
    cancelled_at: Time | None
    cancelled_by: str | None
    cancel_reason: str
    finished_at: Time | None
    url: str | None


class Backfills(BaseModel):
    items: list[BackfillOut]
    next: str | None
    count: int


class BackfillWish(Body):
    """Which moments, from `since` on and before `until`. With `dry_run` nothing begins."""

    since: Moment
    until: Moment
    which: Annotated[Which, Strict(False)] = Which.MISSING
    first: Annotated[First, Strict(False)] = First.OLDEST
    concurrency: Annotated[int, Field(ge=1, le=verbs.MOST_AT_ONCE)] = 1
    reason: Reason = ""
    dry_run: bool = False
    idempotency_key: Key | None = None

    def plain(self) -> verbs.Wish:
        return verbs.Wish(self.since, self.until, self.which, self.first, self.concurrency)


@router.post(
    "/schedules/{int:schedule_id}/backfill",
    auth=RUN,
    response=may_answer(BackfillOut, 202, CONFLICT | {200: BackfillLook}),
    summary="Run past moments",
)
def backfill(request: HttpRequest, schedule_id: int, given: BackfillWish) -> HttpResponse:
    """With `dry_run` the moments that would run, and why others would not: 200. Else each
    becomes a job: 202. The same `idempotency_key` finds what was asked for before; used
    for something else: 409."""
    entry = permissions.schedule(person(request), "manage", schedule_id)
    if given.dry_run:
        return answer(preview_shape(verbs.look(entry, given.plain())))
    key = key_of(request, given.idempotency_key)
    order, named = Order(person(request), given.reason), _named(request, schedule_id, key)
    row = verbs.start(entry, given.plain(), order, backfill_id=named)
    if _wish_of(row) != given.plain():
        told = _("You used this key for another wish.")
        raise conflict("key_reused", told, {"idempotency_key": [told]})
    return answer(backfill_shape(row), 202)


class BackfillsAsked(Given):
    cursor: UUID | None = None
    limit: int = Field(MOST_LISTED, ge=1, le=MOST_LISTED)


@router.get(
    "/schedules/{int:schedule_id}/backfills",
    response=may_answer(Backfills),
    summary="List backfills",
)
def listed(
    request: HttpRequest, schedule_id: int, asked: Query[BackfillsAsked]
) -> HttpResponse:
    """Those of a schedule, the newest first; `cursor` is the `next` of the page before."""
    refuse_unknown(request, BackfillsAsked)
    entry = permissions.schedule(person(request), "view", schedule_id)
    rows = Backfill.objects.filter(schedule=entry)
    beyond = rows.before(_place(rows, asked.cursor)) if asked.cursor else rows
    found = list(beyond.select_related("asked_by", "cancelled_by")[: asked.limit + 1])
    page = found[: asked.limit]
    after = page[-1].pk if len(found) > asked.limit else None
    return answer({"items": backfill_shapes(page), "next": after, "count": rows.count()})


@router.get(
    "/schedules/{int:schedule_id}/backfills/{uuid:backfill}",
    response=may_answer(BackfillOut),
    summary="One backfill",
)
def one(request: HttpRequest, schedule_id: int, backfill: UUID) -> HttpResponse:
    """How far it is."""
    entry = permissions.schedule(person(request), "view", schedule_id)
    return answer(backfill_shape(get_object_or_404(Backfill, pk=backfill, schedule=entry)))


@router.post(
    "/schedules/{int:schedule_id}/backfills/{uuid:backfill}/cancel",
    auth=CONTROL,
    response=may_answer(BackfillOut, others=CONFLICT),
    summary="Cancel a backfill",
)
def cancel(
    request: HttpRequest, schedule_id: int, backfill: UUID, given: Because | None = None
) -> HttpResponse:
    """None of its jobs begins any more, and those that run are asked to stop; 409 when it
    was over or cancelled before."""
    entry = permissions.schedule(person(request), "manage", schedule_id)
    row = get_object_or_404(Backfill, pk=backfill, schedule=entry)
    if not verbs.cancel(row, Order(person(request), given.reason if given else "")):
        raise conflict("wrong_state", _("It was over already; nothing was changed."))
    row.refresh_from_db()
    return answer(backfill_shape(row))


def _place(rows: QuerySet[Backfill], cursor: UUID) -> Backfill:
    row = rows.filter(pk=cursor).first()
    if row is None:
        raise NoSuchPlace
    return row


def _named(request: HttpRequest, schedule_id: int, key: str | None) -> str:
    """The id of what a person asks for under a key of theirs."""
    if not key:
        return ""
    asked = f"{person(request).pk} {schedule_id} {key}"
    return str(UUID(salted_hmac(_SALT, asked, algorithm="sha256").hexdigest()[:32]))


def _wish_of(row: Backfill) -> verbs.Wish:
    which, first = Which(row.which), First(row.first)
    return verbs.Wish(row.since, row.until, which, first, row.concurrency)
