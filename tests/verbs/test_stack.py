"""Where a running function is: told without values, bounded, fenced, asked by verb."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.utils import timezone

from jobs import registry
from jobs.execution import control, stack
from jobs.execution.attempt import RunningAttempt
from jobs.execution.books import close_books
from jobs.execution.control import Order
from jobs.execution.reporter import Reporter
from jobs.execution.stack import Whereabouts
from jobs.models import Event, Job, Stack
from jobs.registry import declare
from jobs.sanitize import HIDDEN
from jobs.states import ACTIVE, State
from tests.doors import rows
from tests.verbs.test_report import Silent

VALUE = "a value that nobody may read"


def dig(depth: int, then: Any) -> Any:
    """Call `then` from that many frames further down."""
    return then() if depth == 0 else dig(depth - 1, then)


def told_from_another_thread(where: Whereabouts) -> str:
    told: list[str] = []

    def run_beside() -> None:
        told.append(where.told())

    thread = threading.Thread(target=run_beside)
    thread.start()
    thread.join()
    return told[0]


def test_a_stack_shows_source_and_no_values():
    hidden = VALUE.upper()
    where = Whereabouts()
    text = told_from_another_thread(where)
    assert "test_a_stack_shows_source_and_no_values" in text
    assert "text = told_from_another_thread(where)" in text
    assert hidden not in text


def test_the_thread_of_the_attempt_is_told_not_the_one_that_asks():
    text = told_from_another_thread(Whereabouts())
    own, inner = "in test_the_thread_of_the_attempt", "in told_from_another_thread"
    assert text.index(own) < text.index(inner)
    assert "run_beside" not in text


def test_however_deep_it_is_the_innermost_frames_are_told():
    where = Whereabouts()
    text = dig(400, lambda: told_from_another_thread(where))
    assert len(text) < stack.MOST_CHARS
    assert text.count("  File ") == stack.MOST_FRAMES
    assert "outer frames are left out" in text.splitlines()[1]
    assert "in told_from_another_thread" in text


def told_of(function: Any) -> str:
    """The stack of an `async def` task, taken when `reached` is called in it."""
    where, told = Whereabouts(), []

    async def run() -> None:
        await function(lambda: told.append(told_from_another_thread(where)))

    with registry.watching_coroutines(where.follow):
        async_to_sync(declare._watched(run))()
    return told[0].partition("Its coroutine")[2]


async def waits_within(reached: Any) -> None:
    asyncio.get_running_loop().call_soon(reached)
    await asyncio.sleep(0.01)  # here it rests


async def works_within(reached: Any) -> None:
    reached()  # here it works


@pytest.mark.parametrize(
    ("function", "line"), [(waits_within, "# here it rests"), (works_within, "# here it works")]
)
def test_of_a_coroutine_the_chain_of_what_is_awaited_is_told(function, line):
    text = told_of(function)
    names = [name for name in ("in run", f"in {function.__name__}") if name in text]
    assert names == ["in run", f"in {function.__name__}"]
    assert text.index("in run") < text.index(f"in {function.__name__}") < text.index(line[2:])


# The rows.


@pytest.fixture
def attempt(transactional_db: None) -> Iterator[RunningAttempt]:
    rows.task()
    asked = {"stack_asked_at": timezone.now()}
    yield RunningAttempt(rows.job(State.RUNNING, **asked), "mine", Silent())
    close_books()


def test_the_next_report_answers_and_the_row_owes_nothing_more(attempt):
    Reporter().write_row(attempt)
    job = Job.objects.get()
    assert (job.stack_asked_at, job.version) == (None, attempt.job.version)
    assert job.version == 2
    assert "test_the_next_report_answers" in job.stack.text
    assert job.stack.attempt == job.attempt
    taken = job.stack.taken_at
    Reporter().write_row(attempt)
    assert Stack.objects.get().taken_at == taken


def test_a_newer_stack_takes_the_place_of_the_older_one(attempt):
    for _ in range(2):
        Job.objects.update(stack_asked_at=timezone.now())
        Reporter().write_row(attempt)
    assert Stack.objects.count() == 1


def test_an_attempt_that_lost_its_lease_answers_nothing(attempt):
    Job.objects.update(lease="theirs")
    assert not stack.answer(attempt)
    Reporter().write_row(attempt)
    assert not Stack.objects.exists()
    assert Job.objects.get().stack_asked_at is not None


def test_what_leaves_its_attempt_owes_no_stack(attempt):
    assert Job.objects.move(State.QUEUED)
    assert Job.objects.get().stack_asked_at is None


def test_a_secret_in_a_source_line_is_masked(attempt):
    attempt.log.hide(["this very text"])
    with suppress(ZeroDivisionError):
        stack.answer(attempt), "this very text"
    text = Stack.objects.get().text
    assert "this very text" not in text and HIDDEN in text


# The verb.


@pytest.mark.django_db
def test_asking_notes_who_and_asks_since_the_first_time():
    order = Order(User.objects.create_user("olivia"), "it looks stuck")
    job = rows.job(State.RUNNING)
    chosen = Job.objects.filter(pk=job.pk)
    assert control.stack(chosen, order) == 1
    first = chosen.get()
    assert control.stack(chosen, order) == 1
    assert (chosen.get().stack_asked_at, chosen.get().version) == (first.stack_asked_at, 3)
    events = Event.objects.filter(job=job, verb="stack", actor=order.by, reason=order.reason)
    assert events.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("state", sorted(ACTIVE))
def test_its_event_tells_the_state_that_it_was_asked_in(state):
    job = rows.job(state)
    assert control.stack(Job.objects.filter(pk=job.pk), Order()) == 1
    assert Event.objects.get(job=job).before == {"state": state}


def test_where_nothing_can_be_seen_of_a_thread_that_is_said():
    where = Whereabouts()
    where.thread = -1
    assert "nothing can be seen of it" in where.told()


@pytest.mark.django_db
@pytest.mark.parametrize("state", [state for state in State if state not in ACTIVE])
def test_what_does_not_run_has_no_stack(state):
    job = rows.job(state)
    assert control.stack(Job.objects.filter(pk=job.pk), Order()) == 0
    assert not Event.objects.exists()
