"""What somebody with an account, or a page elsewhere, tries on every address there is."""

import re
from copy import deepcopy
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from jobs.api import wishes
from jobs.api.bulk import Many
from jobs.api.edit import Change
from jobs.api.schedule_kinds import NewSchedule, ScheduleChange
from jobs.models import ApiToken, Event, Grant, Job, Schedule, Task
from jobs.states import State
from tests.sample_tasks import log_in

from . import access, desk, pages, rows
from .conftest import Make
from .pages import POSTED, SHOWN

# Where a browser, asked to go to them, ends up on another site or runs a script.
ELSEWHERE = (
    "//evil.example", "///evil.example", "////evil.example", "https://evil.example",
    "http:evil.example", "https:evil.example", "http:///evil.example", "\\\\evil.example",
    "/\\evil.example", "\\/evil.example", "/%09/evil.example", "/\t/evil.example",
    "\t//evil.example", " //evil.example", "//evil.example/%2f..", "//testserver@evil.example",
    "https://testserver@evil.example", "https://testserver.evil.example", "///\\;@evil.example",
    "javascript:alert(1)", "java\tscript:alert(1)", "data:text/html,<script>", "vbscript:x",
    "//0x7f000001", "//evil。example", "\x00//evil.example", "ftp://evil.example",
    "http://[::1", "https://evil.example#testserver",
)  # fmt: skip


@pytest.fixture(scope="module")
def made(make: Make) -> dict[str, Any]:
    return make(pages.world)


@pytest.fixture
def world(made: dict[str, Any], db: None) -> dict[str, Any]:
    return deepcopy(made)


def everything() -> list[Any]:
    """All that a forged request could want to change."""
    models = (Job, Task, Event, Grant, ApiToken, PeriodicTask, Schedule)
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.mark.parametrize("name", POSTED)
def test_nothing_is_done_that_our_own_page_did_not_send(world, name):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world["people"]["superuser"])
    browser.get(reverse("jobs:tokens"))
    before, page = everything(), pages.address(name, world)
    forged = [
        browser.post(page, {"reason": "x"}),
        browser.post(page, {"csrfmiddlewaretoken": "x" * 64}),
        browser.post(page, "{}", content_type="text/plain"),
        browser.post(page, "{}", content_type="application/json"),
        browser.post(page, headers={"X-HTTP-Method-Override": "GET"}),
        browser.post(page, headers={"X-CSRFToken": "x" * 32, "Origin": "https://evil.example"}),
    ]
    assert {response.status_code for response in forged} == {403}
    assert everything() == before


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT"])
def test_no_address_believes_a_get_that_says_it_is_another_method(world, method):
    browser = desk.at(world["people"]["superuser"])
    before = everything()
    for name in SHOWN:
        page = pages.address(name, world)
        mark = "&" if "?" in page else "?"
        browser.get(f"{page}{mark}_method={method}", headers={"X-HTTP-Method-Override": method})
    assert everything() == before


def answers(world: dict[str, Any]) -> list[tuple[str, Any]]:
    """One of each kind: every page of ours as each person, the site's and the admin's."""
    around = [reverse(name) for name in ("login", "healthz", "readyz", "admin:index")]
    around += [desk.address(model) for model in (Job, Task, Event, Grant)]
    around += ["/no/such/page", "/api/jobs", "/api/no-such", "/api/openapi.json", "/api/docs"]
    addresses = [*around, *(pages.address(name, world) for name in SHOWN)]
    browsers = access.browsers(world["people"])
    return [
        (page, browsers[role].get(page))
        for role in ("anonymous", "stranger", "superuser")
        for page in addresses
    ]


