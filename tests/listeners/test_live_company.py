"""All sockets of one person are looked at together."""

import asyncio
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings as site
from django.contrib.auth.models import Group, User
from django.test import Client

from jobs.live import company
from jobs.live.admission import Credential
from jobs.live.company import Company, Findings, Wish, company_of, look
from jobs.models import Job, Task


def session(user: User) -> Credential:
    browser = Client()
    browser.force_login(user)
    return Credential(session_key=browser.cookies[site.SESSION_COOKIE_NAME].value)


@pytest.fixture
def ana(db: None) -> User:
    ana = User.objects.create_user("ana")
    ana.groups.add(Group.objects.create(name="viewers"))
    Task.objects.create(name="seen", title="seen").viewers.add(ana.groups.get())
    return ana


def wishes(credential: Credential, count: int) -> list[Wish]:
    """Of so many sockets, each with feeds, and jobs of its own."""
    jobs = [Job.objects.create(task_id="seen").pk for _n in range(3 * count)]
    topics = frozenset({"jobs", "schedules"})
    return [Wish(credential, frozenset(jobs[n * 3 : n * 3 + 3]), topics) for n in range(count)]


def test_twenty_sockets_are_asked_for_in_as_many_queries_as_one(
    ana: User, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    credential = session(ana)
    one, many = wishes(credential, 1), wishes(credential, 20)
    with django_assert_max_num_queries(8) as asked:  # session, person, rights, jobs
        look(ana.pk, one)
    with django_assert_num_queries(len(asked)):
        found = look(ana.pk, many)
    assert found.people == {credential: ana}
    assert len(found.standings) == 60
    assert "jobs:task:seen" in found.keys["jobs"]


def test_what_is_not_seen_any_more_is_not_found(ana: User) -> None:
    asked = wishes(session(ana), 1)
    ana.groups.clear()
    found = look(ana.pk, asked)
    assert found.standings == {}
    assert found.keys["jobs"] == {f"jobs:owner:{ana.pk}"}


def test_of_two_sessions_the_one_that_ended_is_nobodys(ana: User) -> None:
    ended, lasting = session(ana), session(ana)
    import_module(site.SESSION_ENGINE).SessionStore(ended.session_key).flush()
    found = look(ana.pk, [*wishes(ended, 1), *wishes(lasting, 1)])
    assert found.people == {ended: None, lasting: ana}
    assert len(found.standings) == 6


def test_a_session_that_became_somebody_elses_is_not_this_persons(ana: User) -> None:
    found = look(ana.pk, wishes(session(User.objects.create_superuser("root")), 1))
    assert not any(found.people.values())
    assert not found.standings and not found.keys


class Member:
    def __init__(self) -> None:
        self.told: list[Findings | None] = []

    def wish(self) -> Wish:
        return Wish(Credential())

    def tell(self, findings: Findings | None) -> None:
        self.told.append(findings)


@pytest.fixture
def looked(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many wishes there were in each look."""
    found: list[int] = []

    def look(pk: Any, wishes: list[Wish]) -> Findings:
        found.append(len(wishes))
        if len(found) == 1:
            raise ValueError("odd")
        return Findings({})

    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    monkeypatch.setattr(company, "look", look)
    monkeypatch.setattr(company, "LOOK_AGAIN_SECONDS", 0.05)
    return found


async def test_one_look_is_for_all_and_the_next_one_comes_whatever_happens(
    looked: list[int],
) -> None:
    mine: Company = company_of(1)
    assert company_of(1) is mine and company_of(2) is not mine
    members = [Member() for _n in range(3)]
    for member in members:
        mine.join(member)
    async with asyncio.timeout(10):
        while len(members[0].told) < 2:
            await asyncio.sleep(0.01)
    for member in members:
        await mine.leave(member)
    assert set(looked) == {3}
    assert [member.told for member in members] == [members[0].told] * 3
    assert members[0].told[:2] == [None, Findings({})]
    seen = len(looked)
    await asyncio.sleep(0.2)
    assert len(looked) == seen  # nobody is left to look for
