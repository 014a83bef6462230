"""Two people ask for the same moments in the same instant, and two relays let go of one
backfill: on connections of their own."""

import threading

import pytest
from django.db import connection, connections

from jobs.execution.order import Order
from jobs.models import Job, Which
from jobs.params import Invalid
from jobs.scheduling import backfill
from jobs.scheduling.backfill import advance, start
from jobs.states import State

from .test_backfill import hourly, wish

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("redis_server"),
]
SIDES = 4


def together(part):
    """What each side gave: None where it was refused."""
    gate, given = threading.Barrier(SIDES), []

    def side():
        try:
            gate.wait(10)
            given.append(part())
        except Invalid:
            given.append(None)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=side) for _each in range(SIDES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return given


def test_of_those_who_ask_for_the_same_moments_one_gets_them():
    made = hourly()
    given = together(lambda: start(made, wish(30, which=Which.ALL), Order()))
    assert len(given) == SIDES
    assert sum(row is not None for row in given) == 1
    assert Job.objects.filter(schedule=made).count() == 30


def test_several_relays_let_no_more_go_than_may_run_at_once():
    row = start(hourly(), wish(20, concurrency=3), Order())
    for _round in range(5):
        together(advance)
        assert row.jobs.filter(state=State.QUEUED).count() == 3


def test_nobody_waits_while_the_jobs_are_drafted(monkeypatch):
    inside, drafted = [], backfill.row_of

    def row_of(*given):
        inside.append(connection.in_atomic_block)
        return drafted(*given)

    monkeypatch.setattr(backfill, "row_of", row_of)
    assert start(hourly(), wish(3), Order()).jobs.count() == 3
    assert inside == [False] * 3
    # Unless somebody was first to change what they are drafted from.
    monkeypatch.setattr(backfill.Look, "holds_still", lambda look: False)
    assert start(hourly(name="edited"), wish(3), Order()).jobs.count() == 3
    assert inside == [False] * 6 + [True] * 3
