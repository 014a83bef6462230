"""Jobs that run and say nothing are flagged, once, until they say something."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from jobs import enqueue
from jobs.execution.attempt import RunningAttempt
from jobs.execution.stall import flag_stalled
from jobs.models import Event, Job, Task
from jobs.registry.options import declare
from jobs.scheduling.relay import Relay
from jobs.states import ACTIVE, State
from tests import sample_tasks
from tests.doors import rows
from tests.verbs.test_report import Silent

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def running(*, silent: float, **columns: Any) -> Job:
    """One whose attempt began so many seconds ago; it may be silent for a minute."""
    rows.task() if not Task.objects.exists() else None
    return rows.job(State.RUNNING, ago=silent, **{"stall_after": MINUTE, **columns})


def now(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def ago(seconds: float) -> Any:
    return timezone.now() - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("columns", "stalls"),
    [
        ({"silent": 90}, True),
        ({"silent": 30}, False),
        ({"silent": 90, "stall_after": None}, False),
        ({"silent": 3000, "said": 70}, True),
        ({"silent": 3000, "said": 50}, False),
        # What an earlier attempt said does not count, nor does its silence.
        ({"silent": 30, "said": 3000}, False),
        ({"silent": 90, "said": 3000}, True),
    ],
)
def test_silence_is_counted_from_the_last_sign_of_the_live_attempt(columns, stalls):
    columns = dict(columns)
    if said := columns.pop("said", None):
        columns["reported_at"] = ago(said)
    job = running(**columns)
    assert flag_stalled() == int(stalls)
    assert (now(job).stalled_at is not None, now(job).version) == (stalls, 1 + stalls)


@pytest.mark.parametrize("state", [state for state in State if state not in ACTIVE])
def test_only_what_runs_can_stall(state):
    rows.job(state, ago=9000, stall_after=MINUTE, started_at=ago(9000))
    assert flag_stalled() == 0


def test_one_event_for_each_stall():
    job = running(silent=90)
    assert [flag_stalled(), flag_stalled()] == [1, 0]
    event = Event.objects.get(job=job)
    assert (event.verb, event.actor, event.subject) == ("stall", None, job.worker)
    assert "60 s" in event.reason
    Job.objects.update(stalled_at=None)
    assert flag_stalled() == 1
    assert Event.objects.filter(job=job, verb="stall").count() == 2


@pytest.fixture
def attempt() -> RunningAttempt:
    job = running(silent=90)
    flag_stalled()
    return RunningAttempt(now(job), "mine", Silent())


def speak(attempt: RunningAttempt, how: str) -> None:
    if how == "progress":
        attempt.current_job.progress(1, 3)
    elif how == "log":
        attempt.current_job.log("a line")
    attempt.report.frames()


@pytest.mark.parametrize("how", ["progress", "log"])
def test_the_next_sign_takes_the_flag_off_and_is_told(
    attempt, how, django_capture_on_commit_callbacks
):
    speak(attempt, how)
    with django_capture_on_commit_callbacks() as told:
        row = attempt.report.flush()
    job = now(attempt.job)
    assert (job.stalled_at, job.version) == (None, 3)
    assert row is not None and row.version == 3
    assert len(told) == 1
    assert job.reported_at is not None
    assert flag_stalled() == 0


def test_the_flag_goes_also_when_it_came_while_the_sign_was_on_its_way(attempt):
    """The attempt has not heard of it yet."""
    attempt.job.stalled_at = None
    speak(attempt, "log")
    attempt.report.flush()
    assert now(attempt.job).stalled_at is None


def test_silence_leaves_the_flag_and_costs_no_write(attempt):
    before = now(attempt.job).version
    row = attempt.report.flush()
    assert row is not None and row.stalled_at is not None
    assert now(attempt.job).version == before


def test_a_sign_of_a_lost_attempt_takes_nothing_off(attempt):
    Job.objects.update(lease="theirs")
    speak(attempt, "progress")
    assert attempt.report.flush() is None
    assert now(attempt.job).stalled_at is not None


def test_what_leaves_its_attempt_is_stalled_no_more(attempt):
    assert Job.objects.move(State.COMPLETED)
    assert now(attempt.job).stalled_at is None


def test_the_relay_waits_one_lease_before_it_blames_anybody():
    job = running(silent=90)
    Job.objects.update(lease_expires_at=timezone.now() + timedelta(hours=1))
    relay = Relay()
    assert relay.holds_office()
    relay.reap()
    assert now(job).stalled_at is None
    relay.caution._reaps_from = 0.0
    relay.reap()
    assert now(job).stalled_at is not None


# The option.


def test_a_job_has_what_its_managers_say_or_else_its_code(monkeypatch):
    name = sample_tasks.add.name
    row = rows.task(name)
    assert enqueue(name, {"x": 1}).stall_after is None
    row.stall_after = 90
    row.save()
    assert now(enqueue(name, {"x": 1})).stall_after == timedelta(seconds=90)
    assert Job.objects.filter(stall_after__gt=MINUTE, version=F("version")).count() == 1


@pytest.mark.parametrize(("given", "seconds"), [(90, 90.0), (MINUTE, 60.0), (None, None)])
def test_the_option_takes_seconds_and_timedeltas(given, seconds):
    assert declare(lambda: None, {"stall_after": given}).stall_after == seconds


@pytest.mark.parametrize("given", [0, -1, timedelta(0), True, "5m", float("nan")])
def test_the_option_refuses_what_is_no_span(given):
    with pytest.raises((TypeError, ValueError), match="stall_after"):
        declare(lambda: None, {"stall_after": given})
