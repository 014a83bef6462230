"""The form of a schedule on the pages: what it makes, shows while one types, and refuses."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from jobs.models import Event
from jobs.scheduling.form import LOOK

from . import desk, rows

pytestmark = pytest.mark.django_db
NEW, AHEAD = reverse("jobs:new_schedule"), reverse("jobs:schedule_preview")


@pytest.fixture
def boss() -> User:
    rows.task()
    rows.task(desk.LOG_IN)
    return rows.user("boss", is_superuser=True)


def edit(entry: PeriodicTask) -> str:
    return reverse("jobs:edit_schedule", args=[entry.pk])


def test_a_schedule_is_made_and_edited(boss):
    client = desk.at(boss)
    form = desk.filled(boss, timing="cron", cron="30  2 * * mon-fri", timezone="Europe/Berlin")
    form |= {"blackout": "2026-12-25\r\n22:00 to 06:00", "grace_seconds": "2m"}
    made = client.post(NEW, form | {"reason": "as agreed"})
    entry = PeriodicTask.objects.get(name="new")
    assert made["Location"] == reverse("jobs:schedule", args=[entry.pk])
    assert str(entry.crontab.timezone) == "Europe/Berlin"
    policy = entry.policy
    assert policy.blackout == [{"date": "2026-12-25"}, {"from": "22:00", "until": "06:00"}]
    assert (policy.grace_seconds, policy.run_as) == (120, boss)

    form = desk.filled(boss, entry, overlap="skip")
    assert form["cron"] == "30 2 * * mon-fri"
    assert client.post(edit(entry), form).status_code == 302
    told = Event.objects.filter(subject="new").order_by("at", "id")
    assert [(event.verb, event.reason) for event in told] == [
        ("create", "as agreed"), ("edit", ""),
    ]  # fmt: skip
    assert told[1].after == {"overlap": "skip"}


def test_the_address_may_choose_the_task(boss):
    page = desk.at(boss).get(f"{NEW}?task={rows.ADD}").content.decode()
    assert "given-x" in page
    assert "given-" not in desk.at(boss).get(f"{NEW}?task=os.system").content.decode()


def test_another_task_brings_its_fields_with_their_defaults_before_anything_is_saved(boss):
    client = desk.at(boss)
    entry = desk.schedule(task=desk.LOG_IN, kwargs='{"user": "ada-of-before"}')
    form = desk.filled(boss, entry) | {"task": rows.ADD}
    looked = client.post(edit(entry), form | {LOOK: "1"})
    assert looked.status_code == 200 and not looked.context["form"].errors
    assert looked.context["form"]["given-y"].value() == "0"
    assert "ada-of-before" not in looked.content.decode()
    # Whoever saves at once has not seen what this task is to be given.
    assert client.post(edit(entry), form).status_code == 422
    form = {each.html_name: desk.shown(each) for each in looked.context["form"]}
    form = {name: value for name, value in form.items() if value is not None}
    assert client.post(edit(entry), form | {"given-x": "5"}).status_code == 302
    entry.refresh_from_db()
    assert (entry.task, json.loads(entry.kwargs)) == (rows.ADD, {"x": 5})


def ahead(client: Client, form: dict[str, Any], **query: Any) -> str:
    address = f"{AHEAD}?schedule={query['schedule']}" if query else AHEAD
    answer = client.post(address, form)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_moments_are_shown_while_the_rest_is_still_missing(boss):
    client = desk.at(boss)
    form = desk.filled(boss, name="", timing="cron", cron="30 2 * * *", **{"given-x": ""})
    page = ahead(client, form)
    assert "02:30" in page and "This field is required" not in page
    assert "choose the task" in ahead(client, form | {"task": ""}).lower()
    assert "say when" in ahead(client, form | {"cron": ""})
    wrong = ahead(client, form | {"cron": "30 25 * * *", "blackout": "Christmas"})
    assert "02:30" not in wrong and "Line 1 is no day" in wrong and 'href="#id_cron"' in wrong
    assert not PeriodicTask.objects.filter(task=rows.ADD).exists()


def test_the_moments_of_one_that_is_there_follow_what_is_typed(boss):
    entry = desk.schedule()
    before = PeriodicTask.objects.values().get(pk=entry.pk)
    form = desk.filled(boss, entry, every="3", unit="3600")
    assert "Every 3 hours" in ahead(desk.at(boss), form, schedule=entry.pk)
    assert PeriodicTask.objects.values().get(pk=entry.pk) == before


@pytest.mark.parametrize("key", ["x", "0", "9" * 40, "1e3", "²"])
def test_the_moments_of_none_are_a_404(boss, key):
    assert desk.at(boss).post(f"{AHEAD}?schedule={key}", {}).status_code == 404


def test_somebody_elses_edit_is_a_409_that_tells_what_stands_there(boss):
    entry = desk.schedule()
    client = desk.at(boss)
    stale = desk.filled(boss, entry, every="5")
    client.post(edit(entry), desk.filled(boss, entry, note="mine was first"))
    answer = client.post(edit(entry), stale)
    assert answer.status_code == 409 and "mine was first" in answer.content.decode()
    assert PeriodicTask.objects.get(pk=entry.pk).interval.every == 60


def test_hostile_words_are_only_words_and_secrets_never_come_back(boss):
    client = desk.at(boss)
    bite = '"><script>alert(1)</script>'
    secret = {"given-user": bite, "given-password": "hunter2", "given-token": "plain-hint"}
    form = desk.filled(boss, name=bite, note=bite, task=desk.LOG_IN, **secret)
    odd = form | {"cron": bite, "timing": "cron", "blackout": bite}
    pages = [client.post(NEW, form | {"every": "0"}), client.post(NEW, form | {LOOK: "1"})]
    pages.append(client.post(AHEAD, odd))
    assert client.post(NEW, form).status_code == 302
    pages.append(client.get(edit(PeriodicTask.objects.get(name=bite))))
    for page in (each.content.decode() for each in pages):
        assert "<script>alert" not in page
        assert "hunter2" not in page and "plain-hint" not in page


def test_no_other_site_makes_a_schedule(boss):
    client = Client(enforce_csrf_checks=True)
    client.force_login(boss)
    for address in (NEW, AHEAD):
        assert client.post(address, desk.filled(boss)).status_code == 403
    assert not PeriodicTask.objects.filter(task=rows.ADD).exists()
