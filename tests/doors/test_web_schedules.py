"""The list of schedules: what runs by itself, what is wrong with it, what comes next."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule

from jobs.models import Event, Schedule
from jobs.reading import schedules as reading
from jobs.scheduling import entries
from jobs.states import State

from . import desk, rows

pytestmark = pytest.mark.django_db
LIST = reverse("jobs:schedules")


@pytest.fixture
def admin(client: Client) -> Client:
    rows.task()
    client.force_login(rows.user("admin", is_superuser=True))
    return client


def planned(name: str, in_seconds: float = 60, **columns: Any) -> Any:
    """One that beat has planned."""
    policy = {key: columns.pop(key) for key in ("flaw", "paused_at") if key in columns}
    made = desk.schedule(name, **columns)
    due = timezone.now() + timedelta(seconds=in_seconds)
    known = {"due_at": due, "fire_at": due, "stale_at": None, **policy}
    if "flaw" in policy or "paused_at" in policy:
        known |= {"due_at": None, "fire_at": None}
    Schedule.objects.filter(pk=made.pk).update(**known)
    Schedule.objects.filter(pk=made.pk).update(stale_at=None)
    return made


def fired(made: Any, state: State = State.COMPLETED, ago: float = 60, **columns: Any) -> Any:
    due = timezone.now() - timedelta(seconds=ago)
    return rows.job(state, ago=ago, schedule=made, due_at=due, task=made.task, **columns)


def misfired(made: Any, count: int = 2, caught_up: int = 0, ago: float = 3600) -> None:
    at = (timezone.now() - timedelta(seconds=ago)).isoformat()
    after = {"count": count, "caught_up": caught_up, "is_more": False, "from": at, "until": at}
    entries.event(made, "misfire", after=after).save()


def names(client: Client, **query: Any) -> list[str]:
    return [row.entry.name for row in client.get(LIST, query).context["listed"].rows]


def counts(client: Client) -> dict[str, int]:
    kinds = client.get(LIST).context["listed"].kinds
    return {kind.name or "all": kind.count for kind in kinds}


def test_what_is_wrong_comes_first_and_then_what_comes_next(admin):
    planned("later", 600)
    planned("soon", 5)
    failing = planned("failing", 900)
    fired(failing, State.FAILED, error_type="Declined")
    planned("impossible", flaw="The 31st of February never comes.")
    planned("stopped", paused_at=timezone.now())
    assert names(admin) == ["failing", "impossible", "soon", "later", "stopped"]
    assert names(admin, order="next") == ["soon", "later", "failing", "impossible", "stopped"]
    assert names(admin, order="name")[0] == "failing"
    assert counts(admin) == {
        "all": 5, "on": 3, "paused": 1, "missed": 0, "failing": 1, "flawed": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state": "paused"}, ["stopped"]),
        ({"state": "on"}, ["soon"]),
        ({"state": "off"}, ["never"]),
        ({"q": "STOP"}, ["stopped"]),
        ({"q": "sample add soon"}, ["soon"]),
        ({"q": "nothing"}, []),
        ({"state": "there-is-none"}, ["soon", "never", "stopped"]),
    ],
)
def test_the_list_is_narrowed_by_the_address(admin, query, found):
    planned("soon")
    planned("stopped", paused_at=timezone.now())
    planned("never", enabled=False, flaw="")
    assert names(admin, **query) == found


def test_a_fire_that_was_missed_is_told_of_for_a_day(admin):
    made, other = planned("ledger"), planned("caught up")
    misfired(made, count=3, caught_up=1)
    misfired(other, count=2, caught_up=2)
    misfired(planned("long ago"), ago=1)
    Event.objects.filter(subject="long ago").update(at=timezone.now() - timedelta(days=2))
    page = admin.get(LIST)
    assert page.context["listed"].missed.count == 2
    assert "1 missed" in page.content.decode()
    assert names(admin, state="missed") == ["ledger"]
    assert "1 missed" in admin.get(reverse("jobs:home")).content.decode()


def test_what_was_missed_and_then_fired_by_hand_is_missed_no_longer(admin):
    made, other = planned("ledger"), planned("other")
    for each in (made, other):
        misfired(each, count=1)
    rows.job(State.COMPLETED, schedule=made, created_at=timezone.now() + timedelta(minutes=1))
    assert names(admin, state="missed") == ["other"]


def test_what_one_may_not_see_is_not_shown_counted_or_told_of(client):
    seen = rows.task("a.seen")
    group = Group.objects.create(name="viewers")
    seen.viewers.add(group)
    mine, foreign = planned("mine", task="a.seen"), planned("secret", task="b.unseen")
    misfired(foreign)
    fired(foreign, State.FAILED)
    client.force_login(rows.user("viewer", group))
    page = client.get(LIST)
    assert [row.entry.name for row in page.context["listed"].rows] == ["mine"]
    assert "secret" not in page.content.decode() and "missed." not in page.content.decode()
    assert counts(client)["all"] == 1 and counts(client)["failing"] == 0
    again = client.get(LIST, {"part": "rows", "schedule": [mine.pk, foreign.pk]})
    assert again.content.decode().count("<tbody") == 1


def test_who_manages_all_schedules_sees_no_job_that_is_not_theirs(client):
    rows.task("b.unseen")
    job = fired(planned("ledger", task="b.unseen"), State.FAILED, error_type="Declined")
    client.force_login(desk.staff("keeper", may=("manage_schedules",)))
    page = client.get(LIST).content.decode()
    assert "Failed" in page
    assert job.pk not in page and "Declined" not in page


def test_the_pages_of_a_long_list_leave_nothing_out(admin, monkeypatch):
    monkeypatch.setattr(reading, "PAGE", 2)
    for number in range(4):
        planned(f"comes {number}", 60 * (number + 1))
    for number in range(3):
        planned(f"stopped {number}", paused_at=timezone.now())
    fired(planned("failing"), State.FAILED)
    for order in reading.ORDERS:
        found, after = [], ""
        while after is not None:
            listed = admin.get(LIST, {"order": order, "after": after}).context["listed"]
            found += [row.entry.name for row in listed.rows]
            after = listed.page.further
        assert len(found) == len({*found}) == 8, order


@pytest.mark.parametrize(
    "place",
    [
        '"x"', "[0.0]", '[0, "2026-01-01T00:00+00:00", Infinity]', '[1, "\\ud800"]',
        '[0, "0001-01-01T00:00+14:00", 1]', '[1, "\\u0000"]', "[" * 5000,
    ],
)  # fmt: skip
def test_a_cursor_that_somebody_wrote_is_no_page(admin, place):
    planned("soon")
    cursor = base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")
    assert admin.get(LIST, {"after": cursor}).status_code == 404


@pytest.mark.parametrize(
    "cursor",
    ["x", "W10", "WzksMV0", "Wy0xLCJhIl0", "WzAsIngiLDFd", "WzAsW10sMV0", "WzEsbnVsbF0"],
)
def test_a_cursor_that_we_did_not_write_is_no_page(admin, cursor):
    planned("soon")
    assert admin.get(LIST, {"after": cursor}).status_code == 404


def test_a_paused_one_tells_who_when_why_and_what_passed(admin):
    made = planned("ledger")
    person = rows.user("petra", first_name="Petra", last_name="Novak")
    entries.pause(made, by=person, note="Until the new disks are in.")
    page = admin.get(LIST).content.decode()
    assert "“Until the new disks are in.”" in page and "Petra Novak" in page
    assert "passed since" not in page
    since = timezone.now() - timedelta(seconds=150)
    Schedule.objects.filter(pk=made.pk).update(paused_at=since)
    assert "passed since" in admin.get(LIST).content.decode()


def test_one_that_cannot_be_read_harms_no_other(admin):
    line = CrontabSchedule.objects.create(hour="3", timezone="UTC")
    planned("odd", crontab=line)
    planned("sound")
    with connection.cursor() as cursor:
        table = CrontabSchedule._meta.db_table
        cursor.execute(f"UPDATE {table} SET timezone = 'Nowhere/City' WHERE id = %s", [line.pk])
    listed = admin.get(LIST).context["listed"]
    assert {row.entry.name: row.state for row in listed.rows} == {
        "sound": "on",
        "odd": "flawed",
    }


def test_the_list_takes_the_same_number_of_queries_however_long_it_is(admin):
    person = rows.user("root", is_superuser=True)
    fired(planned("first"), State.FAILED)
    misfired(planned("second"))
    entries.pause(planned("third"), by=person, note="why")
    few = desk.queries(person, LIST)
    for number in range(12):
        made = planned(f"more {number}")
        fired(made, State.FAILED)
        entries.pause(made, by=person, note="why")
    assert desk.queries(person, LIST) == few


def test_the_empty_list_says_what_to_do(client):
    client.force_login(rows.user("nobody"))
    assert "No schedule is open to you" in client.get(LIST).content.decode()
    client.force_login(rows.user("admin", is_superuser=True))
    assert "Nothing runs by itself yet" in client.get(LIST).content.decode()
    planned("soon")
    assert "No schedule matches" in client.get(LIST, {"q": "x y z"}).content.decode()


def test_a_beat_that_is_silent_is_told_of_while_one_looks(admin):
    made = planned("daily")
    for page, part in ((LIST, "around"), (reverse("jobs:schedule", args=[made.pk]), "head")):
        assert "no beat has run yet" in admin.get(page, {"part": part}).content.decode()


def test_what_can_be_done_to_one_is_there_on_a_phone_too(admin):
    planned("daily")
    assert (
        '<td role="cell" class="num acts opt2 full"><div>' in admin.get(LIST).content.decode()
    )
