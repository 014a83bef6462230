"""Showing where a running function is, asked of real workers."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from jobs import enqueue
from jobs.execution import control
from jobs.execution.control import Order
from jobs.models import Job, Stack
from jobs.states import State
from tests.doors import rows
from tests.hostile_tasks import hold_the_gil, stand_still
from tests.waiting import eventually
from tests.watched_tasks import linger


def ask(job: Job) -> None:
    assert control.stack(Job.objects.filter(pk=job.pk), Order()) == 1


def answer(job: Job) -> str:
    return eventually(lambda: (row := Stack.objects.filter(job=job).first()) and row.text, 15)


@pytest.mark.parametrize("pool", ["prefork", "threads", "solo"])
def test_each_pool_tells_where_its_functions_are(site, tmp_path, pool):
    site.start_worker(pool=pool, name=pool)
    go = tmp_path / "go"
    slots = 1 if pool == "solo" else 2
    params = [{"ledger": str(tmp_path / str(n)), "go": str(go)} for n in range(slots)]
    jobs = [enqueue(stand_still.name, each, queue=pool) for each in params]
    eventually(lambda: all(Path(each["ledger"]).exists() for each in params), 20)
    ask(jobs[0])
    text = answer(jobs[0])
    assert "in stand_still" in text and "time.sleep(0.05)" in text
    assert str(go) not in text
    assert [Stack.objects.filter(job=job).exists() for job in jobs[1:]] == [False] * (slots - 1)
    go.touch()
    assert site.ends(jobs[0]).attempt == 1


def test_a_coroutine_tells_what_it_awaits(site, tmp_path):
    job = enqueue(linger.name, {"wait": str(tmp_path / "go")})
    site.reaches(job, State.RUNNING)

    def told() -> str:
        ask(job)
        text = answer(job)
        assert "in _until_there" in text
        return text

    text = eventually(told, 15, 0.5)
    assert text.index("in linger") < text.index("in _until_there")
    assert "await asyncio.sleep(0.05)" in text
    (tmp_path / "go").touch()
    site.ends(job)


def test_the_command_prints_it_and_says_who_is_silent(site, tmp_path):
    ledger, go = tmp_path / "ledger", tmp_path / "go"
    job = enqueue(stand_still.name, {"ledger": str(ledger), "go": str(go)})
    eventually(ledger.exists)
    out = io.StringIO()
    call_command("job", "stack", job.pk, "--wait", "20", stdout=out)
    assert f"{job.pk}, attempt 1" in out.getvalue() and "in stand_still" in out.getvalue()
    go.touch()
    site.ends(job)
    with pytest.raises(CommandError, match="None of them runs"):
        call_command("job", "stack", job.pk)


def test_a_process_that_cannot_answer_is_said_to_be_silent(site):
    client = Client()
    client.force_login(rows.user("admin", is_superuser=True))
    job = enqueue(hold_the_gil.name, {"seconds": 9})
    address = reverse("jobs:job", args=[job.pk])
    site.reaches(job, State.RUNNING)

    def is_said() -> bool:
        if site.job(job).stack_asked_at is None:  # not yet, or it answered before the call
            client.post(reverse("jobs:verb", args=[job.pk, "stack"]))
        part = client.get(address, {"part": "stack"}).content.decode()
        return "Its process has not answered for" in part

    eventually(is_said, 20)
    assert site.job(job).state == State.RUNNING
    site.ends(job, within=60)
