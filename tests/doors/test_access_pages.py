"""Every address of a page × who asks × what they get. An address without a row fails."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from jobs import urls
from jobs.models import ApiToken, Job
from jobs.states import State

from . import rows

LOGIN = 302
# name -> (owner, viewer of the task, manager, superuser, stranger)
ANSWERS: dict[str, tuple[int, ...]] = {
    "home": (200, 200, 200, 200, 200),
    "tasks": (200, 200, 200, 200, 200),
    "task": (404, 200, 200, 200, 404),
    # Who may what is a superuser's question.
    "task_access": (404, 404, 404, 200, 404),
    "job_access": (404, 404, 404, 200, 404),
    "policy": (404, 403, 200, 200, 404),
    "jobs": (200, 200, 200, 200, 200),
    "bulk": (200, 200, 200, 200, 200),
    "export": (200, 200, 200, 200, 200),
    "job": (200, 200, 200, 200, 404),
    "log": (200, 200, 200, 200, 404),
    "log_text": (200, 200, 200, 200, 404),
    "result": (200, 200, 200, 200, 404),
    "archive": (200, 200, 200, 200, 404),
    "artifact": (200, 200, 200, 200, 404),
    "thumbnail": (200, 200, 200, 200, 404),
    "errors": (200, 200, 200, 200, 404),
    "edit": (302, 403, 302, 302, 404),
    "verb": (405, 405, 405, 405, 405),
    "tokens": (200, 200, 200, 200, 200),
    "revoke_token": (405, 405, 405, 405, 405),
}
# What those answer that change something, when they are posted to.
POSTED = {
    "task": (404, 403, 422, 422, 404),
    # Unticked and without a reason.
    "policy": (404, 403, 422, 422, 404),
    "verb": (302, 403, 302, 302, 404),
    "edit": (302, 403, 302, 302, 404),
    # Nobody is refused: what they have no say in is not among the jobs.
    "bulk": (422, 422, 422, 422, 422),
    "tokens": (422, 422, 422, 422, 422),
    # The token is the owner's, and nobody else's business.
    "revoke_token": (302, 404, 404, 404, 404),
}
ROLES = ("owner", "viewer", "manager", "superuser", "stranger")


def table(rows: dict[str, tuple[int, ...]]) -> list[tuple[str, str, int]]:
    return [
        (name, role, answer)
        for name, answers in rows.items()
        for role, answer in zip(ROLES, answers, strict=True)
    ]


@pytest.fixture
def world(db: None, settings: Any, tmp_path: Any) -> dict[str, Any]:
    """A job with a file, and people who stand in each relation to it."""
    settings.MEDIA_ROOT = tmp_path
    viewers, managers = (Group.objects.create(name=name) for name in ("viewers", "managers"))
    task = rows.task()
    task.viewers.add(viewers)
    task.managers.add(managers)
    people = {
        "owner": rows.user("owner"),
        "viewer": rows.user("viewer", viewers),
        "manager": rows.user("manager", managers),
        "superuser": rows.user("superuser", is_superuser=True),
        "stranger": rows.user("stranger"),
    }
    job = rows.job(State.FAILED, owner=people["owner"], traceback="SECRET FRAME")
    file = rows.artifact(job, "a.png", rows.PNG, thumbnail=rows.PNG)
    token, _text = ApiToken.objects.issue(people["owner"], ["read"])
    return {"people": people, "job": job, "file": file, "token": token}


def address(name: str, world: dict[str, Any]) -> str:
    given = {
        "task": [rows.ADD],
        "task_access": [rows.ADD],
        "policy": [rows.ADD],
        "artifact": [world["job"].pk, world["file"].pk],
        "thumbnail": [world["job"].pk, world["file"].pk],
        "verb": [world["job"].pk, "cancel"],
        "revoke_token": [world["token"].pk],
    }
    plain = {"home", "tasks", "jobs", "export", "tokens"}
    if name == "bulk":
        return f"{reverse('jobs:bulk')}?verb=cancel&job={world['job'].pk}"
    return reverse(
        f"jobs:{name}", args=[] if name in plain else given.get(name, [world["job"].pk])
    )


def test_every_address_has_its_row():
    # The API has a table of its own: test_access_api.py.
    pages = [each for each in urls.urlpatterns if getattr(each, "namespace", "") != "api"]
    assert {pattern.name for pattern in pages} == set(ANSWERS)


@pytest.mark.parametrize(("name", "role", "answer"), table(ANSWERS))
def test_each_role_gets_its_answer(client: Client, world, name, role, answer):
    client.force_login(world["people"][role])
    assert client.get(address(name, world)).status_code == answer


@pytest.mark.parametrize(("name", "role", "answer"), table(POSTED))
def test_each_role_gets_its_answer_to_a_post(client: Client, world, name, role, answer):
    client.force_login(world["people"][role])
    assert client.post(address(name, world)).status_code == answer


@pytest.mark.parametrize("name", POSTED)
def test_nobody_may_post(client: Client, world, name):
    before = list(Job.objects.values())
    assert client.post(address(name, world)).status_code == LOGIN
    assert list(Job.objects.values()) == before


@pytest.mark.parametrize("name", ANSWERS)
def test_nobody_is_sent_to_the_login_page_and_back_afterwards(client: Client, world, name):
    response = client.get(address(name, world))
    assert response.status_code == LOGIN
    assert response["Location"].startswith(reverse("login") + "?next=/")


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_a_wrong_method_is_refused(client: Client, world, name, method):
    client.force_login(world["people"]["superuser"])
    assert getattr(client, method)(address(name, world)).status_code == 405


@pytest.mark.parametrize("name", sorted(set(ANSWERS) - set(POSTED)))
def test_pages_that_only_show_take_no_post(client: Client, world, name):
    client.force_login(world["people"]["superuser"])
    assert client.post(address(name, world)).status_code == 405


@pytest.mark.parametrize("name", ANSWERS)
def test_asking_changes_no_job(client: Client, world, name):
    client.force_login(world["people"]["superuser"])
    before = list(Job.objects.order_by("pk").values())
    client.get(address(name, world))
    assert list(Job.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("name", ANSWERS)
def test_nothing_foreign_may_run_in_any_answer(client: Client, world, name):
    client.force_login(world["people"]["superuser"])
    policy = client.get(address(name, world))["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_a_person_who_was_deactivated_is_nobody(client: Client, world):
    owner = world["people"]["owner"]
    client.force_login(owner)
    owner.is_active = False
    owner.save()
    assert client.get(address("job", world)).status_code == LOGIN


@pytest.mark.parametrize("role", ROLES[:-1])
def test_a_traceback_is_for_the_owner_and_those_who_manage(client: Client, world, role):
    client.force_login(world["people"][role])
    page = client.get(address("job", world)).content.decode()
    assert ("SECRET FRAME" in page) == (role != "viewer")


def test_who_may_only_look_at_a_task_cannot_run_it(client: Client, world):
    client.force_login(world["people"]["viewer"])
    assert client.post(address("task", world), {"x": "1"}).status_code == 403
    assert client.get(address("task", world)).content.decode().count("Run now") == 0
    assert Job.objects.count() == 1


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
