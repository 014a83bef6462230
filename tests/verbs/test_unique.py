"""Jobs that are alike: one of them stands for all, whoever asks, by whichever door, and at
whichever moment."""

from datetime import timedelta

import pytest
from celery import chain, group
from django.db import transaction
from django.utils import timezone

from jobs import Invalid, Secret, enqueue, enqueue_many, task
from jobs.dispatch.admission import admit
from jobs.dispatch.once import OtherWish
from jobs.dispatch.unique import NotUnique
from jobs.execution import control
from jobs.execution.control import Order
from jobs.execution.finish import finish
from jobs.execution.fit import sent
from jobs.execution.outcome import Ending
from jobs.models import AskedOnce, Event, Job, UniqueKey
from jobs.scheduling.entries import run_now
from jobs.states import State, WaitingFor
from tests import alike_tasks as alike
from tests.doors import rows

from .beats import beat, every, fires, first_due, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server")]


def asked(of, **params):
    return enqueue(of, params)


def over(job):
    finish(Job.objects.filter(pk=job.pk), Ending(State.CANCELLED))


def long_ago(job, **span):
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(**span))


# --- Which are alike -----------------------------------------------------------------------


def test_the_same_parameters_give_the_same_job():
    first = asked(alike.index, page=1)
    assert asked(alike.index, page="1", depth=1).pk == first.pk
    assert alike.index.delay(1).id == first.pk
    assert alike.index.apply_async(kwargs={"page": 1}).id == first.pk
    assert asked(alike.index, page=1, depth=2).pk != first.pk
    assert Job.objects.count() == 2
    assert UniqueKey.objects.get(job=first).repeats == 3


def test_until_it_has_ended():
    first = asked(alike.index, page=1)
    over(first)
    assert asked(alike.index, page=1).pk != first.pk


def test_a_refused_one_is_told_which_is_like_it():
    first = asked(alike.bill, customer=1, note="a")
    with pytest.raises(NotUnique, match=first.pk) as told:
        asked(alike.bill, customer=1, note="b")
    assert told.value.job_id == first.pk
    with pytest.raises(NotUnique):
        alike.bill.delay(1)
    assert asked(alike.bill, customer=2)
    long_ago(first, minutes=61)
    assert asked(alike.bill, customer=1)
    assert Job.objects.count() == 3


@pytest.mark.parametrize(
    ("state", "is_found"),
    [(State.QUEUED, True), (State.RUNNING, True), (State.COMPLETED, True),
     (State.FAILED, False), (State.CANCELLED, False)],
)  # fmt: skip
def test_what_went_wrong_keeps_nobody_away(state, is_found):
    first = asked(alike.upgrade, version="2")
    lived = rows.job(state, task=alike.upgrade.name)
    UniqueKey.objects.filter(job=first).update(job=lived)
    assert (asked(alike.upgrade, version="2").pk == lived.pk) is is_found


def test_secrets_count_and_are_kept_nowhere():
    first = asked(alike.open_door, pin="1234", token="a")
    assert asked(alike.open_door, pin="1234", token="a").pk == first.pk
    assert asked(alike.open_door, pin="4321", token="a").pk != first.pk
    assert asked(alike.open_door, pin="1234", token="b").pk != first.pk
    assert alike.open_door.delay("1234", token=Secret("a")).id == first.pk
    assert "1234" not in str(list(UniqueKey.objects.values()))


def test_a_key_of_the_caller_is_one_whatever_is_given():
    first = enqueue(rows.ADD, {"x": 1}, unique_key="nightly")
    assert enqueue(rows.ADD, {"x": 2}, unique_key="nightly").pk == first.pk
    assert enqueue(rows.ADD, {"x": 2}, unique_key="weekly").pk != first.pk
    assert enqueue(alike.upgrade, {"version": "1"}, unique_key="nightly").pk != first.pk


def test_a_key_that_cannot_be_told_refuses_the_job():
    with pytest.raises(Invalid, match="ZeroDivisionError"):
        asked(alike.brittle, page=0)
    assert not Job.objects.exists() and not UniqueKey.objects.exists()


