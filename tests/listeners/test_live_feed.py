"""What a feed tells, and that it can tell no more than the pages show."""

import asyncio
import json
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User

from jobs import permissions
from jobs.live.feed import MOST_KEPT, MOST_LISTED, Feed
from jobs.live.messages import change, many
from jobs.live.outbox import Outbox
from jobs.live.sight import TOPICS, keys_of_change, keys_of_reader
from jobs.models import Grant, Job, Task


def right(name: str) -> Permission:
    return Permission.objects.get(codename=name)


@pytest.fixture
def people(db: None) -> dict[str, User]:
    names = ("owner", "stranger", "viewer", "granted", "wide", "gone", "controller")
    people = {name: User.objects.create_user(name) for name in names}
    people["root"] = User.objects.create_superuser("root")
    for name in ("viewer", "granted"):
        people[name].groups.add(Group.objects.create(name=name))
    people["wide"].user_permissions.add(right("view_all"), right("manage_schedules"))
    people["controller"].user_permissions.add(right("control_workers"))
    people["gone"].is_active = False
    for name in ("billing.pay", "images.cut"):
        Task.objects.create(name=name, title=name)
    Task.objects.get(pk="images.cut").viewers.add(Group.objects.get(name="viewer"))
    group = Group.objects.get(name="granted")
    Grant.objects.create(group=group, role="viewers", pattern="billing.*")
    return people


def test_a_feed_hears_of_exactly_the_jobs_that_its_person_sees(people: dict[str, User]) -> None:
    owners = (people["owner"], people["gone"], people["viewer"], None)
    for task in ("billing.pay", "images.cut", "unknown"):
        for owner in owners:
            job = Job.objects.create(task_id=task, owner=owner)
            told = set(keys_of_change("jobs", task=task, owner=job.owner_id))
            for name, user in people.items():
                sees = permissions.jobs(user).filter(pk=job.pk).exists()
                assert bool(told & keys_of_reader("jobs", user)) == sees, (name, task, owner)


def test_other_topics_are_for_those_who_may(people: dict[str, User]) -> None:
    may = {
        topic: {name for name, user in people.items() if keys_of_reader(topic, user)}
        for topic in (*TOPICS, "elsewhere")
    }
    active = set(people) - {"gone"}
    assert may == {
        "jobs": active,
        "schedules": active,
        "workers": {"root", "controller"},
        "queues": {"root"},
        "elsewhere": set(),
    }
    told = set(keys_of_change("schedules", task="images.cut"))
    hears = {name for name, user in people.items() if told & keys_of_reader("schedules", user)}
    assert hears == {"root", "wide", "viewer"}


def changes(*ids: str, seq: int = 1) -> list[dict[str, Any]]:
    facts = {"status": "running", "seq": seq}
    return [change("jobs", ["jobs"], pk, facts) for pk in ids]


async def said(feed: Feed, outbox: Outbox, *batches: list[dict[str, Any]]) -> dict[str, Any]:
    """The one message that comes of all batches."""
    told: list[str] = []

    async def send(text: str) -> None:
        told.append(text)

    for batch in batches:
        feed.hear(batch)
    await outbox.empty(send)
    (text,) = told
    return dict(json.loads(text))


@pytest.fixture
async def feed(settings: Any) -> tuple[Feed, Outbox]:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    outbox = Outbox()
    return Feed("jobs", outbox), outbox


async def test_changes_come_together_and_the_latest_wins(feed: tuple[Feed, Outbox]) -> None:
    told = await said(*feed, changes("a", seq=2), changes("a", "b", seq=3), changes("a"))
    assert told["type"] == "jobs"
    assert [(one["id"], one["seq"]) for one in told["jobs"]] == [("a", 3), ("b", 3)]
    assert told["many"] == 0


async def test_too_many_are_counted_and_not_listed(feed: tuple[Feed, Outbox]) -> None:
    ids = [f"job-{n}" for n in range(MOST_LISTED + 1)]
    assert await said(*feed, changes(*ids)) == {"type": "jobs", "jobs": [], "many": len(ids)}


async def test_who_names_what_it_shows_is_told_of_that_alone(feed: tuple[Feed, Outbox]) -> None:
    feed[0]._only = frozenset({"shown", "also shown"})
    ids = [f"job-{n}" for n in range(MOST_KEPT * 2)]
    told = await said(*feed, changes(*ids), changes("shown"), changes("more"))
    assert [one["id"] for one in told["jobs"]] == ["shown"]
    assert told["many"] == len(ids) + 1
    assert len(feed[0]._changed) == 0


async def test_of_which_only_the_number_was_told_only_the_number_is_said(
    feed: tuple[Feed, Outbox],
) -> None:
    lot = many("jobs", ["jobs", "jobs:owner:7"], 1_000)
    again = many("jobs", ["jobs"], 500)
    told = await said(*feed, changes("a"), [lot], [lot, again])  # heard by two of its keys
    assert ([one["id"] for one in told["jobs"]], told["many"]) == (["a"], 1_500)
    assert feed[0].latest() is None


async def test_the_next_message_waits(feed: tuple[Feed, Outbox]) -> None:
    await said(*feed, changes("a"))
    feed[0].hear(changes("b"))
    feed[0].hear(changes("c"))
    await asyncio.sleep(0)
    assert not feed[1]._waiting
    assert set(feed[0]._changed) == {"b", "c"}


async def test_what_is_only_counted_waits_longer(
    feed: tuple[Feed, Outbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.live.feed.FEED_SECONDS", 0.0)
    feed[0]._only = frozenset({"shown"})
    await said(*feed, changes("a"))  # at once: nothing was said before
    feed[0].hear(changes("b", "c"))
    await asyncio.sleep(0.01)
    assert not feed[1]._waiting
    told = await said(*feed, changes("shown", "c"))
    assert [one["id"] for one in told["jobs"]] == ["shown"]
    assert told["many"] == 2  # each once, and what is listed is no other
    await asyncio.sleep(0.01)
    assert not feed[1]._waiting and not feed[0]._timer
