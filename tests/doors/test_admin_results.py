"""Celery's results in the admin: each sees those of the jobs that they may see."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django_celery_results.models import GroupResult, TaskResult

from jobs.models import Job
from jobs.params.secret import sealed
from jobs.states import State

from . import desk, rows

pytestmark = pytest.mark.django_db


def result(task_id: str, **columns: Any) -> TaskResult:
    values = {"task_name": rows.ADD, "status": "SUCCESS", "result": "5", **columns}
    return TaskResult.objects.create(task_id=task_id, **values)


@pytest.fixture
def world() -> Any:
    viewers = Group.objects.create(name="v")
    rows.task().viewers.add(viewers)
    owner = desk.staff("owner")
    job = rows.job(State.COMPLETED, owner=owner, group_id="g1", params={"x": 1})
    every_right = desk.model_permissions("view", "add", "change", "delete")
    GroupResult.objects.create(group_id="g1", result="[1]")
    GroupResult.objects.create(group_id="g2", result="[2]")
    return SimpleNamespace(
        owner=owner,
        viewer=desk.staff("viewer", viewers),
        stranger=desk.staff("stranger", may=every_right),
        boss=desk.staff("boss", is_superuser=True),
        row=result(job.pk, traceback="TRACE OF IT"),
        foreign=result("foreign", task_kwargs=json.dumps("{'key': 'hunter2'}")),
    )


def ids(person: Any, query: str = "") -> set[str]:
    page = desk.at(person).get(desk.address(TaskResult) + query)
    return {row.task_id for row in page.context["cl"].result_list}


def page_of(person: Any, row: TaskResult) -> str:
    page = desk.at(person).get(desk.address(TaskResult, "change", row.pk))
    assert page.status_code == 200
    return page.content.decode()


def test_each_sees_the_results_of_their_jobs(world):
    assert ids(world.owner) == ids(world.viewer) == {world.row.task_id}
    assert ids(world.stranger) == set()
    assert ids(world.boss) == {world.row.task_id, "foreign"}
    for person, groups in ((world.owner, 1), (world.stranger, 0), (world.boss, 2)):
        page = desk.at(person).get(desk.address(GroupResult))
        assert page.context["cl"].result_count == groups


@pytest.mark.parametrize("model", [TaskResult, GroupResult])
def test_nobody_changes_a_result(world, model):
    client, row = desk.at(world.boss), model.objects.first()
    assert (
        client.post(desk.address(model, "change", row.pk), {"result": "6"}).status_code == 403
    )
    assert client.post(desk.address(model, "delete", row.pk), {"post": "y"}).status_code == 403
    assert client.get(desk.address(model, "add")).status_code == 403
    for action in ("delete_selected", "terminate_task"):
        chosen = {"action": action, "_selected_action": row.pk, "post": "yes"}
        client.post(desk.address(model), chosen)
    assert model.objects.count() == 2


def test_an_action_of_the_whole_site_does_not_reach_them(world):
    def wipe(modeladmin: Any, request: Any, queryset: Any) -> None:
        queryset.delete()

    admin.site.add_action(wipe)
    try:
        client = desk.at(world.boss)
        assert client.get(desk.address(TaskResult)).context["action_form"] is None
        chosen = {"action": "wipe", "_selected_action": world.row.pk}
        client.post(desk.address(TaskResult), chosen)
    finally:
        admin.site.disable_action("wipe")
    assert TaskResult.objects.count() == 2


def test_arguments_are_those_of_the_job_masked(world):
    params = {"user": "ada", "password": sealed("hunter2"), "token": sealed("t")}
    job = rows.job(State.COMPLETED, task=desk.LOG_IN, params=params, owner=world.owner)
    row = result(
        job.pk, task_name=desk.LOG_IN, task_kwargs=json.dumps("{'password': 'hunter2'}")
    )
    page = page_of(world.owner, row)
    assert "ada" in page and "hunter2" not in page


def test_arguments_of_what_is_no_job_are_shown_only_where_nothing_is_secret(world):
    assert "hunter2" in page_of(world.boss, world.foreign)  # `add` has no secrets
    for task in (desk.LOG_IN, "unknown.task", None):
        TaskResult.objects.filter(pk=world.foreign.pk).update(task_name=task)
        page = page_of(world.boss, world.foreign)
        assert "hunter2" not in page and "••••" in page


def test_arguments_cannot_be_found_out_by_searching(world):
    assert ids(world.boss, "?q=hunter2") == set()
    for lookup in ("task_kwargs__contains=h", "traceback__contains=T", "meta__contains=x"):
        assert (
            desk.at(world.boss).get(f"{desk.address(TaskResult)}?{lookup}").status_code == 400
        )


def test_a_traceback_is_for_the_owner_and_for_managers(world):
    assert "TRACE OF IT" in page_of(world.owner, world.row)
    assert "TRACE OF IT" not in page_of(world.viewer, world.row)


@pytest.mark.parametrize("query", ["?q=foreign", f"?q={rows.ADD}", "?status=SUCCESS"])
def test_results_are_found_by_id_task_and_state(world, query):
    assert "foreign" in ids(world.boss, query)


def test_a_result_leads_to_its_job_and_is_told_by_its_state(world):
    page = desk.at(world.boss).get(desk.address(TaskResult)).content.decode()
    assert f'href="{desk.address(Job, "change", world.row.task_id)}"' in page
    assert '<span class="st s-completed">' in page
    assert desk.address(Job, "change", "foreign") not in page
    assert desk.address(TaskResult, "change", world.row.pk) in _job_page(world)


def test_a_group_leads_to_those_of_its_jobs_that_one_sees(world):
    rows.job(State.FAILED, task="unknown.task", group_id="g1", id="hidden")
    group = desk.address(GroupResult, "change", GroupResult.objects.get(group_id="g1").pk)
    for person, sees in ((world.viewer, False), (world.boss, True)):
        page = desk.at(person).get(group).content.decode()
        assert desk.address(Job, "change", world.row.task_id) in page
        assert (desk.address(Job, "change", "hidden") in page) is sees


def _job_page(world: Any) -> str:
    job = desk.address(Job, "change", world.row.task_id)
    return desk.at(world.owner).get(job).content.decode()
