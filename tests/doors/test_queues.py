"""Queues on pages, by the API and from a shell."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from jobs.dispatch import closed
from jobs.execution import halt
from jobs.execution.order import Order
from jobs.models import ApiToken, Event, Job, Queue, Scope, Worker
from jobs.states import State
from tests.nouns.test_workers import FACTS

from . import rows

pytestmark = pytest.mark.django_db
ODD = "mikrom:queue/50% <b>"


@pytest.fixture(autouse=True)
def fresh():
    closed.forget()


@pytest.fixture
def operator(client: Client):
    """Who controls queues, and is nothing else."""
    user = rows.user("otto")
    user.user_permissions.add(Permission.objects.get(codename="control_queues"))
    client.force_login(user)
    return user


@pytest.fixture
def queues():
    rows.task()
    Queue.objects.note(["celery", "slow", ODD])
    Worker.tell("main@node", {**FACTS, "queues": ["celery"], "slots": 4})
    return [rows.job(queue="slow", ring_at=timezone.now(), ago=60) for _ in range(2)]


def ask(client: Client, path: str, **body: Any) -> Any:
    return client.post(f"/api{path}", json.dumps(body), content_type="application/json")


def test_the_page_tells_who_waits_and_that_nobody_serves(client, operator, queues):
    page = client.get("/queues/")
    board = page.context["board"]
    by_name = {each.queue.name: each for each in board.standings}
    assert (by_name["slow"].state, by_name["slow"].waiting) == ("unserved", 2)
    assert by_name["slow"].oldest_at == min(job.created_at for job in queues)
    assert (by_name["celery"].state, by_name["celery"].slots) == ("open", 4)
    text = page.content.decode()
    assert "Nobody serves it" in text and "mikrom:queue/50% &lt;b&gt;" in text
    assert "<b>" not in text.partition("mikrom")[2][:20]


def test_the_number_of_queries_does_not_depend_on_the_number_of_queues(
    client, operator, queues, django_assert_max_num_queries
):
    Queue.objects.note(f"q{n}" for n in range(40))
    client.get("/queues/")
    with django_assert_max_num_queries(20):
        assert client.get("/queues/?part=queues").status_code == 200


def test_waits_and_paces_are_those_of_the_last_that_started(client, operator, queues):
    now = timezone.now()
    for seconds in (1, 2, 3):
        queued = now - timedelta(seconds=seconds)
        rows.job(State.RUNNING, queue="slow", queued_at=queued, started_at=now)
    found = client.get("/api/queues/slow").json()
    assert found["wait_p50_seconds"] == pytest.approx(2, abs=0.01)
    assert found["out_per_minute"] == pytest.approx(3 / 5)
    assert found["in_per_minute"] == pytest.approx(5 / 5)


def test_a_queue_with_any_name_is_paused_and_resumed_on_its_page(client, operator, queues):
    page = client.get("/queues/").context["board"]
    assert page.frozen is None
    address = f"/queues/{ODD.replace('%', '%25')}"
    assert client.get(f"{address}/").status_code == 200
    done = client.post(f"{address}/verbs/pause", {"reason": "its disk"}, follow=True)
    assert "its disk" in done.content.decode() and "paused it" in done.content.decode()
    assert Queue.objects.get(pk=ODD).is_paused
    client.post(f"{address}/verbs/resume")
    assert Queue.objects.get(pk=ODD).is_open
    assert client.post(f"{address}/verbs/explode").status_code == 404


def test_the_page_of_a_queue_tells_whose_jobs_come_to_it(client, queues):
    rows.task("tests.far", title="Far", queue="slow")
    client.force_login(rows.user("boss", is_superuser=True))
    slow, usual = (
        client.get(f"/queues/{name}/").context["board"] for name in ("slow", "celery")
    )
    assert [task.name for task in slow.tasks] == ["tests.far"]
    assert [task.name for task in usual.tasks] == [rows.ADD]
    assert "Send them elsewhere" in client.get("/queues/slow/").content.decode()
    assert [job.pk for job in slow.first] == [job.pk for job in queues]


def test_a_freeze_needs_a_reason_and_is_seen_until_it_is_undone(client, operator, queues):
    assert "Say why" in client.post("/queues/freeze", {}, follow=True).content.decode()
    assert not Queue.objects.filter(pk=Queue.ALL).exists()
    client.post("/queues/freeze", {"reason": "an incident"})
    text = client.get("/queues/").content.decode()
    assert "an incident" in text and "Undo the freeze" in text
    client.post("/queues/freeze", {"undo": "1"})
    assert "Undo the freeze" not in client.get("/queues/").content.decode()
    assert [e.verb for e in Event.objects.order_by("at")] == ["freeze", "unfreeze"]


def test_a_purge_is_asked_with_its_number_and_needs_a_reason(client, operator, queues):
    assert "Cancel 2 jobs?" in client.get("/queues/slow/purge").content.decode()
    assert client.post("/queues/slow/purge", {"expect": "2"}).status_code == 422
    too_few = client.post("/queues/slow/purge", {"expect": "1", "reason": "twice"})
    assert too_few.status_code == 422 and "There are more" in too_few.content.decode()
    done = client.post("/queues/slow/purge", {"expect": "2", "reason": "twice"}, follow=True)
    assert "2 cancelled" in done.content.decode()
    assert {job.state for job in Job.objects.all()} == {State.CANCELLED}


@pytest.mark.parametrize("expect", ["-1", "x", "9" * 40, "", "²"])
def test_a_number_that_is_none_purges_nothing(client, operator, queues, expect):
    sent = {"expect": expect, "reason": "twice"}
    assert client.post("/queues/slow/purge", sent).status_code == 422
    assert not Job.objects.filter(state=State.CANCELLED).exists()


def test_programs_do_what_pages_do(client, operator, queues):
    _row, text = ApiToken.objects.issue(operator, list(Scope))
    program = Client(headers={"Authorization": f"Bearer {text}"})
    paused = ask(program, "/queues/slow/pause", reason="its disk")
    assert paused.json()["state"] == "paused" and paused.json()["halted"] == 2
    assert paused.json()["closed"]["by"] == "otto"
    assert ask(program, "/queues/slow/pause").status_code == 409
    assert ask(program, "/queues/slow/purge", expect=2).status_code == 422
    assert ask(program, "/queues/slow/purge", reason="twice", expect=1).status_code == 409
    assert ask(program, "/queues/slow/move", to="far").status_code == 422
    assert ask(program, "/freeze").status_code == 422
    frozen = ask(program, "/freeze", reason="an incident").json()
    assert frozen["frozen"]["reason"] == "an incident"
    assert {each["state"] for each in frozen["items"]} == {"frozen"}
    assert ask(program, "/unfreeze").json()["frozen"] is None
    done = ask(program, "/queues/slow/purge", reason="twice", expect=2)
    assert done.json() == {"done": 2, "left": 0}


def test_a_token_that_only_reads_changes_nothing(operator, queues):
    _row, text = ApiToken.objects.issue(operator, [Scope.READ])
    program = Client(headers={"Authorization": f"Bearer {text}"})
    assert program.get("/api/queues").status_code == 200
    for path in ("/queues/slow/pause", "/queues/slow/purge", "/freeze"):
        assert ask(program, path, reason="x", expect=9).status_code in (403, 422)
    assert not Event.objects.exists()


def test_the_page_of_a_job_says_who_closed_its_queue_and_opens_it_for_who_may(client, queues):
    owner, job = rows.user("ann"), queues[0]
    Job.objects.filter(pk=job.pk).update(owner=owner)
    halt.pause("slow", Order(rows.user("tom"), "its disk"))
    client.force_login(owner)
    text = client.get(f"/jobs/{job.pk}/").content.decode()
    assert "Its queue “slow” is paused" in text and "its disk" in text and "tom" in text
    assert "Resume the queue" not in text
    owner.user_permissions.add(Permission.objects.get(codename="control_queues"))
    assert "Resume the queue" in client.get(f"/jobs/{job.pk}/").content.decode()
    back = client.post("/queues/slow/verbs/resume", {"job": job.pk})
    assert back["Location"] == f"/jobs/{job.pk}/"
    job.refresh_from_db()
    assert job.state == State.QUEUED


def run(*words: str) -> str:
    out = io.StringIO()
    call_command("queue", *words, stdout=out)
    return out.getvalue()


def test_the_shell_does_it_too(queues):
    assert "slow" in run("list") and "unserved" in run("list")
    assert run("pause", "slow", "--reason", "its disk") == "Done.\n"
    assert run("pause", "slow") == "It was so already.\n"
    assert run("freeze", "--reason", "incident") == "Done.\n"
    assert "frozen" in run("list")
    assert run("unfreeze") == "Done.\n"
    assert run("drain", "celery") == run("resume", "celery") == "Done.\n"
    with pytest.raises(CommandError):
        run("purge", "slow")
    with pytest.raises(CommandError):
        run("purge", "slow", "--reason", "twice", "--expect", "1")
    with pytest.raises(CommandError):
        run("pause", "unheard-of")
    assert run("purge", "slow", "--reason", "twice") == "2 done.\n"
    rows.user("nobody")
    with pytest.raises(CommandError):
        run("list", "--user", "nobody")
