"""One of many processes does what only one may do."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from jobs.models import Leader


def silent_too_long() -> None:
    Leader.objects.update(expires_at=Now() - timedelta(seconds=1))


@pytest.mark.django_db
def test_the_first_takes_the_office_and_keeps_it_while_it_renews():
    assert Leader.hold("relay", "a", 15)
    assert not Leader.hold("relay", "b", 15)
    assert Leader.hold("relay", "a", 15)
    assert Leader.hold("another office", "b", 15)


@pytest.mark.django_db
def test_who_is_silent_too_long_is_replaced_and_the_term_rises():
    assert Leader.hold("relay", "a", 15)
    silent_too_long()
    assert Leader.hold("relay", "b", 15)
    assert not Leader.hold("relay", "a", 15)
    assert Leader.objects.get().term == 2


@pytest.mark.django_db
def test_who_slept_but_was_not_replaced_goes_on_in_the_same_term():
    assert Leader.hold("relay", "a", 15)
    silent_too_long()
    assert Leader.hold("relay", "a", 15)
    assert Leader.objects.get().term == 1
    assert not Leader.hold("relay", "b", 15)


@pytest.mark.django_db
def test_who_resigns_is_replaced_at_once_and_nobody_can_resign_for_another():
    assert Leader.hold("relay", "a", 15)
    Leader.resign("relay", "b")
    assert not Leader.hold("relay", "b", 15)
    Leader.resign("relay", "a")
    assert Leader.hold("relay", "b", 15)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("vacant", ["never held", "held too long ago"])
def test_of_many_who_ask_at_once_one_is_the_leader(vacant):
    if vacant == "held too long ago":
        Leader.hold("relay", "old", 15)
        silent_too_long()
    ready, leaders = threading.Barrier(8), []

    def ask(name: str) -> None:
        connection.ensure_connection()
        ready.wait(10)
        if Leader.hold("relay", name, 15):
            leaders.append(name)
        connection.close()

    threads = [threading.Thread(target=ask, args=(f"{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert leaders == [Leader.objects.get().holder]
