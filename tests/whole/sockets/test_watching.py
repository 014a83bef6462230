"""What a client sees of a job."""

import json

import pytest
from django.contrib.auth.models import Group, User

from jobs.models import Job, Task
from jobs.states import State

from .web import Web, code_of_close, hear, say, watch
from .worker import a_job, lines, move, progress, report, store

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_owner_gets_a_snapshot_and_then_everything(web: Web, ana: User) -> None:
    job = a_job(ana, params={"x": 1, "key": {"$secret": "sealed"}})
    with web.open(ana) as line:
        first = watch(line, job.id)
        assert (first["seq"], first["status"]) == (job.version, "queued")
        assert first["job"]["id"] == job.id
        assert "sealed" not in json.dumps(first)
        move(job, reason="because")
        state = hear(line, "state")
        assert (state["task_id"], state["seq"], state["reason"]) == (job.id, 2, "because")
        report(job, progress(job, 1), lines(job, 1, 2))
        assert hear(line, "progress")["n"] == 1
        log = hear(line, "log")
        assert [line[0] for line in log["lines"]] == [1, 2]
        assert log["seq"] == 2


def test_the_first_javascript_client_works_as_it_stands(web: Web, ana: User) -> None:
    job = a_job(ana)
    with web.open(ana, path="/ws/") as line:
        say(line, type="subscribe", channel=f"ws_channel:{ana.pk}:{job.id}")
        first = hear(line, "snapshot")
        assert first.keys() >= {"task_id", "progress", "status", "message"}
        report(job, progress(job, 7))
        seen = hear(line, "progress")
        assert (seen["task_id"], seen["progress"], seen["status"]) == (job.id, 0.7, "running")


def test_a_stranger_is_answered_as_if_there_were_no_such_job(
    web: Web, ana: User, bob: User
) -> None:
    job = a_job(ana)
    with web.open(bob) as line:
        say(line, type="subscribe", topic=f"job:{job.id}")
        forbidden = hear(line, "error")
        say(line, type="subscribe", topic="job:there-is-none")
        absent = hear(line, "error")
        assert forbidden["code"] == absent["code"] == 404
        assert forbidden["detail"] == absent["detail"]
        for user in (ana, bob):
            say(line, type="subscribe", channel=f"ws_channel:{user.pk}:{job.id}")
            assert hear(line, "error")["detail"] == absent["detail"]
        move(job)
        report(job, progress(job, 1))
        say(line, type="ping")
        hear(line, "pong")


@pytest.mark.parametrize(
    "topic",
    [
        "jobs:*",
        "job:",
        "job:*",
        "job:../1",
        "job:\0",
        "job:\ud800",
        "job:" + "x" * 256,
        "nothing",
    ],
)
def test_odd_topics_are_not_there(web: Web, ana: User, topic: str) -> None:
    with web.open(ana) as line:
        say(line, type="subscribe", topic=topic)
        assert hear(line, "error")["code"] == 404
        say(line, type="ping")
        hear(line, "pong")


def test_a_callers_own_task_id_can_be_watched(web: Web, ana: User) -> None:
    job = a_job(ana, id="übung: 7/α *" + "x" * 200)
    with web.open(ana) as line:
        watch(line, job.id)
        move(job)
        assert hear(line, "state")["task_id"] == job.id


def test_whose_group_may_view_the_task_may_watch(web: Web, ana: User, bob: User) -> None:
    group = Group.objects.create(name="viewers")
    bob.groups.add(group)
    job = a_job(ana)
    Task.objects.get(pk=job.task_id).viewers.add(group)
    with web.open(bob) as line:
        watch(line, job.id)


def test_nothing_is_heard_after_unsubscribe(web: Web, ana: User) -> None:
    job = a_job(ana)
    with web.open(ana) as line:
        watch(line, job.id)
        say(line, type="unsubscribe", topic=f"job:{job.id}")
        say(line, type="ping")
        hear(line, "pong")
        move(job)
        report(job, progress(job, 1))
        say(line, type="ping")
        hear(line, "pong")


def test_of_two_sockets_on_a_job_one_may_leave(web: Web, ana: User) -> None:
    job = a_job(ana)
    with web.open(ana) as stays:
        with web.open(ana) as leaves:
            watch(stays, job.id)
            watch(leaves, job.id)
        move(job)
        hear(stays, "state")


