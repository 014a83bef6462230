"""The pages on which past moments of a schedule are run on purpose."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from jobs.models import Backfill, Event, Job, Overlap, Schedule
from jobs.scheduling.backfill import advance
from jobs.states import State

from . import rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server")]
WISH = {
    "since": "2025-03-01T00:00", "until": "2025-03-01T03:00", "which": "missing",
    "first": "oldest", "concurrency": "1",
}  # fmt: skip


@pytest.fixture
def entry() -> PeriodicTask:
    crontab = CrontabSchedule.objects.create(minute="0", timezone="Asia/Kathmandu")
    return PeriodicTask.objects.create(
        name="nightly", task=rows.ADD, crontab=crontab, kwargs='{"x": 1}'
    )


@pytest.fixture
def manager(client: Client) -> Client:
    group = Group.objects.create(name="managers")
    rows.task().managers.add(group)
    client.force_login(rows.user("manager", group))
    return client


def started(client: Client, entry: PeriodicTask, **fields: Any) -> Any:
    page = client.get(reverse("jobs:backfill", args=[entry.pk]), WISH)
    sent = {**WISH, "job-ticket": page.context["ticket"], "reason": "the disk was full"}
    address = reverse("jobs:backfill", args=[entry.pk])
    return address, sent | fields


def test_it_shows_what_would_run_and_nothing_begins(manager, entry):
    Job.objects.create(
        task_id=rows.ADD, schedule=entry, state=State.COMPLETED,
        due_at=datetime(2025, 2, 28, 19, 15, tzinfo=UTC), finished_at=datetime.now(UTC),
    )  # fmt: skip
    page = manager.get(reverse("jobs:backfill", args=[entry.pk]), WISH)
    text = page.content.decode()
    # Midnight in Kathmandu is 18:15 in UTC.
    assert [at.isoformat() for at in page.context["look"].wanted] == [
        "2025-02-28T18:15:00+00:00",
        "2025-02-28T20:15:00+00:00",
    ]
    assert "2 jobs would run" in text
    assert "1 moment is left out: It ran." in text
    assert "2025-03-01 01:00" in text
    assert Backfill.objects.count() == 0


def test_without_a_range_it_offers_the_last_day(manager, entry):
    page = manager.get(reverse("jobs:backfill", args=[entry.pk]))
    assert page.status_code == 200
    assert page.context["look"] is None


def test_it_starts_once_however_often_it_is_sent(manager, entry):
    address, sent = started(manager, entry)
    replies = {manager.post(address, sent)["Location"] for _click in range(2)}
    row = Backfill.objects.get()
    assert replies == {reverse("jobs:backfilled", args=[entry.pk, row.pk])}
    assert (row.count, row.reason, row.asked_by.username) == (3, "the disk was full", "manager")
    assert Job.objects.filter(backfill=row).count() == 3
    page = manager.get(replies.pop())
    assert "3 wait for their turn" in page.content.decode()


def test_who_goes_back_and_asks_for_something_else_gets_that(manager, entry):
    address, sent = started(manager, entry)
    other = PeriodicTask.objects.create(
        name="other", task=rows.ADD, crontab=entry.crontab, kwargs='{"x": 1}'
    )
    manager.post(address, sent)
    manager.post(address, sent | {"until": "2025-03-01T05:00"})
    manager.post(reverse("jobs:backfill", args=[other.pk]), sent)
    counts = Backfill.objects.order_by("asked_at").values_list("schedule__name", "count")
    assert [*counts] == [("nightly", 3), ("nightly", 2), ("other", 3)]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"since": "0001-01-01T00:00"}, "between 1970 and 9000"),
        ({"until": "2025-03-01T00:00"}, "not later than the beginning"),
        ({"since": "soon"}, "valid date"),
        ({"concurrency": "1000"}, "less than or equal to 100"),
        ({"since": "1999-01-01T00:00"}, "more than 10000 moments"),
        ({"which": "some"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_refused_in_words(manager, entry, wrong, words):
    address, sent = started(manager, entry, **wrong)
    for reply in (manager.get(address, {**WISH, **wrong}), manager.post(address, sent)):
        assert words in reply.content.decode()
        assert reply.status_code in (200, 422)
    assert reply.status_code == 422
    assert Backfill.objects.count() == 0


def test_its_page_follows_it_to_the_end_and_cancels_it(manager, entry):
    address, sent = started(manager, entry)
    place = manager.post(address, sent)["Location"]
    row = Backfill.objects.get()
    advance()
    text = manager.get(f"{place}?part=progress").content.decode()
    assert "1 under way" in text
    assert "<html" not in text
    cancel = reverse("jobs:cancel_backfill", args=[entry.pk, row.pk])
    assert manager.post(cancel, {"reason": "the wrong week"})["Location"] == place
    advance()
    text = manager.get(place).content.decode()
    assert "It was cancelled." in text
    assert "the wrong week" in text
    assert [*Event.objects.filter(schedule=entry).values_list("verb", flat=True)] == [
        "cancel", "backfill",
    ]  # fmt: skip
    assert "over already" in manager.post(cancel, follow=True).content.decode()


def test_one_of_another_schedule_is_not_found(manager, entry):
    address, sent = started(manager, entry)
    manager.post(address, sent)
    other = PeriodicTask.objects.create(name="b", task=rows.ADD, crontab=entry.crontab)
    place = reverse("jobs:backfilled", args=[other.pk, Backfill.objects.get().pk])
    assert manager.get(place).status_code == 404


def test_it_says_what_goes_on_beside_it(manager, entry):
    Schedule.objects.filter(pk=entry.pk).update(overlap=Overlap.SKIP)
    page = manager.get(reverse("jobs:backfill", args=[entry.pk]))
    assert "pause the schedule first" in page.content.decode()


def test_the_number_of_queries_does_not_grow(manager, entry, django_assert_max_num_queries):
    address = reverse("jobs:backfill", args=[entry.pk])
    with django_assert_max_num_queries(22):
        manager.get(address, {**WISH, "since": "2024-09-01T00:00"})


def test_a_zone_that_vanished_is_told_of(manager, entry):
    with connection.cursor() as cursor:
        table = CrontabSchedule._meta.db_table
        cursor.execute(f"UPDATE {table} SET timezone = 'Mars/Crater'")
    reply = manager.get(reverse("jobs:backfill", args=[entry.pk]), WISH)
    assert reply.status_code == 422
    assert "Mars/Crater" in reply.content.decode()
