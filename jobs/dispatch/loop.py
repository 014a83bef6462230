"""Calls that write rows, made from inside an event loop (an async view, an async task)."""

import asyncio
import contextvars
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager as Known
from functools import partial, wraps
from typing import ParamSpec, TypeVar

from django.db import connections

from jobs.registry.running import taken_along

Given = ParamSpec("Given")
Returned = TypeVar("Returned")


def beside_the_loop(function: Callable[Given, Returned]) -> Callable[Given, Returned]:
    """Django refuses to touch the database in a thread that runs an event loop. There a
    thread of its own does it, on a connection of its own, and the loop waits meanwhile, as
    it waits for the broker in plain Celery's `.delay()`."""

    @wraps(function)
    def called(*args: Given.args, **kwargs: Given.kwargs) -> Returned:
        # No `get_running_loop()`: it raises where there is none, which is nearly always.
        if asyncio._get_running_loop() is None or "DJANGO_ALLOW_ASYNC_UNSAFE" in os.environ:
            return function(*args, **kwargs)
        context, known = contextvars.copy_context(), taken_along()
        with ThreadPoolExecutor(1, "batuta-beside") as thread:
            done = thread.submit(context.run, _alone, known, partial(function, *args, **kwargs))
            return done.result()

    return called


def _alone(known: Callable[[], Known[None]], call: Callable[[], Returned]) -> Returned:
    try:
        with known():
            return call()
    finally:
        connections.close_all()  # this thread's own
