"""A task is run in the admin by the form that its page has."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from jobs import registry
from jobs.execution.asked import TICKET
from jobs.models import Artifact, Job, Task
from jobs.states import State

from . import desk, form_tasks, rows

pytestmark = pytest.mark.django_db
KINDS, UPLOADS = form_tasks.many_kinds.name, form_tasks.uploads.name


@pytest.fixture
def world() -> Any:
    runners, viewers = (Group.objects.create(name=name) for name in ("r", "v"))
    for name in (rows.ADD, KINDS, UPLOADS):
        task = rows.task(name)
        task.runners.add(runners)
        task.viewers.add(viewers)
    every_right = desk.model_permissions("view", "add", "change", "delete")
    return SimpleNamespace(
        runner=desk.staff("runner", runners),
        viewer=desk.staff("viewer", viewers, may=every_right),
    )


def address(name: str = rows.ADD) -> str:
    return desk.address(Task, "run", name.replace("_", "_5F"))


def run(person: Any, task: str = rows.ADD, **fields: Any) -> Any:
    return desk.at(person).post(address(task), fields)


def test_what_was_typed_becomes_a_job_of_who_typed_it(world):
    fields = {"count": "3", "when": "2026-08-22T18:00", "mode": "fast", "mark": ""}
    asked = desk.at(world.runner).post(address(KINDS), fields, follow=True)
    job = Job.objects.get()
    assert asked.redirect_chain == [(desk.address(Job, "change", job.pk), 302)]
    assert desk.told(asked) == ["The job was asked for."]
    assert (job.task_id, job.owner, job.state) == (KINDS, world.runner, State.QUEUED)
    given = {name: job.params[name] for name in ("count", "mode", "mark", "is_dry")}
    assert given == {"count": 3, "mode": "fast", "mark": None, "is_dry": False}


def test_what_is_wrong_stands_at_its_field_and_nothing_runs(world):
    reply = run(world.runner, KINDS, count="11", name="kept", token="hush-hush")
    page = reply.content.decode()
    assert reply.status_code == 422 and not Job.objects.exists()
    assert set(reply.context["form"].errors) == {"count", "when"}
    assert "Nothing was started." in page and 'class="errorlist" id="id_count_error"' in page
    assert 'value="kept"' in page and 'value="11"' in page
    assert "hush-hush" not in page and 'type="password" name="token"' in page


def test_files_are_taken_with_it(world, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    assert 'enctype="multipart/form-data"' in get(world.runner, UPLOADS).content.decode()
    files = [SimpleUploadedFile(f"{n}.txt", b"body %d" % n) for n in range(2)]
    assert run(world.runner, UPLOADS, files=files).status_code == 302
    given = Artifact.objects.order_by("name")
    assert [(each.name, each.file.read()) for each in given] == [
        ("0.txt", b"body 0"), ("1.txt", b"body 1"),
    ]  # fmt: skip


def get(person: Any, name: str = rows.ADD) -> Any:
    return desk.at(person).get(address(name))


def test_a_double_click_makes_one_job_and_a_second_form_another(world):
    for tickets in ([get(world.runner).context["ticket"]] * 2, [""]):
        replies = [run(world.runner, x="2", **{TICKET: each}) for each in tickets]
        assert len({reply["Location"] for reply in replies}) == 1
    assert Job.objects.count() == 2


def test_who_only_looks_sees_no_button_and_runs_nothing(world):
    for page in (desk.address(Task), desk.address(Task, "change", rows.ADD)):
        link = f'href="{address()}">Run…'
        assert link in desk.at(world.runner).get(page).content.decode()
        assert link not in desk.at(world.viewer).get(page).content.decode()
    assert get(world.viewer).status_code == run(world.viewer, x="1").status_code == 403
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "columns", [{"enabled": False}, {"missing_at": timezone.now()}, {"error": "Traceback"}]
)
def test_what_cannot_start_is_not_offered(world, columns):
    Task.objects.filter(pk=rows.ADD).update(**columns)
    for page in (desk.address(Task), desk.address(Task, "change", rows.ADD)):
        assert address() not in desk.at(world.runner).get(page).content.decode()
    assert get(world.runner).status_code == run(world.runner, x="1").status_code == 403
    assert not Job.objects.exists()


def test_of_a_task_that_only_others_know_there_is_no_form(world):
    boss = desk.staff("boss", is_superuser=True)
    rows.task("elsewhere.task")
    assert get(boss, "elsewhere.task").status_code == 403
    assert get(boss, "nowhere.task").status_code == get(boss, "no\0where").status_code == 404


def test_words_of_a_docstring_are_text(world, monkeypatch):
    info = registry.get(KINDS).parameters.model.model_fields["count"]
    monkeypatch.setattr(info, "description", "<b>How</b> many")
    assert "&lt;b&gt;How&lt;/b&gt; many" in get(world.runner, KINDS).content.decode()
