"""The task that runs, taken along into another thread."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from celery._state import _task_stack, get_current_task


def taken_along() -> Callable[[], AbstractContextManager[None]]:
    """Celery knows by the thread which task runs, and its request (`self.request`,
    `self.retry`, whose child a job is). What is given back makes the thread in which it is
    entered know what this one does."""
    task = get_current_task()
    request = None if task is None else task.request_stack.top

    @contextmanager
    def known() -> Iterator[None]:
        if task is None:
            yield
            return
        _push(task, request)
        try:
            yield
        finally:
            task.request_stack.pop()
            _task_stack.pop()

    return known


def _push(task: Any, request: Any) -> None:
    _task_stack.push(task)
    task.request_stack.push(request)
