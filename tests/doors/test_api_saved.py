"""Searches that people keep, by the API: what their page does, and nothing more."""

import pytest

from jobs.models import SavedFilter, Scope, saved
from tests.doors import rows
from tests.doors.programs import Program, fault

pytestmark = pytest.mark.django_db
MIST = {"name": "mist", "query": "state:failed since:2d"}


@pytest.fixture
def ada() -> Program:
    return Program(rows.user("ada"))


def items(program: Program) -> list[dict]:
    return program.get("/filters").json()["items"]


def defaults() -> list[str]:
    return [*SavedFilter.objects.filter(is_default=True).values_list("name", flat=True)]


def test_one_is_saved_listed_and_removed(ada):
    kept = ada.post("/filters", {**MIST, "name": " mist "})
    assert kept.status_code == 201 and kept.json()["url"] == "/jobs/?q=state:failed+since:2d"
    assert MIST.items() <= kept.json().items()
    assert items(ada) == [kept.json()]
    assert ada.delete(f"/filters/{kept.json()['id']}").status_code == 204
    assert items(ada) == []


def test_one_of_the_same_name_is_replaced(ada):
    first = ada.post("/filters", {**MIST, "is_default": True}).json()
    again = ada.post("/filters", {"name": "mist", "query": "owner:me"}).json()
    assert again == {**first, "query": "owner:me", "url": "/jobs/?q=owner:me"}


def test_the_list_opens_with_the_last_that_was_said_to(ada):
    ada.post("/filters", {**MIST, "is_default": True})
    assert ada.post("/filters", {"name": "other", "is_default": False}).status_code == 201
    assert defaults() == ["mist"]
    assert ada.post("/filters", {"name": "other", "is_default": True}).json()["is_default"]
    assert defaults() == ["other"]
    ada.post("/filters", {"name": "other", "is_default": False})
    assert defaults() == []


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "\0"}, "name"),
        ({"query": "state:odd"}, "query"),
        ({"query": "x" * 1001}, "query"),
        ({"is_default": "yes"}, "is_default"),
        ({"is_shared": True}, "is_shared"),
    ],
)
def test_what_cannot_be_saved_is_told(ada, sent, field):
    told = fault(ada.post("/filters", {**MIST, **sent}), 422, "invalid")
    assert set(told) == {field} and all(told[field])
    assert not SavedFilter.objects.exists()


def test_there_is_an_end_to_keeping(ada, monkeypatch):
    monkeypatch.setattr(saved, "MOST_SAVED", 1)
    ada.post("/filters", MIST)
    told = fault(ada.post("/filters", {**MIST, "name": "another"}), 422, "invalid")
    assert set(told) == {"name"}


def test_what_others_keep_is_neither_seen_nor_removed(ada):
    key = ada.post("/filters", MIST).json()["id"]
    SavedFilter.objects.get().share(True)
    root = Program(rows.user("root", is_superuser=True))
    assert items(root) == []
    fault(root.delete(f"/filters/{key}"), 404, "not_found")
    root.post("/filters", {"name": "mist", "query": "tag:mine"})
    assert [each["query"] for each in items(ada)] == [MIST["query"]]


def test_who_may_only_read_saves_and_removes_nothing(ada):
    key = ada.post("/filters", MIST).json()["id"]
    reader = Program(ada.user, Scope.READ, Scope.RUN)
    assert [each["id"] for each in items(reader)] == [key]
    fault(reader.post("/filters", MIST), 403, "scope")
    fault(reader.delete(f"/filters/{key}"), 403, "scope")
