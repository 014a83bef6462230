"""All lists of the admin: what they cost, and that they say nothing of what is hidden."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from django_celery_results.models import GroupResult, TaskResult

from jobs.admin.rules import OwnRules
from jobs.models import ApiToken, Artifact, Event, Grant, Job, Role, Task, Worker
from jobs.states import State
from tests.nouns.test_workers import FACTS

from . import desk, rows

pytestmark = pytest.mark.django_db
MUCH = ("jobs_job", "jobs_event", "jobs_artifact", "django_celery_results_taskresult",
        "django_celery_results_groupresult")  # fmt: skip


def _job(n: int, owner: Any = None) -> Job:
    return rows.job(State.COMPLETED, task=f"secret{n}", owner=owner, worker=f"secret{n}",
                    queue=f"secret{n}", group_id=f"secret{n}")  # fmt: skip


def _event(n: int) -> Any:
    return Event.objects.create(job=_job(n), task_id=f"secret{n}", verb="edit", reason="secret")


def _timing(n: int, model: Any, **columns: Any) -> Any:
    row = model.objects.create(**columns)
    if model is not PeriodicTask:
        column = {CrontabSchedule: "crontab", IntervalSchedule: "interval"}[model]
        timing = {"interval": None, "task": f"secret{n}", column: row}
        PeriodicTask.objects.create(name=f"secret{n}", **timing)
    return row


MAKE: dict[Any, Callable[[int], Any]] = {
    Task: lambda n: rows.task(f"secret{n}", tags=[f"secret{n}"], queue=f"secret{n}"),
    Job: _job,
    Event: _event,
    Artifact: lambda n: Artifact.objects.create(job=_job(n), name=f"secret{n}", file="x"),
    Grant: lambda n: Grant.objects.create(
        group=Group.objects.create(name=f"secret{n}"), role=Role.VIEWERS, pattern=f"secret{n}"
    ),
    Worker: lambda n: Worker.tell(f"secret{n}", FACTS),
    ApiToken: lambda n: ApiToken.objects.issue(desk.staff(f"secret{n}"), ["read"]),
    TaskResult: lambda n: TaskResult.objects.create(task_id=_job(n).pk, task_name=f"secret{n}"),
    GroupResult: lambda n: GroupResult.objects.create(group_id=_job(n).group_id),
    PeriodicTask: lambda n: desk.schedule(f"secret{n}", task=f"secret{n}"),
    CrontabSchedule: lambda n: _timing(n, CrontabSchedule, minute=n % 60, hour=n % 24),
    IntervalSchedule: lambda n: _timing(n, IntervalSchedule, every=n + 9, period="hours"),
}


@pytest.fixture
def boss() -> Any:
    return desk.staff("boss", is_superuser=True)


@pytest.mark.parametrize("model", MAKE)
def test_a_hundred_rows_take_as_many_queries_as_ten(boss, model):
    for number in range(10):
        MAKE[model](number)
    few = desk.queries(boss, desk.address(model))
    for number in range(10, 100):
        MAKE[model](number)
    assert desk.queries(boss, desk.address(model)) == few <= 25


def test_who_manages_some_tasks_is_not_asked_for_it_again_and_again():
    group = Group.objects.create(name="managers")
    rows.task().managers.add(group)
    desk.schedule()
    assert desk.queries(desk.staff("manager", group), desk.address(PeriodicTask)) <= 20


def test_only_who_may_change_some_is_offered_verbs():
    task = rows.task()
    desk.schedule()
    for role in ("viewers", "managers"):
        group = Group.objects.create(name=role)
        getattr(task, role).add(group)
        page = desk.at(desk.staff(role, group)).get(desk.address(PeriodicTask))
        assert (b'value="disable"' in page.content) == (role == "managers")


@pytest.mark.parametrize("model", MAKE)
def test_no_query_of_a_list_reads_all_rows(boss, model, monkeypatch):
    """Whatever is asked of tables that grow without end has a bound, or names its row."""
    monkeypatch.setattr(OwnRules, "list_per_page", 1)  # so that there is a second page
    MAKE[model](1), MAKE[model](2)
    client = desk.at(boss)
    for query in ("", "?q=secret", "?p=1"):
        with CaptureQueriesContext(connection) as caught:
            assert client.get(desk.address(model) + query).status_code == 200
        for asked in (each["sql"] for each in caught):
            if any(f'FROM "{table}"' in asked for table in MUCH):
                assert "LIMIT" in asked or "WHERE" in asked, asked


@pytest.mark.parametrize("model", MAKE)
def test_who_is_given_nothing_sees_nothing_and_nothing_counted(boss, model):
    """Django's permissions on the models open nothing, in no corner of the admin."""
    row = MAKE[model](1) or model.objects.first()
    row = row[0] if isinstance(row, tuple) else row
    closed = {Grant}  # whoever holds Django's permission on these holds all there is
    may = () if model in closed else desk.model_permissions("view", "add", "change", "delete")
    stranger = desk.at(desk.staff("stranger", may=may))
    list_, change = desk.address(model), desk.address(model, "change", row.pk)
    history = desk.address(model, "history", row.pk)
    delete = desk.address(model, "delete", row.pk)
    corners = (
        "",
        "?q=secret",
        "?_facets=True",
        "?all=",
        "?_popup=1",
        "?_to_field=id",
        "?o=1.2",
    )
    for page in [*(list_ + corner for corner in corners), change, history, delete]:
        _says_nothing(stranger.get(page), row)
    chosen = {"action": "delete_selected", "_selected_action": row.pk, "select_across": 1}
    _says_nothing(stranger.post(list_, chosen, follow=True), row)
    _says_nothing(stranger.post(delete, {"post": "yes"}), row)
    assert model.objects.filter(pk=row.pk).exists()