def test_every_answer_says_that_it_is_not_framed_sniffed_kept_or_told_of(world):
    for page, response in answers(world):
        told = (page, response.status_code, dict(response.headers))
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy, told
        is_probe = page in (reverse("healthz"), reverse("readyz"))
        assert is_probe or response.headers["X-Frame-Options"] == "DENY", told
        assert response.headers["X-Content-Type-Options"] == "nosniff", told
        assert response.headers["Referrer-Policy"] == "same-origin", told
        assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin", told
        is_page = "sandbox" not in policy
        assert not is_page or "frame-ancestors 'none'" in policy, told
        assert "no-store" in response.headers["Cache-Control"], told


def test_nobody_is_sent_elsewhere(world):
    inside = desk.at(world["people"]["owner"])
    root = {"username": "superuser", "password": "secret"}
    for where in ELSEWHERE:
        for response in (
            Client().post(reverse("login"), {**root, "next": where}),
            Client().post(reverse("admin:login"), {**root, "next": where}),
            inside.get(reverse("login"), {"next": where}),
            inside.post(reverse("set_language"), {"language": "en", "next": where}),
            inside.get(reverse("set_language"), {"next": where}),
            desk.at(world["people"]["owner"]).post(reverse("logout"), {"next": where}),
        ):
            assert stays(response), (where, response.headers["Location"])


@pytest.mark.parametrize("name", POSTED)
def test_no_form_sends_elsewhere(world, name):
    named = dict.fromkeys(("next", "origin", "return_to", "url"), "//evil.example")
    browser = desk.at(world["people"]["owner"])
    assert stays(browser.post(pages.address(name, world), {**named, "reason": "x"}))


def stays(response: Any) -> bool:
    target = response.headers.get("Location", "/")
    return target.startswith("/") and not target.startswith(("//", "/\\", "/\t"))


FORGED = {
    field.attname: "forged"
    for model in (Job, Task, ApiToken, Grant)
    for field in model._meta.concrete_fields
}


def test_no_form_takes_what_is_not_on_it(world):
    """Each form filled as it asks to be, and every column of every row beside it."""
    manager = world["people"]["manager"]
    browser, before = desk.at(manager), everything()[0]
    filled = {
        "task": {"x": "1"},
        "policy": {"enabled": "on", "queue": "", "priority": "", "reason": "well"},
        "tokens": {"name": "mine", "scopes": ["read"], "days": "30"},
        "annotate": {"tags": "", "note": ""},
    }
    for name in POSTED:
        own = filled.get(name, {"reason": "well"})
        page = pages.address(name, world)
        assert browser.post(
            page, FORGED | {"user": "1", "state": "completed"} | own
        ).status_code
    assert "forged" not in str(everything())
    # Those of the backfill that it has cancelled, as it asked to.
    kept = [row for row in before if row["backfill_id"] is None]
    assert [row for row in everything()[0] if row in kept] == kept
    asked = Job.objects.exclude(pk__in=[row["id"] for row in before]).get()
    assert (asked.owner, asked.state, asked.attempt) == (manager, State.QUEUED, 0)
    assert set(ApiToken.objects.exclude(pk=world["token"].pk).values_list("user")) == {
        (manager.pk,)
    }


@pytest.mark.parametrize(
    ("address", "known"),
    [
        (f"/api/tasks/{rows.ADD}/jobs", wishes.Wish),
        ("/api/jobs", wishes.TaskWish),
        ("/api/jobs/{job}", Change),
        ("/api/jobs:cancel", Many),
        ("/api/schedules", NewSchedule),
        ("/api/schedules/{schedule}", ScheduleChange),
    ],
)
def test_no_body_takes_what_is_not_documented(world, address, known):
    browser, before = desk.at(world["people"]["superuser"]), everything()
    ask = browser.patch if "{" in address else browser.post
    page = address.format(job=world["job"].pk, schedule=world["schedule"].pk)
    for column in FORGED.keys() - known.model_fields.keys():
        response = ask(page, {column: "forged"}, content_type="application/json")
        assert response.status_code == 422, (column, response.content)
    assert everything() == before


