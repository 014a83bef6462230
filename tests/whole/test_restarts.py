"""What dies starts again, ever later while it goes on dying."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from project.supervisor import child
from project.supervisor.child import Child
from project.supervisor.console import Console
from project.supervisor.mourner import Mourner
from tests.waiting import eventually

Live = Callable[[str, int], list[str]]


@pytest.fixture
def live(tmp_path, monkeypatch, capsys) -> Live:
    """Runs a program under the supervisor until it was begun so often; what is said of it."""
    monkeypatch.setattr(child, "FIRST_DELAY_SECONDS", 0.01)
    monkeypatch.setattr(child, "LONGEST_DELAY_SECONDS", 0.05)
    book = tmp_path / "book"

    async def lives(code: str, times: int) -> None:
        lock = os.open(tmp_path / "lock", os.O_CREAT)
        mourner = Mourner(lock)
        wrote = f"open({str(book)!r}, 'a').write('x')\n"
        command = [sys.executable, "-c", wrote + code]
        one = Child("worker", command, os.environ, Console(), mourner, delay=0.01)
        one.start()
        await until(lambda: book.exists() and len(book.read_text()) >= times)
        await one.stop()
        mourner.close()
        os.close(lock)

    def run(code: str, times: int) -> list[str]:
        asyncio.run(lives(code, times))
        said = capsys.readouterr().out.splitlines()
        return [line.partition("| ")[2] for line in said if "starts again" in line]

    return run


def until(condition: Callable[[], bool]) -> Coroutine[Any, Any, Any]:
    return asyncio.to_thread(eventually, condition)


def test_a_process_that_goes_on_dying_is_started_ever_later(live: Live):
    said = live("raise SystemExit(3)", 5)
    assert said[:4] == [
        f"worker ended (exit code 3); it starts again in {seconds} s"
        for seconds in ("0.01", "0.02", "0.04", "0.05")
    ]


def test_after_a_long_life_the_first_delay_counts_again(live: Live, monkeypatch):
    monkeypatch.setattr(child, "LONG_LIFE_SECONDS", 0)
    said = live("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 4)
    assert said[:3] == ["worker ended (SIGKILL); it starts again in 0.01 s"] * 3
