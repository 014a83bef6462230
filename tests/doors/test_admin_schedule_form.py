"""The form of a schedule in the admin: what it takes, keeps, shows, and refuses."""

import json
from typing import Any

import pytest
from django.test import Client
from django_celery_beat.models import PeriodicTask

from jobs import registry
from jobs.models import Event, Schedule
from jobs.params.secret import SEALED
from jobs.scheduling.entries import pause
from jobs.scheduling.form import LOOK
from jobs.scheduling.given import asked

from . import desk, rows


@pytest.fixture
def world(db: None) -> Any:
    return desk.agenda()


def change(entry: PeriodicTask) -> str:
    return desk.address(PeriodicTask, "change", entry.pk)


def test_the_form_tells_nobody_what_a_task_takes_that_is_not_theirs(world):
    rows.task(desk.LOG_IN, title="Log in")
    form = desk.filled(world.manager, world.entry) | {"task": desk.LOG_IN, LOOK: "1"}
    page = desk.at(world.manager).post(change(world.entry), form).content.decode()
    assert "given-user" not in page
    page = desk.at(world.boss).post(change(world.entry), form).content.decode()
    assert "given-user" in page


def test_what_is_no_field_is_not_taken(world):
    """With some of these the stock form runs another task on another queue."""
    odd = {
        "headers": '{"task": "celery.map"}',
        "exchange": "x",
        "routing_key": "x",
        "regtask": "celery.map",
        "args": "[9]",
        "kwargs": '{"x": 9}',
        "interval": "99",
        "crontab": "99",
        "last_run_at": "2001-01-01",
        "total_run_count": "5",
        "one_off": "on",
        "id": "99",
        "paused_at": "2001-01-01",
        "key": "x",
        "coded": "{}",
        "flaw": "",
        "due_at": "2001-01-01",
        "given-z": "9",
    }
    client = desk.at(world.boss)
    before = PeriodicTask.objects.values().get(pk=world.entry.pk)
    policy = Schedule.objects.values().get(pk=world.entry.pk)
    fields = client.get(change(world.entry)).context["adminform"].form.fields
    assert not {*odd} & {*fields}
    form = desk.filled(world.boss, world.entry, **odd)
    assert client.post(change(world.entry), form).status_code == 302
    assert PeriodicTask.objects.values().get(pk=world.entry.pk) == before
    assert Schedule.objects.values().get(pk=world.entry.pk) == policy
    new = desk.filled(world.boss, **odd)
    assert client.post(desk.address(PeriodicTask, "add"), new).status_code == 302
    made = PeriodicTask.objects.get(name="new")
    assert (made.headers, made.exchange, made.routing_key) == ("{}", None, None)
    assert (made.args, json.loads(made.kwargs), made.one_off) == ("[]", {"x": 1}, False)
    assert (made.policy.key, made.policy.coded, made.policy.paused_at) == ("", None, None)


def test_a_manager_names_nobody_else_and_no_queue_that_is_new(world):
    client = desk.at(world.manager)
    for name, value in {"run_as": "boss", "queue": "root"}.items():
        form = desk.filled(world.manager, name="mine", **{name: value})
        answer = client.post(desk.address(PeriodicTask, "add"), form)
        assert name in desk.errors(answer)
    assert not PeriodicTask.objects.filter(name="mine").exists()


