"""Two who do the same, or the opposite, at once: one of them did it, and all of it."""

import pytest
from django_celery_results.models import TaskResult

from jobs.dispatch.publisher import publisher
from jobs.dispatch.typed import dumps
from jobs.execution import control
from jobs.execution.control import Order
from jobs.execution.finish import finish, lose, requeue, retry_later
from jobs.execution.outcome import Ending, RetryOrder
from jobs.models import Event, Job
from jobs.states import CELERY_STATES, Requested, State, WaitingFor
from tests.doors.rows import job
from tests.nouns.test_moves import at_once
from tests.sample_tasks import plain_add
from tests.waiting import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]
FAILURE = Ending.failure(ValueError("no"))


@pytest.fixture(autouse=True)
def nothing_is_left_to_ring(transactional_db):
    yield
    eventually(lambda: publisher().waiting.unfinished_tasks == 0)


def only(of: Job):
    return Job.objects.filter(pk=of.pk)


@pytest.mark.parametrize(
    ("verb", "state", "columns"),
    [
        ("start", State.PENDING, {"waiting_for": WaitingFor.START}),
        ("pause", State.QUEUED, {}),
        ("pause", State.RUNNING, {}),
        ("resume", State.PAUSED, {}),
        ("resume", State.RUNNING, {"requested": Requested.PAUSE}),
        ("cancel", State.QUEUED, {}),
        ("fail", State.PAUSED, {}),
    ],
)
def test_of_many_persons_one_does_it_and_signs(verb, state, columns):
    one = job(state, **columns)
    act = getattr(control, verb)
    told = at_once(*[lambda: act(only(one), Order(None, "because"))] * 6)
    assert sorted(told) == [0] * 5 + [1]
    assert Event.objects.filter(job=one, verb=verb).count() == 1


def test_a_job_is_paused_or_cancelled_and_its_story_says_the_same():
    one = job(State.QUEUED)
    order = Order(None, "because")
    verbs = [control.pause, control.cancel] * 3
    at_once(*[lambda verb=verb: verb(only(one), order) for verb in verbs])
    assert only(one).get().state == State.CANCELLED  # a paused one may still be
    told = [event.verb for event in Event.objects.filter(job=one).order_by("pk")]
    assert told in (["cancel"], ["pause", "cancel"])


def test_of_many_ends_one_happens_with_what_comes_next():
    one = job(State.RUNNING, options=dumps({"link": [plain_add.s(1)]}))
    mine = only(one).held_by("mine")
    ways = [
        lambda: finish(mine, Ending.success(5, result=5)),
        lambda: finish(mine, FAILURE),
        lambda: requeue(mine, FAILURE),
        lambda: retry_later(mine, RetryOrder(1), FAILURE),
        lambda: lose(mine, FAILURE, max_lost=3),
    ]
    told = at_once(*ways * 2)
    assert sum(map(bool, told)) == 1
    row = only(one).get()
    assert row.version == 2
    ended = {result.task_id: result.status for result in TaskResult.objects.all()}
    assert ended == ({one.pk: CELERY_STATES[State(row.state)]} if row.is_final else {})
    assert Job.objects.exclude(pk=one.pk).count() == (row.state == State.COMPLETED)
    assert row.attempts.count() == (row.state != State.COMPLETED)
