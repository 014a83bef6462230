"""`manage.py job`: the verbs of the pages, and tasks run by hand."""

import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from jobs import current_job
from jobs.models import Event, Job
from jobs.states import State
from tests import sample_tasks
from tests.doors import form_tasks, rows

pytestmark = pytest.mark.django_db


def command(*words: str, **more: Any) -> str:
    out = io.StringIO()
    call_command("job", *words, stdout=out, **more)
    return out.getvalue().strip()


@pytest.mark.parametrize(
    ("verb", "before", "after"),
    [
        ("start", {"state": State.PENDING, "waiting_for": "start"}, "queued"),
        ("pause", {"state": State.QUEUED}, "paused"),
        ("pause", {"state": State.RUNNING}, "running, pause requested"),
        ("resume", {"state": State.PAUSED}, "queued"),
        ("cancel", {"state": State.RUNNING}, "running, cancel requested"),
        (
            "terminate",
            {"state": State.RUNNING, "requested": "cancel"},
            "running, cancel requested",
        ),
        ("fail", {"state": State.QUEUED}, "failed"),
    ],
)
def test_a_verb_is_done_told_and_signed(verb, before, after):
    job = rows.job(**before, owner=rows.user("olivia"))
    said = command(verb, job.pk, "--by", "olivia", "--reason", "because")
    assert said == f"{job.pk}: {after}"
    event = Event.objects.get(job=job)
    assert (event.verb, event.actor.username, event.reason) == (verb, "olivia", "because")


def test_many_ids_at_once():
    jobs = [rows.job() for _ in range(3)]
    command("cancel", *(job.pk for job in jobs))
    assert {job.state for job in Job.objects.all()} == {State.CANCELLED}
    assert not Event.objects.exclude(actor=None).exists()


def test_retry_prints_the_new_ids_and_says_what_does_not_fit():
    good = rows.job(State.FAILED, params={"x": 1})
    bad, running = rows.job(State.FAILED, params={"gone": 1}), rows.job(State.RUNNING)
    errors = io.StringIO()
    said = command("retry", good.pk, bad.pk, running.pk, stderr=errors)
    assert said == f"{good.pk}: again as {Job.objects.get(retry_of=good).pk}"
    assert f"{bad.pk}: " in errors.getvalue() and "gone" in errors.getvalue()
    assert f"{running.pk}: A job can be run again when it has ended." in errors.getvalue()


def test_a_wrong_id_changes_nothing_and_a_verb_too_late_is_an_error():
    job, ended = rows.job(), rows.job(State.COMPLETED)
    with pytest.raises(CommandError, match="no job 'nobody'"):
        command("cancel", job.pk, "nobody")
    assert Job.objects.get(pk=job.pk).state == State.QUEUED
    with pytest.raises(CommandError, match="Nothing was changed"):
        command("cancel", ended.pk)
    with pytest.raises(CommandError, match="no user 'nobody'"):
        command("cancel", job.pk, "--by", "nobody")


def test_run_asks_for_a_job_of_that_user():
    user = rows.user("olivia", group := Group.objects.create(name="runners"))
    rows.task().runners.add(group)
    said = command("run", rows.ADD, "--params", '{"x": "2"}', "--user", "olivia")
    job = Job.objects.get(pk=said)
    assert (job.task_id, job.params, job.owner) == (rows.ADD, {"x": 2, "y": 0}, user)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["no.such"], "no task"),
        ([rows.ADD, "--params", "{"], "not JSON"),
        ([rows.ADD, "--params", "[1]"], "JSON object"),
        ([rows.ADD, "--params", '{"x": "many"}'], "x: "),
    ],
)
@pytest.mark.parametrize("here", [[], ["--here"]])
def test_what_cannot_run_is_told(words, told, here):
    with pytest.raises(CommandError, match=told):
        command("run", *words, *here)
    assert not Job.objects.exists()


def test_here_the_function_is_called_with_typed_values_and_no_job():
    given = json.dumps({"count": 3, "when": "2026-01-01T00:00:00Z", "token": "x"})
    assert command("run", form_tasks.many_kinds.name, "--params", given, "--here") == "None"
    given = json.dumps({"user": "ann", "password": "abc", "token": "xyz"})
    said = command("run", sample_tasks.log_in.name, "--params", given, "--here")
    assert said == "['ann', 'cba', 'zyx']"
    assert not Job.objects.exists() and current_job().id == ""


def test_here_what_it_raises_is_raised():
    with pytest.raises(ValueError, match="as asked"):
        command("run", sample_tasks.fail.name, "--here")


def test_a_stack_that_does_not_come_in_time_is_an_error():
    job = rows.job(State.RUNNING)
    with pytest.raises(CommandError, match=f"No answer within 0 s: {job.pk}"):
        command("stack", job.pk, "--wait", "0")
    assert Event.objects.get(job=job).verb == "stack"