def test_what_was_stored_elsewhere_is_shown_and_stays(world):
    stored = {"headers": '{"task": "celery.map"}', "queue": "root"}
    PeriodicTask.objects.filter(pk=world.entry.pk).update(**stored)
    client = desk.at(world.manager)
    page = client.get(change(world.entry)).content.decode()
    assert "set elsewhere: headers" in page
    assert "celery.map" in page
    client.post(change(world.entry), desk.filled(world.manager, world.entry, name="weekly"))
    after = PeriodicTask.objects.get(pk=world.entry.pk)
    assert (after.name, after.headers, after.queue) == ("weekly", stored["headers"], "root")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"given-x": "many"}, "given-x"),
        ({"given-x": ""}, "given-x"),
        ({"given-x": "9" * 5_000}, "given-x"),
        ({"priority": "10"}, "priority"),
        ({"name": "two\u202elines"}, "name"),
        ({"name": "nul\x00"}, "name"),
        ({"name": "foreign"}, "name"),
        ({"timing": ""}, "timing"),
        ({"timing": "cron"}, "cron"),
        ({"timing": "cron", "cron": "0 0 31 2 *"}, "cron"),
        ({"timing": "cron", "cron": "0 0 * * *", "timezone": "Mars/Base"}, "timezone"),
        ({"every": "0"}, "every"),
        ({"every": "0.001"}, "every"),
        ({"timing": "at", "at": "soon"}, "at"),
        ({"timing": "solar", "event": "sunset", "latitude": "99", "longitude": "0"}, "event"),
        ({"grace_seconds": "a while"}, "grace_seconds"),
        ({"overlap": "maybe"}, "overlap"),
        ({"blackout": "Christmas"}, "blackout"),
        ({"run_as": "nobody-there"}, "run_as"),
        ({"queue": "not one!"}, "queue"),
        ({"start_at": "2030-01-02T00:00", "end_at": "2030-01-01T00:00"}, "end_at"),
    ],
)
def test_wrong_input_is_told_at_its_field_and_changes_nothing(world, fields, wrong):
    before = PeriodicTask.objects.values().get(pk=world.entry.pk)
    form = desk.filled(world.boss, world.entry, **fields)
    assert wrong in desk.errors(desk.at(world.boss).post(change(world.entry), form))
    assert PeriodicTask.objects.values().get(pk=world.entry.pk) == before
    assert not Event.objects.exists()


def test_arguments_by_position_stand_in_their_fields_and_stay_so_until_somebody_edits(world):
    PeriodicTask.objects.filter(pk=world.entry.pk).update(args="[1, 2]", kwargs="{}")
    client = desk.at(world.boss)
    form = desk.filled(world.boss, world.entry, note="looked at")
    assert (form["given-x"], form["given-y"]) == ("1", "2")
    assert client.post(change(world.entry), form).status_code == 302
    assert json.loads(PeriodicTask.objects.get(pk=world.entry.pk).args) == [1, 2]
    form = desk.filled(world.boss, world.entry, **{"given-x": "7"})
    assert client.post(change(world.entry), form).status_code == 302
    after = PeriodicTask.objects.get(pk=world.entry.pk)
    assert (json.loads(after.args), json.loads(after.kwargs)) == ([], {"x": 7, "y": 2})


def test_a_schedule_of_a_task_that_is_gone_can_be_disabled_and_keeps_what_it_is_given(world):
    gone = desk.schedule("gone", "old.task", kwargs='{"key": "in the clear"}')
    client = desk.at(world.boss)
    page = client.get(change(gone)).content.decode()
    assert "in the clear" not in page and "old.task (not registered)" in page
    form = desk.filled(world.boss, gone, enabled=None)
    answer = client.post(change(gone), form)
    assert answer.status_code == 302, desk.errors(answer)
    gone.refresh_from_db()
    assert (gone.enabled, gone.kwargs) == (False, '{"key": "in the clear"}')