# --- Replace, debounce, throttle -----------------------------------------------------------


def test_what_has_not_started_is_replaced():
    first = asked(alike.greet, customer=1, words="hello")
    later = timezone.now() + timedelta(hours=1)
    again = enqueue(alike.greet, {"customer": 1, "words": "hi"}, not_before=later)
    assert (again.pk, again.state) == (first.pk, State.PENDING)
    row = Job.objects.get()
    assert (row.params["words"], row.state, row.waiting_for) == ("hi", "pending", "time")
    alike.greet.delay(1, words="hey")
    row = Job.objects.get()
    assert (row.params["words"], row.state, row.not_before) == ("hey", "queued", None)
    assert sent(row) == ([1], {"words": "hey"})
    told = [(event.verb, event.before["params"]["words"], event.after["params"]["words"])
            for event in Event.objects.order_by("pk")]  # fmt: skip
    assert told == [("replace", "hello", "hi"), ("replace", "hi", "hey")]
    Job.objects.filter(pk=first.pk).update(attempt=1)
    assert asked(alike.greet, customer=1).pk != first.pk


def test_what_is_replaced_waits_in_the_line_of_its_new_key():
    first = asked(alike.restock, page=1, shop="a")
    again = asked(alike.restock, page=1, shop="b")
    assert (again.pk, again.concurrency_key, again.waiting_for) == (first.pk, "b", "slot")
    admit(alike.restock.name, [again.line], ["b"])
    assert Job.objects.get().admitted_at
    asked(alike.restock, page=1, shop="c")
    row = Job.objects.get()
    assert (row.state, row.concurrency_key, row.admitted_at) == (State.PENDING, "c", None)
    admit(alike.restock.name, [row.line], ["c"])
    assert Job.objects.get().state == State.QUEUED


def test_the_last_one_counts_but_not_for_ever():
    first = asked(alike.render, page=1, words="a")
    assert (first.state, first.waiting_for) == (State.PENDING, WaitingFor.TIME)
    assert 28 < (first.not_before - timezone.now()).total_seconds() <= 30
    long_ago(first, seconds=20)
    assert asked(alike.render, page=1, words="b").pk == first.pk
    row = Job.objects.get()
    assert row.params["words"] == "b"
    assert row.not_before >= first.not_before
    long_ago(first, seconds=50)
    alike.render.delay(1, words="c")
    row = Job.objects.get()
    assert row.params["words"] == "c"
    assert 8 < (row.not_before - timezone.now()).total_seconds() <= 10
    assert asked(alike.render, page=2).pk != first.pk


def test_what_is_on_its_way_is_changed_and_not_put_off():
    first = asked(alike.render, page=1, words="a")
    Job.objects.filter(pk=first.pk).update(not_before=None)
    Job.objects.filter(pk=first.pk).move(State.QUEUED)
    asked(alike.render, page=1, words="b")
    row = Job.objects.get()
    assert (row.state, row.not_before, row.params["words"]) == ("queued", None, "b")


def test_the_first_one_wins_for_a_time():
    first = asked(alike.poll, page=1)
    assert asked(alike.poll, page=11).pk == first.pk
    assert asked(alike.poll, page=2).pk != first.pk
    long_ago(first, seconds=61)
    assert asked(alike.poll, page=1).pk != first.pk


# --- Who waits for it ----------------------------------------------------------------------


def test_a_step_that_is_like_another_job_is_skipped_with_the_reason():
    first = asked(alike.index, page=1)
    result = chain(alike.index.s(1), alike.index.s()).delay()
    row = Job.objects.get(pk=result.parent.id)
    assert (row.state, first.pk in row.reason) == (State.SKIPPED, True)
    assert Job.objects.get(pk=result.id).state == State.FAILED
    parts = group(alike.index.s(n) for n in (1, 2)).delay()
    states = [Job.objects.get(pk=part.id).state for part in parts]
    assert states == [State.SKIPPED, State.QUEUED]


