"""What comes due becomes a row, once, and one bad schedule harms no other."""

import json
from datetime import datetime, timedelta

import pytest
from celery import current_app
from django.db import OperationalError, connection
from django.utils import timezone
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    PeriodicTask,
)

from jobs.dispatch.relay import release_next
from jobs.models import Event, Job, Leader, Overlap, Schedule
from jobs.scheduling import given
from jobs.scheduling import scheduler as scheduler_module
from jobs.scheduling.decide import Facts
from jobs.scheduling.firing import Fire, settle
from jobs.scheduling.late import tell_of_late
from jobs.states import State, WaitingFor
from tests import sample_tasks
from tests.doors.rows import task, user
from tests.waiting import eventually

from .beats import beat, entry, events, every, fires, first_due, run, run_at, schedule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server")]
committed = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)


def crontab(**columns):
    return CrontabSchedule.objects.get_or_create(**{"minute": "30", "hour": "2", **columns})[0]


# What a fire is.


def test_what_is_due_becomes_a_job_of_nobody_with_its_moment():
    made = every(3600, kwargs='{"x": 1, "y": 2}')
    due = run_at(made)
    (job,) = fires(made)
    assert (job.task_id, job.params, job.state) == (made.task, {"x": 1, "y": 2}, State.QUEUED)
    assert (job.owner, job.due_at, job.tags) == (None, due, [])
    row = schedule(made)
    assert (row.due_at, row.fire_at, row.last_due_at) == (due + HOUR, due + HOUR, due)


def test_stock_pages_see_what_was_run_and_that_is_no_edit():
    made = every(3600)
    run_at(made)
    made.refresh_from_db()
    assert made.total_run_count == 1
    assert made.last_run_at is not None
    assert schedule(made).stale_at is None


def test_a_plain_task_gets_what_is_written():
    made = every(3600, sample_tasks.plain_add, args='["1", "2"]', kwargs="{}")
    run_at(made)
    (job,) = fires(made)
    assert json.loads(job.arguments) == [["1", "2"], {}]
    assert job.params == {"x": "1", "y": "2"}


def test_a_secret_stays_sealed_on_its_way():
    parameters = given.registry.get(sample_tasks.log_in.name).parameters
    clear = {"user": "ada", "password": "hunter2", "token": "tok"}
    kwargs = given.written(given.kept(parameters, [], clear))
    made = every(3600, sample_tasks.log_in, kwargs=kwargs)
    run_at(made)
    (job,) = fires(made)
    kept = json.dumps([job.params, job.arguments, job.options])
    assert "hunter2" not in kept and '"tok"' not in kept


def test_a_task_is_told_the_moment_that_it_stands_for():
    zoned = crontab(timezone="Europe/Berlin")
    made = entry(sample_tasks.report_of, crontab=zoned, kwargs="{}")
    due = run_at(made)
    (job,) = fires(made)
    assert datetime.fromisoformat(job.params["period"]) == due
    assert job.params["period"][11:16] == "02:30"
    day = entry(sample_tasks.report_of_day, name="day", crontab=zoned, kwargs="{}")
    due = run_at(day)
    assert fires(day)[0].params == {"day": job.params["period"][:10]}


def test_nothing_fires_twice_though_two_lead_and_one_comes_late():
    made = every(3600)
    due = first_due(made)
    before = schedule(made)
    late = [Fire(row, Facts(due)).prepare() for row in Schedule.objects.with_entry()]
    run(beat(), due)
    assert settle(late) == 0  # as a process that was stopped in the middle, and goes on now
    Schedule.objects.all().keep([before])  # even as if nobody had written the cursor
    run(beat(), due)
    assert [job.due_at for job in fires(made)] == [due]
    assert schedule(made).due_at == due + HOUR


def test_only_the_leader_fires_and_its_end_hands_over():
    every(3600)
    first, second = beat("first"), beat("second")
    assert first.time_as_leader() and not second.time_as_leader()
    first.close()
    assert second.time_as_leader() and not first.time_as_leader()
    assert (first.leads, second.leads) == (False, True)


@committed
def test_a_database_that_fails_does_not_end_beat(monkeypatch):
    scheduler = beat()
    monkeypatch.setitem(connection.settings_dict, "NAME", "/nowhere/db")
    connection.close()
    try:
        assert scheduler.tick() == 1.0
    finally:
        monkeypatch.undo()
        connection.close()


@committed
def test_who_could_not_take_over_takes_over_with_the_next_look(monkeypatch):
    scheduler, taken = beat(), []

    def follow_code(app):
        taken.append(app)
        if len(taken) == 1:
            raise OperationalError("database is locked")

    monkeypatch.setattr(scheduler_module, "follow_code", follow_code)
    for _look in range(3):
        scheduler.tick()
    assert len(taken) == 2


# Rules that need rows.


