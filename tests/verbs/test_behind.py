"""What a worker of older code leaves to the others."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from jobs.dispatch.message import HEADER
from jobs.execution import behind, senseless
from jobs.models import Code, Event, Job, Worker
from jobs.states import State
from tests.nouns.test_workers import FACTS

pytestmark = pytest.mark.django_db
ADD = "tests.sample_tasks.add"


@pytest.fixture(autouse=True)
def forget():
    yield
    behind._left = {}


@pytest.fixture
def releases():
    """An older and a newer one, each with a worker."""
    for code, tasks in (("old", {ADD: "1", "old.only": "1"}), ("new", {ADD: "2"})):
        Code.runs(code, tasks)
        Worker.tell(
            f"{code}@1", FACTS | {"code": code, "queues": ["celery", code]}, begins=True
        )


def message(queue: str = "celery", **headers: Any) -> Any:
    told = {"id": "1", HEADER: 1} | headers
    return SimpleNamespace(headers=told, delivery_info={"routing_key": queue})


def test_the_older_leaves_what_changed_where_the_newer_serves(releases):
    behind.look("old")
    assert behind.leaves(ADD, message())
    assert not behind.leaves(ADD, message("old"))
    assert not behind.leaves("old.only", message())
    behind.look("new")
    assert not behind.leaves(ADD, message())


def test_a_message_of_another_program_is_not_left(releases):
    behind.look("old")
    foreign = message()
    del foreign.headers[HEADER]
    assert not behind.leaves(ADD, foreign)


@pytest.mark.parametrize("fact", [{"is_connected": False}, {"leaving_at": timezone.now()}])
def test_nothing_is_left_to_who_does_not_take_it(releases, fact):
    Worker.tell("new@1", fact)
    behind.look("old")
    assert not behind.leaves(ADD, message())


def job(task: str, state: State = State.QUEUED) -> Job:
    return Job.objects.create(task_id=task, state=state, queue="celery", ring_at=timezone.now())


def test_what_is_left_is_rung_again_soon_unless_it_moved_on(releases):
    waits = job(ADD)
    assert behind.hand_on(waits.pk)
    assert (Job.objects.get(pk=waits.pk).ring_at - timezone.now()).total_seconds() > 1
    assert not behind.hand_on("of nobody")


def test_an_unknown_task_counts_only_where_nobody_knows_it(releases):
    known, unknown = job("old.only"), job("nobodys.task")
    for each in (known, unknown):
        senseless.unknown_task(each.pk, each.task_id, "new@1")
    assert [event.job_id for event in Event.objects.filter(verb=senseless.UNKNOWN)] == [
        unknown.pk
    ]
    Worker.leave("old@1")
    senseless.unknown_task(known.pk, "old.only", "new@1")
    assert Event.objects.filter(job=known.pk, verb=senseless.UNKNOWN).count() == 1