def test_progress_is_thinned_out_and_its_last_step_arrives(web: Web, ana: User) -> None:
    job = a_job(ana)
    with web.open(ana) as line:
        watch(line, job.id)
        for n in range(1, 301):
            report(job, progress(job, n))
        seen = [hear(line, "progress")["n"]]
        while seen[-1] != 300:
            seen.append(hear(line, "progress")["n"])
        assert seen == sorted(set(seen))
        assert len(seen) < 100
        report(job, progress(job, 301))
        move(job, State.PENDING)
        assert hear(line, "progress")["n"] == 301
        hear(line, "state")


def test_one_users_flood_does_not_lose_anothers_message(web: Web, ana: User, bob: User) -> None:
    loud, quiet = a_job(ana), a_job(bob)
    with web.open(ana) as flooded, web.open(bob) as calm:
        watch(flooded, loud.id)
        watch(calm, quiet.id)
        for n in range(1, 2_001):
            report(loud, progress(loud, n), lines(loud, n, 1))
            if n % 100 == 0:
                store(loud, lines(loud, n - 99, 100))
        move(quiet)
        assert hear(calm, "state")["task_id"] == quiet.id
        heard: list[int] = []
        while len(heard) < 2_000:
            message = json.loads(flooded.recv(timeout=10))
            if message["type"] == "log":
                heard += [number for number, *_ in message["lines"]]
        assert heard == list(range(1, 2_001))


def test_what_is_no_number_travels_as_null(web: Web, ana: User) -> None:
    job = a_job(ana)
    with web.open(ana) as line:
        watch(line, job.id)
        report(job, progress(job, 1, rate=float("nan"), total=10**30, message="\ud800\0<b>"))
        seen = hear(line, "progress")
        assert (seen["rate"], seen["total"], seen["message"]) == (None, 10**30, "\ud800\0<b>")


def test_losing_the_right_to_view_ends_the_subscription(web: Web, ana: User, bob: User) -> None:
    group = Group.objects.create(name="viewers")
    bob.groups.add(group)
    job = a_job(ana)
    Task.objects.get(pk=job.task_id).viewers.add(group)
    with web.open(bob) as line:
        watch(line, job.id)
        bob.groups.clear()
        error = hear(line, "error")
        assert (error["code"], error["topic"]) == (403, f"job:{job.id}")
        assert code_of_close(line) == 4403


def test_what_remains_visible_is_still_heard(web: Web, ana: User) -> None:
    goes, stays = a_job(ana), a_job(ana)
    with web.open(ana) as line:
        watch(line, goes.id)
        watch(line, stays.id)
        Job.objects.filter(pk=goes.pk).update(owner=None)
        assert hear(line, "error")["topic"] == f"job:{goes.id}"
        move(stays)
        assert hear(line, "state")["task_id"] == stays.id


def test_a_deleted_job_closes_with_gone(web: Web, ana: User) -> None:
    job = a_job(ana)
    with web.open(ana) as line:
        watch(line, job.id)
        job.delete()
        assert hear(line, "error")["code"] == 404
        assert code_of_close(line) == 4404


def test_a_change_that_no_message_told_is_told_from_the_row(web: Web, ana: User) -> None:
    job = a_job(ana)
    with web.open(ana) as line:
        watch(line, job.id)
        Job.objects.filter(pk=job.pk).move(State.CANCELLED)
        store(job, lines(job, 1, 3))
        told = {(message := json.loads(line.recv(timeout=10)))["type"]: message for _ in "ab"}
        assert told["snapshot"]["status"] == "cancelled"
        assert len(told["log"]["lines"]) == 3


def test_a_last_step_that_no_message_told_is_told_from_the_row(web: Web, ana: User) -> None:
    job = a_job(ana, attempt=1)
    with web.open(ana) as line:
        watch(line, job.id)
        report(job, progress(job, 1))
        hear(line, "progress")
        stored = {"percent": 100.0, "attempt": 1, "n": 2}
        Job.objects.filter(pk=job.pk).update(progress=stored)
        told = hear(line, "progress")
        assert (told["progress"], told["n"]) == (100.0, 2)


def test_looking_again_tells_a_stranger_no_more_than_the_first_answer(
    web: Web, ana: User, bob: User
) -> None:
    job = a_job(ana, id="slow to be found")  # looked at again before it is answered
    with web.open(bob) as line:
        say(line, type="subscribe", topic=f"job:{job.id}")
        assert hear(line, "error")["code"] == 404
        own = a_job(bob)
        watch(line, own.id)
        Job.objects.filter(pk=own.pk).move(State.CANCELLED)
        assert hear(line, "snapshot")["status"] == "cancelled"  # the second look has been
