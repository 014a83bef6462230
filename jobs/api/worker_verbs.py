"""What a worker is asked: verbs, and what it tells of itself."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls.converters import StringConverter
from ninja import Router
from pydantic import BaseModel

from jobs import permissions
from jobs.execution.order import Order
from jobs.models import Worker
from jobs.workers.asking import Answer
from jobs.workers.readings import READINGS, read
from jobs.workers.verbs import VERBS, do

from .answers import answer
from .auth import CONTROL, person
from .errors import CONFLICT, conflict, may_answer
from .kinds import Body, Key, Reason

router = Router(tags=["workers"])


class WorkerVerbConverter(StringConverter):
    """A verb on a worker."""

    regex = "|".join(VERBS)


class WorkerReadingConverter(StringConverter):
    """What a worker can be asked of itself."""

    regex = "|".join(READINGS)


class Deed(Body):
    """`reason`, and what the verb needs: `n`; `max` and `min`; `queue`; `task` with `soft`
    and `hard`, or with `rate`."""

    reason: Reason = ""
    n: int | None = None
    max: int | None = None
    min: int | None = None
    queue: Key | None = None
    task: Key | None = None
    soft: float | None = None
    hard: float | None = None
    rate: Key | None = None


class Told(BaseModel):
    """`answered` is false when the worker said nothing in time: then nobody knows whether it
    will still do it. `said` is its answer, `detail` why there is none."""

    worker: str
    verb: str
    answered: bool
    said: Any
    detail: str


@router.post(
    "/workers/{key:name}/{workerverb:verb}",
    auth=CONTROL,
    response=may_answer(Told, others={202: Told, **CONFLICT}),
    summary="Do a verb on a worker",
)
def act(request: HttpRequest, name: str, verb: str, given: Deed | None = None) -> HttpResponse:
    """`grow` and `shrink` (`n`), `autoscale` (`max`, `min`), `add-queue` and `remove-queue`
    (`queue`), `time-limit` (`task`, `soft`, `hard`), `rate-limit` (`task`, `rate`),
    `enable-events`, `disable-events`, `restart` its pool, `shutdown`, `cold-shutdown`. The last
    three and `remove-queue` need a `reason`. 200: it did; 409: it cannot, and says why; 202: it
    was asked, and gave no answer within two seconds."""
    worker = _worker(request, name)
    wish = (given or Deed()).model_dump(exclude_unset=True)
    order = Order(person(request), wish.pop("reason", ""))
    found = do(worker, VERBS[verb], wish, order)
    return _told(worker, verb, found, 200 if found.is_heard else 202)


@router.get(
    "/workers/{key:name}/{workerreading:what}",
    response=may_answer(Told, others=CONFLICT),
    summary="Ask a worker",
)
def tell(request: HttpRequest, name: str, what: str) -> HttpResponse:
    """`ping`, `registered` tasks, `active`, `reserved` and `scheduled` messages (without
    arguments, and only of jobs that you see), `queues`, `stats`; `conf`, its configuration with
    secrets masked, is for superusers."""
    worker = _worker(request, name)
    return _told(worker, what, read(person(request), worker, READINGS[what]))


def _worker(request: HttpRequest, name: str) -> Worker:
    return get_object_or_404(permissions.workers(person(request)), pk=name)


def _told(worker: Worker, verb: str, found: Answer, status: int = 200) -> HttpResponse:
    if found.is_heard and found.problem:
        raise conflict("refused", found.problem)
    about = {"worker": worker.name, "verb": verb, "answered": found.is_heard}
    said = {"said": found.said, "detail": found.problem}
    return answer(about | said, status)
