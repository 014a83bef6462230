"""The page on which managers say how the jobs of a task run."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from jobs.models import Event, Task
from tests import retry_tasks

from . import rows

pytestmark = pytest.mark.django_db
ADDRESS = reverse("jobs:policy", args=[rows.ADD])


@pytest.fixture
def manager(client: Client) -> Client:
    managers = Group.objects.create(name="managers")
    rows.task().managers.add(managers)
    rows.task("other.task", queue="heavy")
    client.force_login(rows.user("manager", managers))
    return client


def sent(client: Client, **fields: Any) -> dict[str, Any]:
    """What a browser sends back of the page as it was shown."""
    form = client.get(ADDRESS).context["form"]
    shown = {"seen": form.initial["seen"], "enabled": "on" if form.initial["enabled"] else None}
    for name in ("viewers", "runners", "managers"):
        shown[name] = [group.pk for group in form[name].initial]
    return {name: value for name, value in {**shown, **fields}.items() if value is not None}


def test_a_manager_saves_and_the_change_is_told_of(manager):
    reply = manager.post(ADDRESS, sent(manager, queue="heavy", time_limit="60", reason="Why"))
    assert reply["Location"] == reverse("jobs:task", args=[rows.ADD])
    task = Task.objects.get(pk=rows.ADD)
    assert (task.enabled, task.queue, task.time_limit, task.priority) == (
        True, "heavy", 60, None,
    )  # fmt: skip
    event = Event.objects.get()
    assert (str(event.actor), event.reason) == ("manager", "Why")


def test_limits_are_edited_while_it_runs(manager):
    manager.post(ADDRESS, sent(manager, max_running="3", rate="10/m", burst="5"))
    task = Task.objects.get(pk=rows.ADD)
    assert (task.max_running, task.rate, task.burst) == (3, "10/m", 5)
    told = " ".join(manager.get(reverse("jobs:task", args=[rows.ADD])).content.decode().split())
    assert "3 at once" in told and "10/m" in told
    reply = manager.post(ADDRESS, sent(manager, max_running="-1"))
    assert (reply.status_code, {*reply.context["form"].errors}) == (422, {"max_running"})
    reply = manager.post(ADDRESS, sent(manager, rate="often"))
    assert (reply.status_code, {*reply.context["form"].errors}) == (422, {"rate"})


def test_a_task_is_disabled_with_a_reason_that_stands_on_its_pages(manager):
    assert manager.post(ADDRESS, sent(manager, enabled=None)).status_code == 422
    assert Task.objects.get(pk=rows.ADD).enabled
    manager.post(ADDRESS, sent(manager, enabled=None, reason="Double <mails>."))
    for page in (reverse("jobs:task", args=[rows.ADD]), reverse("jobs:tasks")):
        html = manager.get(page).content.decode()
        assert "Double &lt;mails&gt;." in html and "manager" in html
    manager.post(ADDRESS, sent(manager, enabled="on"))
    assert "Double" not in manager.get(reverse("jobs:tasks")).content.decode()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (retry_tasks.jittered.name, "as in the code, without end."),
        (retry_tasks.ours.name, "as in the code, 3."),
        ("gone.task", "the code says nothing of it either."),
    ],
)
def test_both_forms_tell_how_often_the_code_lets_it_be_tried_again(client, name, told):
    rows.task(name)
    client.force_login(rows.user("root", is_superuser=True, is_staff=True))
    page = client.get(reverse("jobs:policy", args=[name])).context["form"]
    desk = client.get(reverse("admin:jobs_task_change", args=[name])).context["adminform"].form
    for form in (page, desk):
        assert form.fields["max_retries"].help_text.endswith(f"too. Empty: {told}")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"queue": "a b"}, "queue"),
        ({"queue": "privileged"}, "queue"),
        ({"priority": "12"}, "priority"),
        ({"stall_after": "nan"}, "stall_after"),
        ({"max_retries": "1001"}, "max_retries"),
        ({"max_retries": "-1"}, "max_retries"),
        ({"soft_time_limit": "9", "time_limit": "3"}, "soft_time_limit"),
    ],
)
def test_what_is_wrong_stands_at_its_field(manager, fields, wrong):
    reply = manager.post(ADDRESS, sent(manager, **fields))
    assert reply.status_code == 422
    assert set(reply.context["form"].errors) == {wrong}
    assert not Event.objects.exists()


def test_nothing_is_saved_over_what_another_person_saved_meanwhile(manager):
    old = sent(manager, queue="celery")
    manager.post(ADDRESS, sent(manager, queue="heavy"))
    reply = manager.post(ADDRESS, old)
    assert reply.status_code == 422
    assert "Somebody changed this task" in reply.content.decode()
    assert Task.objects.get(pk=rows.ADD).queue == "heavy"


def test_whoever_manages_it_says_who_else_may(manager):
    mine, friends = Group.objects.get(), Group.objects.create(name="friends")
    manager.post(ADDRESS, sent(manager, managers=[mine.pk], runners=[friends.pk]))
    task = Task.objects.get(pk=rows.ADD)
    assert [*task.runners.all()] == [friends] and [*task.managers.all()] == [mine]
    assert Event.objects.get().after == {"runners": ["friends"]}