def test_a_fire_that_is_like_another_job_is_skipped_with_the_reason():
    entry = every(3600, alike.index, kwargs='{"page": 1}')
    first_due(entry)
    first = asked(alike.index, page=1)
    run(beat(), first_due(entry))
    [fire] = fires(entry)
    assert (fire.state, first.pk in fire.reason) == (State.SKIPPED, True)
    with pytest.raises(NotUnique, match=first.pk):
        run_now(entry, by=None)
    over(first)
    assert run_now(entry, by=None).state == State.QUEUED


def test_of_fires_that_are_caught_up_together_one_runs():
    entry = every(3600, alike.index, kwargs='{"page": 1}', catch_up="all")
    due = first_due(entry)
    run(beat(), due + timedelta(hours=3))
    states = [fire.state for fire in fires(entry)]
    assert states == [State.QUEUED, *[State.SKIPPED] * 3]


def test_of_many_that_are_asked_for_together_those_that_are_alike_are_one():
    first = asked(alike.index, page=1)
    ids = enqueue_many(alike.index, [{"page": n} for n in (1, 2, 3, 2)])
    assert ids[0] == first.pk
    assert ids[1] == ids[3] != ids[2]
    assert Job.objects.count() == 3
    with pytest.raises(Invalid) as told:
        enqueue_many(alike.bill, [{"customer": n} for n in (1, 1)])
    assert set(told.value.fields) == {"1"}


def test_a_job_runs_again_unless_its_like_still_lives():
    first = asked(alike.bill, customer=1)
    over(first)
    again = control.retry(Job.objects.get(pk=first.pk), Order())
    assert again.retry_of_id == first.pk
    with pytest.raises(NotUnique, match=again.pk):
        control.retry(Job.objects.get(pk=first.pk), Order())


def test_a_job_that_was_deleted_keeps_nobody_away():
    first = asked(alike.bill, customer=1)
    Job.objects.filter(pk=first.pk).delete()
    assert asked(alike.bill, customer=1)


def test_what_was_rolled_back_keeps_nobody_away():
    with transaction.atomic():
        asked(alike.bill, customer=1)
        transaction.set_rollback(True)
    assert asked(alike.bill, customer=1)
    assert Job.objects.count() == 1


# --- A key of the caller's own, for one wish -----------------------------------------------


def test_code_asks_once_under_a_key():
    def ask(x=1, **how):
        return enqueue(rows.ADD, {"x": x}, idempotency_key="order-7", **how)

    first = ask()
    assert ask().pk == first.pk
    with pytest.raises(OtherWish):
        ask(x=2)
    with pytest.raises(OtherWish):
        ask(priority=1)
    ada = rows.user("ada")
    assert ask(by=ada).pk != first.pk
    assert Job.objects.count() == 2
    assert AskedOnce.objects.get(user=None).key == "order-7"


# --- What a task may say -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"unique": "nobody"}, "nobody"),
        ({"unique": "{nobody}"}, "nobody"),
        ({"unique": {"states": "never"}}, "states is one of"),
        ({"unique": {"on_conflict": "explode"}}, "on_conflict is one of"),
        ({"unique": {"on_conflict": "replace", "states": "live"}}, "not replaced"),
        ({"unique": {"perod": 3}}, "did you mean 'period'"),
        ({"unique": {"period": -1}}, "more than nothing"),
        ({"unique": 3}, "names of parameters"),
        ({"debounce": 0}, "more than nothing"),
        ({"debounce": {"longest": 3}}, "debounce is seconds"),
        ({"debounce": {"seconds": 9, "longest": 3}}, "no shorter"),
        ({"throttle": "10/m"}, "throttle is seconds"),
        ({"unique": True, "throttle": 3}, "not both"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_told_to_the_author(options, words):
    with pytest.raises((TypeError, ValueError), match=words):

        @task(**options)
        def mistaken(x: int) -> None: ...
