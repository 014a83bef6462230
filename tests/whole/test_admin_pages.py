"""The admin in a real browser, under the strictest policy: nothing inline, no complaint."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from django_celery_results.models import GroupResult, TaskResult
from playwright.sync_api import Browser

from jobs.models import ApiToken, Artifact, Event, Grant, Job, Role, SavedFilter, Task, Worker
from jobs.states import State
from project.middleware import STRICT
from tests.doors import desk, rows
from tests.nouns.test_workers import FACTS

from .chromium import chromium, signed_in

pytestmark = pytest.mark.browser
LISTS = (Task, Job, Event, Worker, Artifact, ApiToken, Grant, TaskResult, GroupResult,
         SavedFilter, PeriodicTask, CrontabSchedule, IntervalSchedule, SolarSchedule,
         ClockedSchedule)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def boss(transactional_db: None) -> User:
    person = rows.user("boss", is_superuser=True, is_staff=True)
    rows.task()
    desk.schedule("crontab", crontab=CrontabSchedule.objects.create(hour="3"))
    desk.schedule()
    job = rows.job(State.FAILED, owner=person, traceback="Traceback")
    TaskResult.objects.create(task_id=job.pk, task_name=rows.ADD)
    GroupResult.objects.create(group_id="g")
    rows.log(job, "starts", "ends")
    rows.artifact(job, "report.pdf")
    Worker.tell("main@node", FACTS)
    ApiToken.objects.issue(person, ["read"])
    SavedFilter.objects.keep(person, "bad ones", "state:failed")
    Grant.objects.create(
        group=Group.objects.create(name="g"), role=Role.VIEWERS, pattern="tests.*"
    )
    Event.objects.create(job=job, actor=person, verb="cancel", after={"x": 1})
    return person


def addresses() -> Iterator[str]:
    yield "/admin/"
    for model in LISTS:
        yield desk.address(model)
        if row := model.objects.first():
            yield desk.address(model, "change", row.pk)
    for model in (PeriodicTask, CrontabSchedule, SolarSchedule):
        yield desk.address(model, "add")


def test_no_page_runs_or_styles_anything_inline(browser, live_server, boss):
    page: Any = signed_in(browser, live_server.url, "boss")
    for address in addresses():
        answer = page.goto(address)
        assert (answer.status, address) == (200, address)
        assert answer.headers["content-security-policy"] == STRICT
    assert page.complaints == []


def test_a_schedule_is_run_with_the_mouse(browser, live_server, redis_server, boss):
    desk.schedule("hourly", kwargs='{"x": 1}')
    page: Any = signed_in(browser, live_server.url, "boss")
    page.goto(desk.address(PeriodicTask))
    page.locator("tr", has_text="hourly").get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option("run")
    page.get_by_role("button", name="Go", exact=True).click()
    page.get_by_text("1 job was asked for.").wait_for()
    assert Job.objects.get(schedule__name="hourly").params == {"x": 1, "y": 0}
    assert page.complaints == []


def test_a_verb_is_done_with_the_mouse(browser, live_server, redis_server, boss):
    job = rows.job(owner=boss, note="mine")
    page: Any = signed_in(browser, live_server.url, "boss")
    page.goto(desk.address(Job))
    page.locator("tr", has_text=job.pk).get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option("cancel")
    page.get_by_role("button", name="Go", exact=True).click()
    page.get_by_label("Reason:").fill("not needed")
    page.get_by_role("button", name="Cancel 1 job").click()
    page.get_by_text("1 cancelled").wait_for()
    assert Event.objects.filter(job=job, verb="cancel", reason="not needed").exists()
    assert page.complaints == []
