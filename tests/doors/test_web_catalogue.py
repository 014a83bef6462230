"""The catalogue of tasks: what can run, and how it has been doing."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from jobs.states import State
from tests import sample_tasks

from . import rows
from .test_web_tasks import admin

__all__ = ["admin"]
pytestmark = pytest.mark.django_db


def catalogue(client: Client, **query: Any) -> Any:
    return client.get(reverse("jobs:tasks"), query)


def names(response: Any) -> list[str]:
    return [entry.task.name for group in response.context["groups"] for entry in group.entries]


def test_the_catalogue_groups_by_module(admin):
    groups = [group.name for group in catalogue(admin).context["groups"]]
    assert groups == ["tests.doors.form_tasks", "tests.sample_tasks"]


@pytest.mark.parametrize(
    ("words", "found"),
    [("ADD", {"b.add"}), ("money", {"a.pay"}), ("pay money", {"a.pay"}), ("add money", set())],
)
def test_the_catalogue_is_searched_by_name_title_tags_and_text(client, words, found):
    rows.task("a.pay", title="Charge", tags=["money"])
    rows.task("b.add", title="Sum")
    client.force_login(rows.user("admin", is_superuser=True))
    assert set(names(catalogue(client, q=words))) == found


def test_the_catalogue_is_narrowed_to_a_tag(client):
    rows.task("a.pay", tags=["money"])
    rows.task("b.add", tags=["moneyless", "sums"])
    client.force_login(rows.user("admin", is_superuser=True))
    assert names(catalogue(client, tag="money")) == ["a.pay"]
    assert [tag for tag, *_ in catalogue(client).context["tags"]] == [
        "money",
        "moneyless",
        "sums",
    ]


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        ("trouble", {"Failing": ["c.bad"], "Cannot run": ["a.off"], "Well": ["b.good"]}),
        ("use", {"At work": ["c.bad"], "Ran before": ["b.good"], "Never ran": ["a.off"]}),
    ],
)
def test_the_catalogue_is_grouped_by_trouble_and_by_use(client, by, groups):
    rows.task("a.off", enabled=False)
    for name, state in (("b.good", State.COMPLETED), ("c.bad", State.FAILED)):
        rows.task(name)
        rows.job(state, task=name)
    rows.job(State.RUNNING, task="c.bad")
    rows.job(State.QUEUED, task="c.bad")
    client.force_login(rows.user("admin", is_superuser=True))
    page = catalogue(client, by=by)
    found = {g.name: [e.task.name for e in g.entries] for g in page.context["groups"]}
    assert found == groups
    html = page.content.decode()
    assert "1 running" in html and "1 waiting" in html


def test_what_one_may_not_see_is_neither_counted_nor_tagged(client):
    viewers = Group.objects.create(name="viewers")
    rows.task("a.open").viewers.add(viewers)
    rows.task("b.closed", tags=["hidden"])
    rows.job(State.RUNNING, task="b.closed")
    client.force_login(rows.user("viewer", viewers))
    page = catalogue(client)
    assert names(page) == ["a.open"] and page.context["tags"] == []
    assert "running" not in page.content.decode().partition('id="groups"')[2]


def test_the_catalogue_asks_as_often_for_many_tasks_as_for_one(
    client, django_assert_max_num_queries
):
    client.force_login(rows.user("admin", is_superuser=True))
    failed_task(0)
    catalogue(client)  # once for each process, Django asks the database what it is able to
    with django_assert_max_num_queries(20) as asked_for_one:
        catalogue(client)
    for number in range(1, 12):
        failed_task(number)
    with django_assert_max_num_queries(len(asked_for_one)):
        catalogue(client)


def failed_task(number: int) -> None:
    rows.task(f"many.task{number}", enabled=bool(number % 2))
    rows.job(State.FAILED, task=f"many.task{number}")


def test_a_search_without_result_says_what_to_do(admin):
    assert "No task matches" in catalogue(admin, q="zzz").content.decode()


def test_who_sees_no_task_is_told_whom_to_ask(client):
    rows.task()
    client.force_login(rows.user("stranger"))
    assert "No task is open to you" in catalogue(client).content.decode()


def test_a_broken_module_is_one_red_entry_with_its_traceback_for_those_who_manage(client):
    broken = rows.task("site.broken", error="Traceback:\n  secret line\nNameError: <b>")
    viewers = Group.objects.create(name="viewers")
    broken.viewers.add(viewers)
    client.force_login(rows.user("viewer", viewers))
    html = catalogue(client).content.decode()
    assert "NameError: &lt;b&gt;" in html and "secret line" not in html
    client.force_login(rows.user("admin", is_superuser=True))
    assert "secret line" in catalogue(client).content.decode()
    page = client.get(reverse("jobs:task", args=[broken.name])).content.decode()
    assert "secret line" in page and "enqueue" not in page
    whole = client.get(reverse("jobs:task", args=[rows.task().name])).content.decode()
    assert "enqueue" in whole


def test_the_last_runs_that_one_may_see_are_a_strip(admin):
    for state in (State.COMPLETED, State.FAILED, State.COMPLETED_WITH_ERRORS, State.RUNNING):
        rows.job(state)
    entry = next(
        entry
        for group in catalogue(admin).context["groups"]
        for entry in group.entries
        if entry.task.name == rows.ADD
    )
    assert [run.state for run in entry.runs.runs] == [
        State.COMPLETED,
        State.FAILED,
        State.COMPLETED_WITH_ERRORS,
    ]
    assert entry.runs.spans == pytest.approx([2, 2], abs=0.01)
    assert "Last 3 runs: 1 failed, 1 with errors" in catalogue(admin).content.decode()


def test_the_strip_of_a_task_holds_thirty_runs(admin):
    for _ in range(35):
        rows.job(State.COMPLETED)
    assert "Last 30 runs" in catalogue(admin).content.decode()


def test_the_sample_tasks_are_what_these_tests_take_them_for():
    assert sample_tasks.add.name == rows.ADD
