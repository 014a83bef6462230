"""Asking for many jobs at once: each of them as if it were alone."""

from itertools import count, islice

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DataError, connection, transaction

from jobs import Invalid, enqueue, enqueue_many
from jobs.dispatch import enqueue as enqueuing
from jobs.dispatch import many
from jobs.dispatch.changes import TOLD_EACH
from jobs.dispatch.policy import forget
from jobs.models import Job, Task, new_id
from jobs.registry import UnknownTask
from jobs.signals import job_changed, jobs_came
from jobs.states import State, WaitingFor
from tests import sample_tasks
from tests.doors import form_tasks

ADD = sample_tasks.add.name
OF_ITS_OWN = {"id", "params", "created_at", "queued_at", "ring_at"}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def policy_is_read_anew():
    yield
    forget()


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(many, "PORTION", 3)


def test_each_is_as_if_it_had_been_asked_for_alone():
    ursula = User.objects.create_user("ursula")
    wish = {"by": ursula, "priority": 7, "tags": ["lot"], "note": "n", "expires_at": None}
    alone = enqueue(ADD, {"x": "1"}, **wish)
    ids = enqueue_many(sample_tasks.add, [{"x": "1"}, {"x": 2, "y": 3}], **wish)
    found = Job.objects.in_bulk([alone.pk, *ids])
    assert [found[key].params for key in ids] == [{"x": 1, "y": 0}, {"x": 2, "y": 3}]

    def told(key):
        row = Job.objects.filter(pk=key).values().get()
        return {name: value for name, value in row.items() if name not in OF_ITS_OWN}

    assert told(ids[0]) == told(ids[1]) == told(alone.pk)
    assert all(row.created_at and row.queued_at and row.ring_at for row in found.values())


@pytest.mark.usefixtures("small")
def test_they_are_taken_in_portions_and_their_ids_keep_the_order():
    given = count()
    ids = enqueue_many(ADD, ({"x": n} for n in islice(given, 8)))
    assert next(given) == 8
    found = Job.objects.in_bulk(ids)
    assert [found[key].params["x"] for key in ids] == list(range(8))


@pytest.mark.usefixtures("small")
def test_the_first_that_cannot_be_is_named_and_those_before_it_are_asked_for():
    given = [{"x": n} for n in range(4)] + [{"x": "a"}, {"x": 5}]
    with pytest.raises(Invalid) as told:
        enqueue_many(ADD, given)
    assert (told.value.number, set(told.value.fields)) == (4, {"4.x"})
    assert Job.objects.count() == 4
    with pytest.raises(many.InvalidOne), transaction.atomic():
        enqueue_many(ADD, given)
    assert Job.objects.count() == 4


def test_nothing_is_asked_for_by_nothing():
    assert enqueue_many(ADD, []) == []
    with pytest.raises(UnknownTask):
        enqueue_many("tests.sample_tasks.addd", [{}])
    with pytest.raises(Invalid, match="one job at a time"):
        files = [SimpleUploadedFile("a.txt", b"one")]
        enqueue_many(form_tasks.uploads.name, [{"files": files}])
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("wish", "waiting_for"), [({"hold": True}, "start"), ({"countdown": 60}, "time"), ({}, "")]
)
def test_all_wait_for_what_one_would_wait_for(wish, waiting_for):
    enqueue_many(ADD, [{"x": 1}] * 3, **wish)
    assert {job.waiting_for for job in Job.objects.all()} == {waiting_for}


def test_a_disabled_task_lets_all_of_them_wait():
    Task.objects.create(name=ADD, title="Add", enabled=False)
    forget()
    [key] = enqueue_many(ADD, [{"x": 1}])
    job = Job.objects.get(pk=key)
    assert (job.state, job.waiting_for) == (State.PENDING, WaitingFor.TASK)


def test_secrets_are_sealed_in_each():
    given = [{"user": "u", "password": "hidden", "token": f"hidden {n}"} for n in range(2)]
    enqueue_many(sample_tasks.log_in.name, given)
    stored = list(Job.objects.values_list("params", flat=True))
    assert "hidden" not in str(stored) and stored[0] != stored[1]


def test_of_many_only_the_number_is_told(django_capture_on_commit_callbacks):
    told, each = [], []

    def came(**kwargs):
        told.append((kwargs["count"], kwargs["task"], kwargs["owner"], kwargs["schedules"]))

    def changed(**kwargs):
        each.append(kwargs["job_id"])

    jobs_came.connect(came)
    job_changed.connect(changed)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            enqueue_many(ADD, [{"x": 1}] * (TOLD_EACH + 1))
        assert (told, each) == ([(TOLD_EACH + 1, ADD, None, set())], [])
        with django_capture_on_commit_callbacks(execute=True):
            ids = enqueue_many(ADD, [{"x": 1}] * 2)
        assert (len(told), each) == (1, ids)
    finally:
        jobs_came.disconnect(came)
        job_changed.disconnect(changed)


def test_only_the_first_are_rung_for_at_once(monkeypatch):
    monkeypatch.setattr(enqueuing, "RUNG_AT_ONCE", 2)
    rung = []
    monkeypatch.setattr(enqueuing, "ring_on_commit", lambda job: rung.append(job.pk))
    ids = enqueue_many(ADD, [{"x": 1}] * 5)
    assert rung == ids[:2]
    assert Job.objects.filter(ring_at__isnull=False, state=State.QUEUED).count() == 5


# --- The INSERT ----------------------------------------------------------------------------


def drafted(**columns) -> Job:
    return Job(id=new_id(), task_id=ADD, **columns)


def test_rows_that_differ_in_anything_are_stored_as_they_are():
    ursula = User.objects.create_user("ursula")
    odd = "\\ ' \" {1,2} NULL \n é 🙂"
    jobs = [
        drafted(params={"x": 1}, tags=["a"], owner=ursula, note=odd, soft_time_limit=1.5),
        drafted(params={"x": True}, tags=[], note="NULL", result=None),
        drafted(params={"x": None, "deep": {"list": [odd]}}, tags=[odd], result={"r": [1]}),
        drafted(params={}, priority=0, progress={"percent": 1}),
    ]
    Job.insert_many(jobs)
    for job in jobs:
        row = Job.objects.get(pk=job.pk)
        for name in ("params", "tags", "owner_id", "note", "soft_time_limit", "result",
                     "priority", "progress", "grace"):  # fmt: skip
            assert repr(getattr(row, name)) == repr(getattr(job, name)), name


def test_rows_that_are_there_already_stay_and_the_others_come():
    first = drafted(note="first")
    first.insert()
    other = drafted()
    Job.insert_many([first.like(note="second"), other])
    assert Job.objects.get(pk=first.pk).note == "first"
    assert Job.objects.filter(pk=other.pk).exists()
    Job.insert_many([])


@pytest.mark.skipif(connection.vendor == "sqlite", reason="it knows no length")
def test_nothing_is_cut_in_silence():
    with pytest.raises(DataError), transaction.atomic():
        Job.insert_many([drafted(queue="q" * 256), drafted(queue="other")])
    assert not Job.objects.exists()
