"""Queues: how they stand, and what is done to them as a whole. For who may control queues;
for all others they are not there."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypeAlias, get_args

from django.http import Http404, HttpRequest, HttpResponse
from django.urls.converters import StringConverter
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import BaseModel, Field

from jobs import permissions
from jobs.execution import emptying, halt
from jobs.execution.many import MOST
from jobs.execution.order import Order
from jobs.reading import queues
from jobs.reading.queue_shape import closing_shape, queue_shape

from .answers import answer
from .auth import CONTROL, person
from .errors import CONFLICT, conflict, may_answer
from .kinds import Body, Key, Text
from .shapes import Time
from .verbs import Because

Verb: TypeAlias = Literal["pause", "resume", "drain"]
Why: TypeAlias = Annotated[Text, Field(min_length=1, max_length=2_000, pattern=r"\S")]


class QueueVerbConverter(StringConverter):
    """One of the verbs that need nothing but a reason."""

    regex = "|".join(get_args(Verb))


class FreezeVerbConverter(StringConverter):
    regex = "freeze|unfreeze"


router = Router(tags=["queues"])


class Closing(BaseModel):
    by: str | None
    at: Time | None
    reason: str


class QueueOut(BaseModel):
    """`state` is open, paused, draining, unserved or frozen. `waiting` jobs are in line, the
    `halted` are ready too, and wait because it is closed; both are counted up to 10 000.
    `depth` is what the broker holds, as the relay counted last; null when it has not."""

    name: str
    state: str
    waiting: int
    halted: int
    is_more: bool
    depth: int | None
    depth_at: Time | None
    oldest_at: Time | None
    wait_p50_seconds: float | None
    wait_p95_seconds: float | None
    in_per_minute: float
    out_per_minute: float
    workers: list[str]
    slots: int
    closed: Closing | None
    url: str | None


class QueuesOut(BaseModel):
    """`frozen` says who froze all of them; null while nobody has."""

    items: list[QueueOut]
    frozen: Closing | None


class Purge(Body):
    """`expect` is how many jobs you mean: with more than that nothing is done."""

    reason: Why
    expect: Annotated[int, Field(ge=0)]


class Move(Body):
    """Without `ids` all that have not started."""

    to: Key
    ids: Annotated[list[Key], Field(max_length=MOST)] | None = None
    reason: Text = ""


class Emptied(BaseModel):
    """`left` were not tried, for want of time: ask again."""

    done: int
    left: int


@router.post(
    "/queues/{key:name}/purge",
    auth=CONTROL,
    response=may_answer(Emptied, others=CONFLICT),
    summary="Purge a queue",
)
def purge(request: HttpRequest, name: str, given: Purge) -> HttpResponse:
    """Cancel its jobs that are ready to run; 409 when there are more than `expect`."""
    queue = permissions.queue(person(request), name)
    try:
        order = Order(person(request), given.reason)
        done = emptying.purge(queue.name, order, expect=given.expect)
    except emptying.MoreThanExpected as found:
        raise conflict("count_differs", str(found), {"expect": [str(found.count)]}) from None
    return answer({"done": done.done, "left": done.left})


@router.post(
    "/queues/{key:name}/move",
    auth=CONTROL,
    response=may_answer(Emptied),
    summary="Move its jobs to another queue",
)
def move(request: HttpRequest, name: str, given: Move) -> HttpResponse:
    """What has not started waits in the queue `to` from now on, one that some task or
    setting names."""
    queue = permissions.queue(person(request), name)
    order = Order(person(request), given.reason)
    done = emptying.move(queue.name, given.to, order, ids=given.ids)
    return answer({"done": done.done, "left": done.left})


@router.post(
    "/queues/{key:name}/{queueverb:verb}",
    auth=CONTROL,
    response=may_answer(QueueOut, others=CONFLICT),
    summary="Do a verb on a queue",
)
def act(
    request: HttpRequest, name: str, verb: Verb, given: Because | None = None
) -> HttpResponse:
    """`pause` (nothing of it starts), `drain` (it takes in nothing new) or `resume`; 409 when
    it is so already. The answer is the queue as it is then."""
    queue = permissions.queue(person(request), name)
    order = Order(person(request), given.reason if given else "")
    if not _VERBS[verb](queue.name, order):
        raise conflict("wrong_state", _("The queue is so already; nothing was changed."))
    return answer(queue_shape(queues.standing(queue)))


@router.post(
    "/{freezeverb:verb}",
    auth=CONTROL,
    response=may_answer(QueuesOut, others=CONFLICT),
    summary="Freeze everything, or undo that",
)
def freeze(request: HttpRequest, verb: str, given: Because | None = None) -> HttpResponse:
    """`freeze`: nothing starts in any queue, and no schedule fires; it needs a reason.
    `unfreeze`: each queue and schedule is as it was. 409 when it is so already."""
    if not permissions.may_control_queues(person(request)):
        raise Http404
    if not getattr(halt, verb)(Order(person(request), given.reason if given else "")):
        raise conflict("wrong_state", _("It is so already; nothing was changed."))
    return answer(_all(request))


@router.get("/queues", response=may_answer(QueuesOut), summary="All queues")
def listed(request: HttpRequest) -> HttpResponse:
    """Those first that are closed, or that nobody serves."""
    if not permissions.may_control_queues(person(request)):
        raise Http404
    return answer(_all(request))


@router.get("/queues/{key:name}", response=may_answer(QueueOut), summary="One queue")
def one(request: HttpRequest, name: str) -> HttpResponse:
    """How it stands."""
    return answer(queue_shape(queues.standing(permissions.queue(person(request), name))))


def _all(request: HttpRequest) -> dict[str, Any]:
    frozen = queues.freeze()
    return {
        "items": [queue_shape(each) for each in queues.standings(person(request))],
        "frozen": closing_shape(frozen) if frozen else None,
    }


_VERBS: Mapping[str, Callable[[str, Order], bool]] = {
    "pause": halt.pause, "resume": halt.resume, "drain": halt.drain,
}  # fmt: skip
