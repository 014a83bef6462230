"""The site as uvicorn serves it to the tests of sockets, with a database that takes its
time when it is asked for anything called "slow", and looks again often who may watch."""

import time
from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from project.asgi import application  # first: it sets Django up

# isort: split

import jobs.live.company

from .web import SLOW_SECONDS

jobs.live.company.LOOK_AGAIN_SECONDS = 1.0


def _slowly(execute: Callable[..., Any], sql: str, params: Any, *rest: Any) -> Any:
    if "slow" in str(params):
        time.sleep(SLOW_SECONDS)
    return execute(sql, params, *rest)


def _make_slow(*, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    if _slowly not in connection.execute_wrappers:
        connection.execute_wrappers.append(_slowly)


connection_created.connect(_make_slow)

__all__ = ["application"]
