"""Saved filters in the admin: superusers see everybody's, delete, and change nothing."""

import pytest
from django.contrib.auth.models import User

from jobs.models import Event, SavedFilter

from . import desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> User:
    SavedFilter.objects.keep(desk.staff("ada"), "bad ones", "state:failed")
    return desk.staff("boss", is_superuser=True)


def test_superusers_find_them_by_name_search_and_person(boss):
    SavedFilter.objects.keep(boss, "mine", "owner:me")
    for words, found in (("", 2), ("bad", 1), ("failed", 1), ("ada", 1), ("nobody", 0)):
        page = desk.at(boss).get(desk.address(SavedFilter), {"q": words})
        assert len(page.context["cl"].result_list) == found, words


def test_others_see_none_not_even_their_own(boss):
    ada = desk.at(User.objects.get(username="ada"))
    assert ada.get(desk.address(SavedFilter)).status_code == 403
    assert "savedfilter" not in ada.get("/admin/").content.decode()


def test_nothing_is_changed_there(boss):
    row = SavedFilter.objects.get()
    page = desk.address(SavedFilter, "change", row.pk)
    assert desk.at(boss).post(page, {"name": "x"}).status_code == 403
    assert SavedFilter.objects.get() == row and SavedFilter.objects.get().name == "bad ones"


def test_one_is_deleted_and_that_is_told_of(boss):
    row = SavedFilter.objects.get()
    page = desk.address(SavedFilter, "delete", row.pk)
    assert desk.at(boss).post(page, {"post": "yes"}).status_code == 302
    assert not SavedFilter.objects.exists()
    event = Event.objects.get()
    assert (event.actor, event.verb, event.subject) == (
        boss, "delete", f"saved filter {row.pk}",
    )  # fmt: skip
    assert event.before["text"] == "state:failed" and event.before["owner"] == "ada"


def test_many_need_no_more_queries_than_few(boss):
    before = desk.queries(boss, desk.address(SavedFilter))
    for number in range(5):
        SavedFilter.objects.keep(desk.staff(f"p{number}"), "mine", "owner:me")
    assert desk.queries(boss, desk.address(SavedFilter)) == before


def test_who_deletes_a_person_deletes_what_they_kept(boss):
    ada = User.objects.get(username="ada")
    gone = desk.address(User, "delete", ada.pk)
    assert desk.at(boss).post(gone, {"post": "yes"}).status_code == 302
    assert not SavedFilter.objects.exists()
