"""Searches that people keep under a name."""

from typing import Any

import pytest
from django.test import Client

from jobs.models import SavedFilter, saved
from jobs.states import State
from tests.doors import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Client:
    return at(rows.user("ada"))


def at(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def keep(client: Client, name: str = "bad ones", q: str = "state:failed since:2d") -> Any:
    return client.post("/jobs/filters", {"name": name, "q": q})


def do(client: Client, what: str, row: SavedFilter, **sent: str) -> int:
    return client.post(f"/jobs/filters/{row.pk}", {"do": what, **sent}).status_code


def test_a_search_is_saved_and_stands_beside_the_search(ada):
    assert keep(ada)["Location"] == "/jobs/?q=state:failed+since:2d"
    html = ada.get("/jobs/?q=state:failed+since:2d").content.decode()
    assert 'href="?q=state:failed+since:2d" aria-current="true"' in html
    assert "bad ones" in html
    keep(ada, q="state:failed")
    assert [row.text for row in SavedFilter.objects.all()] == ["state:failed"]


@pytest.mark.parametrize(
    "sent", [{"name": ""}, {"name": "x" * 61}, {"q": "state:odd"}, {"q": "x" * 1001}]
)
def test_what_cannot_be_saved_is_told(ada, sent):
    page = ada.post("/jobs/filters", {"name": "n", "q": "a", **sent})
    assert page.status_code == 422 and page.context["form"].errors
    assert not SavedFilter.objects.exists()


def test_there_is_an_end_to_keeping(ada, monkeypatch):
    monkeypatch.setattr(saved, "MOST_SAVED", 1)
    keep(ada)
    assert keep(ada, "another").status_code == 422
    assert keep(ada, q="owner:me").status_code == 302


def test_one_is_renamed_but_not_over_another(ada):
    keep(ada), keep(ada, "other")
    row = SavedFilter.objects.get(name="other")
    assert do(ada, "rename", row, name="bad ones") == 302
    row.refresh_from_db()
    assert row.name == "other"
    do(ada, "rename", row, name=""), do(ada, "rename", row, name="\0")
    do(ada, "rename", row, name="better")
    row.refresh_from_db()
    assert row.name == "better"


def test_the_list_opens_with_the_one_that_is_chosen(ada):
    rows.job(State.FAILED)
    assert ada.get("/jobs/").status_code == 200
    keep(ada), keep(ada, "mine", "owner:me")
    for row in SavedFilter.objects.order_by("name"):
        do(ada, "default", row)
    assert ada.get("/jobs/")["Location"] == "/jobs/?q=owner:me"
    assert ada.get("/jobs/?q=").status_code == 200
    assert ada.get("/jobs/?state=failed").status_code == 200
    do(ada, "default", SavedFilter.objects.get(name="mine"))
    assert ada.get("/jobs/").status_code == 200


def test_one_is_removed(ada):
    keep(ada)
    do(ada, "delete", SavedFilter.objects.get())
    assert not SavedFilter.objects.exists()


def test_what_others_keep_is_neither_seen_nor_changed(ada):
    keep(ada)
    row, bob = SavedFilter.objects.get(), at(rows.user("bob"))
    for what in ("rename", "delete", "default", "share"):
        assert do(bob, what, row, name="bob's") == 404
    assert "bad ones" not in bob.get("/jobs/").content.decode()
    assert "bad ones" not in bob.get("/jobs/filters").content.decode()
    assert SavedFilter.objects.get() == row


def test_superusers_offer_theirs_to_all_and_others_do_not(ada):
    keep(ada)
    row = SavedFilter.objects.get()
    assert do(ada, "share", row) == 403
    root = at(rows.user("root", is_superuser=True))
    keep(root, "of all", "state:failed")
    shared = SavedFilter.objects.get(name="of all")
    do(root, "share", shared), do(root, "default", shared)
    rows.job(State.FAILED, note="not hers")
    page = ada.get("/jobs/")
    assert page.status_code == 200  # what others see first is theirs
    assert "of all" in page.content.decode() and "shown at first" not in page.content.decode()
    assert ada.get("/jobs/?q=state:failed").context["sheets"] == []
    assert do(ada, "delete", shared) == 404
