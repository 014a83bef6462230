"""Messages that make no sense: the worker goes on, and people see what came."""

import pickle

import pytest
from celery import current_app
from kombu import Connection

from jobs.execution.senseless import UNKNOWN, UNREADABLE
from jobs.models import Event
from jobs.states import State
from project.places import for_kombu
from tests.sample_tasks import plain_add
from tests.waiting import eventually


def refused(job):
    return Event.objects.filter(job=job.id, verb=UNKNOWN)


def test_a_job_of_an_unknown_task_says_so_and_the_worker_goes_on(site):
    job = current_app.send_task("tests.nowhere.nobody", (1,))
    eventually(lambda: refused(job).exists())
    row = site.job(job)
    assert row.state == State.QUEUED
    assert "tests.nowhere.nobody" in row.reason
    assert refused(job).get().subject == "main@tests"
    assert plain_add.delay(1, 1).get(timeout=20) == 2


@pytest.mark.long
def test_a_job_that_no_worker_knows_fails_in_the_end(site):
    job = current_app.send_task("tests.nowhere.nobody", (1,))
    row = site.ends(job, State.FAILED, within=180)
    assert (row.error_type, row.attempt) == ("NotRegistered", 0)
    assert refused(job).count() == 4


class Bomb:
    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


def headers(task="tests.sample_tasks.plain_add", job_id="of-nobody"):
    return {"lang": "py", "task": task, "id": job_id, "root_id": job_id, "argsrepr": ""}


def sends(body, **options):
    def send(site, tmp_path):
        with Connection(for_kombu(site.broker.url)) as connection:
            connection.Producer().publish(
                body(tmp_path), routing_key="celery", exchange="", **options
            )

    return send


PICKLE, JSON = "application/x-python-serialize", "application/json"
OURS = "application/x-batuta"


def json(body, **more):
    return sends(
        lambda path: body,
        content_type=JSON,
        content_encoding="utf-8",
        headers={**headers(), **more},
    )


MESSAGES = {
    "pickle": sends(
        lambda path: pickle.dumps(((Bomb(path / "bomb"),), {}, {})),
        content_type=PICKLE,
        content_encoding="binary",
        headers=headers(),
    ),
    "broken and ours": sends(
        lambda path: b"\xff\xfe",
        content_type=OURS,
        content_encoding="utf-8",
        headers={**headers(), "batuta": 1},
    ),
    "a format nobody has": sends(
        lambda path: b"x", content_type="a/b", content_encoding="utf-8", headers=headers()
    ),
    "no headers": sends(lambda path: b"{}", content_type=JSON, content_encoding="utf-8"),
    "broken JSON": json(b"{"),
    "a number": json(b"5"),
    "a short list": json(b"[1]"),
    "arguments that are none": json(b"[1, 2, 3]"),
    "an id that is none": json(b"[[1, 2], {}, {}]", id=None),
    "a time that is none": json(b"[[1, 2], {}, {}]", eta={"a": 1}),
    "an expiry that is none": json(b"[[1, 2], {}, {}]", expires=[1]),
    "limits that are none": json(b"[[1, 2], {}, {}]", timelimit="x"),
}


@pytest.mark.parametrize("kind", MESSAGES)
def test_an_unreadable_message_is_told_of_and_the_worker_goes_on(site, tmp_path, kind):
    worker = site.worker.pid
    MESSAGES[kind](site, tmp_path)
    assert plain_add.delay(1, 1).get(timeout=30) == 2
    assert Event.objects.filter(verb=UNREADABLE).exists()
    assert (site.worker.pid, site.worker.is_alive) == (worker, True)
    assert not (tmp_path / "bomb").exists()
