"""Tasks in the admin: operators write their half, and it is remembered."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from jobs.dispatch.policy import policy_of
from jobs.models import Event, Job, Task
from jobs.states import State

from . import desk, rows

pytestmark = pytest.mark.django_db
EMPTY = {"enabled": "on", "queue": "", "priority": "", "soft_time_limit": "", "time_limit": ""}


@pytest.fixture
def world() -> Any:
    viewers, managers = (Group.objects.create(name=name) for name in ("v", "m"))
    task = rows.task()
    task.viewers.add(viewers)
    task.managers.add(managers)
    rows.task("other.task", title="Other", queue="heavy")
    every_right = desk.model_permissions("view", "add", "change", "delete")
    return SimpleNamespace(
        task=task,
        managers=managers,
        viewers=viewers,
        viewer=desk.staff("viewer", viewers, may=every_right),
        manager=desk.staff("manager", managers),
        boss=desk.staff("boss", is_superuser=True),
    )


def change(name: str = rows.ADD) -> str:
    return desk.address(Task, "change", name)


def form(world: Any, **fields: Any) -> dict[str, Any]:
    groups = {"viewers": [world.viewers.pk], "managers": [world.managers.pk]}
    given = {**EMPTY, **groups, **fields}
    return {name: value for name, value in given.items() if value is not None}


def test_each_sees_the_tasks_that_they_may_view(world):
    for person, names in ((world.viewer, {rows.ADD}), (world.boss, {rows.ADD, "other.task"})):
        listed = desk.at(person).get(desk.address(Task)).context["cl"].result_list
        assert {task.name for task in listed} == names
    assert (
        desk.at(world.viewer).get(desk.address(Task, "change", "other.task")).status_code == 302
    )


def test_permissions_on_models_change_no_task(world):
    assert desk.at(world.viewer).get(change()).status_code == 200
    assert desk.at(world.viewer).post(change(), form(world, queue="mine")).status_code == 403
    assert Task.objects.get(pk=rows.ADD).queue == ""


def test_nobody_makes_or_deletes_a_task(world):
    client = desk.at(world.boss)
    assert client.get(desk.address(Task, "add")).status_code == 403
    assert (
        client.post(desk.address(Task, "delete", rows.ADD), {"post": "yes"}).status_code == 403
    )
    chosen = {"action": "delete_selected", "_selected_action": rows.ADD, "post": "yes"}
    client.post(desk.address(Task), chosen)
    assert Task.objects.count() == 2


def test_a_manager_writes_the_policy_and_is_remembered(world):
    fields = {
        "queue": "heavy",
        "priority": "7",
        "time_limit": "60",
        "runners": [world.viewers.pk],
        "reason": "the night is long",
    }
    reply = desk.at(world.manager).post(change(), form(world, enabled=None, **fields))
    assert reply.status_code == 302
    task = Task.objects.get(pk=rows.ADD)
    assert (task.enabled, task.queue, task.priority, task.time_limit) == (False, "heavy", 7, 60)
    assert [*task.runners.all()] == [world.viewers]
    assert policy_of(rows.ADD).queue == "heavy"
    event = Event.objects.get()
    assert (event.verb, event.task, event.actor) == ("disable", task, world.manager)
    assert event.reason == "the night is long"
    assert event.before == {
        "enabled": True, "queue": "", "priority": None, "time_limit": None, "runners": [],
    }  # fmt: skip
    assert event.after == {
        "enabled": False, "queue": "heavy", "priority": 7, "time_limit": 60.0, "runners": ["v"],
    }  # fmt: skip


def test_saving_without_a_change_writes_no_event(world):
    assert desk.at(world.manager).post(change(), form(world)).status_code == 302
    assert not Event.objects.exists()


def test_nothing_is_saved_over_what_another_person_saved_meanwhile(world):
    client = desk.at(world.manager)
    seen = client.get(change()).context["adminform"].form.initial["seen"]
    assert client.post(change(), form(world, seen=seen, priority="3")).status_code == 302
    late = client.post(change(), form(world, seen=seen, priority="4"))
    assert "Somebody changed this task" in late.content.decode()
    assert Task.objects.get(pk=rows.ADD).priority == 3


def test_the_half_of_the_code_cannot_be_written(world):
    stolen = {
        "name": "other",
        "title": "x",
        "description": "x",
        "tags": '["x"]',
        "error": "x",
        "missing_at": "2001-01-01",
        "created_at": "2001-01-01",
    }
    before = Task.objects.filter(pk=rows.ADD).values(*stolen).get()
    reply = desk.at(world.boss).post(change(), form(world, queue="q", **stolen))
    assert reply.status_code == 302
    assert Task.objects.filter(pk=rows.ADD, queue="q").values(*stolen).get() == before


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"queue": "a b"}, "queue"),
        ({"queue": "a\x06\x163"}, "queue"),
        ({"queue": "privileged"}, "queue"),
        ({"queue": "heavy\n"}, None),  # a browser's line end is cut off
        ({"priority": "10"}, "priority"),
        ({"priority": "-1"}, "priority"),
        ({"time_limit": "0"}, "time_limit"),
        ({"time_limit": "nan"}, "time_limit"),
        ({"time_limit": "1e12"}, "time_limit"),
        ({"time_limit": "5", "soft_time_limit": "5"}, "soft_time_limit"),
        ({"max_retries": "1001"}, "max_retries"),
        ({"viewers": ["999"]}, "viewers"),
    ],
)
def test_a_policy_of_no_use_is_told_at_its_field(world, fields, wrong):
    reply = desk.at(world.manager).post(change(), form(world, **fields))
    if wrong is None:
        assert reply.status_code == 302
    else:
        assert wrong in desk.errors(reply)
        assert not Event.objects.exists()


def test_a_broken_module_shows_its_traceback_to_superusers_alone(world):
    broken = rows.task("site.tasks.bad", error="Traceback\nSyntaxError: <b>here</b>")
    broken.viewers.add(world.viewers)
    broken.managers.add(world.managers)
    page = desk.at(world.boss).get(change("site.tasks.bad")).content.decode()
    assert "SyntaxError: &lt;b&gt;here&lt;/b&gt;" in page
    for person in (world.viewer, world.manager):
        page = desk.at(person).get(change("site.tasks.bad")).content.decode()
        assert "broken" in page and "SyntaxError" not in page


def test_the_list_flags_what_is_missing(world):
    rows.task("gone.task", missing_at=timezone.now())
    page = desk.at(world.boss).get(desk.address(Task)).content.decode()
    assert "missing from the code" in page


def test_the_last_job_is_the_last_one_in_sight(world):
    rows.job(State.FAILED, ago=10, owner=world.boss)
    latest = rows.job(State.COMPLETED, task="other.task", owner=world.boss)
    page = desk.at(world.boss).get(desk.address(Task)).content.decode()
    assert desk.address(Job, "change", latest.pk) in page
    assert '<span class="st s-completed">' in page and '<span class="st s-failed">' in page


def test_the_list_asks_the_database_as_often_for_forty_as_for_two(world):
    few = desk.queries(world.boss, desk.address(Task))
    for number in range(40):
        rows.task(f"t{number}")
        rows.job(task=f"t{number}")
    assert desk.queries(world.boss, desk.address(Task)) == few


def names(world: Any, query: str, person: Any = None) -> set[str]:
    page = desk.at(person or world.boss).get(desk.address(Task) + query)
    assert page.status_code == 200
    return {task.name for task in page.context["cl"].result_list}


def test_tasks_are_found_by_queue_tag_and_what_is_wrong(world):
    rows.task("gone.task", missing_at=timezone.now(), tags=["old"], queue="heavy")
    rows.task("bad.module", error="Traceback")
    rows.job(State.FAILED, task="other.task", ago=10)
    rows.job(State.CANCELLED, task="other.task")
    rows.job(State.FAILED, ago=10)
    rows.job(State.COMPLETED)
    for query, found in (
        ("?queue=heavy", {"gone.task", "other.task"}),
        ("?queue=celery", {rows.ADD}),
        ("?tag=old", {"gone.task"}),
        ("?tag=ol", set()),
        ("?condition=missing", {"gone.task"}),
        ("?condition=broken", {"bad.module"}),
        ("?condition=failing", {"other.task"}),
        ("?enabled__exact=0", set()),
    ):
        assert names(world, query) == found, query


def test_filters_tell_nothing_of_what_is_hidden(world):
    rows.task("secret.task", tags=["merger"], queue="boardroom")
    page = desk.at(world.viewer).get(desk.address(Task)).content.decode()
    assert "merger" not in page and "boardroom" not in page
    assert names(world, "?tag=merger", world.viewer) == set()
    assert names(world, "?queue=boardroom", world.viewer) == set()


def test_the_list_tells_when_a_task_comes_next_and_what_is_usual(world):
    for ago in (50, 40, 30):
        rows.job(State.COMPLETED, ago=ago)
    desk.schedule(one_off=False)
    desk.schedule("far", interval=desk.every(86_400), last_run_at=timezone.now())
    page = desk.at(world.boss).get(desk.address(Task))
    add = next(each for each in page.context["cl"].result_list if each.pk == rows.ADD)
    assert 0 <= (add.next_turn - timezone.now()).total_seconds() <= 60
    assert "2.0 s" in page.content.decode()
    assert "2.0 s" in desk.at(world.viewer).get(change()).content.decode()


def act(person: Any, action: str, *tasks: str, **form: Any) -> Any:
    chosen = {"action": action, "_selected_action": tasks, **form}
    return desk.at(person).post(desk.address(Task), chosen, follow=True)


def test_tasks_are_switched_with_a_reason(world):
    asked = act(world.manager, "disable", rows.ADD, "other.task")
    assert asked.context["names"] == [rows.ADD]
    assert act(world.manager, "disable", rows.ADD, agreed="y").context["form"].errors
    act(world.manager, "disable", rows.ADD, "other.task", agreed="y", reason="broken")
    assert list(Task.objects.filter(enabled=False)) == [world.task]
    assert not policy_of(rows.ADD).enabled
    act(world.manager, "disable", rows.ADD, agreed="y", reason="once more")
    act(world.manager, "enable", rows.ADD, agreed="y", reason="mended")
    events = Event.objects.order_by("pk").values_list("verb", "task", "actor", "reason")
    by = world.manager.pk
    told = [("disable", rows.ADD, by, "broken"), ("enable", rows.ADD, by, "mended")]
    assert list(events) == told


def test_groups_are_given_and_taken_on_many_tasks(world):
    new = Group.objects.create(name="new")
    form = {"agreed": "y", "role": "runners", "groups": [new.pk], "reason": "audit"}
    act(world.boss, "give", rows.ADD, "other.task", **form)
    assert set(Task.objects.filter(runners=new).values_list("pk", flat=True)) == {
        rows.ADD, "other.task",
    }  # fmt: skip
    event = Event.objects.first()
    assert (event.before, event.after) == ({"runners": []}, {"runners": ["new"]})
    act(world.manager, "take", rows.ADD, "other.task", **form)
    assert [task.pk for task in Task.objects.filter(runners=new)] == ["other.task"]


@pytest.mark.parametrize("action", ["enable", "disable", "give", "take"])
def test_who_only_looks_is_offered_and_granted_no_action(world, action):
    page = desk.at(world.viewer).get(desk.address(Task))
    assert page.context["action_form"] is None
    form = {"role": "managers", "groups": [world.viewers.pk], "reason": "mine"}
    act(world.viewer, action, rows.ADD, agreed="y", **form)
    world.task.refresh_from_db()
    assert world.task.enabled and world.viewers not in world.task.managers.all()
    assert not Event.objects.exists()


def test_who_manages_one_task_changes_no_other(world):
    rows.task("third.task").viewers.add(world.managers)
    form = {"role": "managers", "groups": [world.managers.pk], "reason": "mine"}
    act(world.manager, "give", "third.task", "other.task", agreed="y", **form)
    assert not Task.objects.get(pk="third.task").managers.exists()
    assert not Event.objects.exists()