def test_a_fire_waits_for_the_one_before_it_and_is_let_go_at_its_end():
    made = every(3600, overlap=Overlap.BUFFER_ALL)
    for _fire in range(3):
        run_at(made)
    first, second, third = fires(made)
    assert [first.state, second.state, third.state] == ["queued", "pending", "pending"]
    assert second.waiting_for == WaitingFor.UPSTREAM
    assert release_next() == 0
    Job.objects.filter(pk=first.pk).move(State.CANCELLED)
    assert release_next() == 1
    assert [job.state for job in fires(made)] == ["cancelled", "queued", "pending"]
    assert release_next() == 0


@pytest.mark.parametrize("rule", [Overlap.CANCEL_OTHER, Overlap.TERMINATE_OTHER])
def test_the_others_are_ended_before_the_next_one_runs(rule):
    made = every(3600, overlap=rule)
    run_at(made)
    run_at(made)
    first, second = fires(made)
    assert (first.state, second.state) == (State.CANCELLED, State.PENDING)
    assert release_next() == 1


def test_who_may_no_longer_run_the_task_pauses_the_schedule():
    person = user("ada")
    task()
    made = every(3600, run_as=person)
    run_at(made)
    (job,) = fires(made)
    assert (job.state, job.owner) == (State.FAILED, person)
    assert "ada" in job.reason
    row = schedule(made)
    assert row.is_paused and row.pause_note == job.reason
    assert events(made) == ["pause"]


def test_it_runs_as_the_person_who_may():
    person = user("ada", is_superuser=True)
    task()
    made = every(3600, run_as=person)
    run_at(made)
    (job,) = fires(made)
    assert (job.state, job.owner) == (State.QUEUED, person)
    person.delete()
    run_at(made)
    assert fires(made)[-1].state == State.FAILED
    assert "no longer there" in schedule(made).pause_note


def test_failures_in_a_row_pause_it_until_somebody_lets_it_go_on():
    made = every(3600, pause_after_failures=2)
    for _fire in range(2):
        run_at(made)
    Job.objects.all().move(State.FAILED)
    run_at(made)
    assert [job.state for job in fires(made)] == ["failed", "failed", "skipped"]
    assert schedule(made).is_paused


def test_one_that_has_fires_left_ends_with_the_last():
    made = every(3600, remaining=2)
    run_at(made)
    run_at(made)
    run(beat())
    row = schedule(made)
    assert (row.remaining, row.due_at, len(fires(made))) == (0, None, 2)


def test_a_single_moment_fires_once_though_it_is_past_and_then_it_is_off():
    moment = timezone.now() - timedelta(minutes=2)
    clocked = ClockedSchedule.objects.create(clocked_time=moment)
    made = entry(clocked=clocked, one_off=True)
    run(beat())
    assert [job.due_at for job in fires(made)] == [moment]
    made.refresh_from_db()
    assert not made.enabled
    PeriodicTask.objects.filter(pk=made.pk).update(enabled=True)
    run(beat())
    assert len(fires(made)) == 1


def test_another_beat_on_the_same_rows_is_noticed():
    made = every(3600)
    run_at(made)
    assert not Leader.is_held(Leader.STRANGER)
    PeriodicTask.objects.filter(pk=made.pk).update(total_run_count=2)
    run_at(made)
    assert Leader.is_held(Leader.STRANGER)
    run_at(made)
    assert events(made) == ["stranger"]


@committed
def test_what_stays_plain_celery_becomes_a_message(broker):
    made = every(3600, "celery.backend_cleanup", kwargs="{}")
    run_at(made)
    (message,) = eventually(lambda: broker.messages("celery"))
    assert json.loads(message)["headers"]["task"] == "celery.backend_cleanup"
    assert fires(made) == []
    assert schedule(made).due_at > timezone.now() + HOUR


@committed
def test_a_message_that_the_broker_does_not_take_is_told_of(monkeypatch):
    def refuse(*args, **kwargs):
        raise ConnectionRefusedError("nobody answers")

    monkeypatch.setattr(current_app, "send_task", refuse)
    made = every(3600, "celery.backend_cleanup", kwargs="{}")
    run_at(made)
    eventually(lambda: events(made) == ["unsent"])
    assert Event.objects.get(subject=made.name).reason == "nobody answers"


def test_a_fire_that_nobody_begins_in_time_is_told_of_once():
    made = every(3600, grace_seconds=60)
    run_at(made)
    (job,) = fires(made)
    assert tell_of_late() == 0
    late = timezone.now() - timedelta(seconds=61)
    row = Job.objects.filter(pk=job.pk)
    row.update(due_at=late)
    assert tell_of_late() == 0  # it was caught up, and made just now
    row.update(created_at=late, queued_at=late)
    assert (tell_of_late(), tell_of_late()) == (1, 0)
    assert Event.objects.get(job=job).verb == "late"


def test_one_that_waits_for_another_or_was_stopped_is_not_late():
    late = timezone.now() - HOUR
    made = every(3600, overlap=Overlap.BUFFER_ALL)
    run_at(made)
    run_at(made)
    first, second = fires(made)
    Job.objects.filter(pk=first.pk).update(due_at=late - HOUR, created_at=late)
    Job.objects.filter(pk=second.pk).update(due_at=late, created_at=late)
    Job.objects.filter(pk=first.pk).move(State.PAUSED)
    assert tell_of_late() == 0
