"""Limits: who is let in, in which order, and that a place that is left is taken."""

from datetime import timedelta

import pytest
from django.utils import timezone

from jobs import enqueue
from jobs.dispatch import admission, policy, usher
from jobs.dispatch.admission import admit
from jobs.dispatch.changes import move_and_tell
from jobs.dispatch.keys import columns_of
from jobs.dispatch.publisher import waits_for_broker
from jobs.execution import control
from jobs.execution.claim import claim
from jobs.execution.finish import finish, requeue
from jobs.execution.order import Order
from jobs.execution.outcome import Ending
from jobs.models import Gate, Job, Line, Pace, Task
from jobs.params import Invalid
from jobs.states import State, WaitingFor
from tests import turn_tasks as tasks
from tests.doors import rows

pytestmark = pytest.mark.django_db
DONE = Ending(State.COMPLETED)


@pytest.fixture(autouse=True)
def know_nothing():
    policy.forget()


def ask(task, count: int = 1, **given) -> list[str]:
    return [_ask_one(task, given) for _ in range(count)]


def _ask_one(task, given) -> str:
    """SQLite's own clock tells milliseconds, in one of which several may be asked for."""
    job = enqueue(task, given)
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now())
    return job.pk


def state(pk: str) -> str:
    job = Job.objects.get(pk=pk)
    return f"{job.state}/{job.waiting_for}" if job.waiting_for else job.state


def let_in(task, *lines: str) -> list[str]:
    """The ids of those that a pass lets in, in their order."""
    before = {*Job.objects.filter(admitted_at__isnull=False).values_list("pk", flat=True)}
    keys = Job.objects.values_list("concurrency_key", flat=True).distinct()
    admit(task.name, lines or [*_lines(task)], keys)
    after = Job.objects.filter(admitted_at__isnull=False).exclude(pk__in=before)
    after = after.order_by("admitted_at", "-priority", "created_at", "pk")
    return [*after.values_list("pk", flat=True)]


def _lines(task) -> set[str]:
    waiting = Job.objects.filter(task=task.name, lined_at__isnull=False)
    return {*waiting.values_list("line", flat=True)}


def take(pk: str) -> Job | None:
    job = Job.objects.get(pk=pk)
    said = {"lease": f"of-{pk}"[:40], "queues": (job.queue,), "hostname": "w@here"}
    return claim(pk, job.task_id, said)


def end(pk: str) -> None:
    take(pk)
    assert finish(Job.objects.filter(pk=pk), DONE)


def test_no_more_are_let_in_than_may_run_and_the_first_ones_are():
    asked = ask(tasks.two_at_once, 4)
    assert {state(pk) for pk in asked} == {"pending/slot"}
    assert let_in(tasks.two_at_once) == asked[:2]
    assert let_in(tasks.two_at_once) == []
    assert [state(pk) for pk in asked] == ["queued"] * 2 + ["pending/slot"] * 2
    end(asked[0])
    assert let_in(tasks.two_at_once) == [asked[2]]


def test_the_urgent_go_first():
    old, urgent = enqueue(tasks.two_at_once), enqueue(tasks.two_at_once, priority=9)
    Task.objects.create(name=tasks.two_at_once.name, title="Two", max_running=1)
    policy.forget()
    assert let_in(tasks.two_at_once) == [urgent.pk]
    end(urgent.pk)
    assert let_in(tasks.two_at_once) == [old.pk]


def test_only_what_was_let_in_is_taken():
    first, *_others, last = ask(tasks.two_at_once, 3)
    let_in(tasks.two_at_once)
    Job.objects.filter(pk=last).update(state=State.QUEUED, waiting_for="")
    assert take(first) is not None and take(last) is None


@pytest.mark.parametrize(
    "leave",
    [
        lambda job: finish(job, DONE),
        lambda job: finish(job, Ending(State.FAILED, "no")),
        lambda job: finish(job, Ending(State.CANCELLED)),
        lambda job: move_and_tell(job, State.PAUSED),
        lambda job: move_and_tell(job, State.RETRYING, not_before=timezone.now()),
        lambda job: move_and_tell(job, State.PENDING, waiting_for=WaitingFor.START),
    ],
)
def test_a_place_is_held_until_it_is_left(leave):
    first, second = ask(tasks.one_each, 2, customer="a")
    assert let_in(tasks.one_each) == [first]
    take(first)
    control.cancel(Job.objects.filter(pk=first), Order())
    assert state(first) == "running" and let_in(tasks.one_each) == []
    leave(Job.objects.filter(pk=first))
    assert let_in(tasks.one_each) == [second]


