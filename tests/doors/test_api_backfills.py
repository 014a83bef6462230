"""Programs run past moments of a schedule."""

from typing import Any

import pytest
from django_celery_beat.models import PeriodicTask

from jobs.models import Backfill, Job
from jobs.scheduling.backfill import advance

from . import rows
from .programs import Program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server")]
NOBODY = "00000000-0000-0000-0000-000000000000"
WISH = {"since": "2025-03-01T00:00:00Z", "until": "2025-03-01T02:00:00+00:00"}


@pytest.fixture
def entry(root: Program) -> PeriodicTask:
    rows.task()
    return rows.schedule()


def asked(root: Program, entry: PeriodicTask, **wish: Any) -> Any:
    return root.post(f"/schedules/{entry.pk}/backfill", {**WISH, **wish})


def test_a_dry_run_tells_what_would_run_and_begins_nothing(root, entry):
    reply = asked(root, entry, dry_run=True)
    assert (reply.status_code, reply.json()["count"]) == (200, 2)
    assert reply.json()["moments"][0] == {
        "due_at": "2025-03-01T00:00:00+00:00",
        "runs": True,
        "reason": "",
    }
    assert Backfill.objects.count() == 0


def test_it_is_asked_for_looked_at_and_cancelled(root, entry):
    reply = asked(root, entry, concurrency=2, first="newest", reason="The disk was full.")
    told = reply.json()
    assert (reply.status_code, told["state"], told["count"]) == (202, "running", 2)
    assert {job.backfill_id for job in Job.objects.all()} == {told["id"]}
    advance()
    place = f"/schedules/{entry.pk}/backfills/{told['id']}"
    assert root.get(place).json()["states"] == {"queued": 2}
    reply = root.post(f"{place}/cancel", {"reason": "The wrong day."})
    assert (reply.json()["state"], reply.json()["cancel_reason"]) == (
        "cancelling",
        "The wrong day.",
    )
    assert root.post(f"{place}/cancel").json()["code"] == "wrong_state"
    advance()
    told = root.get(place).json()
    assert (told["state"], told["ended"], told["cancelled_by"]) == ("cancelled", 2, "root")


def test_the_same_key_finds_it_and_another_wish_is_a_conflict(root, entry):
    first, again = (asked(root, entry, idempotency_key="a").json()["id"] for _each in range(2))
    assert first == again
    reply = asked(root, entry, idempotency_key="a", concurrency=9)
    assert (reply.status_code, reply.json()["code"]) == (409, "key_reused")
    assert Backfill.objects.count() == 1


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"until": "2025-03-01T00:00:00Z"}, "until"),
        ({"since": "2025-03-01T00:00:00"}, "since"),
        ({"concurrency": 0}, "concurrency"),
        ({"which": "some"}, "which"),
        ({"since": "1999-01-01T00:00:00Z"}, "since"),
        ({"odd": 1}, "odd"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(root, entry, wish, field):
    reply = asked(root, entry, **wish)
    assert (reply.status_code, list(reply.json()["fields"])) == (422, [field])
    assert Backfill.objects.count() == 0


def test_they_are_listed_the_newest_first_and_their_jobs_are_found(root, entry):
    days = range(3, 6)
    made = [
        asked(root, entry, since=f"2025-03-0{n}T00:00:00Z", until=f"2025-03-0{n}T01:00:00Z")
        for n in days
    ]
    ids = [reply.json()["id"] for reply in reversed(made)]
    place = f"/schedules/{entry.pk}/backfills"
    first = root.get(place, limit=2).json()
    assert ([row["id"] for row in first["items"]], first["count"]) == (ids[:2], 3)
    assert [row["states"] for row in first["items"]] == [{"pending": 1}] * 2
    rest = root.get(place, cursor=first["next"]).json()
    assert ([row["id"] for row in rest["items"]], rest["next"]) == (ids[2:], None)
    assert list(root.get(place, cursor=NOBODY).json()["fields"]) == ["cursor"]
    for query in ({"backfill": ids[1]}, {"q": f"backfill:{ids[1]}"}):
        jobs = root.get("/jobs", **query).json()["items"]
        assert [job["due_at"][:10] for job in jobs] == ["2025-03-04"]
