"""What can run, as the catalogue shows it: tasks by module, each with its last runs."""

from dataclasses import dataclass
from itertools import groupby

from jobs import permissions
from jobs.models import Task
from jobs.reading import runs
from jobs.reading.catalogue import said
from jobs.reading.policy import queue_of


@dataclass(frozen=True)
class Entry:
    """One task, as a person may see it."""

    task: Task
    runs: runs.Runs
    may_run: bool
    queue: str

    @property
    def summary(self) -> str:
        """The first line of what it says of itself."""
        return self.task.description.strip().partition("\n")[0]


@dataclass(frozen=True)
class Group:
    """Tasks of one module; `name` is what their names have before the last dot."""

    name: str
    entries: list[Entry]


def groups(user: permissions.Person, words: str) -> list[Group]:
    """The tasks that `user` may see and that match, by module."""
    mine = permissions.tasks(user).filter(error="")
    recent = runs.last_runs(permissions.jobs(user))
    found = mine.filter(said(words)).annotate(recent=recent).order_by("name")
    allowed = set(permissions.tasks(user, "run").values_list("pk", flat=True))
    entries = [_entry(task, task.name in allowed) for task in found]
    by_module = sorted(entries, key=lambda entry: (_module(entry), entry.task.name))
    return [Group(name, list(some)) for name, some in groupby(by_module, key=_module)]


@dataclass(frozen=True)
class Broken:
    """A module that could not be read; its traceback is for those who manage."""

    name: str
    words: str
    traceback: str


def broken(user: permissions.Person) -> list[Broken]:
    """Modules whose tasks are missing because reading them failed."""
    rows = permissions.tasks(user).exclude(error="")
    managed = set(permissions.tasks(user, "manage").values_list("pk", flat=True))
    return [_broken(row, row.name in managed) for row in rows]


def _entry(task: Task, may_run: bool) -> Entry:
    recent = getattr(task, "recent", None)
    return Entry(task, runs.told(recent), may_run and task.is_runnable, queue_of(task))


def _module(entry: Entry) -> str:
    return entry.task.name.rpartition(".")[0]


def _broken(row: Task, may_read: bool) -> Broken:
    lines = row.error.strip().splitlines()
    return Broken(row.name, lines[-1] if lines else "", row.error if may_read else "")
