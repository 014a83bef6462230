"""Nanoseconds for one iteration, or for one call in a bare loop."""

import time
from collections.abc import Callable, Iterable
from typing import Any


def per_item(iterable: Iterable[Any], count: int) -> float:
    started = time.perf_counter_ns()
    for _item in iterable:
        pass
    return (time.perf_counter_ns() - started) / count


def per_call(call: Callable[[int], object], count: int) -> float:
    started = time.perf_counter_ns()
    for done in range(count):
        call(done)
    return (time.perf_counter_ns() - started) / count
