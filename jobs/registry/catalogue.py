"""Reading the registry: Celery's own is the only one."""

import difflib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import celery

from jobs.conf import configuration
from jobs.params.shown import without_seals

from . import discovery
from .definition import Definition, definition_of


class UnknownTask(LookupError):
    """No task has this name; the message, sought when it is read, names the nearest."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        known = [each for each in celery.current_app.tasks if is_ours(each)]
        near = difflib.get_close_matches(self.name, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"there is no task {self.name!r}{hint}"


def all() -> list[Definition]:
    """Every task that may become a job, by name."""
    discovery.discover_once()
    tasks = celery.current_app.tasks
    return [definition_of(tasks[name]) for name in sorted(tasks) if is_ours(name)]


def get(name: str) -> Definition:
    """The definition of one task; raises UnknownTask."""
    discovery.discover_once()
    task = celery.current_app.tasks.get(name)
    if task is None or not is_ours(name):
        raise UnknownTask(name)
    return definition_of(task)


def knows(name: str) -> bool:
    """Whether this process has a task of the name that may become a job."""
    try:
        get(name)
    except UnknownTask:
        return False
    return True


def has_fallback(name: str) -> bool:
    """Whether something takes the place of the function after its last attempt."""
    try:
        return get(name).fallback is not None
    except UnknownTask:
        return False


def shown(name: str, stored: object) -> dict[str, Any]:
    """What is stored as given to a task, for people: secrets masked. Of a task that only
    other processes know, nothing says what is secret but what was sealed."""
    if not isinstance(stored, Mapping):
        return {}
    try:
        return get(name).parameters.shown(stored)
    except UnknownTask:
        return {each: without_seals(value) for each, value in stored.items()}


def is_ours(name: str) -> bool:
    """Whether a task of this name is neither Celery's own nor excluded by the site."""
    if name.startswith("celery."):
        return False
    return not any(fnmatchcase(name, pattern) for pattern in configuration().exclude)


def makes_jobs(name: str) -> bool:
    """Whether calls of a task of this name become jobs: of ours, and of Celery's own step
    that takes the place (and so the row) of a task which replaced itself by a group."""
    return is_ours(name) or name == "celery.accumulate"
