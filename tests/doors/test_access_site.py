"""The addresses around ours, and the topics of the socket × who asks × what they get."""

from typing import Any

import pytest
from django.urls import reverse

from jobs.live import reading
from jobs.live.sight import TOPICS, keys_of_reader
from project import urls

from . import access, rows

pytestmark = pytest.mark.django_db
ELSEWHERE = {"admin", "jobs"}  # test_access_admin.py, test_access_pages.py, test_access_api.py


def names() -> set[str]:
    found = set()
    for pattern in urls.urlpatterns:
        parts = [pattern]
        if getattr(pattern, "namespace", None) in ELSEWHERE:
            continue
        parts = getattr(pattern, "url_patterns", parts)
        found |= {part.name for part in parts}
    return found


def test_every_address_has_its_row():
    assert names() == {asked.removeprefix("GET ") for asked in access.table("site")}, (
        access.HINT
    )


@pytest.mark.parametrize(("asked", "answers"), access.looks("site"))
def test_each_role_gets_its_answer(asked, answers):
    clients = access.browsers(access.people(rows.task()))
    page = reverse(asked.removeprefix("GET "))
    got = tuple(access.got(clients[role].get(page)) for role in access.ROLES)
    assert got == answers


def test_every_topic_has_its_row():
    assert {"job:<id>", *TOPICS} == set(access.table("topic")), access.HINT


@pytest.mark.parametrize(("topic", "answers"), access.table("topic").items())
def test_each_role_hears_what_it_may(topic, answers):
    people = access.people(rows.task())
    job = rows.job(owner=people["owner"])
    access.deactivate(people)
    for role, answer in zip(access.ROLES[1:], answers[1:], strict=True):
        person: Any = type(people[role]).objects.get(pk=people[role].pk)
        hears: Any = (
            reading.picture(person, job.pk)
            if topic == "job:<id>"
            else keys_of_reader(topic, person)
        )
        assert bool(hears) == (answer == "yes"), role
