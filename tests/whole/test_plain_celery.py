"""What people use of plain Celery goes on as it was."""

import subprocess
from collections import Counter
from pathlib import Path

import pytest
from celery import chord, current_app
from django.conf import settings
from django_celery_results.models import TaskResult

from jobs import enqueue
from jobs.dispatch.message import ring
from jobs.models import Job
from jobs.states import State
from tests.hostile_tasks import die_late, overrun_softly, retry_with, stand_still, tell_error
from tests.sample_tasks import add, fail, give_back, plain_add, rated, succeed_after, xsum
from tests.waiting import eventually

from .site import CELERY

BASE = Path(settings.BASE_DIR)


def lines_of(path):
    return path.read_text().splitlines() if path.exists() else []


def test_celerys_signals_are_sent_once_for_each_attempt(site, tmp_path):
    heard, ledger = tmp_path / "heard", str(tmp_path / "ledger")
    site.start_worker(name="heard", slots=1, TEST_SIGNALS=str(heard))
    calls = [
        add.apply_async((1, 1), queue="heard"),
        fail.apply_async(queue="heard"),
        succeed_after.apply_async((2, ledger), queue="heard"),
    ]
    for call in calls:
        site.reaches(call, State.COMPLETED, State.FAILED)
        ring(site.job(call))  # a double, which must be silent
    assert give_back.apply_async((1,), queue="heard").get(timeout=20) == 1
    expected = {"prerun": 6, "postrun": 6, "success": 3, "failure": 1, "retry": 2}
    eventually(lambda: Counter(lines_of(heard)) == expected)


def test_a_task_that_acknowledges_late_runs_again_when_its_process_dies(site, tmp_path):
    ledger = tmp_path / "ledger"
    job = site.ends(die_late.delay(str(ledger)))
    assert (job.result, job.on_lost, len(lines_of(ledger))) == (2, "retry", 2)
    # Told by who saw it die, not by the relay after the lease had run out.
    assert (job.lost, "SIGKILL" in job.attempts.get().reason) == (1, True)


def test_celerys_revoke_ends_what_has_no_message_yet(site):
    late = [plain_add.apply_async((1, 2), countdown=600) for _ in range(3)]
    held = enqueue("tests.sample_tasks.add", {"x": 1}, hold=True)
    late[0].revoke()
    current_app.control.revoke([late[1].id, held.id, "nobody's"], terminate=True)
    for job in (*late[:2], held):
        row = site.ends(job, State.CANCELLED)
        assert (row.attempt, row.reason) == (0, "It was revoked.")
        assert TaskResult.objects.get(task_id=row.id).status == "REVOKED"
    assert late[0].state == "REVOKED"
    assert site.job(late[2]).state == State.PENDING


def test_what_the_site_excludes_stays_plain_celery(site, settings, tmp_path):
    site.start_worker(name="plain", slots=1, JOBS_EXCLUDE="tests.sample_tasks.plain_*")
    settings.JOBS_EXCLUDE = ("tests.sample_tasks.plain_*",)
    result = plain_add.apply_async((1, 2), queue="plain")
    assert result.get(timeout=20) == 3
    assert TaskResult.objects.get(task_id=result.id).status == "SUCCESS"
    assert not Job.objects.exists()
    link = plain_add.apply_async((1, 2), queue="plain", link=add.s(4).set(queue="plain"))
    assert link.get(timeout=20) == 3
    assert site.ends(eventually(lambda: Job.objects.filter(task=add.name).first())).result == 7


def test_a_chord_of_jobs_and_plain_tasks_runs_its_body_once(site, settings):
    site.start_worker(name="plain", slots=1, JOBS_EXCLUDE="tests.sample_tasks.plain_*")
    settings.JOBS_EXCLUDE = ("tests.sample_tasks.plain_*",)
    parts = [plain_add.s(1, 1), add.s(2, 2), plain_add.s(3, 3), add.s(4, 4)]
    body = xsum.s().set(queue="plain")
    result = chord([part.set(queue="plain") for part in parts])(body)
    assert result.get(timeout=20) == 20
    assert Job.objects.filter(task=xsum.name).count() == 1


@pytest.mark.long
def test_a_pool_that_renews_its_processes_loses_nothing(site):
    options = ("--max-tasks-per-child", "1")
    site.start_worker(name="renewed", slots=2, options=options)
    calls = [add.apply_async((1, number), queue="renewed") for number in range(12)]
    assert [call.get(timeout=60) for call in calls] == [1 + number for number in range(12)]
    assert {site.job(call).attempt for call in calls} == {1}


@pytest.mark.long
def test_a_job_that_no_worker_knows_waits_until_one_does(site):
    result = current_app.send_task("tests.only_elsewhere", (1,))
    assert add.delay(1, 1).get(timeout=20) == 2
    eventually(lambda: site.job(result).rings >= 1, within=30)
    assert (site.job(result).state, site.job(result).attempt) == (State.QUEUED, 0)
    assert result.state == "PENDING"
    assert not TaskResult.objects.filter(task_id=result.id).exists()


def test_called_directly_or_eagerly_a_task_makes_no_job(transactional_db, tmp_path):
    assert add(1, 2) == plain_add(1, 2) == 3
    assert add.apply((1, 2)).get() == 3
    current_app.conf.task_always_eager = True
    try:
        assert add.delay(1, 2).get() == 3
        assert (plain_add.s(1, 2) | add.s(3)).delay().get() == 6
        assert chord([add.s(1, 1), add.s(2, 2)])(xsum.s()).get() == 6
        assert retry_with.delay(str(tmp_path / "ledger"), {"countdown": 0}).get() == [0, 1]
        with pytest.raises(ValueError, match="no"):
            fail.delay("no").get()
        fail.apply_async(("no",), link_error=tell_error.s(str(tmp_path / "errors")))
        assert "no" in (tmp_path / "errors").read_text()
    finally:
        current_app.conf.task_always_eager = False
    assert not Job.objects.exists()


def test_the_sites_limit_ends_jobs_of_tasks_without_one_of_their_own(site, tmp_path):
    site.start_worker(name="limited", slots=2, JOB_TIMEOUT="1")
    job = stand_still.apply_async((str(tmp_path / "ledger"), "never"), queue="limited")
    own = overrun_softly.apply_async((True,), queue="limited")
    assert site.ends(job, State.FAILED).error_type == "TimeLimitExceeded"
    assert site.ends(own).result == "caught"


def test_celerys_own_commands_call_a_task_and_read_its_result(site):
    call = [*CELERY, "call", "tests.sample_tasks.plain_add", "--args", "[1, 2]"]
    job_id = said(site, call)
    assert site.ends(job_id).result == 3
    assert said(site, [*CELERY, "result", job_id]) == "3"


def said(site, command):
    """The last line that a command says, which must end well."""
    done = subprocess.run(
        command, env=site.environment, cwd=BASE, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_a_job_that_celerys_rate_limit_holds_back_takes_one_place_however_often_it_is_rung(
    site,
):
    site.start_worker(name="rated")
    first, second = (rated.apply_async(queue="rated") for _ in range(2))
    site.ends(first)
    for _ in range(4):
        ring(site.job(second))
    plain = plain_add.apply_async((1, 2), queue="rated")
    assert site.ends(plain).result == 3
    assert site.job(second).state == State.QUEUED
    site.stop("rated")
