"""What the office of beat tells of who holds it."""

from datetime import timedelta

import pytest

from jobs.models import Leader
from jobs.reading import beat as office

from .beats import beat, every, first_due, run_at

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server")]


def test_the_office_tells_how_late_the_last_look_was():
    made, scheduler = every(3600), beat()
    run_at(made)
    moment = first_due(made)
    scheduler.time_as_leader()
    scheduler.look(moment + timedelta(seconds=30))
    scheduler.time_as_leader()
    assert Leader.objects.get(office=Leader.SCHEDULES).lag_seconds == pytest.approx(30)
    scheduler.look(moment + timedelta(seconds=31))
    scheduler.time_as_leader()
    assert Leader.objects.get(office=Leader.SCHEDULES).lag_seconds == 0


def test_who_does_not_lead_tells_now_and_then_that_it_would(django_assert_num_queries):
    first, second = beat("first"), beat("second")
    assert first.time_as_leader() is not None and office.beat().standing_by == 0
    assert second.time_as_leader() is None
    assert (office.beat().holder, office.beat().standing_by) == ("first", 1)
    with django_assert_num_queries(3):  # it asks for the office, and writes nothing more
        second.time_as_leader()
    Leader.resign(Leader.SCHEDULES, "first")
    assert second.time_as_leader() is not None
    assert (office.beat().holder, office.beat().standing_by) == ("second", 0)
