"""What workers tell of themselves."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from jobs.conf import configuration
from jobs.models import Worker

pytestmark = pytest.mark.django_db
FACTS: dict[str, Any] = {
    "pool": "prefork", "slots": 2, "others": 0, "queues": ["celery"], "is_connected": True,
    "leaving_at": None,
}  # fmt: skip


def known(name: str = "main@node") -> Worker:
    return Worker.objects.with_health().get(pk=name)


def silent_for(seconds: float) -> None:
    Worker.objects.update(heard_at=Now() - timedelta(seconds=seconds))


def test_the_last_word_counts_and_the_beginning_stays():
    Worker.tell("main@node", FACTS, begins=True)
    began = known().started_at
    Worker.tell("main@node", FACTS | {"slots": 4, "queues": ["slow"]})
    worker = known()
    assert (worker.slots, worker.queues, worker.started_at) == (4, ["slow"], began)
    Worker.tell("main@node", FACTS, begins=True)
    assert known().started_at > began


def test_who_was_silent_for_one_lease_is_not_heard():
    Worker.tell("main@node", FACTS)
    assert known().is_heard and known().takes
    silent_for(configuration().lease_seconds + 1)
    assert not known().is_heard and not known().takes
    assert not Worker.objects.heard().exists()


@pytest.mark.parametrize("fact", [{"is_connected": False}, {"leaving_at": timezone.now()}])
def test_who_lost_the_broker_or_was_told_to_end_takes_nothing(fact):
    Worker.tell("main@node", FACTS | fact)
    assert known().is_heard and not known().takes


def test_who_left_takes_nothing_and_is_remembered_for_a_month():
    Worker.tell("main@node", FACTS)
    Worker.leave("main@node")
    assert known().leaving_at is not None
    silent_for(29 * 86_400)
    Worker.objects.all().forget_old()
    assert not known().takes
    silent_for(31 * 86_400)
    Worker.objects.all().forget_old()
    assert not Worker.objects.exists()


def test_one_that_comes_again_takes_again():
    Worker.leave("main@node")
    assert not Worker.objects.exists()
    Worker.tell("main@node", FACTS)
    Worker.leave("main@node")
    Worker.tell("main@node", FACTS, begins=True)
    assert known().takes
