"""Verbs on many schedules of the list, ticked or all that match."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from jobs.models import Event, Schedule

from . import rows
from .test_web_schedules import LIST, admin, planned

__all__ = ["admin"]
pytestmark = pytest.mark.django_db
BULK = reverse("jobs:schedule_bulk")


def ask(client: Client, verb: str, *made: PeriodicTask, **query: Any) -> Any:
    keys = [each.pk for each in made]
    return client.get(BULK, {"verb": verb, "schedule": keys, **query})


def agree(client: Client, asked: Any, **given: Any) -> Any:
    expect = asked.context["choice"].count
    return client.post(
        asked.wsgi_request.get_full_path(), {"expect": expect, **given}, follow=True
    )


def paused() -> set[str]:
    found = Schedule.objects.filter(paused_at__isnull=False)
    return set(found.values_list("entry__name", flat=True))


def test_ticked_ones_are_paused_with_one_note_after_a_question(admin):
    one, two, three = (planned(name) for name in ("one", "two", "three"))
    planned("four")
    Schedule.objects.filter(pk=three.pk).update(paused_at=timezone.now())
    asked = ask(admin, "pause", one, two, three)
    assert "Pause 2 schedules?" in asked.content.decode()
    assert asked.context["choice"].others == 1 and paused() == {"three"}
    done = agree(admin, asked, reason="The disks are full.")
    assert (
        paused() == {"one", "two", "three"}
        and "2 schedules are paused." in done.content.decode()
    )
    notes = Schedule.objects.filter(pk__in=[one.pk, two.pk]).values_list(
        "pause_note", flat=True
    )
    assert set(notes) == {"The disks are full."}
    assert Event.objects.filter(verb="pause").count() == 2


def test_all_that_match_means_the_filters_of_the_list(admin):
    planned("images small")
    planned("images large")
    planned("mails")
    asked = ask(admin, "pause", all="1", q="images")
    done = agree(admin, asked)
    assert paused() == {"images small", "images large"}
    assert done.redirect_chain[-1][0] == f"{LIST}?q=images"


def test_what_came_since_the_question_is_not_done(admin):
    planned("one")
    asked = ask(admin, "pause", all="1")
    planned("two")
    assert agree(admin, asked).status_code == 409 and paused() == set()


def test_disabling_many_wants_a_reason(admin):
    made = planned("one")
    asked = ask(admin, "disable", made)
    assert agree(admin, asked, reason=" ").status_code == 422
    agree(admin, asked, reason="It moved.")
    made.refresh_from_db()
    assert not made.enabled
    agree(admin, ask(admin, "enable", made))
    made.refresh_from_db()
    assert made.enabled


def test_what_one_does_not_manage_is_left_out(client):
    mine = rows.task("a.mine")
    rows.task("b.foreign")
    group = Group.objects.create(name="managers")
    mine.managers.add(group)
    rows.task("c.seen").viewers.add(group)
    made = [planned(name, task=name) for name in ("a.mine", "b.foreign", "c.seen")]
    client.force_login(rows.user("manager", group))
    asked = ask(client, "pause", *made)
    assert "b.foreign" not in asked.content.decode()
    assert asked.context["choice"].others == 1
    agree(client, asked)
    assert paused() == {"a.mine"}


@pytest.mark.parametrize("verb", ["", "delete", "reset", "nonsense"])
def test_no_other_verb_is_done_to_many(admin, verb):
    assert ask(admin, verb, planned("one")).status_code == 404


def test_with_none_chosen_one_is_told_to_choose(admin):
    planned("one")
    told = admin.get(BULK, {"verb": "pause", "schedule": ["x", "9" * 40]}, follow=True)
    assert "Tick schedules first" in told.content.decode()
