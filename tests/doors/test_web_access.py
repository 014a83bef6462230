"""Why may somebody (not): the page's answers are those of the rules themselves."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from jobs import permissions
from jobs.models import Grant, Role

from . import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss():
    return rows.user("boss", is_superuser=True)


@pytest.fixture
def member():
    """Of groups that the task names, that a pattern gives it and that a tag gives it."""
    task = rows.task(tags=["sums"])
    groups = {name: Group.objects.create(name=name) for name in ("named", "called", "tagged")}
    task.viewers.add(groups["named"])
    Grant.objects.create(group=groups["called"], role=Role.RUNNERS, pattern="tests.*")
    Grant.objects.create(group=groups["tagged"], role=Role.MANAGERS, tag="sums")
    return rows.user("member", *groups.values())


def ask(boss, page, row, name):
    client = Client()
    client.force_login(boss)
    return client.get(reverse(f"jobs:{page}", args=[row.pk]), {"user": name})


def told(response):
    """Of each verb, how many rules let the person do it."""
    return {answer.verb: len(answer.grounds) for answer in response.context["answers"]}


def test_each_rule_that_lets_somebody_is_named(boss, member):
    member.user_permissions.add(Permission.objects.get(codename="run_any"))
    job = rows.job(owner=member)
    response = ask(boss, "job_access", job, "member")
    assert told(response) == {"view": 4, "run": 3, "control": 2, "manage": 1}
    words = " ".join(response.content.decode().split())
    for said in (
        "the job is theirs",
        "the task names their group named among its viewers",
        "their group called is among the runners of tasks called tests.*",
        "their group tagged is among the managers of tasks with the tag sums",
        "they have the permission jobs.run_any",
    ):
        assert said in words


def test_that_no_rule_lets_them_is_said_too(boss, member):
    rows.user("stranger")
    response = ask(boss, "task_access", rows.task("other.task"), "stranger")
    assert told(response) == {"view": 0, "run": 0, "manage": 0}
    assert response.content.decode().count("No: no rule lets them.") == 3


def test_the_deactivated_and_the_unknown(boss, member):
    job = rows.job()
    rows.user("gone", is_superuser=True, is_active=False)
    response = ask(boss, "job_access", job, "gone")
    assert set(told(response).values()) == {0}
    assert "gone is deactivated" in response.content.decode()
    for name in ("nobody", "<script>", "\x00"):
        assert not ask(boss, "job_access", job, name).context["answers"]


def test_the_pages_of_a_task_and_a_job_lead_there(boss, member):
    job = rows.job(owner=member)
    for who, is_led in ((boss, True), (member, False)):
        client = Client()
        client.force_login(who)
        for page, row, access in (
            ("job", job.pk, "job_access"),
            ("task", rows.ADD, "task_access"),
        ):
            html = client.get(reverse(f"jobs:{page}", args=[row])).content.decode()
            assert (reverse(f"jobs:{access}", args=[row]) in html) == is_led


@pytest.mark.parametrize("who", ["member", "boss", "stranger"])
def test_the_explanation_never_differs_from_the_rule(boss, member, who):
    rows.user("stranger")
    person = type(boss).objects.get(username=who)
    for job in (rows.job(owner=person), rows.job()):
        for verb in ("view", "control"):
            assert permissions.may(person, verb, job) == bool(
                permissions.grounds(person, verb, job)
            )
        for verb in ("view", "run", "manage"):
            may = permissions.tasks(person, verb).filter(pk=job.task_id).exists()
            assert may == bool(
                permissions.grounds(person, verb, permissions.Task.objects.get())
            )
