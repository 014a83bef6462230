"""Two windows of one person say at once which saved filter the list opens with."""

import pytest
from django.contrib.auth.models import User
from django.db import connection

from jobs.models import SavedFilter
from tests.doors import rows

from .test_two_at_once import Conductor, both_orders

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="a file has one writer"),
]


@pytest.fixture
def kept() -> list[SavedFilter]:
    """Three of one person, and one of another who has nothing to do with it."""
    other = SavedFilter.objects.keep(rows.user("other"), "theirs", "owner:me")
    assert other is not None
    other.set_default(True)
    ana = rows.user("ana")
    return [_keep(ana, name) for name in ("one", "two", "three")]


def _keep(owner: User, name: str) -> SavedFilter:
    row = SavedFilter.objects.keep(owner, name, f"tag:{name}")
    assert row is not None
    return row


def shown_at_first() -> list[str]:
    found = SavedFilter.objects.filter(is_default=True)
    return sorted(found.values_list("name", flat=True))


def test_one_of_the_two_is_shown_at_first(kept):
    for score in both_orders("saved filters", 4):
        kept[2].set_default(True)
        given = Conductor(score).play(
            one=lambda: kept[0].set_default(True), two=lambda: kept[1].set_default(True)
        )
        assert given == {"one": None, "two": None}, score
        assert shown_at_first() in (["one", "theirs"], ["theirs", "two"]), score


def test_one_is_shown_at_first_or_none_where_it_is_also_taken_back(kept):
    for score in both_orders("taken back", 3):
        kept[0].set_default(True)
        given = Conductor(score).play(
            one=lambda: kept[0].set_default(False), two=lambda: kept[1].set_default(True)
        )
        assert given == {"one": None, "two": None}, score
        assert shown_at_first() in (["theirs"], ["theirs", "two"]), score
