"""Many ask for the same at the same moment: one of them makes it."""

import pytest

from jobs import enqueue
from jobs.dispatch.publisher import publisher
from jobs.dispatch.unique import NotUnique
from jobs.models import Job
from tests import alike_tasks as alike
from tests.doors import rows
from tests.nouns.test_moves import at_once
from tests.verbs.trying import attempt
from tests.waiting import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]


@pytest.fixture(autouse=True)
def nothing_is_left_to_ring(transactional_db):
    yield
    eventually(lambda: publisher().waiting.unfinished_tasks == 0)


@pytest.mark.parametrize("of", [alike.index, alike.render, alike.poll])
def test_of_many_who_ask_at_once_one_makes_it(of):
    told = at_once(*[lambda: enqueue(of, {"page": 1}).pk, lambda: of.delay(1).id] * 3)
    assert len({*told}) == 1 and None not in told
    assert Job.objects.count() == 1


def test_of_many_who_ask_at_once_after_its_end_one_makes_the_next():
    first = enqueue(alike.index, {"page": 1})
    attempt(first)
    told = at_once(*[lambda: enqueue(alike.index, {"page": 1}).pk] * 6)
    assert len({*told}) == 1 and first.pk not in told
    assert Job.objects.count() == 2


def test_of_many_who_are_refused_one_is_not():
    def ask():
        try:
            return enqueue(alike.bill, {"customer": 1}).pk
        except NotUnique as wrong:
            return wrong.job_id

    assert len({*at_once(*[ask] * 6)}) == 1


def test_of_many_with_one_key_one_makes_it():
    told = at_once(*[lambda: enqueue(rows.ADD, {"x": 3}, idempotency_key="k").pk] * 4)
    assert len({*told}) == 1 and None not in told
