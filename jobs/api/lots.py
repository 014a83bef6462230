"""Many jobs asked for at once: all of them or none, or a stream of wishes and answers."""

import logging
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeAlias

from django.db import transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils import translation
from ninja import Router
from pydantic import Field

from jobs.dispatch.enqueue import alone, insert_many
from jobs.dispatch.many import PORTION, Lot
from jobs.live.messages import encode
from jobs.models import Job
from jobs.params import Invalid
from jobs.reading.stream import download

from . import shapes
from .answers import answer
from .asking import asked_shape, wrong_params
from .auth import RUN
from .errors import CONFLICT, Refusal, broken, may_answer, refusal_of, said, too_large
from .kinds import Body
from .lines import NDJSON, values_of
from .wishes import TaskWish, ask, key_of, lot_of, read

log = logging.getLogger(__name__)

MOST_AT_ONCE = 1_000
MOST_OF_A_STREAM = 100_000
"""Wishes in one request."""

# By what they are asked for, but for their parameters.
Lots: TypeAlias = dict[str, Lot | Exception]
router = Router(tags=["tasks"])


class Wishes(Body):
    jobs: list[TaskWish] = Field(min_length=1, max_length=MOST_AT_ONCE)


def _bodies() -> dict[str, Any]:
    """Of a stream nothing is promised: what is wrong with one wish is told in its line."""
    whole = Wishes.model_json_schema()
    lines = {"description": "A wish in each line, as `POST /jobs` takes it."}
    either = {"oneOf": [whole, {"type": "array", "description": "Wishes, as in lines."}]}
    return {
        "required": True,
        "content": {"application/json": {"schema": either}, NDJSON: {"schema": lines}},
    }


@router.post(
    "/jobs:bulk",
    auth=RUN,
    response=may_answer(shapes.AskedMany, 202, CONFLICT),
    openapi_extra={
        "requestBody": _bodies(),
        "responses": {
            200: {"description": "OK", "content": {NDJSON: {"schema": {"type": "string"}}}}
        },
    },
    summary="Ask for many jobs",
)
def run_many(request: HttpRequest) -> HttpResponseBase:
    """`{"jobs": […]}`: all of them or, when one cannot be, none; the errors are those of
    `jobs.<n>`. As `application/x-ndjson`, one wish a line, or as an array: each by itself,
    answered line by line with its job or its `error`, and at last how many came of it."""
    whole, values = values_of(request)
    if values is None:
        return _all_or_none(request, read(Wishes, whole))
    pieces = Stream(request, values).pieces(translation.get_language())
    return download(request, pieces, "jobs.ndjson", NDJSON)


def _all_or_none(request: HttpRequest, given: Wishes) -> HttpResponse:
    with transaction.atomic():
        items = [_asked_one(request, n, wish) for n, wish in enumerate(given.jobs)]
    return answer({"items": items}, 202)


def _asked_one(request: HttpRequest, number: int, wish: TaskWish) -> dict[str, Any]:
    try:
        return asked_shape(ask(request, wish.task, wish)[0])
    except Exception as wrong:
        refusal = refusal_of(wrong)
        if refusal is None:
            raise
        raise refusal.within(f"jobs.{number}") from None


class Stream:
    """Wishes as they come, and what is said of each."""

    def __init__(self, request: HttpRequest, values: Iterator[Any]) -> None:
        self._request = request
        self._values = enumerate(_bounded(values), 1)
        self._key = key_of(request, None)
        self._counts = {"asked": 0, "refused": 0}

    def pieces(self, language: str) -> Iterator[bytes]:
        """What is answered, a portion of lines at a time; each says what is in the rows."""
        try:
            while portion := self._said(language):
                yield _lines(portion)
            yield _lines([self._counts])
        except Exception:
            # The status is sent already: that there is no last line tells it too.
            log.exception("Wishes in a stream were not all looked at.")
            yield _lines([{"error": said(broken())}])

    def _said(self, language: str) -> list[dict[str, Any]]:
        with translation.override(language):
            portion = list(islice(self._values, PORTION))
            lots: Lots = {}
            found = {n: self._found(lots, n, value) for n, value in portion}
            drafted = [one for one in found.values() if isinstance(one, Job)]
            with transaction.atomic():
                insert_many(drafted)
            return [self._line(n, one) for n, one in found.items()]

    def _found(self, lots: Lots, number: int, value: Any) -> "Job | dict[str, Any] | Refusal":
        """What becomes of a wish: a job that is to be inserted, or what is said of it."""
        try:
            return self._asked(lots, number, value)
        except Exception as wrong:
            refusal = refusal_of(wrong)
            if refusal is None:
                raise
            return refusal

    def _asked(self, lots: Lots, number: int, value: Any) -> "Job | dict[str, Any]":
        if isinstance(value, Refusal):
            raise value
        wish: TaskWish = read(TaskWish, value)
        if self._key and not wish.idempotency_key:
            wish.idempotency_key = f"{self._key}:{number}"
        if wish.idempotency_key:
            return asked_shape(ask(self._request, wish.task, wish)[0])
        lot = self._lot(lots, wish)
        try:
            job = lot.drafted(wish.params)
            return asked_shape(alone(job, lot.wish)) if lot.is_told_apart else job
        except Invalid as wrong:
            raise wrong_params(wrong) from None

    def _lot(self, lots: Lots, wish: TaskWish) -> Lot:
        """Where it belongs; who may not ask for one of a lot may not for the others."""
        alike = wish.model_dump_json(exclude={"params"})
        if alike not in lots:
            try:
                lots[alike] = lot_of(self._request, wish.task, wish)
            except Exception as wrong:
                lots[alike] = wrong
        found = lots[alike]
        if isinstance(found, Exception):
            raise found
        return found

    def _line(self, number: int, found: "Job | dict[str, Any] | Refusal") -> dict[str, Any]:
        self._counts["refused" if isinstance(found, Refusal) else "asked"] += 1
        if isinstance(found, Refusal):
            return {"line": number, "error": said(found)}
        return {"line": number} | (asked_shape(found) if isinstance(found, Job) else found)


def _bounded(values: Iterator[Any]) -> Iterator[Any]:
    """Not more than one request may hold; what cannot be read any further ends it."""
    try:
        yield from islice(values, MOST_OF_A_STREAM)
        if next(values, None) is not None:
            yield too_large()
    except (Refusal, UnreadablePostError) as wrong:
        yield refusal_of(wrong)


def _lines(answers: Iterable[Any]) -> bytes:
    return "".join(f"{encode(one)}\n" for one in answers).encode()
