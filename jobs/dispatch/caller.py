"""On whose behalf code runs: the person of the request, or the owner of the running job."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from celery import current_app


class _Caller:
    """Holds the user apart from the context variable: asgiref looks at the type of each
    variable's value, in the event loop, and Django's lazy user would ask the database."""

    def __init__(self, user: Any) -> None:
        self.user = user


_caller: ContextVar[_Caller | None] = ContextVar("batuta_caller", default=None)


@contextmanager
def on_behalf_of(user: Any) -> Iterator[None]:
    """Jobs asked for inside belong to `user`: a user, a lazy one, a primary key or None."""
    token = _caller.set(_Caller(user))
    try:
        yield
    finally:
        _caller.reset(token)


def caller_id() -> Any:
    """Primary key of the person that code runs for; None for nobody."""
    caller = _caller.get()
    return None if caller is None else getattr(caller.user, "pk", caller.user)


def lineage() -> dict[str, str]:
    """The columns that say which running job asks, and which one began it all."""
    running = current_app.current_worker_task
    if not running:
        return {"root_id": "", "parent_id": ""}
    request = running.request
    return {"root_id": request.root_id or request.id, "parent_id": request.id}
