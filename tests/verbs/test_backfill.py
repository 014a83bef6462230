"""Past moments of a schedule are run on purpose: which, by whom, how many at once, and
never twice."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from jobs.dispatch import policy
from jobs.execution.order import Order
from jobs.models import Backfill, Event, First, Job, Overlap, Schedule, Task, Which
from jobs.params import Invalid
from jobs.scheduling import backfill
from jobs.scheduling.backfill import Wish, advance, cancel, look, start
from jobs.scheduling.entries import pause
from jobs.scheduling.late import tell_of_late
from jobs.states import State, WaitingFor
from tests import sample_tasks
from tests.doors.rows import ADD, task, user

from .beats import beat, entry, events, fires, first_due, run, schedule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server")]

HOUR = timedelta(hours=1)
BEGIN = datetime(2025, 3, 1, tzinfo=UTC)


def hourly(**columns):
    """At each full hour in UTC, since ever."""
    crontab = CrontabSchedule.objects.get_or_create(minute="0", timezone="UTC")[0]
    made = entry(crontab=crontab, **columns)
    first_due(made)
    return made


def wish(hours=3, **how):
    return Wish(BEGIN, BEGIN + hours * HOUR, **how)


def started(made, hours=3, by=None, **how):
    return start(made, wish(hours, **how), Order(by, "the disk was full"))


def states(row):
    found = row.jobs.order_by("due_at")
    return [job.waiting_for or job.state for job in found]


def end(job, state=State.COMPLETED):
    """As a worker that took it and brought it to its end."""
    now = timezone.now()
    Job.objects.filter(pk=job.pk).update(state=state, ring_at=None, finished_at=now)


def going(row):
    return list(row.jobs.filter(state=State.QUEUED).order_by("due_at"))


def test_each_moment_from_the_first_to_before_the_last_becomes_a_job():
    made, ada = hourly(), user("ada")
    row = started(made, by=ada)
    jobs = list(row.jobs.order_by("due_at"))
    assert [job.due_at for job in jobs] == [BEGIN, BEGIN + HOUR, BEGIN + 2 * HOUR]
    assert {(job.schedule, *job.tags, job.params["x"]) for job in jobs} == {
        (made, "backfill", 1)
    }
    assert (row.count, row.asked_by, row.reason) == (3, ada, "the disk was full")
    assert events(made) == ["backfill"]
    told = Event.objects.get(verb="backfill")
    assert (told.actor, told.reason, told.after["count"]) == (ada, "the disk was full", 3)
    # The cursor of the schedule stays where it is.
    assert schedule(made).due_at > timezone.now()


def test_so_many_run_at_once_and_the_next_when_one_has_ended():
    row = started(hourly(), 4, concurrency=2)
    assert states(row) == ["upstream"] * 4
    advance()
    advance()
    assert states(row) == ["queued", "queued", "upstream", "upstream"]
    end(going(row)[0])
    advance()
    assert states(row) == ["completed", "queued", "queued", "upstream"]
    for _each in range(2):
        for job in going(row):
            end(job)
        assert advance() == 1
    row.refresh_from_db()
    assert row.finished_at is not None
    assert advance() == 0


def test_the_newest_first():
    row = started(hourly(), first=First.NEWEST)
    advance()
    assert states(row) == ["upstream", "upstream", "queued"]


@pytest.mark.parametrize(
    ("which", "hours"),
    [(Which.MISSING, [0, 3]), (Which.FAILED, [0, 2, 3]), (Which.ALL, [0, 1, 2, 3])],
)
def test_what_did_not_run_what_failed_or_all_but_never_beside_a_job_that_lives(which, hours):
    made = hourly()
    stood = [State.SKIPPED, State.COMPLETED, State.FAILED, State.CANCELLED, State.QUEUED]
    for hour, state in enumerate(stood):
        at = BEGIN + hour * HOUR
        over = None if state == State.QUEUED else at
        Job.objects.create(
            task_id=made.task, state=state, schedule=made, due_at=at, finished_at=over
        )
    row = started(made, len(stood), which=which)
    assert [job.due_at for job in row.jobs.order_by("due_at")] == [
        BEGIN + hour * HOUR for hour in hours
    ]
    assert len(fires(made)) == len(stood) + len(hours)


def test_what_failed_and_was_run_again_by_hand_has_run():
    made = hourly()
    about = {"task_id": made.task, "due_at": BEGIN, "finished_at": BEGIN}
    failed = Job.objects.create(state=State.FAILED, schedule=made, **about)
    Job.objects.create(state=State.COMPLETED, retry_of=failed, **about)
    found = look(made, wish(2, which=Which.FAILED))
    assert found.wanted == [BEGIN + HOUR]
    assert found.left_out == [("It ran.", 1)]


def test_asked_twice_it_is_one_and_the_same_moments_are_not_run_twice():
    made, how = hourly(), wish(which=Which.ALL)
    row = start(made, how, Order(), backfill_id="mine")
    assert start(made, how, Order(), backfill_id="mine") == row
    with pytest.raises(Invalid, match="nothing to run"):
        start(made, how, Order())
    assert (Backfill.objects.count(), Job.objects.count()) == (1, 3)


def test_what_beat_has_still_to_deal_with_is_left_to_beat():
    made = hourly()
    Schedule.objects.filter(pk=made.pk).update(due_at=BEGIN + HOUR)
    assert look(made, wish()).wanted == [BEGIN]
    Schedule.objects.filter(pk=made.pk).update(due_at=None, stale_at=BEGIN + 2 * HOUR)
    assert len(look(made, wish()).wanted) == 2


def test_nothing_in_a_blackout_nor_before_the_start():
    made = hourly(blackout=[{"from": "01:00", "until": "02:00"}], start_time=BEGIN)
    found = look(made, Wish(BEGIN - 9 * HOUR, BEGIN + 3 * HOUR))
    assert found.wanted == [BEGIN, BEGIN + 2 * HOUR]
    assert found.left_out == [("It is not to run at this time.", 1)]


def test_a_schedule_that_is_paused_can_be_backfilled_and_never_into_the_future():
    made = hourly()
    pause(made, by=None, note="the disk is full")
    run(beat())
    now = timezone.now()
    found = look(made, Wish(now - 2 * HOUR, now + 9 * HOUR))
    assert len(found.wanted) == 2


@pytest.mark.parametrize(
    ("how", "field", "words"),
    [
        ({"hours": 0}, "until", "not later"),
        ({"concurrency": 0}, "concurrency", "from 1 to 100"),
        ({"hours": 10_001}, "since", "more than 10000"),
    ],
)
def test_what_cannot_be_is_refused(how, field, words):
    with pytest.raises(Invalid) as refused:
        started(hourly(), **how)
    assert words in refused.value.fields[field][0]


def test_a_schedule_whose_parameters_fit_no_more_is_refused_as_a_whole():
    made = hourly(kwargs='{"x": "many"}')
    with pytest.raises(Invalid, match="does not take"):
        started(made)
    assert (Backfill.objects.count(), Job.objects.count()) == (0, 0)


def test_it_runs_as_the_person_of_the_schedule_as_long_as_they_may():
    ada = user("ada", is_superuser=True)
    task()
    made = hourly(run_as=ada)
    row = started(made, by=user("bob"))
    assert {job.owner for job in row.jobs.all()} == {ada}
    advance()
    ada.is_active = False
    ada.save()
    with pytest.raises(Invalid, match="deactivated"):
        started(made, 9)
    advance()
    assert states(row) == ["queued", "cancelled", "cancelled"]
    row.refresh_from_db()
    assert (row.cancelled_by, "deactivated" in row.cancel_reason) == (None, True)
    assert events(made)[-1] == "cancel"


def test_what_counts_is_the_task_of_its_jobs_not_the_one_that_the_schedule_has_by_now():
    runners = Group.objects.create(name="runners")
    ada = user("ada", runners)
    for name in (ADD, sample_tasks.fail.name):
        task(name).runners.add(runners)
    made = hourly(run_as=ada)
    row = started(made)
    PeriodicTask.objects.update(task=sample_tasks.fail.name)
    Task.objects.get(pk=ADD).runners.clear()
    advance()
    assert states(row) == ["cancelled"] * 3


def test_cancelled_as_a_whole():
    made, ada = hourly(), user("ada")
    row = started(made, by=ada)
    advance()
    assert cancel(row, Order(ada, "the wrong week"))
    assert not cancel(row, Order(ada))
    assert states(row) == ["cancelled"] * 3
    assert {job.reason for job in row.jobs.all()} == {"the wrong week"}
    advance()
    row.refresh_from_db()
    assert (row.cancelled_by, row.cancel_reason) == (ada, "the wrong week")
    assert row.finished_at is not None
    # What was cancelled did not run: it can be asked for anew.
    assert started(made).count == 3


def test_a_long_one_is_cancelled_in_rounds_and_nothing_of_it_begins(monkeypatch):
    monkeypatch.setattr(backfill, "BATCH", 2)
    row = started(hourly(), 5)
    cancel(row, Order())
    assert states(row) == ["cancelled"] * 2 + ["upstream"] * 3
    advance()
    assert states(row) == ["cancelled"] * 4 + ["upstream"]
    advance()
    assert states(row) == ["cancelled"] * 5


def test_when_its_schedule_is_deleted_it_ends_and_its_history_stays():
    made = hourly()
    row = started(made)
    made.delete()
    advance()
    assert states(row) == ["cancelled"] * 3
    row.refresh_from_db()
    assert "deleted" in row.cancel_reason


def test_while_the_task_is_disabled_it_waits():
    row = started(hourly())
    Task.objects.update_or_create(name=sample_tasks.add.name, defaults={"enabled": False})
    advance()
    assert states(row) == ["upstream"] * 3
    Task.objects.update(enabled=True)
    policy.forget()
    advance()
    assert states(row) == ["queued", "upstream", "upstream"]


@pytest.mark.parametrize(
    "overlap", [Overlap.SKIP, Overlap.BUFFER_ONE, Overlap.CANCEL_OTHER, Overlap.ALLOW_ALL]
)
def test_what_comes_due_meanwhile_is_neither_kept_from_running_nor_ends_it(overlap):
    made = hourly(overlap=overlap)
    row = started(made)
    advance()
    due = schedule(made).due_at
    run(beat(), due)
    fire = Job.objects.get(schedule=made, due_at=due)
    assert fire.state == State.QUEUED
    assert states(row) == ["queued", "upstream", "upstream"]


def test_a_job_that_waited_is_late_by_when_it_was_let_go():
    made = hourly(grace_seconds=60)
    row = started(made)
    Job.objects.update(created_at=timezone.now() - HOUR)
    advance()
    assert tell_of_late() == 0
    Job.objects.filter(state=State.QUEUED).update(queued_at=timezone.now() - HOUR)
    assert tell_of_late() == 1
    assert row.jobs.filter(waiting_for=WaitingFor.UPSTREAM).count() == 2


def test_no_job_of_it_expires_while_it_waits():
    row = started(hourly(expire_seconds=1, expires_with_next=True))
    assert set(row.jobs.values_list("expires_at", flat=True)) == {None}


def test_the_database_itself_refuses_a_second_row():
    row = started(hourly())
    job = row.jobs.first()
    with pytest.raises(IntegrityError):
        Job.objects.create(task_id=job.task_id, backfill=row, due_at=job.due_at)
