"""Several schedules at once: to each by the rule of its own task."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from django_celery_beat.models import PeriodicTask, PeriodicTasks

from jobs.models import Event, Job
from jobs.states import State, WaitingFor

from . import desk, rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> Any:
    viewers, managers = (Group.objects.create(name=name) for name in ("v", "m"))
    task = rows.task()
    task.viewers.add(viewers)
    task.managers.add(managers)
    foreign = rows.task(desk.FAIL, title="Fail")
    foreign.viewers.add(viewers, managers)
    every_right = desk.model_permissions("view", "change", "delete")
    return SimpleNamespace(
        task=task,
        entry=desk.schedule(),
        foreign=desk.schedule("foreign", desk.FAIL, kwargs="{}"),
        viewer=desk.staff("viewer", viewers, may=every_right),
        manager=desk.staff("manager", managers),
        planner=desk.staff("planner", may=("manage_schedules",)),
        boss=desk.staff("boss", is_superuser=True),
    )


def act(person: Any, action: str, *entries: PeriodicTask) -> Any:
    form = {"action": action, "_selected_action": [entry.pk for entry in entries]}
    return desk.at(person).post(desk.address(PeriodicTask), form, follow=True)


@pytest.mark.parametrize(
    "action",
    [
        "run",
        "enable",
        "disable",
        "delete_selected",
        "run_tasks",
        "toggle_tasks",
        "enable_tasks",
    ],
)
def test_who_may_only_look_has_no_action_and_cannot_send_one(world, action):
    """The stock page runs the task for anybody who may view it."""
    page = desk.at(world.viewer).get(desk.address(PeriodicTask))
    assert page.context["cl"].result_count == 2
    assert page.context["action_form"] is None
    PeriodicTask.objects.update(enabled=action != "enable")
    act(world.viewer, action, world.entry, world.foreign)
    assert PeriodicTask.objects.filter(enabled=action != "enable").count() == 2
    assert not Job.objects.exists() and not Event.objects.exists()


@pytest.mark.parametrize("role", ["manager", "boss"])
def test_run_now_makes_a_job_of_the_person_who_asked(world, role):
    person = getattr(world, role)
    assert desk.told(act(person, "run", world.entry)) == ["1 job was asked for."]
    job = Job.objects.get()
    assert (job.task_id, job.params, job.owner) == (rows.ADD, {"x": 1, "y": 0}, person)
    assert (job.schedule, job.state) == (world.entry, State.QUEUED)
    event = Event.objects.get()
    assert (event.verb, event.subject, event.job, event.actor) == (
        "run",
        "nightly",
        job,
        person,
    )


def test_each_row_is_asked_about(world):
    told = desk.told(act(world.manager, "run", world.entry, world.foreign))
    assert told == ["These are not yours to change: foreign", "1 job was asked for."]
    assert Job.objects.get().schedule == world.entry
    act(world.manager, "disable", world.entry, world.foreign)
    assert PeriodicTask.objects.get(enabled=True) == world.foreign


def test_who_plans_everything_runs_only_what_they_may_run(world):
    told = desk.told(act(world.planner, "run", world.entry))
    assert told == ["nightly was not run: you may not run its task"]
    assert not Job.objects.exists()


def test_what_cannot_run_says_why_and_stops_no_other(world):
    PeriodicTask.objects.filter(pk=world.foreign.pk).update(task="celery.map")
    broken = desk.schedule("broken", kwargs='{"x": "many"}')
    told = desk.told(act(world.boss, "run", world.entry, world.foreign, broken))
    assert len(told) == 3 and "1 job was asked for." in told
    assert any("broken was not run: x:" in each for each in told)
    assert any("there is no task 'celery.map'" in each for each in told)
    assert Job.objects.get().schedule == world.entry


def test_a_job_of_a_disabled_task_waits_for_it(world):
    world.task.enabled = False
    world.task.save()
    act(world.manager, "run", world.entry)
    job = Job.objects.get()
    assert (job.state, job.waiting_for) == (State.PENDING, WaitingFor.TASK)


def test_disable_and_enable_tell_beat_and_the_book(world):
    PeriodicTask.objects.filter(pk=world.entry.pk).update(last_run_at=timezone.now())
    before = PeriodicTasks.last_change()
    assert desk.told(act(world.manager, "disable", world.entry)) == ["1 schedule was disabled."]
    world.entry.refresh_from_db()
    assert (world.entry.enabled, world.entry.last_run_at) == (False, None)
    changed = PeriodicTasks.last_change()
    assert changed > before
    assert desk.told(act(world.manager, "enable", world.entry)) == ["1 schedule was enabled."]
    assert PeriodicTasks.last_change() > changed
    verbs = Event.objects.order_by("pk").values_list("verb", "subject", "actor")
    manager = world.manager.pk
    assert list(verbs) == [("disable", "nightly", manager), ("enable", "nightly", manager)]


def test_enabling_what_is_enabled_changes_nothing(world):
    before = PeriodicTasks.last_change()
    assert desk.told(act(world.manager, "enable", world.entry)) == ["0 schedules were enabled."]
    assert PeriodicTasks.last_change() == before
    assert not Event.objects.exists()


def test_several_are_deleted_only_by_who_manages_all_of_them(world):
    chosen = [world.entry.pk, world.foreign.pk]
    form = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    page = desk.address(PeriodicTask)
    assert desk.at(world.manager).post(page, form).status_code == 403
    assert PeriodicTask.objects.count() == 2
    assert desk.at(world.boss).post(page, form).status_code == 302
    assert not PeriodicTask.objects.exists()
    assert {*Event.objects.values_list("verb", "subject")} == {
        ("delete", "nightly"),
        ("delete", "foreign"),
    }


def test_looking_changes_nothing(world, django_assert_num_queries):
    """Nothing but the session may be written by a GET."""
    client = desk.at(world.boss)
    before = (PeriodicTasks.last_change(), PeriodicTask.objects.get(pk=world.entry.pk).__dict__)
    for action in ("run", "disable", "delete_selected"):
        query = f"?action={action}&_selected_action={world.entry.pk}&post=yes"
        assert client.get(desk.address(PeriodicTask) + query).status_code in (302, 400)
    assert client.get(desk.address(PeriodicTask, "delete", world.entry.pk)).status_code == 200
    after = PeriodicTask.objects.get(pk=world.entry.pk)
    assert before[0] == PeriodicTasks.last_change()
    assert {k: v for k, v in before[1].items() if k != "_state"} == {
        k: v for k, v in after.__dict__.items() if k != "_state"
    }
    assert not Job.objects.exists() and not Event.objects.exists()


def test_a_post_from_another_site_is_refused(world):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(world.boss)
    form = {"action": "run", "_selected_action": world.entry.pk}
    assert client.post(desk.address(PeriodicTask), form).status_code == 403
    assert not Job.objects.exists()


def test_many_are_paused_with_a_note_that_is_asked_for_first_and_resumed(world):
    asked = act(world.manager, "pause", world.entry, world.foreign)
    assert "nightly" in asked.content.decode() and not Event.objects.exists()
    form = {"action": "pause", "_selected_action": [world.entry.pk, world.foreign.pk]}
    agreed = form | {"agreed": "yes", "note": "the provider is down"}
    desk.at(world.manager).post(desk.address(PeriodicTask), agreed)
    paused = PeriodicTask.objects.filter(policy__paused_at__isnull=False)
    assert [entry.name for entry in paused] == ["nightly"]
    assert paused.get().policy.pause_note == "the provider is down"
    assert "1 schedule was resumed." in desk.told(act(world.boss, "resume", world.entry))
    told = Event.objects.order_by("at", "id").values_list("verb", "actor", "reason")
    assert list(told) == [
        ("pause", world.manager.pk, "the provider is down"),
        ("resume", world.boss.pk, ""),
    ]
    desk.at(world.viewer).post(desk.address(PeriodicTask), agreed)
    assert not paused.all().exists()
