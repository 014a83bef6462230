"""Every address of a page × who asks × what they get. An address without a row fails."""

from copy import deepcopy
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from jobs import urls
from jobs.models import Job

from . import access, pages, rows
from .conftest import Make
from .pages import POSTED, SHOWN, address


@pytest.fixture(scope="module")
def made(make: Make) -> dict[str, Any]:
    return make(pages.world)


@pytest.fixture
def world(made: dict[str, Any], db: None) -> dict[str, Any]:
    return deepcopy(made)


def test_every_address_has_its_row():
    # Those of the API are told apart by method too: test_access_api.py.
    addresses = [each for each in urls.urlpatterns if getattr(each, "namespace", "") != "api"]
    assert {pattern.name for pattern in addresses} == set(SHOWN), access.HINT
    assert set(POSTED) <= set(SHOWN)


@pytest.mark.parametrize(("asked", "answers"), access.looks("page"))
def test_each_role_sees_what_it_may_and_changes_nothing(world, asked, answers):
    before = list(Job.objects.order_by("pk").values())
    page = address(asked.removeprefix("GET "), world)
    clients = access.browsers(world["people"])
    assert tuple(access.got(clients[role].get(page)) for role in access.ROLES) == answers
    assert list(Job.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(("asked", "role", "answer"), access.deeds("page"))
def test_each_role_does_what_it_may(world, asked, role, answer):
    before = list(Job.objects.order_by("pk").values())
    client = access.browser(world["people"], role)
    page = address(asked.removeprefix("POST "), world)
    assert access.got(client.post(page, {"do": "default"})) == answer
    if answer in ("login", "403", "404"):
        assert list(Job.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_a_wrong_method_is_refused(client: Client, world, name, method):
    client.force_login(world["people"]["superuser"])
    assert getattr(client, method)(address(name, world)).status_code == 405


@pytest.mark.parametrize("name", sorted(set(SHOWN) - set(POSTED)))
def test_pages_that_only_show_take_no_post(client: Client, world, name):
    client.force_login(world["people"]["superuser"])
    assert client.post(address(name, world)).status_code == 405


@pytest.mark.parametrize("name", SHOWN)
def test_nothing_foreign_may_run_in_any_answer(client: Client, world, name):
    client.force_login(world["people"]["superuser"])
    policy = client.get(address(name, world))["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("role", ["viewer", "runner", "manager", "owner", "superuser"])
def test_a_traceback_is_for_the_owner_and_those_who_manage(client: Client, world, role):
    client.force_login(world["people"][role])
    page = client.get(address("job", world)).content.decode()
    assert ("SECRET FRAME" in page) == (role not in ("viewer", "runner"))


def test_who_may_only_look_at_a_task_cannot_run_it(client: Client, world):
    client.force_login(world["people"]["viewer"])
    assert client.post(address("task", world), {"x": "1"}).status_code == 403
    assert client.get(address("task", world)).content.decode().count("Run now") == 0
    assert Job.objects.filter(schedule=None).count() == 1


def test_a_file_is_only_found_under_its_own_job(client: Client, world):
    client.force_login(world["people"]["superuser"])
    other = rows.job()
    found = reverse("jobs:artifact", args=[other.pk, world["file"].pk])
    assert client.get(found).status_code == 404


def test_what_one_may_not_see_is_not_counted(client: Client, world):
    client.force_login(world["people"]["stranger"])
    page = client.get(address("jobs", world))
    counts = [one.count for group in page.context["counts"].values() for one in group]
    assert sum(counts) == 0
    assert "Nothing ran yet" in page.content.decode()
