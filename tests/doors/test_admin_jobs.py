"""Jobs and events in the admin: to look at, by whom, and with nothing in the clear."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.utils import timezone
from pytest_django.asserts import assertHTMLEqual

from jobs.admin.paging import BoundedPaginator
from jobs.models import Attempt, Event, Job
from jobs.params.secret import sealed
from jobs.states import State

from . import desk, rows

pytestmark = pytest.mark.django_db
POLYGLOT = "<script>alert(1)</script>\u202e"


@pytest.fixture
def world(settings: Any, tmp_path: Any) -> Any:
    settings.MEDIA_ROOT = tmp_path
    viewers, managers = (Group.objects.create(name=name) for name in ("v", "m"))
    task = rows.task()
    task.viewers.add(viewers)
    task.managers.add(managers)
    every_right = desk.model_permissions("view", "add", "change", "delete")
    owner = desk.staff("owner")
    failed = {"error": "no", "error_type": "ValueError", "traceback": "TRACE OF IT"}
    return SimpleNamespace(
        owner=owner,
        viewer=desk.staff("viewer", viewers, may=every_right),
        manager=desk.staff("manager", managers),
        stranger=desk.staff("stranger", may=every_right),
        boss=desk.staff("boss", is_superuser=True),
        job=rows.job(State.FAILED, owner=owner, params={"x": 1}, **failed),
        foreign=rows.job(State.COMPLETED, task="unknown.task", ago=60),
    )


def change(job: Job) -> str:
    return desk.address(Job, "change", job.pk.replace("/", "_2F"))


def listed(person: Any, query: str = "") -> list[str]:
    page = desk.at(person).get(desk.address(Job) + query)
    assert page.status_code == 200, query
    return [job.pk for job in page.context["cl"].result_list]


def test_each_sees_the_jobs_that_the_pages_show_them(world):
    mine = [world.job.pk]
    assert listed(world.owner) == listed(world.viewer) == listed(world.manager) == mine
    assert listed(world.stranger) == []
    assert listed(world.boss) == [world.job.pk, world.foreign.pk]
    assert desk.at(world.stranger).get(change(world.job)).status_code == 302
    assert desk.at(world.viewer).get(change(world.foreign)).status_code == 302


def test_nobody_makes_changes_or_deletes_a_job(world):
    client = desk.at(world.boss)
    before = Job.objects.filter(pk=world.job.pk).values().get()
    form = {"state": "completed", "owner": world.boss.pk, "attempt": 9, "lease": "mine"}
    assert client.post(change(world.job), form).status_code == 403
    assert client.post(desk.address(Job, "add"), form).status_code == 403
    delete = desk.address(Job, "delete", world.job.pk)
    assert client.post(delete, {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": world.job.pk, "post": "yes"}
    assert "delete" not in client.post(desk.address(Job), chosen, follow=True).content.decode()
    assert Job.objects.filter(pk=world.job.pk).values().get() == before


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?state__exact=failed", ["job"]),
        ("?state__exact=running", []),
        (f"?task={rows.ADD}", ["job"]),
        ("?task=unknown.task", ["foreign"]),
        ("?queue=celery", ["job", "foreign"]),
        ("?queue=other", []),
        ("?owner=nobody", ["foreign"]),
        ("?owner=owner", ["job"]),
        ("?owner=me", []),
        ("?q=unknown.task", ["foreign"]),
        ("?q=sample_tasks.ad", ["job"]),
        ("?q=nothing", []),
    ],
)
def test_the_list_is_filtered_and_searched(world, query, found):
    assert listed(world.boss, query) == [getattr(world, name).pk for name in found]


def test_a_job_is_found_by_the_beginning_of_its_id(world):
    own = rows.job(id="invoice/2026/08", ago=5)
    assert listed(world.boss, "?q=invoice/20") == [own.pk]
    assert desk.at(world.boss).get(change(own)).status_code == 200


@pytest.mark.parametrize(
    "lookup",
    ["lease__startswith=m", "arguments__contains=x", "options__contains=x", "params__x=1",
     "owner__password__startswith=p", "traceback__contains=T", "schedule__kwargs__contains=x"],
)  # fmt: skip
def test_what_is_not_shown_cannot_be_asked_about(world, lookup):
    assert desk.at(world.owner).get(f"{desk.address(Job)}?{lookup}").status_code == 400


def test_secrets_are_masked_and_what_callers_sent_is_not_shown(world):
    params = {"user": "ada", "password": sealed("hunter2"), "token": sealed("plain-hint")}
    job = rows.job(
        task=desk.LOG_IN, params=params, arguments='[["hunter2"], {}]',
        options='{"headers": {"key": "hunter2"}}', owner=world.owner,
    )  # fmt: skip
    unknown = rows.job(task="unknown.task", params=params, owner=world.owner)
    for each in (job, unknown):
        page = desk.at(world.owner).get(change(each)).content.decode()
        assert "ada" in page and "••••" in page
        assert "hunter2" not in page and params["password"]["$secret"] not in page


def test_a_traceback_is_for_the_owner_and_for_managers(world):
    for person in (world.owner, world.manager, world.boss):
        assert "TRACE OF IT" in desk.at(person).get(change(world.job)).content.decode()
    assert "TRACE OF IT" not in desk.at(world.viewer).get(change(world.job)).content.decode()


def test_a_lease_is_not_shown_whole(world):
    job = rows.job(State.RUNNING, lease="0123456789abcdef", owner=world.owner,
                   lease_expires_at=timezone.now())  # fmt: skip
    page = desk.at(world.owner).get(change(job)).content.decode()
    assert "01234567…" in page and "0123456789abcdef" not in page


def test_attempts_events_and_files_hang_on_it(world):
    Attempt.objects.create(job=world.job, number=1, worker="w@node", reason="ran out of time")
    Event.objects.create(job=world.job, actor=world.boss, verb="cancel", reason="too late")
    file = rows.artifact(world.job, f"{POLYGLOT}.png")
    page = desk.at(world.viewer).get(change(world.job)).content.decode()
    for text in ("ran out of time", "cancel", "too late", "boss"):
        assert text in page
    assert f'href="/jobs/{world.job.pk}/artifacts/{file.pk}"' in page
    assert POLYGLOT not in page and "<script>alert" not in page


def test_hostile_text_is_shown_harmless(world):
    columns = dict.fromkeys(("error", "reason", "note", "queue", "worker"), POLYGLOT)
    columns |= {name: {POLYGLOT: POLYGLOT} for name in ("result", "progress", "params")}
    job = rows.job(State.FAILED, traceback=POLYGLOT, owner=world.owner, **columns)
    for page in (change(job), desk.address(Job)):
        assert "<script>alert" not in desk.at(world.boss).get(page).content.decode()


def test_the_list_asks_as_often_for_fifty_as_for_two_and_reads_no_result(world):
    few = desk.queries(world.boss, desk.address(Job))
    for number in range(50):
        rows.job(owner=world.owner, result="r" * 1000, task=f"t{number}")
    assert desk.queries(world.boss, desk.address(Job)) == few
    row = desk.at(world.boss).get(desk.address(Job)).context["cl"].result_list[0]
    assert {"result", "params", "traceback"} <= row.get_deferred_fields()


def test_a_page_with_many_attempts_stays_a_page(world):
    Attempt.objects.bulk_create(Attempt(job=world.job, number=n) for n in range(1, 301))
    few = desk.queries(world.boss, change(world.job))
    page = desk.at(world.boss).get(change(world.job))
    formset = page.context["inline_admin_formsets"][0].formset
    assert len(formset.forms) == 100 and few < 40


def test_nobody_counts_beyond_the_bound(world, monkeypatch):
    monkeypatch.setattr(BoundedPaginator, "MOST", 3)
    for _number in range(5):
        rows.job()
    page = desk.at(world.boss).get(desk.address(Job))
    assert page.context["cl"].result_count == 3
    assert "the first 3 of more" in page.content.decode()


def test_events_of_no_job_are_for_superusers_and_for_nobody_to_change(world):
    event = Event.objects.create(subject="nightly", actor=world.boss, verb="edit",
                                 before={"x": 1}, after={"x": 2})  # fmt: skip
    page, row = desk.address(Event), desk.address(Event, "change", event.pk)
    for person in (world.owner, world.viewer, world.manager):
        assert desk.at(person).get(row).status_code == 302
        assert desk.at(person).get(page).context["cl"].result_count == 0
    client = desk.at(world.boss)
    for term in ("edit", "night", ""):
        assert client.get(f"{page}?q={term}").context["cl"].result_count == 1
    assert client.get(row).status_code == 200
    assert client.post(row, {"verb": "x"}).status_code == 403
    assert (
        client.post(desk.address(Event, "delete", event.pk), {"post": "y"}).status_code == 403
    )
    assert client.get(desk.address(Event, "add")).status_code == 403


def test_every_page_of_the_admin_opens_for_everybody_with_a_desk(world):
    for person in (world.boss, world.owner, world.stranger):
        client = desk.at(person)
        assert client.get("/admin/").status_code == 200
        assert client.get("/admin/jobs/").status_code == 200


def test_states_are_told_by_our_shapes_and_running_ones_by_their_bar(world):
    rows.job(State.RUNNING, owner=world.owner, progress={"current": 3, "total": 12})
    page = desk.at(world.owner).get(desk.address(Job)).content.decode()
    assert '<span class="st s-failed">' in page and '<symbol id="s-failed"' in page
    assert 'aria-valuenow="25"' in page and "25 %" in page


def test_the_page_of_a_job_shows_what_goes_on_and_the_end_of_its_log(world):
    job = rows.job(State.RUNNING, owner=world.owner, progress={"percent": 40, "step": "resize"})
    rows.log(job, *(f"line {number}" for number in range(1, 101)), "<b>loud</b>")
    page = desk.at(world.owner).get(change(job)).content.decode()
    assert "resize" in page and "40 %" in page
    assert "line 100" in page and "line 9<" not in page and "&lt;b&gt;loud" in page
    assert 'value="pause"' in page and 'value="pause"' not in _as(world.viewer, job)


def _as(person: Any, job: Job) -> str:
    return desk.at(person).get(change(job)).content.decode()


@pytest.mark.parametrize(
    ("query", "back", "first"),
    [
        ("", None, "Today"),
        ("?created_at__year=2026", "All dates", "January 2026"),
        ("?created_at__year=2026&created_at__month=2", "All dates", "February 1"),
        ("?created_at__year=2026&created_at__month=2&created_at__day=1", "February 2026",
         "January 31"),
    ],
)  # fmt: skip
def test_days_are_chosen_without_asking_which_there_are(world, query, back, first):
    page = desk.at(world.boss).get(desk.address(Job) + query)
    calendar = page.context["cl"].calendar
    assert (calendar.back.title if calendar.back else None) == back
    assert calendar.choices[0].title == first
    for choice in calendar.choices:
        assert desk.at(world.boss).get(desk.address(Job) + choice.link).status_code == 200


def test_a_day_shows_its_jobs(world):
    today = timezone.localdate()
    query = f"?created_at__year={today.year}&created_at__month={today.month}"
    assert set(listed(world.boss, query)) == {world.job.pk, world.foreign.pk}
    assert listed(world.boss, "?created_at__year=2001") == []


@pytest.mark.parametrize(
    "query",
    ["created_at__year=9999", "created_at__year=x", "created_at__year=-1", "schedule=x",
     "created_at__year=2026&created_at__month=13", "created_at__day=5", "schedule=" + "9" * 30,
     "p=99999999999999999999", "p=-1", "o=x", "o=99", "stalled=2", "state__exact=none",
     "created_at__month=2"],
)  # fmt: skip
def test_addresses_that_nobody_wrote_are_no_accident(world, query):
    page = desk.at(world.boss).get(f"{desk.address(Job)}?{query}")
    assert page.status_code in (200, 302, 400)


def test_what_no_database_takes_finds_nothing(world):
    client = desk.at(world.boss)
    assert client.get(f"{desk.address(Job)}?q=%00x&task=%00").status_code == 404
    assert client.get(f"{desk.address(Job)}%00/change/").status_code in (302, 404)
    chosen = {"action": "cancel", "_selected_action": "\0"}
    assert client.post(desk.address(Job), chosen).status_code == 404


def test_a_row_is_ticked_as_on_any_page_of_the_admin(world):
    page = admin.site.get_model_admin(Job)
    job = Job(id='"><b>')
    assertHTMLEqual(page.action_checkbox(job), admin.ModelAdmin.action_checkbox(page, job))
