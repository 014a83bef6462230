"""Lets in what waits for a limit: whoever does it holds the gate of the task meanwhile, counts
who holds its places from the rows themselves, and lets the next ones into their queues.

No counter can drift, for there is none. A pass that never comes (a process died) is made up
for by the relay: see `doorman`.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from jobs.conf import configuration
from jobs.models import MOST_AT_ONCE, Gate, Job, JobQuerySet, Line, OneJob
from jobs.signals import conflict_found
from jobs.states import State

from . import closed
from .changes import FACTS
from .entrance import enter, greet
from .message import COLUMNS
from .policy import policy_of
from .publisher import soon
from .room import Room

# Made once, so that it is the same in each statement.
NOW = Now()
# So many lines are looked at while the gate is held once.
MOST_LOOKS = 3 * MOST_AT_ONCE
# What is left then the relay goes on with.
MOST_PASSES = 50


def admit(task: str, lines: Iterable[str] = (), keys: Iterable[str | None] = ()) -> int:
    """Let in whoever may come in now; how many. `lines` are those in which somebody may be
    new, `keys` concurrency keys of which somebody may have left."""
    count = 0
    for _round in range(MOST_PASSES):
        one = Pass(task, {*lines}, {*keys} - {None})
        count += one.done()
        if not one.goes_on:
            break
        lines, keys = (), ()
    return count


class Pass:
    """What is done while the gate is held once."""

    def __init__(self, task: str, lines: set[str], keys: set[str | None]) -> None:
        self.task = task
        self.lines, self.keys = lines, keys
        self.goes_on = False
        self.is_for_all = configuration().max_concurrent_jobs > 0
        self.admitted: list[Job] = []
        self.rooms: dict[str, Room] = {}
        # Lines whose first job somebody else has in hand.
        self.busy: set[str] = set()

    def done(self) -> int:
        """How many were let in."""
        with transaction.atomic():
            self.gate = Gate.hold(Gate.EVERY if self.is_for_all else self.task)
            self.now = self.gate.passed_at
            self._look_anew()
            self._serve()
            self._conclude()
            greet(self.admitted)
        return len(self.admitted)

    def _look_anew(self) -> None:
        Line.objects.note(self.lines, fair=policy_of(self.task).is_fair)
        closed = Line.objects.filter(opens_at__lte=self.now)
        mine = Line.objects.filter(task=self.task)
        if self.keys:
            shut = mine.filter(shut_at__isnull=False, concurrency_key__in=self.keys)
            shut.update(shut_at=None)
        if self.is_for_all:
            closed.update(opens_at=None)
        elif policy_of(self.task).rate:
            closed.filter(task=self.task).update(opens_at=None)

    def _serve(self) -> None:
        for _look in range(MOST_LOOKS):
            if self.left <= 0:
                self.goes_on = self.left_of_all > 0
                return
            lines = self._lines()
            if not lines:
                return
            self._serve_first(*lines)
        self.goes_on = True

    @property
    def left(self) -> int:
        """How many more this pass may let in."""
        return min(MOST_AT_ONCE, self.whole_room) - len(self.admitted)

    @property
    def left_of_all(self) -> int:
        return self.whole_room - len(self.admitted)

    @cached_property
    def whole_room(self) -> int:
        """What the site as a whole has room for."""
        most = configuration().max_concurrent_jobs
        if not self.is_for_all:
            return MOST_AT_ONCE + 1
        held = Job.objects.filter(admitted_at__isnull=False).order_by()
        return most - held.values("pk")[:most].count()

    def _room(self, task: str) -> Room:
        if task not in self.rooms:
            self.rooms[task] = Room(task, self.now)
        return self.rooms[task]

    def _lines(self) -> list[Line]:
        """Whose turn it is, and who comes after that."""
        full = [name for name, room in self.rooms.items() if room.is_full]
        lines = Line.objects.open()
        if self.is_for_all:
            lines = lines.exclude(task__in=full)
        elif self._room(self.task).is_full:
            return []
        else:
            lines = lines.filter(task=self.task)
        return list(lines.exclude(pk__in=self.busy)[:2])

    def _serve_first(self, line: Line, other: Line | None = None) -> None:
        room = self._room(line.task)
        most = min(self.left, room.of_key(line.concurrency_key))
        if room.is_full:
            return
        if most <= 0:
            line.shut(self.now)
            self._conflict(line, line.concurrency_key)
            return
        waiting = list(line.waiting().only(*_READ)[: most + 1])
        if not waiting or (waiting[0].priority, waiting[0].created_at) != line.first:
            line.lead(waiting[0] if waiting else None)
            return
        if self._turned_away(waiting[:most]):
            return
        if room.policy.is_fair:
            due = waiting[:1]
        else:  # its first one is the first of all; those behind may have to let others go first
            due = [job for job in waiting[:most] if other is None or _is_before(job, other)]
        self._let_in(line, waiting, room.in_time(line, due[:most] or waiting[:1]))

    @staticmethod
    def _turned_away(waiting: list[Job]) -> bool:
        """Their queue was closed meanwhile: they wait for that, and in no line."""
        halted = [job.pk for job in waiting if closed.closed().keeps_out(job)]
        return bool(halted and enter(Job.objects.filter(pk__in=halted, lined_at__isnull=False)))

    def _let_in(self, line: Line, waiting: list[Job], chosen: list[Job]) -> None:
        if not chosen:
            return
        moved = _moved([job.pk for job in chosen])
        self.admitted += moved
        if len(moved) < len(chosen):
            self.busy.add(line.pk)
        room = self._room(line.task)
        room.take(line, len(moved))
        gone = {job.pk for job in moved}
        line.lead(next((job for job in waiting if job.pk not in gone), None))
        if room.policy.is_fair:
            turn = self.gate.turn + len(self.admitted)
            Line.objects.filter(task=line.task, fair_key=line.fair_key).update(served=turn)

    def _conclude(self) -> None:
        moments = [room.opens_at for room in self.rooms.values() if room.opens_at]
        if moments:
            self.gate.close_until(min(moments))
        room = self.rooms.get(self.task)
        if room is None or room.opens_at or room.left > 0 or not room.policy.enabled:
            return
        for line in Line.objects.filter(pk__in=self.lines, priority__isnull=False):
            self._conflict(line, None)

    def _conflict(self, line: Line, key: str | None) -> None:
        policy = self._room(line.task).policy
        most = policy.max_running if key is None else policy.max_running_per_key
        if policy.on_conflict != "wait" and most is not None:
            about = {"line": line.pk, "task": line.task, "key": key, "most": most}
            conflict_found.send(sender=None, how=policy.on_conflict, **about)


def _moved(ids: list[str]) -> list[Job]:
    """Those of them that nobody else has in hand, in their queues now."""
    changes = {"admitted_at": NOW, "queued_at": NOW, "ring_at": soon()}
    if len(ids) == 1:  # nearly always: who left makes room for one
        return OneJob(_free, id=ids[0]).move_returning(State.QUEUED, _TOLD, **changes)
    return _free(pk__in=ids).place_returning(_TOLD, **changes)


def _free(**chosen_by: Any) -> JobQuerySet:
    """Who is being changed just now is left alone: to wait for him could be for ever."""
    waiting = Job.objects.filter(**chosen_by, lined_at__isnull=False)
    free = waiting.select_for_update(of=("self",), skip_locked=True)
    return Job.objects.filter(pk__in=free.values("pk"))


_TOLD = tuple({*FACTS, *COLUMNS})
_READ = ("id", "priority", "created_at", "lined_at", "queue", "attempt")


def _is_before(job: Job, other: Line) -> bool:
    """Whether it goes before the first one of the other line."""
    if other.priority is None or other.head_at is None:
        return True
    return (-job.priority, job.created_at) <= (-other.priority, other.head_at)