def test_a_secret_is_sealed_in_the_row_and_masked_everywhere(world):
    task = rows.task(desk.LOG_IN, title="Log in")
    task.viewers.set(world.task.viewers.all())
    client = desk.at(world.boss)
    secret = {"given-user": "ada", "given-password": "hunter2", "given-token": "plain-hint"}
    form = desk.filled(world.boss, name="login", task=desk.LOG_IN, **secret)
    assert client.post(desk.address(PeriodicTask, "add"), form).status_code == 302
    entry = PeriodicTask.objects.get(name="login")
    kept = json.loads(entry.kwargs)
    assert kept["user"] == "ada" and {*kept["password"], *kept["token"]} == {SEALED}

    wrong = desk.filled(world.boss, entry, every="0", **secret)
    pages = [
        client.get(change(entry)),
        client.post(change(entry), wrong),
        client.post(change(entry), wrong | {LOOK: "1"}),
        desk.at(world.viewer).get(change(entry)),
        client.get(desk.address(PeriodicTask, "history", entry.pk)),
    ]
    book = json.dumps(list(Event.objects.values("before", "after")))
    for text in (*(page.content.decode() for page in pages), book):
        assert "hunter2" not in text and "plain-hint" not in text
        assert kept["password"][SEALED] not in text

    changed = desk.filled(world.boss, entry, **{"given-user": "eve"})
    assert client.post(change(entry), changed).status_code == 302
    entry.refresh_from_db()
    assert asked(entry) == {"user": "eve", "password": "hunter2", "token": "plain-hint"}
    replaced = desk.filled(world.boss, entry, **{"given-password": "other"})
    assert client.post(change(entry), replaced).status_code == 302
    entry.refresh_from_db()
    assert asked(entry) == {"user": "eve", "password": "other", "token": "plain-hint"}


def test_another_edit_meanwhile_is_told_and_nothing_is_written_over_it(world):
    client = desk.at(world.boss)
    stale = desk.filled(world.boss, world.entry, every="5")
    other = desk.filled(world.boss, world.entry, note="mine was first", name="taken over")
    assert client.post(change(world.entry), other).status_code == 302
    answer = client.post(change(world.entry), stale)
    assert "__all__" in desk.errors(answer)
    page = answer.content.decode()
    assert "mine was first" in page and "taken over" in page
    after = PeriodicTask.objects.get(pk=world.entry.pk)
    assert (after.name, after.interval.every) == ("taken over", 60)
    again = {field.html_name: desk.shown(field) for field in answer.context["form"]}
    again = {name: value for name, value in again.items() if value is not None}
    assert client.post(change(world.entry), again).status_code == 302
    assert PeriodicTask.objects.get(pk=world.entry.pk).interval.every == 5


def test_a_row_that_others_share_is_left_to_them(world):
    """Stock, one edit retimes all of them."""
    assert world.entry.interval_id == world.foreign.interval_id
    form = desk.filled(world.boss, world.entry, every="7")
    assert desk.at(world.boss).post(change(world.entry), form).status_code == 302
    world.foreign.refresh_from_db()
    assert (world.foreign.interval.every, world.foreign.interval.period) == (60, "seconds")


def test_hostile_words_are_only_words(world):
    bite = '"><script>alert(1)</script>'
    form = desk.filled(world.boss, name=bite, note=bite)
    client = desk.at(world.boss)
    assert client.post(desk.address(PeriodicTask, "add"), form).status_code == 302
    entry = PeriodicTask.objects.get(name=bite)
    pause(entry, by=world.boss, note=bite)
    for page in (change(entry), desk.address(PeriodicTask)):
        assert "<script>alert" not in client.get(page).content.decode()
    wrong = desk.filled(world.boss, entry, blackout=bite, cron=bite, timing="cron")
    assert "<script>alert" not in client.post(change(entry), wrong).content.decode()


def test_no_other_site_saves_a_schedule(world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.boss)
    form = desk.filled(world.boss, world.entry, name="stolen")
    assert client.post(change(world.entry), form).status_code == 403


def test_the_form_runs_no_script_of_its_own(world):
    page = desk.at(world.boss).get(change(world.entry)).content.decode()
    for tag in page.split("<script")[1:]:
        opening, _, rest = tag.partition(">")
        body = rest.partition("</script>")[0].strip()
        assert body == "" or 'type="application/json"' in opening, body
    assert " style=" not in page


def test_the_text_of_a_docstring_is_no_html(world):
    """Django's own template takes help for HTML."""
    known = registry.get(rows.ADD).parameters
    known.model.model_fields["x"].description = "Less than <b>."
    try:
        page = desk.at(world.boss).get(change(world.entry)).content.decode()
    finally:
        known.model.model_fields["x"].description = None
    assert "Less than &lt;b&gt;." in page
