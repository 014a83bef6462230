"""What an attempt has to tell is written whole, whatever it says meanwhile."""

from typing import Any

import pytest
from django.db import connection

from jobs.execution.attempt import RunningAttempt
from jobs.execution.context import STEPS_KEPT
from jobs.execution.report import STEP_MAX_CHARS
from jobs.models import Job
from jobs.states import State
from tests.doors import rows

pytestmark = pytest.mark.django_db


class Silent:
    """Nobody ships the reports here."""

    def wake(self) -> None: ...

    def end(self, attempt: RunningAttempt) -> None: ...


@pytest.fixture
def attempt() -> RunningAttempt:
    rows.task()
    return RunningAttempt(rows.job(State.RUNNING), "mine", Silent())


def kept(attempt: RunningAttempt) -> tuple[int, list[str]]:
    """How many errors the row counts, and which are listed."""
    job = Job.objects.get(pk=attempt.job.pk)
    return job.errors_count, [error.item for error in job.errors.order_by("id")]


def test_an_error_that_comes_while_others_are_written_is_written_next(attempt):
    late = iter(["late"])

    def speak(execute: Any, *statement: Any) -> Any:
        for item in late:
            attempt.count_error(item, "came while the row was written")
        return execute(*statement)

    attempt.count_error("early", "is broken")
    with connection.execute_wrapper(speak):
        attempt.report.flush()
    assert kept(attempt) == (1, ["early"])
    attempt.report.flush()
    assert kept(attempt) == (2, ["early", "late"])
    attempt.report.flush()
    assert kept(attempt) == (2, ["early", "late"])


def told_steps(attempt: RunningAttempt) -> list[str]:
    attempt.report.frames()
    attempt.report.flush()
    return [name for _at, name in Job.objects.get(pk=attempt.job.pk).progress["steps"]]


def test_the_row_keeps_which_steps_began_however_short_they_were(attempt):
    job = attempt.current_job
    for name in ("read", "fetch", "fetch"):
        job.step(name)
    list(job.track("abc", step="draw"))
    assert told_steps(attempt) == ["read", "fetch", "draw"]
    assert not any("steps" in frame for frame in attempt.report.frames())


def test_of_many_steps_the_newest_are_kept_in_few_words(attempt):
    for number in range(1000):
        attempt.current_job.step(f"{number} {'word ' * 1000}")
    names = told_steps(attempt)
    assert len(names) == STEPS_KEPT
    assert names[-1].startswith("999 word")
    assert max(map(len, names)) <= STEP_MAX_CHARS
