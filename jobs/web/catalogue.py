"""What can run, as the catalogue shows it: tasks in groups, each with its last runs."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from jobs import permissions
from jobs.models import Event, Task
from jobs.reading import load, runs
from jobs.reading.catalogue import said, tagged
from jobs.reading.policy import queue_of, switched_off
from jobs.states import State

MOST_TAGS = 30
_SOUND = 90
"""Percent of runs that went through, below which a task is in trouble."""


@dataclass(frozen=True)
class Entry:
    """One task, as a person may see it."""

    task: Task
    runs: runs.Runs
    may_run: bool
    queue: str
    load: load.Load
    off: Event | None
    """Who disabled it, and why."""

    @property
    def summary(self) -> str:
        """The first line of what it says of itself."""
        return self.task.description.strip().partition("\n")[0]

    @property
    def module(self) -> str:
        return self.task.name.rpartition(".")[0]

    @property
    def is_failing(self) -> bool:
        """Whether its last run failed, or too many of the last ones did."""
        last, percent = self.runs.last, self.runs.completed_percent
        has_failed = last is not None and last.state == State.FAILED
        return has_failed or (percent is not None and percent < _SOUND)


@dataclass(frozen=True)
class Group:
    name: str
    entries: list[Entry]


# How they are put in groups: (rank, name) of the group that an entry is in.
Grouping = Callable[[Entry], tuple[int, str]]


def _by_module(entry: Entry) -> tuple[int, str]:
    return 0, entry.module or _("No module")


def _by_trouble(entry: Entry) -> tuple[int, str]:
    if entry.is_failing:
        return 0, _("Failing")
    if not entry.task.is_runnable:
        return 1, _("Cannot run")
    return (2, _("Well")) if entry.runs.runs else (3, _("Nothing to tell from"))


def _by_use(entry: Entry) -> tuple[int, str]:
    if entry.load.all:
        return 0, _("At work")
    return (1, _("Ran before")) if entry.runs.runs else (2, _("Never ran"))


GROUPINGS: dict[str, tuple[Any, Grouping]] = {
    "": (lazy("By module"), _by_module),
    "trouble": (lazy("By trouble"), _by_trouble),
    "use": (lazy("By use"), _by_use),
}


@dataclass(frozen=True)
class Search:
    """What the address of the page asks for."""

    words: str = ""
    tag: str = ""
    by: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> "Search":
        words, tag = (query.get(key, "").replace("\x00", "").strip() for key in ("q", "tag"))
        by = query.get("by", "")
        return cls(words[:200], tag[:200], by if by in GROUPINGS else "")

    @property
    def is_narrow(self) -> bool:
        return bool(self.words or self.tag)

    @property
    def address(self) -> str:
        query = QueryDict(mutable=True)
        given = {"q": self.words, "tag": self.tag, "by": self.by}
        query.update({key: value for key, value in given.items() if value})
        return "?" + query.urlencode()

    @property
    def without_tag(self) -> str:
        return replace(self, tag="").address

    @property
    def groupings(self) -> list[tuple[Any, str, bool]]:
        """The ways to put tasks in groups: word, address, whether it is this one."""
        return [
            (word, replace(self, by=by).address, by == self.by)
            for by, (word, _grouping) in GROUPINGS.items()
        ]


def groups(user: permissions.Person, search: Search) -> list[Group]:
    """The tasks that `user` may see and that match."""
    grouping = GROUPINGS[search.by][1]
    found = sorted(_entries(user, search), key=lambda entry: (grouping(entry), entry.task.name))
    return [Group(name, list(some)) for (_, name), some in groupby(found, key=grouping)]


def tags(user: permissions.Person, search: Search) -> list[tuple[str, int, str]]:
    """The tags that most tasks carry: tag, how many, the address that asks for it."""
    carried = permissions.tasks(user).filter(error="").values_list("tags", flat=True)
    count = Counter(str(tag) for tags in carried for tag in tags)
    some = sorted(count.most_common(MOST_TAGS))
    return [(tag, number, replace(search, tag=tag).address) for tag, number in some]


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


def _entries(user: permissions.Person, search: Search) -> Iterable[Entry]:
    mine = permissions.tasks(user).filter(said(search.words), error="")
    mine = mine.filter(tagged(search.tag)) if search.tag else mine
    jobs = permissions.jobs(user)
    tasks = list(mine.annotate(recent=runs.last_runs(jobs)))
    allowed = set(permissions.tasks(user, "run").values_list("pk", flat=True))
    off, loads = switched_off(tasks), load.by_task(jobs)
    for task in tasks:
        yield Entry(
            task=task,
            runs=runs.told(task.recent),
            may_run=task.name in allowed and task.is_runnable,
            queue=queue_of(task),
            load=loads.get(task.name, load.Load()),
            off=off.get(task.name),
        )


def _broken(row: Task, may_read: bool) -> Broken:
    lines = row.error.strip().splitlines()
    return Broken(row.name, lines[-1] if lines else "", row.error if may_read else "")
