"""Sees to it that nobody waits at a gate for nothing: what is due by its rate, what was
missed because a process died, and what changed because an operator changed a limit."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from django.db.models import Count, Min
from django.db.models.functions import Now

from jobs.models import Gate, Job, JobQuerySet, Line, Pace, from_now
from jobs.states import State

from .admission import admit
from .entrance import enter
from .policy import limited, policy_of

BATCH = 200
SETTLING = 5
RARELY = 60
SHUT_SECONDS = 5.0
# So many lines that nobody waits in any more are deleted at once.
CLEARED = 5_000


def admit_due() -> datetime | None:
    """Let in what a rate has held back until now; when the next ones are due."""
    gates = Gate.objects.filter(opens_at__lte=Now()).values_list("name", flat=True)
    lines = Line.objects.filter(opens_at__lte=Now()).values_list("task", flat=True)
    for task in {*gates, *lines.distinct()}:
        admit(task)
    moments = [
        of.filter(opens_at__isnull=False).aggregate(next=Min("opens_at"))["next"]
        for of in (Gate.objects, Line.objects)
    ]
    return min((moment for moment in moments if moment), default=None)


class Sweep:
    """The rounds of one relay: each looks at every task, and of many lines at some."""

    def __init__(self) -> None:
        self.rounds = 0
        self.after = ""
        # For so many rounds more the tasks are settled: other processes hear of a limit
        # within a second, and ask for jobs as before until then.
        self.unsettled: dict[str, int] = {}
        self.limited: set[str] = set()

    def __call__(self) -> None:
        self._settle()
        for task in _tasks_with_open_lines():
            if not policy_of(task).enabled:
                _step_aside(task)
            admit(task)
        self._note_some()
        _open_some()
        self.rounds += 1
        if self.rounds % RARELY == 0:
            Pace.objects.filter(next_at__lt=from_now(-RARELY)).delete()
            Line.objects.clear(CLEARED)
            self.limited = set()

    def _settle(self) -> None:
        now = limited()
        self.unsettled |= dict.fromkeys(now - self.limited, SETTLING)
        self.limited = now
        for task, rounds in list(self.unsettled.items()):
            if settle(task) == 0:
                self.unsettled[task] = rounds - 1
        self.unsettled = {task: left for task, left in self.unsettled.items() if left > 0}

    def _note_some(self) -> None:
        """The next `BATCH` lines that jobs wait in, in a circle."""
        by_task: dict[str, list[str]] = {}
        found = list(islice(_lines_after(self.after), BATCH))
        for name, task in found:
            by_task.setdefault(task, []).append(name)
        self.after = found[-1][0] if len(found) == BATCH else ""
        for task, names in by_task.items():
            admit(task, names)


def settle(task: str) -> int:
    """A task is limited now: what runs holds its places, what was on its way steps back. How
    many did."""
    unlimited = Job.objects.live().filter(task=task, admitted_at__isnull=True)
    unlimited.filter(lease_expires_at__isnull=False).update(admitted_at=Now())
    astray = unlimited.filter(state=State.QUEUED)
    return len(enter(_these(astray))) if astray.exists() else 0


def _step_aside(task: str) -> None:
    """They wait for their task, which is disabled, and leave their line."""
    enter(_these(Job.objects.live().filter(task=task, lined_at__isnull=False)))


def _these(chosen: JobQuerySet) -> JobQuerySet:
    ids = list(chosen.order_by().values_list("pk", flat=True)[:BATCH])
    return chosen.filter(pk__in=ids)


def _tasks_with_open_lines() -> list[str]:
    """Found by leaps: there may be many lines of one task."""
    found: list[str] = []
    names = Line.objects.open().order_by("task").values_list("task", flat=True)
    task = names.first()
    while task is not None:
        found.append(task)
        task = names.filter(task__gt=task).first()
    return found


def _lines_after(name: str) -> Iterator[tuple[str, str]]:
    """Those that jobs wait in, with their tasks, likewise."""
    waiting = Job.objects.filter(lined_at__isnull=False).order_by("line")
    lines = waiting.values_list("line", "task_id")
    while (found := lines.filter(line__gt=name).first()) is not None:
        name = str(found[0])
        yield name, found[1]


def _open_some() -> None:
    """Those that were shut a while ago, if their key has room."""
    before = from_now(-SHUT_SECONDS)
    shut = Line.objects.filter(shut_at__isnull=False, shut_at__lt=before)
    by_task: dict[str, dict[str, str]] = {}
    for line in shut[:BATCH]:
        by_task.setdefault(line.task, {})[line.pk] = line.concurrency_key or ""
    for task, keys in by_task.items():
        most = policy_of(task).max_running_per_key
        held = Job.objects.admitted(task).filter(concurrency_key__in=keys.values()).order_by()
        full = {
            key
            for key, n in held.values_list("concurrency_key").annotate(n=Count("pk"))
            if most is not None and n >= most
        }
        still = [name for name, key in keys.items() if key in full]
        shut.filter(pk__in=still).update(shut_at=Now())
        free = shut.filter(pk__in=keys.keys() - {*still})
        if free.update(shut_at=None):
            admit(task)
