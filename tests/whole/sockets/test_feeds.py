"""The feeds of a real server: each hears of what it may see, and of nothing else."""

import pytest
from django.contrib.auth.models import Group, User
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from websockets.sync.client import ClientConnection

from jobs.dispatch.changes import tell_on_commit
from jobs.models import Job, Task, Worker
from jobs.scheduling.entries import pause
from jobs.states import State

from .web import Web, hear, say
from .worker import a_job, move

pytestmark = pytest.mark.django_db(transaction=True)


def follow(line: ClientConnection, topic: str, **known: object) -> None:
    say(line, type="subscribe", topic=topic, **known)
    say(line, type="ping")
    hear(line, "pong")


def test_the_feed_of_jobs_tells_each_what_it_may_see(web: Web, ana: User, bob: User) -> None:
    team = Group.objects.create(name="team")
    bob.groups.add(team)
    private, shared = a_job(ana), a_job(ana, task_id="tests.shared")
    Task.objects.create(name="tests.shared", title="Shared").viewers.add(team)
    with web.open(ana) as owner, web.open(bob) as viewer:
        follow(owner, "jobs")
        follow(viewer, "jobs")
        for job in (private, shared):
            move(job, State.CANCELLED)
        heard: list[tuple[str, str]] = []
        while len(heard) < 2:
            heard += [(one["id"], one["status"]) for one in hear(owner, "jobs")["jobs"]]
        assert heard == [(private.id, "cancelled"), (shared.id, "cancelled")]
        (told,) = hear(viewer, "jobs")["jobs"]
        assert told == {"id": shared.id, "status": "cancelled", "seq": shared.version}
        say(viewer, type="unsubscribe", topic="jobs")
        say(viewer, type="ping")
        hear(viewer, "pong")


def test_a_feed_may_be_asked_for_some_jobs_only(web: Web, ana: User, bob: User) -> None:
    shown, other, foreign = a_job(ana), a_job(ana), a_job(bob)
    with web.open(ana) as line:
        follow(line, "jobs", only=[shown.id, foreign.id])
        move(foreign)
        move(other)
        assert hear(line, "jobs") == {"type": "jobs", "jobs": [], "many": 1}
        move(shown)
        (told,) = hear(line, "jobs")["jobs"]
        assert told["id"] == shown.id


def test_who_may_not_hear_of_a_topic_is_answered_as_if_there_were_none(
    web: Web, ana: User
) -> None:
    with web.open(ana) as line:
        details = set()
        for topic in ("workers", "queues", "there-is-none"):
            say(line, type="subscribe", topic=topic)
            error = hear(line, "error")
            assert error["code"] == 404
            details.add(error["detail"])
        assert len(details) == 1


def test_workers_and_schedules_say_that_they_changed(web: Web, ana: User) -> None:
    root = User.objects.create_superuser("root")
    Task.objects.create(name="tests.add", title="Add")
    with web.open(root) as line, web.open(ana) as stranger:
        for topic in ("workers", "queues", "schedules"):
            follow(line, topic)
        follow(stranger, "schedules")
        facts = {"pool": "solo", "queues": [], "slots": 1, "others": 0, "is_connected": True}
        Worker.tell("w@1", facts | {"leaving_at": None}, begins=True)
        assert hear(line, "workers")["workers"] == [{"id": "w@1"}]
        interval = IntervalSchedule.objects.create(every=1, period="hours")
        made = PeriodicTask.objects.create(name="x", task="tests.add", interval=interval)
        assert hear(line, "schedules")["schedules"] == [{"id": str(made.pk)}]
        pause(made, by=root)  # no signal of a model tells of it
        assert hear(line, "schedules")["schedules"] == [{"id": str(made.pk)}]
        tell_on_commit(Job.objects.create(task_id="tests.add", schedule=made))
        assert hear(line, "schedules")["schedules"] == [{"id": str(made.pk)}]
        say(stranger, type="ping")
        hear(stranger, "pong")
