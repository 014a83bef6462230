"""The attempts of a job on its page: each with its worker, times, error, traceback, log."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from jobs.models import Attempt, Job, LogChunk
from jobs.states import State
from tests.doors import rows

pytestmark = pytest.mark.django_db
BEGAN = timezone.now() - timedelta(minutes=10)


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(rows.user("admin", is_superuser=True))
    return client


def failed(job: Job, number: int) -> None:
    Attempt.objects.create(
        job=job,
        number=number,
        worker=f"w{number}@node",
        started_at=BEGAN + timedelta(minutes=number),
        finished_at=BEGAN + timedelta(minutes=number, seconds=30 + number),
        reason="It raised ConnectionError.",
        error_type="ConnectionError",
        error=f"refused {number}",
        traceback=f"Traceback of {number}",
    )


def said(job: Job, attempt: int, first: int, count: int) -> None:
    lines = [["2026-08-22T14:12:06.018Z", "info", f"try {attempt}"]] * count
    LogChunk.objects.create(job=job, attempt=attempt, first=first, count=count, lines=lines)


def tries(client: Client, job: Job) -> list[str]:
    html = client.get(f"/jobs/{job.pk}/?part=attempts").content.decode()
    return html.split("<tr id=")[1:]


def test_each_attempt_has_its_own_worker_times_error_traceback_and_log(admin):
    job = rows.job(State.COMPLETED, attempt=3, worker="w3@node")
    for number in (1, 2):
        failed(job, number)
    said(job, 1, 1, 7)
    said(job, 1, 8, 2)
    said(job, 3, 10, 5)
    last, second, first = tries(admin, job)
    for number, html in ((1, first), (2, second)):
        assert f"w{number}@node" in html and f"3{number} s" in html
        assert f"refused {number}" in html and f"Traceback of {number}" in html
    assert "It raised" not in first
    assert "Log, lines 1–9" in first and "?line=1#L1" in first
    assert "Log" not in second
    assert "w3@node" in last and "Completed" in last and "Log, lines 10–14" in last


@pytest.mark.parametrize(
    ("state", "shown"), [(State.RUNNING, 2), (State.RETRYING, 1), (State.PAUSED, 1)]
)
def test_the_live_one_stands_with_those_before_it(admin, state, shown):
    job = rows.job(state, attempt=2 if state == State.RUNNING else 1)
    failed(job, 1)
    html = tries(admin, job)
    assert len(html) == shown
    assert ("It runs." in html[0]) is (state == State.RUNNING)


def test_one_attempt_alone_needs_no_table(admin):
    assert tries(admin, rows.job(State.COMPLETED)) == []
    failed(job := rows.job(State.FAILED), 1)
    assert tries(admin, job) == []


def test_the_log_of_one_attempt_is_a_file(admin):
    job = rows.job(State.COMPLETED, attempt=2)
    said(job, 1, 1, 2)
    said(job, 2, 3, 1)
    answer = admin.get(f"/jobs/{job.pk}/log.txt?attempt=2")
    assert b"".join(answer.streaming_content).count(b"try 2") == 1
    assert "-2.log.txt" in answer.headers["Content-Disposition"]
    whole = b"".join(admin.get(f"/jobs/{job.pk}/log.txt").streaming_content)
    assert whole.count(b"try 1") == 2 and whole.count(b"try 2") == 1


def test_a_traceback_is_for_those_who_may_read_it(client):
    group_task = rows.task()
    viewers = rows.Group.objects.create(name="viewers")
    group_task.viewers.add(viewers)
    client.force_login(rows.user("vera", viewers))
    failed(job := rows.job(State.RETRYING), 1)
    (html,) = tries(client, job)
    assert "refused 1" in html and "Traceback of" not in html


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"retries": 2, "max_retries": 5}, "Retry 2 of 5."),
        ({"retries": 2, "max_retries": None}, "Retry 2, without a bound."),
        ({"error_type": "WorkerLostError", "reason": "It died."}, "<span>It died.</span>"),
        ({"error_type": "KeyError", "error": "x"}, "<span>KeyError: x</span>"),
    ],
)
def test_what_broke_is_told_in_the_best_words(admin, columns, words):
    job = rows.job(State.FAILED, **columns)
    assert words in admin.get(f"/jobs/{job.pk}/").content.decode()
