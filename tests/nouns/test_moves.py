"""The guarded change of state, and the walls of the database behind it."""

import threading
from collections.abc import Callable
from datetime import timedelta
from itertools import product

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from jobs.models import Job, JobQuerySet, lease_end
from jobs.states import ACTIVE, FINAL, LIVE, Requested, State, WaitingFor, may_move
from tests.doors.rows import job

HELD = {"lease": "new", "lease_expires_at": timezone.now() + timedelta(hours=1)}


def row(of: Job) -> JobQuerySet:
    return Job.objects.filter(pk=of.pk)


def needed(state: State) -> dict[str, object]:
    return HELD if state in ACTIVE else {}


def at_once(*moves: Callable[[], object]) -> list[object]:
    """What each of `moves` returned, all of them begun in the same moment, each in a
    thread and so on a connection of its own."""
    ready = threading.Barrier(len(moves))
    results: list[object] = [None] * len(moves)

    def run(place: int, move: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            ready.wait(10)
            results[place] = move()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(moves)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.mark.django_db
@pytest.mark.parametrize(("source", "target"), [*product(State, State)])
def test_a_job_moves_only_where_it_may(source, target):
    moved = row(job(source, waiting_for=WaitingFor.SLOT, requested=Requested.PAUSE))
    before = moved.values().get()
    assert moved.move(target, **needed(target)) == int(may_move(source, target))
    after = moved.values().get()
    if not may_move(source, target):
        assert after == before
        return
    assert (after["state"], after["version"]) == (target, before["version"] + 1)
    assert (after["waiting_for"], after["requested"]) == ("", "")
    assert (after["lease"] is not None) == (target in ACTIVE)
    assert (after["finished_at"] is not None) == (target in FINAL)


@pytest.mark.django_db
def test_only_the_chosen_jobs_move_and_they_are_handed_back():
    first, second, other = job(), job(), job(State.COMPLETED)
    chosen = Job.objects.filter(pk__in=[first.pk, other.pk])
    (moved,) = chosen.move_returning(State.PAUSED, ("id", "state", "version"))
    assert (moved.pk, moved.state, moved.version) == (first.pk, State.PAUSED, 2)
    assert row(second).get().version == 1
    assert Job.objects.none().move_returning(State.PAUSED, ("id",)) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("source", [State.QUEUED, State.VALIDATING, State.RUNNING])
def test_of_many_who_end_a_job_at_once_one_does(source):
    ended = row(job(source))
    ways = [State.FAILED, State.CANCELLED, State.FAILED, State.CANCELLED] * 2
    won = at_once(*[lambda to=to: ended.move(to, reason=to.label) for to in ways])
    assert sorted(won) == [0] * 7 + [1]
    (last,) = ended
    assert (last.version, last.reason) == (2, ways[won.index(1)].label)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_take_a_job_at_once_one_does():
    taken = row(job())

    def take(number: int) -> int:
        held = {"lease": f"lease {number}", "lease_expires_at": lease_end()}
        return taken.move(State.RUNNING, **held)

    won = at_once(*[lambda number=number: take(number) for number in range(8)])
    assert sorted(won) == [0] * 7 + [1]
    assert taken.get().lease == f"lease {won.index(1)}"


@pytest.mark.django_db
@pytest.mark.parametrize("state", State)
def test_the_database_refuses_a_lease_where_none_may_be_and_none_where_one_must(state):
    right = job(state)
    wrong = {"lease": None} if state in ACTIVE else {"lease": "x"}
    until = {"lease_expires_at": None if state in ACTIVE else timezone.now()}
    for columns in (wrong, until, wrong | until):
        if state in FINAL and "lease" not in columns:
            continue  # both walls stand there
        with pytest.raises(IntegrityError), transaction.atomic():
            row(right).update(**columns)


@pytest.mark.django_db
@pytest.mark.parametrize("state", State)
def test_the_database_refuses_an_end_that_is_none_and_an_end_without_a_time(state):
    columns = {"finished_at": None} if state in FINAL else {"finished_at": timezone.now()}
    with pytest.raises(IntegrityError), transaction.atomic():
        job(state, **columns)


@pytest.mark.django_db
@pytest.mark.parametrize("state", sorted(FINAL))
@pytest.mark.parametrize(
    "change",
    [
        {"state": State.QUEUED, "finished_at": None},
        {"state": State.RUNNING, "finished_at": None, **HELD},
        {"result": {"forged": True}},
        {"reason": "forged"},
        {"error": "forged"},
        {"error_type": "Forged"},
        {"traceback": "forged"},
        {"finished_at": timezone.now()},
        {"started_at": timezone.now()},
        {"created_at": timezone.now()},
    ],
    ids=lambda change: "+".join(change),
)
def test_the_database_freezes_how_a_job_ended(state, change):
    ended = job(state)
    with pytest.raises(DatabaseError), transaction.atomic():
        row(ended).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        for name, value in change.items():
            setattr(ended, name, value)
        ended.save()


@pytest.mark.django_db
def test_the_frozen_wall_stands_for_plain_sql_too():
    ended = job(State.FAILED)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE jobs_job SET state = 'completed' WHERE id = %s", [ended.pk])
    assert row(ended).get().state == State.FAILED


@pytest.mark.django_db
def test_tags_and_notes_of_an_ended_job_stay_editable_and_it_may_be_deleted():
    ended = job(State.COMPLETED)
    assert row(ended).update(tags=["kept"], note="looked at") == 1
    assert row(ended).get().tags == ["kept"]
    assert row(ended).delete()[0] == 1


@pytest.mark.django_db
@pytest.mark.parametrize("state", sorted(LIVE))
def test_a_live_job_is_not_frozen(state):
    assert row(job(state)).update(reason="so far", result=[1]) == 1


@pytest.mark.django_db
def test_one_due_moment_of_a_schedule_becomes_at_most_one_job():
    every = IntervalSchedule.objects.create(every=1, period="minutes")
    schedule = PeriodicTask.objects.create(name="often", task="add", interval=every)
    due = timezone.now()
    job(schedule=schedule, due_at=due)
    with pytest.raises(IntegrityError), transaction.atomic():
        job(State.SKIPPED, schedule=schedule, due_at=due)
    job(schedule=schedule, due_at=due + timedelta(minutes=1))
    job(schedule=schedule)
    job(schedule=schedule)  # run by hand, as often as one likes
