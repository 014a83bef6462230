"""A site with an admin of its own gets all our pages there, by one call."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin import AdminSite
from django.contrib.auth.models import Group, User
from django.contrib.staticfiles.finders import find
from django.test import Client
from django.urls import include, path
from django_celery_beat import admin as stock
from django_celery_beat.models import CrontabSchedule, PeriodicTask
from django_celery_results.models import GroupResult, TaskResult

from jobs.admin import register
from jobs.admin.rules import OwnRules
from jobs.models import ApiToken, Event, Job, Task
from jobs.states import State

from . import desk, rows

desk_site = AdminSite(name="desk")
desk_site.register(PeriodicTask, stock.PeriodicTaskAdmin)
desk_site.register([Group, User])
register(desk_site)
urlpatterns = [
    path("desk/", desk_site.urls),
    path("tools/", include("jobs.urls")),
    path("accounts/", include("django.contrib.auth.urls")),
]

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def boss() -> Client:
    person = desk.staff("boss", is_superuser=True)
    rows.task()
    desk.schedule("crontab", crontab=CrontabSchedule.objects.create(hour="3"))
    desk.schedule()
    job = rows.job(State.FAILED, owner=person, group_id="g", error="no")
    rows.job(State.RUNNING, owner=person, progress={"percent": 40})
    TaskResult.objects.create(task_id=job.pk, task_name=rows.ADD)
    GroupResult.objects.create(group_id="g")
    Event.objects.create(job=job, actor=person, verb="cancel", after={"x": 1})
    ApiToken.objects.issue(person, ["read"])
    return desk.at(person)


def test_it_has_the_same_pages_as_the_one_of_django():
    ours = [model for model in apps.get_models() if admin.site.is_registered(model)]
    ours = [each for each in ours if isinstance(admin.site.get_model_admin(each), OwnRules)]
    assert len(ours) >= 10
    for model in ours:
        assert type(desk_site.get_model_admin(model)) is type(admin.site.get_model_admin(model))


def test_every_page_opens_there_and_leads_nowhere_else(boss):
    for model, page in desk_site._registry.items():
        if not isinstance(page, OwnRules):
            continue
        meta = model._meta
        place = f"/desk/{meta.app_label}/{meta.model_name}/"
        row = model._default_manager.first()
        own = ("change", "run") if model is Task else ("change",)
        for address in [place, *(f"{place}{_quoted(row.pk)}/{each}/" for each in own if row)]:
            shown = boss.get(address)
            assert shown.status_code == 200, address
            assert _elsewhere(shown) == [], address


def test_a_task_is_run_there_and_its_job_shown_there(boss):
    asked = boss.post(f"/desk/jobs/task/{_quoted(rows.ADD)}/run/", {"x": "1"})
    job = Job.objects.get(state=State.QUEUED)
    assert asked["Location"] == f"/desk/jobs/job/{_quoted(job.pk)}/change/"


def test_our_pages_lead_to_the_same_thing_there(boss):
    job = rows.job(id="my_2Fown/id", task=rows.ADD)
    for page, there in {
        "/tools/jobs/my_2Fown/id/": "job/my_5F2Fown_2Fid/change/",
        f"/tools/tasks/{job.task_id}/": f"task/{_quoted(job.task_id)}/change/",
        "/tools/jobs/": "job/",
        "/tools/tasks/": "task/",
    }.items():
        shown = boss.get(page).content.decode()
        assert f'href="/desk/jobs/{there}"' in shown, page
        assert boss.get(f"/desk/jobs/{there}").status_code == 200


def _quoted(key: Any) -> str:
    return admin.utils.quote(key)


def _elsewhere(shown: Any) -> list[str]:
    """Addresses on the page that are neither of that admin nor of our pages."""
    found = re.findall(r'(?:href|action)="(/[^"]*)"', shown.content.decode())
    known = ("/desk/", "/tools/", "/static/")
    return [each for each in found if not each.startswith(known) and each != "/"]


def test_states_have_the_same_tones_as_on_our_pages():
    def tones(sheet: str) -> set[str]:
        text = Path(str(find(f"jobs/css/{sheet}.css"))).read_text()
        names = "idle|run|ok|warn|retry|bad|hold"
        return set(re.findall(rf"--(?:{names})(?:-soft)?: light-dark[^;]*;", text))

    assert len(tones("batuta")) == 14
    assert tones("admin") == tones("batuta")