@pytest.mark.django_db(transaction=True)
def test_a_job_that_the_broker_does_not_take_keeps_its_place():
    first, _second = ask(tasks.one_each, 2, customer="a")
    let_in(tasks.one_each)
    waits_for_broker([Job.objects.get(pk=first)])
    assert state(first) == "pending/broker"
    assert let_in(tasks.one_each) == []


def test_what_is_asked_for_again_has_lost_its_place_and_comes_first():
    first, second = ask(tasks.one_each, 2, customer="a")
    let_in(tasks.one_each)
    take(first)
    requeue(Job.objects.filter(pk=first), Ending(State.FAILED, "lost"))
    assert state(first) == "pending/slot"
    assert let_in(tasks.one_each) == [first]
    assert state(second) == "pending/slot"


def test_each_key_has_places_of_its_own():
    a, b = ask(tasks.one_each, 2, customer="a"), ask(tasks.one_each, 2, customer="b")
    assert {*let_in(tasks.one_each)} == {a[0], b[0]}
    assert Line.objects.filter(shut_at__isnull=False).count() == 2
    end(a[0])
    assert admit(tasks.one_each.name, keys=["a"]) == 1
    assert [state(pk) for pk in a + b] == ["completed", "queued", "queued", "pending/slot"]


def test_a_key_may_be_a_function_and_there_may_be_a_limit_of_all():
    asked = ask(tasks.some_each, 3, customer="A") + ask(tasks.some_each, 2, customer="b")
    again = ask(tasks.some_each, customer="a")
    assert {*let_in(tasks.some_each)} == {asked[0], asked[1], asked[3]}
    assert Job.objects.get(pk=again[0]).line == Job.objects.get(pk=asked[0]).line


def test_a_second_one_is_skipped_where_its_task_says_so():
    first, second = ask(tasks.first_wins, 2, customer="a")
    other = ask(tasks.first_wins, customer="b")[0]
    let_in(tasks.first_wins)
    assert (state(first), state(second), state(other)) == ("queued", "skipped", "queued")
    assert "With its key a 1 are running" in Job.objects.get(pk=second).reason


def test_the_older_ones_make_room_where_their_task_says_so():
    first = ask(tasks.last_wins, customer="a")[0]
    let_in(tasks.last_wins)
    take(first)
    second, third = ask(tasks.last_wins, 2, customer="a")
    let_in(tasks.last_wins)
    assert state(second) == "cancelled" and state(third) == "pending/slot"
    assert Job.objects.get(pk=first).requested == "cancel"
    finish(Job.objects.filter(pk=first), Ending(State.CANCELLED))
    admit(tasks.last_wins.name, keys=["a"])
    assert state(third) == "queued"


def test_a_rate_lets_in_one_after_the_other():
    asked = ask(tasks.slowly, 3)
    assert {state(pk) for pk in asked} == {"pending/rate"}
    assert let_in(tasks.slowly) == asked[:1]
    assert let_in(tasks.slowly) == []
    Pace.objects.update(next_at=timezone.now() - timedelta(seconds=0.1))
    assert let_in(tasks.slowly) == [asked[1]]


def test_a_pass_that_comes_late_makes_up_for_one_second():
    asked = ask(tasks.slowly, 3)
    Job.objects.update(lined_at=timezone.now() - timedelta(seconds=60))
    due = timezone.now() - timedelta(seconds=10)
    Pace.objects.create(task=tasks.slowly.name, rate_key="", next_at=due)
    assert let_in(tasks.slowly) == asked[:1]
    left = Pace.objects.get().next_at - timezone.now()
    assert timedelta(seconds=4.5) < left < timedelta(seconds=5.1)


def test_each_rate_key_has_its_own_and_a_burst():
    a, b = ask(tasks.slowly_each, 4, domain="a"), ask(tasks.slowly_each, 1, domain="b")
    admitted = {*let_in(tasks.slowly_each)}
    # SQLite tells moments in milliseconds: of those asked for in one, any may be first.
    assert admitted >= {*b} and len(admitted & {*a}) == len(admitted) - 1 == 3
    assert Line.objects.get(opens_at__isnull=False).rate_key == "a"


