"""Grants in the admin: who may give tasks away, and that it is remembered."""

import pytest
from django.contrib.auth.models import Group

from jobs import permissions
from jobs.models import Event, Grant, Role

from . import desk, rows

pytestmark = pytest.mark.django_db
RIGHTS = ("view_grant", "add_grant", "change_grant", "delete_grant")


@pytest.fixture
def billing():
    rows.task()
    return Group.objects.create(name="billing")


def form(group, **fields):
    return {"group": group.pk, "role": Role.RUNNERS, "pattern": "", "tag": "", **fields}


def test_a_group_is_given_tasks_and_loses_them_again(billing):
    clerk, member = desk.staff("clerk", may=RIGHTS), rows.user("member", billing)
    client = desk.at(clerk)
    client.post(desk.address(Grant, "add"), form(billing, pattern="tests.*"))
    row = Grant.objects.get()
    assert permissions.tasks(member, "run").get().pk == rows.ADD
    page = client.get(desk.address(Grant, "change", row.pk))
    assert rows.ADD in page.content.decode()
    client.post(desk.address(Grant, "change", row.pk), form(billing, pattern="billing.*"))
    assert not permissions.tasks(member).exists()
    client.post(desk.address(Grant, "delete", row.pk), {"post": "yes"})
    assert not Grant.objects.exists()
    events = Event.objects.order_by("id").values_list("actor__username", "verb", "subject")
    assert [*events] == [
        ("clerk", verb, f"grant {row.pk}") for verb in ("create", "edit", "delete")
    ]
    edited = Event.objects.get(verb="edit")
    assert (edited.before, edited.after) == ({"pattern": "tests.*"}, {"pattern": "billing.*"})


def test_neither_nor_and_both_are_refused_with_words(billing):
    client = desk.at(desk.staff("boss", is_superuser=True))
    for what in ({}, {"pattern": "a.*", "tag": "b"}):
        response = client.post(desk.address(Grant, "add"), form(billing, **what))
        assert desk.errors(response) == {"__all__": ["Give either a pattern or a tag."]}
    assert not Grant.objects.exists() and not Event.objects.exists()


@pytest.mark.parametrize("right", ["", *RIGHTS])
def test_each_page_asks_for_its_own_right(billing, right):
    Grant.objects.create(group=billing, role=Role.RUNNERS, pattern="tests.*")
    row = Grant.objects.get()
    client = desk.at(desk.staff("clerk", may=(right,) if right else ()))
    sees = right in ("view_grant", "change_grant")
    assert client.get(desk.address(Grant)).status_code == (200 if sees else 403)
    added = client.get(desk.address(Grant, "add")).status_code
    assert added == (200 if right == "add_grant" else 403)
    data = form(billing, pattern="billing.*")
    client.post(desk.address(Grant, "change", row.pk), data)
    changed = Grant.objects.get().pattern == "billing.*"
    assert changed == (right == "change_grant")
    client.post(desk.address(Grant, "delete", row.pk), {"post": "yes"})
    assert Grant.objects.exists()


def test_who_manages_a_task_gives_no_patterns_away(billing):
    rows.task("other.task").managers.add(billing)
    client = desk.at(desk.staff("manager", billing))
    assert client.get(desk.address(Grant)).status_code == 403
    response = client.post(desk.address(Grant, "add"), form(billing, pattern="*"))
    assert response.status_code == 403 and not Grant.objects.exists()


def test_the_list_takes_as_many_queries_for_many_as_for_few(billing):
    boss = desk.staff("boss", is_superuser=True)
    Grant.objects.create(group=billing, role=Role.RUNNERS, pattern="tests.*")
    few = desk.queries(boss, desk.address(Grant))
    for number in range(9):
        group = Group.objects.create(name=f"group {number}")
        Grant.objects.create(group=group, role=Role.RUNNERS, tag="x")
    assert desk.queries(boss, desk.address(Grant)) == few
