"""Where the function of a running job is just now: the lines of its source, no values.

The reporter thread looks, so a process whose interpreter is held by a call of C code
cannot answer; the row then goes on saying that it was asked.
"""

import sys
import threading
from collections.abc import Iterable, Iterator
from traceback import FrameSummary, StackSummary, walk_stack
from types import FrameType
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from jobs import sanitize
from jobs.dispatch.changes import FACTS, tell_on_commit
from jobs.models import Stack

from .books import the_books

if TYPE_CHECKING:
    from .attempt import RunningAttempt

MOST_FRAMES = 100
LINE_MAX_CHARS = 300
"""Of a source line, a path or a name."""
MOST_CHARS = 60_000
_AWAITED = (("cr_frame", "cr_await"), ("gi_frame", "gi_yieldfrom"), ("ag_frame", "ag_await"))
Place = tuple[FrameType, int]


class Whereabouts:
    """The thread that an attempt was made in and, of an `async def`, its coroutine: of
    that one the thread shows nothing but the wait for an event loop."""

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.coroutine: Any = None

    def follow(self, coroutine: Any) -> None:
        self.coroutine = coroutine

    def told(self) -> str:
        """The stack as a traceback has it, the innermost frame last."""
        innermost = sys._current_frames().get(self.thread)
        # Of no frame `walk_stack` would tell who asks.
        places = list(walk_stack(innermost)) if innermost else []
        told = ["Stack (most recent call last):", *_lines(reversed(places))]
        if not places:  # gevent and eventlet switch functions within one thread
            told.append("  … nothing can be seen of it in this pool.")
        if inner := list(_coroutine_places(self.coroutine)):
            told += ["Its coroutine (most recent call last):", *_lines(inner)]
        return "\n".join(told)


def answer(attempt: "RunningAttempt") -> bool:
    """Store what was asked for, as long as the lease holds; whether it still does."""
    text = sanitize.text(attempt.log.mask(attempt.whereabouts.told()), MOST_CHARS)
    asked = attempt.mine.filter(stack_asked_at__isnull=False)
    with the_books(), transaction.atomic():
        rows = asked.update_returning(FACTS, stack_asked_at=None, version=F("version") + 1)
        for job in rows:
            found = {"attempt": job.attempt, "text": text, "taken_at": Now()}
            Stack.objects.update_or_create(job_id=job.pk, defaults=found)
            tell_on_commit(job)
            attempt.job.version = job.version
    return bool(rows)


def _coroutine_places(awaited: Any) -> Iterator[Place]:
    """From the outermost coroutine to what it waits for; one that runs right now is
    followed in the thread that runs it."""
    while awaited is not None:
        frame, further = _frame_of(awaited)
        if frame is None:
            return
        if getattr(awaited, "cr_running", False):
            yield from _running_from(frame)
            return
        yield frame, frame.f_lineno
        awaited = further


def _frame_of(awaited: Any) -> tuple[FrameType | None, Any]:
    for frame, further in _AWAITED:
        if hasattr(awaited, frame):
            return getattr(awaited, frame), getattr(awaited, further)
    return None, None  # a future, or an iterator in C


def _running_from(outermost: FrameType) -> list[Place]:
    for innermost in sys._current_frames().values():
        places = list(walk_stack(innermost))
        for depth, (frame, _line) in enumerate(places):
            if frame is outermost:
                return places[depth::-1]
    return [(outermost, outermost.f_lineno)]


def _lines(places: Iterable[Place]) -> list[str]:
    places = list(places)
    left_out = len(places) - MOST_FRAMES
    frames = StackSummary.extract(iter(places[max(left_out, 0) :]), lookup_lines=True)
    cut = [f"  … {left_out} outer frames are left out."] if left_out > 0 else []
    return cut + [line for frame in frames for line in _told(frame)]


def _told(frame: FrameSummary) -> Iterator[str]:
    path, name = _short(frame.filename), _short(frame.name)
    yield f'  File "{path}", line {frame.lineno}, in {name}'
    if frame.line:
        yield f"    {_short(frame.line)}"


def _short(text: str) -> str:
    return sanitize.text(" ".join(text.split("\n")), LINE_MAX_CHARS)
