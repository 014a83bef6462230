"""What an attempt has to tell is written whole, whatever it says meanwhile."""

from typing import Any

import pytest
from django.db import connection

from jobs.execution.attempt import RunningAttempt
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
