"""The search field of the list: chips, mistakes, suggestions, and the chosen columns."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from jobs.reading import filters
from jobs.states import State
from jobs.web.columns import COLUMNS
from tests.doors import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    rows.task()
    client.force_login(rows.user("admin", is_superuser=True))
    return client


def listed(client: Client, text: str = "", **query: Any) -> str:
    return client.get("/jobs/", {"q": text, **query}).content.decode()


def suggested(client: Client, word: str) -> list[str]:
    page = client.get("/jobs/suggest", {"word": word}).content.decode()
    return re.findall(r'data-text="([^"]*)"', page.replace("&quot;", "'"))


def test_what_is_set_is_a_chip_that_can_be_taken_away(admin):
    html = listed(admin, "state:failed -tag:canary words")
    assert 'name="q" value="state:failed -tag:canary"' in html
    assert 'href="?q=-tag:canary+words" aria-label="Remove the filter state:failed"' in html
    assert 'href="?q=state:failed+words" aria-label="Remove the filter -tag:canary"' in html
    assert 'type="search" value="words"' in html


def test_a_mistake_is_told_beside_the_field_and_shows_nothing(admin):
    rows.job(State.FAILED)
    html = listed(admin, "state:faild since:2d")
    assert "There is no state “faild”." in html
    assert 'value="state:faild"' in html and 'aria-invalid="true"' in html
    assert "could not be understood" in html and 'data-job="' not in html


@pytest.mark.parametrize(
    "text", ["state:odd", "a" * 3000, '"' * 9, "param.x:>1e9999", "\x00:\x00"]
)
@pytest.mark.parametrize("part", ["", "rows", "fresh"])
def test_no_text_breaks_the_page(admin, text, part):
    assert admin.get("/jobs/", {"q": text, "part": part}).status_code == 200


def test_a_search_that_ends_early_says_so_and_leads_on(admin, monkeypatch):
    monkeypatch.setattr(filters, "SEARCHED", 2)
    for number in range(3):
        rows.job(tags=["old"] * (number == 0), ago=100 - number)
    html = listed(admin, "tag:old")
    assert "Not among the newest" in html
    further = re.search(r'href="(\?q=tag:old\+until[^"]+)">', html)
    assert further and "data-job" in admin.get(f"/jobs/{further[1]}").content.decode()


def test_suggestions_go_on_with_keys_and_values(admin):
    rows.job(State.RUNNING, queue="slow lane", tags=["rush"], worker="main@c")
    assert suggested(admin, "st") == ["state:"]
    assert suggested(admin, "-ta") == ["-task:", "-tag:"]
    assert suggested(admin, "state:canc") == ["state:cancelled"]
    assert suggested(admin, "-state:failed,canc") == ["-state:cancelled"]
    assert suggested(admin, "task:ADD") == [f"task:{rows.ADD}"]
    assert suggested(admin, 'queue:"slow') == ["queue:'slow lane'"]
    assert suggested(admin, "tag:") == ["tag:rush"]
    assert suggested(admin, "worker:m") == ["worker:main@c"]
    assert suggested(admin, "owner:") == ["owner:me", "owner:nobody"]
    assert suggested(admin, "unknown:x") == suggested(admin, "error:x") == []


def test_only_what_one_may_see_is_suggested(client: Client):
    viewers = Group.objects.create(name="viewers")
    rows.task().viewers.add(viewers)
    rows.task("secret.task")
    rows.job(owner=rows.user("ada"), tags=["seen"])
    hidden = rows.user("hidden")
    rows.job(task="secret.task", owner=hidden, queue="secret", tags=["secret"], worker="secret")
    client.force_login(rows.user("vera", viewers))
    for key in ("task", "queue", "tag", "worker", "owner"):
        found = suggested(client, f"{key}:")
        assert not [each for each in found if "secret" in each or "hidden" in each], key
    assert suggested(client, "owner:a") == ["owner:ada"]


def test_everybody_chooses_their_columns(admin):
    job = rows.job(State.COMPLETED, params={"album": 4411}, queue="the-queue")
    assert "the-queue" in listed(admin) and "album=4411" in listed(admin)
    sent = {"column": ["duration", "nonsense"], "q": "state:completed"}
    assert admin.post("/jobs/columns", sent)["Location"] == "/jobs/?q=state:completed"
    html = listed(admin)
    assert "the-queue" not in html and "album=4411" not in html
    assert ">Duration</th>" in html and "2.0 s</td>" in re.sub(r"\s+</td>", "</td>", html)
    row = admin.get("/jobs/", {"part": "rows", "job": job.pk}).content.decode()
    assert row.strip() in html
    cookie = admin.cookies["jobs_columns"]
    assert cookie.value == "duration" and cookie["httponly"] and cookie["path"] == "/jobs/"


@pytest.mark.parametrize("kept", ["", "nonsense", ".".join(each.name for each in COLUMNS)])
def test_whatever_the_cookie_says_the_list_is_whole(admin, kept):
    rows.job(State.FAILED), rows.job()
    admin.cookies["jobs_columns"] = kept
    html = listed(admin)
    heads, cells = html.count("<th "), html.count("<td ")
    assert cells == 2 * heads
