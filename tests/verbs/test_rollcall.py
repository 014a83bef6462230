"""How workers come, go and are lost, and which code is the newest."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from jobs.execution import rollcall
from jobs.models import Code, Event, Worker
from tests.nouns.test_workers import FACTS

pytestmark = pytest.mark.django_db


def story() -> list[str]:
    return list(Event.objects.order_by("at", "id").values_list("verb", flat=True))


def silent(name: str) -> None:
    Worker.objects.filter(pk=name).update(heard_at=Now() - timedelta(hours=1))


def known(name: str) -> Any:
    return Worker.objects.get(pk=name)


def test_one_that_ends_in_order_is_not_lost():
    rollcall.begin("w@1", FACTS | {"host": "node", "pid": 7})
    rollcall.end("w@1")
    silent("w@1")
    assert rollcall.note_lost() == 0
    assert story() == [rollcall.BEGAN, rollcall.ENDED]
    assert Event.objects.get(verb=rollcall.BEGAN).after == {"host": "node", "pid": 7}


def test_one_that_falls_silent_is_lost_once_and_may_be_heard_again():
    rollcall.begin("w@1", FACTS)
    silent("w@1")
    assert (rollcall.note_lost(), rollcall.note_lost()) == (1, 0)
    assert story() == [rollcall.BEGAN, rollcall.LOST]
    Worker.tell("w@1", FACTS)
    assert known("w@1").lost_at is None


def test_one_that_begins_anew_without_an_end_was_lost():
    rollcall.begin("w@1", FACTS)
    rollcall.begin("w@1", FACTS)
    assert story() == [rollcall.BEGAN, rollcall.LOST, rollcall.BEGAN]


def test_what_ended_is_forgotten_when_it_begins_anew():
    rollcall.begin("w@1", FACTS)
    rollcall.end("w@1")
    Worker.objects.update(deaf_at=Now())
    rollcall.begin("w@1", FACTS)
    worker = known("w@1")
    assert (worker.left_at, worker.leaving_at, worker.deaf_at) == (None, None, None)


def newest() -> str:
    return str(Code.objects.first())


def begin(name: str, code: str) -> None:
    Code.runs(code, {})
    rollcall.begin(name, FACTS | {"code": code})


def test_what_is_begun_last_is_the_newest_and_one_more_of_the_old_changes_nothing():
    begin("a@1", "old")
    begin("b@1", "new")
    begin("a@2", "old")
    assert newest() == "new"


def test_a_site_that_goes_back_runs_the_older_code_anew():
    begin("a@1", "old")
    rollcall.end("a@1")
    begin("b@1", "new")
    begin("a@1", "old")
    assert newest() == "old"


def test_code_that_nobody_remembers_is_forgotten_with_its_workers():
    begin("a@1", "old")
    Worker.objects.update(heard_at=Now() - timedelta(days=31))
    Worker.objects.all().forget_old()
    assert not Code.objects.exists()
