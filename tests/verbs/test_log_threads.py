# ruff: noqa: T201 (printing is what is tested)
"""Whose words are heard: of coroutines, of threads, of two attempts at once."""

import asyncio
import contextvars
import logging
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from jobs.execution import capture
from jobs.execution.capture import listening
from jobs.execution.log import Log

logger = logging.getLogger("site.tasks")


@pytest.fixture(autouse=True)
def worker() -> Iterator[None]:
    """A process whose loggers let information through, left as it was found."""
    level = logging.root.level
    logging.root.setLevel(logging.INFO)
    yield
    logging.root.setLevel(level)
    capture.uninstall()


@pytest.fixture
def log() -> Log:
    return Log()


def lines(log: Log) -> list[tuple[str, str]]:
    return [(level, text) for _, level, text in log.take()[1]]


def test_async_tasks_and_their_threads_are_heard(log):
    async def work() -> None:
        print("in the loop")
        await asyncio.to_thread(print, "in a thread of the loop")
        await asyncio.gather(*(say(n) for n in range(3)))

    async def say(number: int) -> None:
        await asyncio.sleep(0)
        logger.info("task %d", number)

    with listening(log):
        async_to_sync(work)()
    assert {text for _, text in lines(log)} == {
        "in the loop",
        "in a thread of the loop",
        "task 0",
        "task 1",
        "task 2",
    }


def run_in_thread(function: Callable[..., Any], *args: Any) -> None:
    thread = threading.Thread(target=function, args=args)
    thread.start()
    thread.join()


def test_a_thread_of_the_only_attempt_is_heard(log):
    with listening(log):
        run_in_thread(print, "from a thread")
    assert lines(log) == [("info", "from a thread")]


def test_a_deaf_thread_is_not_heard(log):
    def report() -> None:
        capture.be_deaf()
        print("the reporter's own words")
        logger.error("the reporter failed")

    with listening(log):
        run_in_thread(report)
        run_in_thread(contextvars.copy_context().run, report)
    assert lines(log) == []


def test_two_attempts_in_two_threads_never_mix():
    meet = threading.Barrier(2)

    def attempt(name: str) -> list[tuple[str, str]]:
        log = Log()
        with listening(log):
            for number in range(200):
                if number % 50 == 0:
                    meet.wait(10)
                print(name, end=" ")
                print(number)
                logger.info("%s %d", name, number)
            context = contextvars.copy_context()
            run_in_thread(context.run, print, name, "copied")
            run_in_thread(print, name, "lost: two attempts run")
            meet.wait(10)
        return lines(log)

    with ThreadPoolExecutor(2) as pool:
        heard = dict(zip("ab", pool.map(attempt, "ab"), strict=True))
    for name, found in heard.items():
        expected = [("info", f"{name} {n}") for n in range(200) for _ in range(2)]
        assert found == [*expected, ("info", f"{name} copied")]


def test_threads_that_were_there_before_are_not_the_attempts(log):
    asked, done = threading.Event(), threading.Event()

    def other() -> None:
        asked.wait(10)
        print("somebody else's words")
        done.set()

    older = threading.Thread(target=other)
    older.start()

    def attempt() -> None:
        with listening(log):
            asked.set()
            done.wait(10)
            run_in_thread(print, "mine")

    run_in_thread(attempt)
    older.join()
    assert lines(log) == [("info", "mine")]


def test_a_process_that_the_task_forked_speaks_to_the_console_only(log, capfd):
    with listening(log):
        if (child := os.fork()) == 0:
            code = 1
            try:
                code = 0 if capture.heard() is None else 2
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
