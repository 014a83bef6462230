"""Programs ask when a schedule comes, and when one would that they only think of."""

from datetime import datetime

import pytest
from django_celery_beat.models import CrontabSchedule

from jobs.models import Schedule, Scope
from jobs.scheduling.plan import Plan
from tests.doors import rows
from tests.doors.programs import Program, fault
from tests.verbs import beats

pytestmark = pytest.mark.django_db
NIGHTLY = {"name": "nightly", "task": rows.ADD, "params": {"x": 1},
           "cron": "30 2 * * *", "timezone": "Europe/Berlin"}  # fmt: skip


@pytest.fixture(autouse=True)
def task(db: None) -> None:
    rows.task()


@pytest.fixture
def root() -> Program:
    return Program(rows.user("root", is_superuser=True))


def test_the_next_moments_on_three_clocks(root):
    made = beats.every(3600, jitter_seconds=60)
    beats.run(beats.beat())
    row = Schedule.objects.with_entry().get(pk=made.pk)
    told = root.get(f"/schedules/{made.pk}/next", count=3, reader="Asia/Kathmandu")
    said = told.json()
    assert (said["words"], said["timezone"], said["jitter_seconds"]) == (
        "Every hour",
        "UTC",
        60,
    )
    assert [each["number"] for each in said["items"]] == [1, 2, 3]
    first = said["items"][0]
    due = datetime.fromisoformat(first["due_at"])
    assert due == row.due_at
    assert datetime.fromisoformat(first["fires_at"]) == Plan(row).fires_at(due)
    assert first["reader"].endswith("+05:45") and first["local"].endswith("+00:00")
    assert {datetime.fromisoformat(first[clock]) for clock in ("reader", "local")} == {due}


def test_a_year_ahead_the_clock_is_changed(root):
    said = root.post("/schedules:preview", NIGHTLY).json()
    assert said["words"] == "At 02:30, every day"
    [gap] = [each for each in said["notable"] if each["marks"][0]["kind"] == "gap"]
    assert gap["missing"].endswith("T02:30:00") and "T03:30:00+02:00" in gap["local"]
    assert not Schedule.objects.exists()


def test_what_an_edit_would_make_of_one_that_is_there(root):
    made = root.post("/schedules", NIGHTLY).json()
    wish = {**NIGHTLY, "id": made["id"], "cron": "0 0 13 * fri", "count": 1}
    said = root.post("/schedules:preview", wish).json()
    assert said["words"].endswith("only when that is Friday")
    assert "Both must be right" in said["hints"][0] and len(said["items"]) == 1
    assert root.get(f"/schedules/{made['id']}").json()["cron"] == "30 2 * * *"


def test_what_can_never_come_is_told_on_its_field(root):
    refused = root.post("/schedules:preview", {**NIGHTLY, "cron": "0 0 31 2 *"})
    assert "never comes" in fault(refused, 422, "invalid")["cron"][0]
    never = CrontabSchedule.objects.create(day_of_month="31", month_of_year="2")
    made = beats.entry(crontab=never)
    said = root.get(f"/schedules/{made.pk}/next").json()
    assert "never comes" in said["flaw"] and said["items"] == []


@pytest.mark.parametrize("asked", [{"count": 51}, {"count": 0}, {"reader": "Mars/Base"}])
def test_what_is_asked_is_bounded(root, asked):
    made = beats.every(60)
    fault(root.get(f"/schedules/{made.pk}/next", **asked), 422, "invalid")
    fault(root.post("/schedules:preview", {**NIGHTLY, **asked}), 422, "invalid")


def test_who_may_schedule_nothing_has_nothing_to_preview():
    eve = Program(rows.user("eve"))
    fault(eve.post("/schedules:preview", NIGHTLY), 403, "forbidden")
    made = beats.every(60)
    fault(eve.post("/schedules:preview", {**NIGHTLY, "id": made.pk}), 404, "not_found")


def test_a_preview_needs_no_more_than_reading():
    reader = Program(rows.user("root", is_superuser=True), Scope.READ)
    assert reader.post("/schedules:preview", NIGHTLY).status_code == 200


def test_the_forecast_goes_with_it(root):
    for ago in range(4):
        rows.job("completed", ago=600 * ago)
    said = root.get(f"/schedules/{beats.every(1).pk}/next").json()["forecast"]
    assert (said["runs"], said["of_task"], said["gap_seconds"]) == (4, True, 1.0)
    assert (said["usual_seconds"], said["longer"]) == (2.0, 4)
    assert said["words"].startswith("It is asked every 1.0 s, and a run usually takes 2.0 s.")