def _says_nothing(answer: Any, row: Any) -> None:
    assert answer.status_code in (200, 302, 400, 403, 404), answer.request["PATH_INFO"]
    context = answer.context or {}
    if "cl" in context:
        assert context["cl"].result_count == 0
    said = answer.content.decode().replace("q=secret", "").replace('value="secret"', "")
    said = said.replace(f"“{row.pk}”", "")  # of the address: "Task with ID … doesn't exist"
    assert "secret" not in said, answer.request["PATH_INFO"]


@pytest.mark.parametrize(
    ("app", "model", "field"),
    [("jobs", "job", "schedule"), ("jobs", "job", "retry_of"), ("jobs", "event", "task"),
     ("jobs", "job", "task"), ("jobs", "artifact", "job"), ("jobs", "apitoken", "user")],
)  # fmt: skip
def test_suggestions_are_made_from_what_one_sees(boss, app, model, field):
    for number in range(3):
        desk.schedule(f"secret{number}", task=f"secret{number}")
        MAKE[Task](number), _job(number)
    query = {"app_label": app, "model_name": model, "field_name": field, "term": "secret"}
    stranger = desk.at(desk.staff("stranger", may=desk.model_permissions("view", "change")))
    answer = stranger.get("/admin/autocomplete/", query)
    assert answer.status_code == 403 or answer.json()["results"] == []


def test_deleting_what_is_shared_tells_nothing_of_others(boss):
    """Django's question before a deletion lists all that would go too."""
    managers = Group.objects.create(name="m")
    rows.task().managers.add(managers)
    used = _timing(1, IntervalSchedule, every=99, period="hours")
    manager = desk.at(desk.staff("manager", managers))
    chosen = {"action": "delete_selected", "_selected_action": used.pk}
    answer = manager.post(desk.address(IntervalSchedule), chosen, follow=True)
    assert "secret" not in answer.content.decode()
    agreed = manager.post(desk.address(IntervalSchedule), chosen | {"post": "yes"})
    assert "secret" not in agreed.content.decode()
    assert IntervalSchedule.objects.filter(pk=used.pk).exists()


def test_events_are_read_by_those_whom_they_concern(boss):
    managers, viewers = (Group.objects.create(name=name) for name in "mv")
    task = rows.task()
    task.managers.add(managers)
    task.viewers.add(viewers)
    owner = desk.staff("owner")
    of_job = Event.objects.create(job=rows.job(owner=owner), task=task, verb="cancel")
    of_task = Event.objects.create(task=task, verb="edit", after={"managers": ["m"]})
    elsewhere = Event.objects.create(subject="worker", verb="shutdown")
    sees = {
        boss: {of_job, of_task, elsewhere},
        owner: {of_job},
        desk.staff("manager", managers): {of_job, of_task},
        desk.staff("viewer", viewers): {of_job},
        desk.staff("stranger"): set(),
    }
    for person, events in sees.items():
        page = desk.at(person).get(desk.address(Event))
        assert set(page.context["cl"].result_list) == events, person


def test_workers_are_seen_by_those_who_control_them():
    Worker.tell("main@node", FACTS)
    rows.job(State.RUNNING)
    person = desk.staff("olga", may=("control_workers",))
    page = desk.at(person).get(desk.address(Worker)).content.decode()
    assert "main@node" in page and ">1 / " in page
    assert desk.at(person).get(desk.address(Worker, "change", "main@node")).status_code == 200
    assert "Workers" not in desk.at(desk.staff("otto")).get("/admin/").content.decode()
