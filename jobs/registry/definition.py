"""Definition: all that the code says of one task."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from asgiref.sync import async_to_sync
from celery import Task, current_app
from celery.schedules import schedule
from django.utils import timezone

from jobs.params import Parameters, described, humanised

from .keys import Key
from .limited import KEYS, LIMITS
from .options import Declaration, crontab_of
from .retries import Retries, retries_of
from .unique import Unique


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What can run, as its code says; the operator's half is the row `Task`.

    Limits are seconds. `function` takes the values of `parameters.load` and runs in
    the caller; `max_retries` None means without end.
    """

    name: str
    function: Callable[..., Any]
    title: str
    description: str
    tags: tuple[str, ...]
    queue: str | None
    priority: int | None
    soft_time_limit: float | None
    time_limit: float | None
    on_lost: Literal["retry", "hold"]
    max_retries: int | None
    retries: Retries
    validate: Callable[..., Any] | None
    fallback: Callable[..., Any] | None
    fallback_name: str
    owner_param: str | None
    due_param: str | None
    comes: Any
    """When it comes by itself, as Celery's schedules; None for a task that is asked for."""
    is_async: bool
    ignore_result: bool
    expires: float | datetime | None = None
    secrets: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    stall_after: float | None = None
    max_running: int | None = None
    max_running_per_key: int | None = None
    concurrency_key: Key | None = None
    on_conflict: Literal["wait", "skip", "cancel"] = "wait"
    rate: str | None = None
    burst: int | None = None
    rate_key: Key | None = None
    fair_by: Key | None = None
    unique: Unique | None = None
    signed: Callable[..., Any] = field(repr=False)

    @cached_property
    def parameters(self) -> Parameters:
        """What the task may be given; built on first use, hints are read then."""
        return Parameters(self.signed, name=self.name, secrets=self.secrets, files=self.files)

    @cached_property
    def has_keys(self) -> bool:
        """Whether its jobs are told apart by what they are given."""
        return any(getattr(self, name) is not None for name in KEYS)


def definition_of(task: Task) -> Definition:
    """The definition of a Celery task, ours or anybody's; one for each task object."""
    known: Definition | None = vars(task).get("batuta_definition")
    if known is None:
        known = _defined(task)
        vars(task)["batuta_definition"] = known
    return known


def _defined(task: Task) -> Definition:
    ours: Declaration | None = getattr(task, "batuta", None)
    said = ours or Declaration(on_lost="retry" if _may_run_twice(task) else "hold")
    # Celery's autoretry hides the function behind a wrapper with no signature.
    signed = getattr(task, "_orig_run", task.run)
    return Definition(
        name=task.name,
        function=task.run,
        title=str(said.title) or humanised(task.name.rpartition(".")[2]),
        description=_description(task, said),
        tags=said.tags,
        queue=said.queue or getattr(task, "queue", None),
        priority=task.priority if said.priority is None else said.priority,
        soft_time_limit=task.soft_time_limit,
        time_limit=task.time_limit,
        on_lost=said.on_lost,
        max_retries=_max_retries(task),
        retries=retries_of(task),
        validate=said.validate,
        fallback=_called(said.fallback),
        fallback_name=_named(said.fallback),
        owner_param=said.owner_param,
        due_param=said.due_param,
        comes=_comes(said),
        is_async=inspect.iscoroutinefunction(inspect.unwrap(signed)),
        ignore_result=bool(task.ignore_result),
        expires=_expiry(task),
        secrets=said.secrets,
        files=said.files,
        stall_after=said.stall_after,
        **{name: getattr(said, name) for name in LIMITS},
        unique=said.unique,
        signed=signed,
    )


def _comes(said: Declaration) -> Any:
    if said.cron is not None:
        return crontab_of(said.cron)
    return said.every and schedule(said.every)


def _may_run_twice(task: Task) -> bool:
    """Whether a task without `@task` says so of itself."""
    return bool(task.acks_late or getattr(task, "retry_on_worker_lost", False))


def _called(fallback: Any) -> Callable[..., Any] | None:
    """A function, a task, or the name of one, which may be known only later."""
    if isinstance(fallback, str):
        return functools.partial(_call_task, fallback)
    return async_to_sync(fallback) if inspect.iscoroutinefunction(fallback) else fallback


def _call_task(name: str, *args: Any, **kwargs: Any) -> Any:
    return current_app.tasks[name](*args, **kwargs)


def _named(fallback: Any) -> str:
    if isinstance(fallback, str):
        return fallback
    return str(getattr(fallback, "name", getattr(fallback, "__name__", "")))


def _description(task: Task, said: Declaration) -> str:
    if said.description is not None:
        return inspect.cleandoc(str(said.description)).strip()
    run_is_own = type(task).run is not Task.run
    return described(task.__doc__ or (run_is_own and task.run.__doc__) or "").text


def _expiry(task: Task) -> float | datetime | None:
    """Seconds, or a moment; one without a zone is of the site's."""
    told: float | datetime | None = task.expires
    if isinstance(told, datetime) and timezone.is_naive(told):
        return timezone.make_aware(told)
    return told


def _max_retries(task: Task) -> int | None:
    """Autoretry takes its bound from `retry_kwargs`, when there is one."""
    retry_kwargs = getattr(task, "retry_kwargs", None) or {}
    if getattr(task, "autoretry_for", ()) and "max_retries" in retry_kwargs:
        return retry_kwargs["max_retries"]  # type: ignore[no-any-return]
    return task.max_retries  # type: ignore[no-any-return]
