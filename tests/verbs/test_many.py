"""A verb on many jobs: which it can act on, what is told before, and how much at once."""

import pytest
from django.contrib.auth.models import Group, User

from jobs.execution import many
from jobs.execution.control import Order
from jobs.models import Event, Job
from jobs.reading.verbs import VERBS
from jobs.states import ACTIVE, FINAL, State, WaitingFor
from tests.doors import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    return Order(User.objects.create_user("olivia"), "because")


def everything() -> list[Job]:
    """A job in every state, waiting for everything, and with everything asked of it."""
    made = [rows.job(state) for state in State]
    made += [rows.job(State.PENDING, waiting_for=why) for why in WaitingFor]
    for state in ACTIVE:
        made += [rows.job(state, requested=what) for what in ("pause", "cancel")]
    return [*made, *(rows.job(state, checkpoint={"at": 1}) for state in FINAL)]


# A stack is asked of one job.
@pytest.mark.parametrize(
    "verb", [verb for verb in VERBS if verb.name != "stack"], ids=lambda verb: verb.name
)
def test_in_bulk_a_verb_acts_on_those_jobs_that_offer_it_on_their_page(verb):
    offering = {job.pk for job in everything() if verb.fits(job)}
    assert set(many.able(verb.name, Job.objects.all())) == offering != set()


@pytest.mark.parametrize("verb", sorted(set(many.ABLE) - {"retry", "continue", "edit"}))
def test_it_changes_just_the_jobs_that_it_said_it_could_act_on(order, verb):
    everything()
    able = many.able(verb, Job.objects.all())
    before = dict(Job.objects.exclude(pk__in=able).values_list("pk", "version"))
    assert many.act(verb, able, order).done == len(able)
    assert set(Event.objects.values_list("job", "verb")) == {(pk, verb) for pk in able}
    assert dict(Job.objects.filter(pk__in=before).values_list("pk", "version")) == before


def test_what_is_told_before_counts_by_state(order):
    for state in (State.QUEUED, State.QUEUED, State.COMPLETED):
        rows.job(state)
    look = many.Look("cancel", Job.objects.all())
    assert look.states == [(State.QUEUED, 2, 2), (State.COMPLETED, 1, 0)]
    assert (look.count, look.is_more, look.unfit) == (2, False, [])


def test_more_than_the_limit_is_cut_to_the_newest_and_said(order, monkeypatch):
    monkeypatch.setattr(many, "MOST", 2)
    _oldest, *newer = [rows.job(ago=ago) for ago in (30, 20, 10)]
    look = many.Look("cancel", Job.objects.all())
    assert (look.count, look.is_more) == (2, True)
    assert set(many.able("cancel", Job.objects.all())) == {job.pk for job in newer}


def test_batches_do_all_of_it(order, monkeypatch):
    monkeypatch.setattr(many, "_BATCH", 2)
    jobs = [rows.job().pk for _ in range(5)]
    assert many.act("cancel", jobs, order).done == 5
    assert Job.objects.filter(state=State.CANCELLED).count() == 5


def test_what_would_take_too_long_is_left_and_counted(order, monkeypatch):
    monkeypatch.setattr(many, "_BATCH", 2)
    monkeypatch.setattr(many, "PATIENCE", -1.0)
    jobs = [rows.job().pk for _ in range(5)]
    outcome = many.act("cancel", jobs, order)
    assert (outcome.done, outcome.left) == (0, 5)
    assert not Event.objects.exists()


def test_running_many_again_leaves_out_and_tells_what_fits_no_longer(order):
    good, bad, lost = (
        rows.job(State.FAILED, params={"x": 1, "y": 2}, owner=order.by),
        rows.job(State.FAILED, params={"gone": 1}),
        rows.job(State.FAILED, task="no.such.task"),
    )
    look = many.Look("retry", Job.objects.all())
    assert {one.example: one.count for one in look.unfit} == {bad.pk: 1, lost.pk: 1}
    assert any("gone: " in one.words for one in look.unfit)
    outcome = many.act("retry", many.able("retry", Job.objects.all()), order)
    assert (outcome.done, outcome.refused.total()) == (1, 2)
    again = Job.objects.exclude(retry_of=None).get()
    assert (again.retry_of, again.owner) == (good, order.by)
    assert Event.objects.get(job=good, verb="retry").reason == "because"


def test_only_a_sample_is_judged(order, monkeypatch):
    monkeypatch.setattr(many, "JUDGED", 2)
    for _ in range(3):
        rows.job(State.FAILED, params={"gone": 1})
    assert [one.count for one in many.Look("retry", Job.objects.all()).unfit] == [2]


def test_running_many_again_twice_runs_each_once(order):
    for _ in range(2):
        rows.job(State.FAILED, params={"x": 1})
    ids = many.able("retry", Job.objects.all())
    assert [many.act("retry", ids, order).done for _ in range(2)] == [2, 0]
    assert many.Look("retry", Job.objects.final()).run_again_before == 2


def test_going_on_from_checkpoints_keeps_them(order):
    job = rows.job(State.FAILED, params={"x": 1}, checkpoint={"at": 7})
    assert many.act("continue", [job.pk], order).done == 1
    assert Job.objects.get(retry_of=job).checkpoint == {"at": 7}


def test_what_runs_again_needs_that_one_may_run_it():
    owner = rows.user("owner")
    job = rows.job(State.FAILED, owner=owner)
    task = rows.task()
    assert list(many.allowed(owner, "cancel")) == [job]
    assert not many.allowed(owner, "retry").exists()
    runners = Group.objects.create(name="runners")
    task.runners.add(runners)
    owner.groups.add(runners)
    assert list(many.allowed(owner, "retry")) == [job]
