"""When a worker is said to be deaf, and when not."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from jobs.execution import deaf
from jobs.execution.deaf import DEAF, HEARS, Ear
from jobs.execution.vitals import tally
from jobs.models import Event, Job, Queue, Worker
from jobs.states import State
from tests.nouns.test_workers import FACTS

pytestmark = pytest.mark.django_db


@pytest.fixture
def ear(settings: Any) -> Ear:
    """It was silent for a minute."""
    settings.JOBS_DEAF_WORKERS = "flag"
    Worker.tell("w@1", FACTS, begins=True)
    ear = Ear("w@1")
    ear._heard, ear._silent_since = tally.heard, time.monotonic() - 60
    return ear


def lies(depth: int = 1, queue: str = "celery", ago: float = 0) -> None:
    """The relay counted the messages of a queue."""
    counted = {"depth": depth, "depth_at": Now() - timedelta(seconds=ago)}
    Queue.objects.update_or_create(name=queue, defaults=counted)


def waits(**columns: Any) -> None:
    """A job that was rung for."""
    usual = {"queue": "celery", "state": State.QUEUED, "ring_at": Now() + timedelta(minutes=1)}
    Job.objects.create(task_id="tests.sample_tasks.add", **usual | columns)


def called(ear: Ear, **facts: Any) -> list[str]:
    """What became of it when the relay had counted twice."""
    for _ in range(deaf.CALLS):
        lies()
        found = listen(ear, **facts)
    return found


def listen(ear: Ear, **facts: Any) -> list[str]:
    ear.listen(FACTS | facts)
    return list(Event.objects.order_by("id").values_list("verb", flat=True))


def test_who_was_called_and_heard_nothing_is_deaf_once(ear):
    waits()
    lies()
    assert listen(ear) == listen(ear) == []  # it may be on its way
    lies()
    assert listen(ear) == listen(ear) == [DEAF]
    assert Worker.objects.get().deaf_at is not None
    assert not Worker.objects.taking().exists()


def test_who_hears_again_is_not_deaf_any_more(ear):
    waits()
    called(ear)
    tally.heard += 1
    assert listen(ear) == [DEAF, HEARS]
    assert Worker.objects.get().deaf_at is None
    assert listen(ear) == [DEAF, HEARS]


@pytest.mark.parametrize(
    "job",
    [
        {"queue": "others"},
        {"state": State.PENDING, "waiting_for": "queue"},
        {"ring_at": Now() - timedelta(seconds=1)},  # it is still to be rung
    ],
)
def test_who_was_not_called_is_not_deaf(ear, job):
    waits(**job)
    assert called(ear) == []


def test_what_was_taken_meanwhile_was_for_somebody_else(ear):
    waits()
    for depth in (1, 0, 1):
        lies(depth)
        assert listen(ear) == []


def test_an_old_count_says_nothing(ear):
    waits()
    for ago in (60, 50, 40):
        lies(ago=ago)
        assert listen(ear) == []


@pytest.mark.parametrize(
    "facts",
    [
        {"is_connected": False},
        {"leaving_at": "now"},
        {"queues": []},
        {"slots": 0},
    ],
)
def test_who_could_not_take_anything_is_not_deaf(ear, facts):
    waits()
    assert called(ear, **facts) == []


def test_a_word_ends_the_silence(ear):
    waits()
    tally.heard += 1
    assert called(ear) == []


def test_it_is_told_to_end_as_the_site_says(ear, settings, monkeypatch):
    settings.JOBS_DEAF_WORKERS = "restart"
    told: list[int] = []
    monkeypatch.setattr(deaf.os, "kill", lambda pid, number: told.append(number))
    waits()
    called(ear)
    assert told == [deaf.signal.SIGTERM]
