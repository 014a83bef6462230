"""Jobs that are tried again, begin later, end too late, or are called off."""

from datetime import timedelta

import pytest
from celery.exceptions import TaskRevokedError
from django.utils import timezone
from django_celery_results.models import TaskResult

from jobs import enqueue
from jobs.models import Job
from jobs.states import State, WaitingFor
from tests.hostile_tasks import (
    overrun,
    overrun_softly,
    retry_with,
    stand_still,
    stand_still_plainly,
)
from tests.sample_tasks import plain_add, succeed_after, unreachable
from tests.waiting import eventually


def lines_of(path):
    return path.read_text().splitlines() if path.exists() else []


def test_a_job_retries_itself_until_it_succeeds(site, tmp_path):
    ledger = tmp_path / "ledger"
    result = succeed_after.delay(2, str(ledger))
    assert result.get(timeout=30) == 3
    job = site.ends(result)
    assert (job.attempt, job.retries, job.lost) == (3, 2, 0)
    assert [attempt.error for attempt in job.attempts.all()] == ["try 1", "try 2"]
    assert all("Traceback" in attempt.traceback for attempt in job.attempts.all())
    assert (job.error, job.reason) == ("", "")


def test_a_job_whose_retries_are_used_up_has_failed(site, tmp_path):
    ledger = tmp_path / "ledger"
    job = site.ends(unreachable.delay(str(ledger)), State.FAILED)
    assert len(lines_of(ledger)) == job.attempt == 3
    assert (job.error_type, job.error) == ("ConnectionError", "nobody answers")
    assert [attempt.number for attempt in job.attempts.all()] == [1, 2, 3]


def test_a_retry_waits_for_its_time_as_a_row(site, tmp_path):
    ledger = tmp_path / "ledger"
    result = retry_with.delay(str(ledger), {"countdown": 3})
    job = site.reaches(result, State.RETRYING)
    assert timedelta(0) < job.not_before - timezone.now() <= timedelta(seconds=3)
    assert result.state == "RETRY"
    assert not site.broker.messages("celery")
    job = site.ends(result)
    assert job.started_at >= job.not_before
    assert job.result == [0, 1]


def test_a_retry_may_change_its_arguments_and_its_queue(site, tmp_path):
    ledger = tmp_path / "ledger"
    options = {"args": [str(ledger), {}], "kwargs": {"value": 7}, "countdown": 0}
    assert retry_with.delay(str(ledger), options).get(timeout=20) == [7, 1]
    elsewhere = retry_with.delay(str(tmp_path / "other"), {"countdown": 0, "queue": "far"})
    moved = eventually(lambda: Job.objects.filter(pk=elsewhere.id, queue="far").first())
    assert moved.attempt == 1
    eventually(lambda: site.broker.messages("far"))


def test_a_retry_that_does_not_throw_is_a_retry(site, tmp_path):
    options = {"countdown": 0, "throw": False}
    assert retry_with.delay(str(tmp_path / "ledger"), options).get(timeout=20) == [0, 1]


def test_a_job_with_a_countdown_waits_as_a_row(site):
    result = plain_add.apply_async((1, 2), countdown=2)
    job = site.job(result)
    assert (job.state, job.waiting_for) == (State.PENDING, WaitingFor.TIME)
    assert not site.broker.messages("celery")
    assert result.get(timeout=20) == 3
    job = site.ends(result)
    assert job.started_at >= job.not_before > job.created_at + timedelta(seconds=1)


def test_a_job_with_an_eta_waits_for_it_and_one_in_the_past_runs_at_once(site):
    soon = timezone.now() + timedelta(seconds=2)
    later = plain_add.apply_async((1, 2), eta=soon)
    past = plain_add.apply_async((1, 2), eta=soon - timedelta(days=1))
    assert past.get(timeout=20) == 3
    assert later.get(timeout=20) == 3
    assert site.job(later).not_before == soon
    assert site.job(later).started_at >= soon


def test_a_job_that_nobody_starts_in_time_expires(site):
    result = plain_add.apply_async((1, 2), expires=1, queue="nobody")
    job = site.ends(result, State.EXPIRED)
    assert job.attempt == 0
    assert job.reason
    assert TaskResult.objects.get(task_id=job.id).status == "REVOKED"
    with pytest.raises(TaskRevokedError):
        result.get(timeout=5)
    assert plain_add.apply_async((1, 2), expires=60).get(timeout=20) == 3


@pytest.mark.long
def test_a_job_that_expired_on_its_way_does_not_run(site, tmp_path):
    ledger = tmp_path / "ledger"
    result = stand_still.apply_async((str(ledger), ""), queue="late", expires=1)
    site.ends(result, State.EXPIRED)
    site.start_worker(name="late", slots=1)
    assert plain_add.apply_async((1, 2), queue="late").get(timeout=20) == 3
    assert not ledger.exists()


def test_the_hard_time_limit_ends_a_job_with_that_reason(site, tmp_path):
    ledger = tmp_path / "ledger"
    job = site.ends(overrun.delay(str(ledger)), State.FAILED)
    assert job.reason == "It was ended by force after 1 s, its hard time limit."
    assert job.error_type == "TimeLimitExceeded"
    given = stand_still_plainly.apply_async((str(ledger), "/nowhere"), time_limit=1)
    assert "hard time limit" in site.ends(given, State.FAILED).reason
    assert len(lines_of(ledger)) == 2
    assert plain_add.delay(1, 1).get(timeout=20) == 2


def test_the_soft_time_limit_ends_a_job_unless_it_is_caught(site):
    job = site.ends(overrun_softly.delay(False), State.FAILED)
    assert "Its soft time limit of 1 s struck; it left after" in job.reason
    assert job.error_type == "SoftTimeLimitExceeded"
    assert overrun_softly.delay(True).get(timeout=20) == "caught"


def test_a_held_job_waits_for_its_start_by_hand(site):
    job = enqueue("tests.sample_tasks.add", {"x": 1}, hold=True)
    assert site.ends(plain_add.delay(1, 1)).result == 2
    assert (site.job(job).state, site.job(job).waiting_for) == ("pending", "start")


def test_celerys_revoke_cancels_a_waiting_job_and_terminates_a_running_one(site, tmp_path):
    go = tmp_path / "go"
    running = [stand_still_plainly.delay(str(tmp_path / name), str(go)) for name in "ab"]
    eventually(lambda: all((tmp_path / name).exists() for name in "ab"))
    waiting = plain_add.delay(1, 1)
    waiting.revoke()
    running[0].revoke(terminate=True)
    assert site.ends(running[0], State.CANCELLED)
    go.touch()
    assert site.ends(running[1]).result == 1
    assert site.ends(waiting, State.CANCELLED).attempt == 0
