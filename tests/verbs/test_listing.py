"""The filters by which doors choose jobs."""

from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.reading.listing import Filters
from tests.doors import rows

pytestmark = pytest.mark.django_db


def found(**filters: object) -> set[str]:
    admin = rows.user("admin", is_superuser=True)
    chosen = Filters(**filters).chosen(admin)
    return {job.note for job in chosen}


def test_a_tag_is_found_whole():
    rows.job(tags=["blue", "año"], note="both")
    rows.job(tags=["bluebell"], note="other")
    rows.job(note="none")
    assert found(tag="blue") == {"both"}


def test_a_tag_in_other_letters_is_found():
    rows.job(tags=["año"], note="it")
    assert found(tag="año") == {"it"}


def test_the_owner_by_name_and_by_me():
    ada = rows.user("ada")
    rows.job(owner=ada, note="hers")
    rows.job(note="nobody's")
    assert {job.note for job in Filters(owner="me").chosen(ada)} == {"hers"}
    assert found(owner="ada") == {"hers"}
    assert Filters(owner="bob").chosen(ada).count() == 0


def test_queue():
    rows.job(queue="slow", note="slow")
    rows.job(note="other")
    assert found(queue="slow") == {"slow"}


@pytest.mark.parametrize(("side", "expected"), [("since", {"new"}), ("until", {"old"})])
def test_times(side, expected):
    rows.job(note="old", ago=3600)
    rows.job(note="new")
    assert found(**{side: timezone.now() - timedelta(minutes=30)}) == expected
