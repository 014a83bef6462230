"""The catalogue of tasks, and the form that runs one."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from jobs.models import Artifact, Job, Task
from jobs.states import State
from jobs.web.runform import TICKET
from tests import sample_tasks
from tests.doors import form_tasks

from . import rows

pytestmark = pytest.mark.django_db
FORM = form_tasks.many_kinds.name
UPLOADS = form_tasks.uploads.name


@pytest.fixture
def admin(client: Client) -> Client:
    for name in (rows.ADD, FORM, UPLOADS):
        rows.task(name, title=name.rpartition(".")[2])
    client.force_login(rows.user("admin", is_superuser=True))
    return client


def address(name: str) -> str:
    return reverse("jobs:task", args=[name])


def ticket(client: Client, name: str = rows.ADD) -> str:
    return client.get(address(name)).context["ticket"]


def test_running_a_task_leads_to_its_job(admin):
    response = admin.post(address(rows.ADD), {"x": "2", TICKET: ticket(admin)})
    job = Job.objects.get()
    assert response["Location"] == reverse("jobs:job", args=[job.pk])
    assert (job.task_id, job.params, str(job.owner)) == (rows.ADD, {"x": 2, "y": 0}, "admin")
    assert job.state == State.QUEUED


def test_a_form_sent_twice_makes_one_job(admin):
    data = {"x": "2", TICKET: ticket(admin)}
    first, second = (admin.post(address(rows.ADD), data) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Job.objects.count() == 1


def test_a_parameter_may_be_called_ticket(admin):
    rows.task(form_tasks.travel.name)
    data = {"ticket": "first class", TICKET: ticket(admin, form_tasks.travel.name)}
    for _ in range(2):
        admin.post(address(form_tasks.travel.name), data)
    assert Job.objects.get().params == {"ticket": "first class"}


def test_two_forms_make_two_jobs(admin):
    for _ in range(2):
        admin.post(address(rows.ADD), {"x": "2", TICKET: ticket(admin)})
    assert Job.objects.count() == 2


@pytest.mark.parametrize("forged", ["", "nonsense", "a:b:c"])
def test_a_forged_ticket_chooses_no_id(admin, forged):
    admin.post(address(rows.ADD), {"x": "2", TICKET: forged})
    assert Job.objects.get().pk != forged


def test_the_ticket_of_another_person_is_worth_nothing(admin):
    taken = ticket(admin)
    admin.post(address(rows.ADD), {"x": "2", TICKET: taken})
    other = Client()
    other.force_login(rows.user("other", is_superuser=True))
    other.post(address(rows.ADD), {"x": "3", TICKET: taken})
    assert sorted(job.params["x"] for job in Job.objects.all()) == [2, 3]


def test_what_is_wrong_stands_at_its_field_and_nothing_runs(admin):
    response = admin.post(address(FORM), {"count": "11", "name": "kept", "mode": "fast"})
    html = response.content.decode()
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"count", "when"}
    assert 'id="id_count_error"' in html and 'aria-invalid="true"' in html
    assert 'value="kept"' in html and 'value="11"' in html
    assert not Job.objects.exists()


def test_a_secret_is_asked_for_and_never_sent_back(admin):
    response = admin.post(address(FORM), {"token": "hush-hush"})
    assert response.status_code == 422
    assert "hush-hush" not in response.content.decode()


def test_a_form_can_be_filled_by_its_address(admin):
    html = admin.get(address(FORM), {"name": "by <link>", "count": "4"}).content.decode()
    assert 'value="by &lt;link&gt;"' in html
    assert 'value="4"' in html
    assert not Job.objects.exists()


def test_a_form_can_be_filled_from_an_earlier_job_but_for_its_secrets(admin):
    when = "2026-08-22T18:00"
    admin.post(address(FORM), {"name": "again", "count": "3", "when": when, "token": "hush"})
    html = admin.get(address(FORM), {"from": Job.objects.get().pk}).content.decode()
    assert 'value="again"' in html and f'value="{when}:00"' in html
    assert "hush" not in html and "••••" not in html


def test_a_job_one_may_not_see_fills_no_form(client):
    runners = Group.objects.create(name="runners")
    for name in (rows.ADD, FORM):
        rows.task(name)
    Task.objects.get(pk=rows.ADD).runners.add(runners)
    client.force_login(rows.user("runner", runners))
    theirs = rows.job(task=FORM, params={"x": 77})
    html = client.get(address(rows.ADD), {"from": theirs.pk}).content.decode()
    assert 'value="77"' not in html
    assert client.get(address(rows.ADD), {"from": "unknown\x00"}).status_code == 200


def test_files_that_are_uploaded_become_files_of_the_job(admin, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    files = [SimpleUploadedFile(f"{n}.txt", b"body %d" % n) for n in range(2)]
    response = admin.post(address(UPLOADS), {"files": files, TICKET: ticket(admin, UPLOADS)})
    assert response.status_code == 302
    given = Artifact.objects.order_by("name")
    assert [(a.name, a.file.read(), a.kind) for a in given] == [
        ("0.txt", b"body 0", "input"),
        ("1.txt", b"body 1", "input"),
    ]
    page = admin.get(response["Location"]).content.decode()
    assert "0.txt" in page and "1.txt" in page


def test_a_task_without_parameters_says_so(admin):
    rows.task(form_tasks.nothing.name)
    html = admin.get(address(form_tasks.nothing.name)).content.decode()
    assert "It takes no parameters." in html


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"enabled": False}, "This task is disabled."),
        ({"missing_at": "2026-01-01T00:00Z"}, "No code stands behind this task any more."),
        ({"error": "Traceback\nNameError: x"}, "NameError: x"),
    ],
)
def test_a_task_that_cannot_run_explains_itself_and_does_not(admin, columns, words):
    Task.objects.filter(pk=rows.ADD).update(**columns)
    html = admin.get(address(rows.ADD)).content.decode()
    assert words in html and "Run now" not in html
    assert admin.post(address(rows.ADD), {"x": "1"}).status_code == 403
    assert not Job.objects.exists()


def test_a_task_that_only_other_processes_know_explains_itself(admin):
    rows.task("far.away")
    assert (
        "This server does not know the task." in admin.get(address("far.away")).content.decode()
    )


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
    for number in range(12):
        rows.task(f"many.task{number}", enabled=bool(number % 2))
        rows.job(State.FAILED, task=f"many.task{number}")
    with django_assert_max_num_queries(12):
        catalogue(client)


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
