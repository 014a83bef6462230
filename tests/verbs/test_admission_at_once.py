"""Two admitters at once, and the relay's sweep."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection, connections, transaction

from jobs import enqueue
from jobs.dispatch import policy, usher
from jobs.dispatch.admission import admit
from jobs.dispatch.doorman import Sweep
from jobs.execution.finish import finish
from jobs.execution.outcome import Ending
from jobs.models import Job, Line, Task
from jobs.signals import room_changed
from jobs.states import State
from tests import turn_tasks as tasks
from tests.sample_tasks import add

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def know_nothing():
    policy.forget()


@pytest.fixture
def nobody_ushers():
    """The test alone lets in."""
    room_changed.disconnect(usher.hear)
    yield
    room_changed.connect(usher.hear)


def test_passes_at_the_same_time_let_in_no_more_than_may():
    for _ in range(30):
        enqueue(tasks.two_at_once)
    held = Job.objects.filter(admitted_at__isnull=False)
    most = []

    def serve() -> None:
        for _ in range(8):
            admit(tasks.two_at_once.name, [tasks.two_at_once.name])
            most.append(held.count())
            first = list(held.values_list("pk", flat=True)[:1])
            finish(Job.objects.filter(pk__in=first), Ending(State.FAILED))
        connections.close_all()

    threads = [threading.Thread(target=serve) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) <= 2 and Job.objects.filter(state=State.FAILED).count() >= 8


def test_the_relay_lets_in_what_nobody_else_did():
    enqueue(tasks.two_at_once)
    waits = {"state": State.PENDING, "waiting_for": "slot", "line": tasks.two_at_once.name}
    Job.objects.update(admitted_at=None, lined_at=LONG_AGO, **waits)
    Line.objects.all().delete()
    Sweep()()
    assert Job.objects.get().admitted_at is not None


def test_jobs_of_a_task_that_becomes_limited_step_back():
    asked = [enqueue(add, {"x": 1}) for _ in range(3)]
    row = Task.objects.get_or_create(name=add.name, defaults={"title": "Add"})[0]
    Task.objects.filter(pk=row.pk).update(max_running=1)
    policy.forget()
    Sweep()()
    mine = Job.objects.filter(pk__in=[job.pk for job in asked])
    assert mine.filter(admitted_at__isnull=False).count() == 1
    assert mine.filter(lined_at__isnull=False).count() == 2


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="its planner's choice")
def test_the_next_one_of_many_is_found_by_an_index():
    waits = {"state": State.PENDING, "waiting_for": "slot", "line": tasks.two_at_once.name}
    Job.insert_many(
        Job(task_id=tasks.two_at_once.name, lined_at=LONG_AGO, **waits) for _ in range(5_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE jobs_job")
    plan = Job.objects.in_line(tasks.two_at_once.name).only("id")[:3].explain()
    assert "job_in_line" in plan


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite locks no rows")
def test_whom_somebody_has_in_hand_no_pass_waits_for(nobody_ushers):
    first, _second = (enqueue(tasks.two_at_once) for _ in range(2))
    name = tasks.two_at_once.name
    held, over = threading.Event(), threading.Event()

    def cancel_slowly() -> None:
        with transaction.atomic():
            finish(Job.objects.filter(pk=first.pk), Ending(State.CANCELLED))
            held.set()
            over.wait(30)
        connections.close_all()

    somebody = threading.Thread(target=cancel_slowly)
    somebody.start()
    assert held.wait(30)
    admit(name, [name])
    assert Job.objects.get(pk=first.pk).state == State.PENDING
    over.set()
    somebody.join()
    admit(name, [name])
    states = Job.objects.order_by("created_at").values_list("state", flat=True)
    assert list(states) == [State.CANCELLED, State.QUEUED]