def test_owners_take_turns_however_many_jobs_one_has():
    ana, ben = rows.user("ana"), rows.user("ben")
    many = [enqueue(tasks.by_turns, by=ana).pk for _ in range(4)]
    few = [enqueue(tasks.by_turns, by=ben).pk for _ in range(2)]
    order = []
    while admitted := let_in(tasks.by_turns):
        order += admitted
        end(admitted[0])
    assert order == [many[0], few[0], many[1], few[1], *many[2:]]


def test_turns_are_taken_at_the_workers_too():
    asked = ask(tasks.fairly, 30, customer="a")
    assert len(let_in(tasks.fairly)) == 10
    late = ask(tasks.fairly, customer="b")[0]
    end(asked[0])
    assert let_in(tasks.fairly) == [late]


def test_a_disabled_task_lets_nobody_in():
    asked = ask(tasks.two_at_once)
    Task.objects.create(name=tasks.two_at_once.name, title="Two", enabled=False)
    policy.forget()
    assert let_in(tasks.two_at_once) == []
    assert state(asked[0]) == "pending/slot"


def test_an_operator_widens_and_lifts_a_limit():
    asked = ask(tasks.two_at_once, 6)
    row = Task.objects.create(name=tasks.two_at_once.name, title="Two", max_running=3)
    policy.forget()
    assert let_in(tasks.two_at_once) == asked[:3]
    row.max_running = 0
    row.save()
    assert let_in(tasks.two_at_once) == asked[3:]
    assert enqueue(tasks.two_at_once).state == State.QUEUED


@pytest.mark.parametrize(
    ("task", "given"), [(tasks.slowly, {}), (tasks.slowly_each, {"domain": "a"})]
)
def test_a_rate_that_is_raised_holds_nobody_back_until_the_moment_of_the_old_one(task, given):
    asked = ask(task, 4, **given)
    let_in(task)
    Pace.objects.update(next_at=timezone.now() + timedelta(hours=1))
    Task.objects.create(name=task.name, title="Its", rate="60/m", burst=1)
    usher.change_over(task.name)
    assert state(asked[-1]) == "pending/rate"
    closed = [*Gate.objects.exclude(opens_at=None), *Line.objects.exclude(opens_at=None)]
    assert [each.opens_at < timezone.now() + timedelta(seconds=1) for each in closed] == [True]


def test_a_key_may_hold_more_places_at_once_when_an_operator_says_so():
    first, second = ask(tasks.one_each, 2, customer="a")
    assert let_in(tasks.one_each) == [first] and let_in(tasks.one_each) == []
    Task.objects.create(name=tasks.one_each.name, title="Its", max_running_per_key=2)
    usher.change_over(tasks.one_each.name)
    assert state(second) == "queued"


def test_the_whole_site_has_a_limit(settings):
    settings.JOBS_MAX_CONCURRENT_JOBS = 2
    free, limited = enqueue("tests.sample_tasks.give_back"), ask(tasks.two_at_once, 2)
    assert free.waiting_for == WaitingFor.SLOT
    admit("", [free.line, tasks.two_at_once.name])
    assert [state(pk) for pk in (free.pk, *limited)] == ["queued", "queued", "pending/slot"]
    assert admission.admit("") == 0
    end(free.pk)
    assert admit("") == 1


def test_a_key_that_fails_refuses_the_job():
    broken = type("Text", (str,), {"lower": lambda self: 1 / 0})
    with pytest.raises(Invalid, match="concurrency_key cannot be told"):
        columns_of(tasks.some_each.name, {"customer": broken("a")}, None)


def test_lines_that_nobody_waits_in_are_cleared_away():
    first, second = ask(tasks.one_each, 2, customer="a")
    let_in(tasks.one_each)
    assert Line.objects.clear(9) == 0
    control.cancel(Job.objects.filter(pk=second), Order())
    let_in(tasks.one_each, Job.objects.get(pk=first).line)
    assert Line.objects.clear(9) == 1
    end(first)
    late = ask(tasks.one_each, customer="a")
    assert let_in(tasks.one_each) == late