@pytest.mark.parametrize("digits", [20, 5000])
def test_no_number_in_an_address_is_too_long(world, digits):
    """Python itself reads none of more than 4300 digits, databases much smaller ones."""
    staff, job = desk.at(rows.user("staff", is_staff=True, is_superuser=True)), world["job"]
    page, number = reverse("jobs:job", args=[job.pk]), "9" * digits
    asked = {
        f"{page}?line={number}": 404,
        f"{page}?before={number}": 404,
        f"{reverse('jobs:log', args=[job.pk])}?after={number}&limit={number}": 200,
        f"{reverse('jobs:log_text', args=[job.pk])}?attempt={number}": 200,
        f"{reverse('jobs:jobs')}?q=schedule:{number}+param.x:>{number}+since:{number}d": 200,
        f"{desk.address(Job)}?created_at__year={number}": 302,
        f"{desk.address(Job)}?created_at__year=2026&created_at__month={number}": 302,
        f"{desk.address(Job)}?schedule={number}": 200,
        f"/api/jobs?limit={number}": 422,
    }
    assert {page: staff.get(page).status_code for page in asked} == asked


def test_no_text_of_a_job_becomes_an_address(world):
    boss, link = desk.at(world["people"]["superuser"]), "javascript:alert(1)//http://x.example"
    words = dict.fromkeys(("note", "error", "error_type", "reason", "worker", "queue"), link)
    job = rows.job(
        State.FAILED, **words, tags=[link], params={"x": link}, result={link: [link]}
    )
    rows.log(job, link)
    for page in (
        reverse("jobs:job", args=[job.pk]),
        reverse("jobs:jobs"),
        reverse("jobs:home"),
        desk.address(Job, "change", job.pk),
    ):
        html = boss.get(page).content.decode()
        assert not re.search(r"""(href|src|action)=["']?(javascript:|http://x)""", html), page


def test_a_page_that_breaks_tells_a_visitor_nothing(world, monkeypatch):
    def broken(*args: Any, **kwargs: Any) -> None:
        inside = CANARY
        raise RuntimeError(inside)

    monkeypatch.setattr("jobs.web.jobs.listing.page", broken)
    browser = desk.at(world["people"]["owner"])
    browser.raise_request_exception = False
    for page in (reverse("jobs:jobs"), "/api/jobs"):
        response = browser.get(page)
        assert response.status_code == 500
        assert CANARY not in str(response.headers) + response.content.decode()


CANARY = "hunter2-canary-6f1e"


def test_a_secret_stands_in_no_page_address_or_log(world, caplog):
    """One who signs in, runs a task with a secret and makes a token; then all is read."""
    rows.task(log_in.name)
    boss = desk.at(world["people"]["superuser"])
    caplog.set_level("DEBUG")
    secrets = {"user": "ada", "password": CANARY, "token": CANARY}
    sent = boss.post(reverse("jobs:task", args=[log_in.name]), secrets)
    assert sent.status_code == 302, sent.content[:500]
    job = Job.objects.get(task=log_in.name)
    wrong = Client().post(reverse("login"), {"username": "root", "password": CANARY})
    made = boss.post(reverse("jobs:tokens"), {"name": "mine", "scopes": ["read"], "days": "30"})
    token = made.context["new"]
    assert token.startswith("batuta_")
    told = [caplog.text, str(sent.headers), wrong.content.decode(), str(everything())]
    world = {**world, "job": job}
    for name in set(SHOWN) - {"artifact", "thumbnail", "archive"}:
        page = pages.address(name, world)
        response = boss.get(page)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        told.append(page + str(response.headers) + body.decode())
    told += [boss.get(f"/api/jobs/{job.pk}{part}").content.decode() for part in ("", "/events")]
    for page in (desk.address(Job, "change", job.pk), desk.address(ApiToken)):
        told.append(boss.get(page).content.decode())
    for each in told:
        assert CANARY not in each and token not in each
