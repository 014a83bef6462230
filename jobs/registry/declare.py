"""`@task` and `register`: from a plain function to a Celery task with our options."""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Unpack, overload

from asgiref.sync import async_to_sync
from celery import Task, shared_task
from celery.local import Proxy

from .options import OURS, Options, declare
from .refusing import refuse_unknown
from .running import taken_along

_watcher: ContextVar[Callable[[Any], None] | None] = ContextVar("_watcher", default=None)
# What `register` has made, so that hearing of the same dictionary twice is no conflict.
_registered: dict[str, Callable[..., Any]] = {}


@overload
def task(function: Callable[..., Any], /) -> Any: ...


@overload
def task(**options: Unpack[Options]) -> Callable[[Callable[..., Any]], Any]: ...


def task(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Make a function runnable by people, schedules, the API and `.delay()`.

    Returns what `celery.shared_task` returns. Raises TypeError for an unknown option
    or one that names no parameter of the function, ValueError for a wrong value.
    """
    if function is None:
        return functools.partial(_made, options=options)
    return _made(function, options)


def register(mapping: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Make tasks of plain functions that stay as they are, named `prefix.key`.

    A value is a function, or `{"task": function, "config": {options of @task}}`.
    Returns the tasks by name; raises like `task`, and ValueError when another function
    has the name already.
    """
    made = {}
    for key, value in mapping.items():
        name = f"{prefix}.{key}" if prefix else key
        function, config = _entry(name, value)
        made[name] = _registered_once(name, function, config)
    return made


def is_task_entry(value: Any) -> bool:
    """Whether a value of a dictionary is meant for `register`."""
    if isinstance(value, Mapping):
        return "task" in value
    return _is_plain(value)


def _made(function: Callable[..., Any], options: Mapping[str, Any]) -> Any:
    if isinstance(function, Proxy | Task):
        raise TypeError("@task was applied to a function that is a task already")
    if not _is_plain(function):
        raise TypeError(f"@task takes a function, not {function!r}")
    declaration = declare(function, options)
    # Celery deprecates queue and priority as attributes of a task; they are ours.
    theirs = {name: value for name, value in options.items() if name not in OURS}
    return shared_task(**theirs, batuta=declaration)(_runnable(function))


def _registered_once(name: str, function: Callable[..., Any], config: Any) -> Any:
    known = _registered.get(name)
    if known is None or known is function:
        if known is None:
            made = _made(function, {**config, "name": name})
            _registered[name] = function
            return made
        return Proxy(lambda: _current_task(name))
    raise ValueError(f"{name!r} is registered twice, by {_place(known)} and {_place(function)}")


def _current_task(name: str) -> Any:
    from celery import current_app

    return current_app.tasks[name]


def _place(function: Callable[..., Any]) -> str:
    inner = inspect.unwrap(function)
    return f"{getattr(inner, '__module__', '?')}.{getattr(inner, '__qualname__', inner)}"


def _entry(name: str, value: Any) -> tuple[Callable[..., Any], Mapping[str, Any]]:
    if not isinstance(value, Mapping):
        return value, {}
    refuse_unknown(value, ("task", "config"), f"key of {name!r}")
    if "task" not in value:
        raise TypeError(f'{name!r} has no "task": a function')
    config = value.get("config", {})
    if "name" in config:
        raise TypeError(f"{name!r} has its name from its key; leave out the option 'name'")
    return value["task"], config


def _is_plain(function: Any) -> bool:
    if isinstance(function, Proxy | Task) or inspect.isclass(function):
        return False
    return callable(function)


def _runnable(function: Callable[..., Any]) -> Callable[..., Any]:
    """What Celery can call and name: coroutines run to their end, partials have a name."""
    is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 - the method itself is asked about
    )
    name = getattr(function, "__name__", "")
    if not is_async and name.isidentifier():
        return function
    inner = function.func if isinstance(function, functools.partial) else function

    def run(*args: Any, **kwargs: Any) -> Any:
        called = async_to_sync(_watched(function)) if is_async else function
        return called(*args, **kwargs)

    functools.update_wrapper(run, inner)
    name = name or getattr(inner, "__name__", type(inner).__name__)
    run.__name__ = name if name.isidentifier() else "unnamed"
    run.__dict__["__wrapped__"] = function
    # Celery checks arguments against this; it does not look behind a wrapper.
    run.__dict__["__signature__"] = inspect.signature(function)
    return run


@contextmanager
def watching_coroutines(tell: Callable[[Any], None]) -> Iterator[None]:
    """Inside, `tell` is given the coroutine of each `async def` task before it begins."""
    token = _watcher.set(tell)
    try:
        yield
    finally:
        _watcher.reset(token)


def _watched(function: Callable[..., Any]) -> Callable[..., Any]:
    known = taken_along()  # the loop has a thread of its own

    async def call(*args: Any, **kwargs: Any) -> Any:
        coroutine = function(*args, **kwargs)
        if tell := _watcher.get():
            tell(coroutine)
        with known():
            return await coroutine

    return call
