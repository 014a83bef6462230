"""Tests wait for conditions, never for a guessed time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(condition: Callable[[], T], within: float = 10.0, every: float = 0.05) -> T:
    """The first true value of `condition`; fails with its last value after `within` seconds.

    An assertion that fails inside `condition` counts as "not yet", and is what is reported.
    """
    deadline = time.monotonic() + within
    while True:
        try:
            value = condition()
            if value:
                return value
            problem: BaseException = AssertionError(f"still {value!r} after {within} s")
        except AssertionError as error:
            problem = error
        if time.monotonic() > deadline:
            raise problem
        time.sleep(every)
