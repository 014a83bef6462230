"""What `manage.py job` and `manage.py task` are given, and what they show to whom."""

import io
import json
import re
import sys
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.utils import timezone

from jobs.management.people import USAGE
from jobs.models import Artifact, Job
from jobs.states import State
from tests.doors import form_tasks, rows

pytestmark = pytest.mark.django_db


def said(*words, out=None, **more):
    out = out or io.StringIO()
    call_command(*words, stdout=out, **more)
    return out.getvalue().rstrip("\n")


# --- What it is given ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "params"),
    [
        (["count=3", "when=2026-01-01T00:00:00Z"], {"count": 3, "is_dry": True}),
        (["count:=3", "when=2026-01-01T00:00:00Z", "is_dry=no"], {"is_dry": False}),
        (["count=3", "when=2026-01-01T00:00:00Z", "tags=a", "tags=b"], {"tags": ["a", "b"]}),
        (["count=3", "when=2026-01-01T00:00:00Z", 'tags:=["c"]'], {"tags": ["c"]}),
        (
            ["count=3", "when=2026-01-01T00:00:00Z", 'mark:={"text": "a=b"}'],
            {"mark": {"text": "a=b", "opacity": 1}},
        ),
        (["count=3", "when=2026-01-01T00:00:00Z", "name=@x=y:=z"], {"name": "@x=y:=z"}),
        (["--params", '{"count": 1, "when": "2026-01-01T00:00:00Z"}', "count=2"], {"count": 2}),
    ],
)
def test_words_become_what_the_task_takes(words, params):
    job = Job.objects.get(pk=said("job", "run", form_tasks.many_kinds.name, *words))
    assert {name: job.params[name] for name in params} == params


def test_a_secret_can_come_by_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"token": "opensesame"}'))
    words = ["count=3", "when=2026-01-01T00:00:00Z", "--params", "-"]
    job = Job.objects.get(pk=said("job", "run", form_tasks.many_kinds.name, *words))
    assert "$secret" in job.params["token"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["count"], "not of the form name=value"),
        (["count:=x"], "count is not JSON"),
        (["count=1", "count=2"], "given twice"),
        (["count=99", "when=2026-01-01T00:00:00Z"], "count: "),
        (["beyond=1"], "beyond: "),
    ],
)
def test_what_does_not_fit_is_usage(words, told):
    with pytest.raises(CommandError, match=told) as wrong:
        call_command("job", "run", form_tasks.many_kinds.name, *words)
    assert wrong.value.returncode == USAGE
    assert not Job.objects.exists()


def test_files_are_given_by_their_paths_and_stay_where_they_are(tmp_path, monkeypatch):
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text("1")
    two.write_text("22")
    words = [f"files=@{one}", f"files=@{two}", f"table=@{one}"]
    job_id = said("job", "run", form_tasks.uploads.name, *words)
    files = Artifact.objects.filter(job=job_id, kind="input")
    assert sorted(files.values_list("name", "size")) == [("one.csv", 1)] * 2 + [("two.csv", 2)]
    assert (one.read_text(), two.read_text()) == ("1", "22")
    words.append("--here")
    assert said("job", "run", form_tasks.uploads.name, *words, "--json") == '["1", "22"]'
    with pytest.raises(CommandError, match=r"gone\.csv: No such file"):
        call_command("job", "run", form_tasks.uploads.name, "files=@gone.csv")


# --- Whose rights apply -------------------------------------------------------------------


def test_with_a_user_only_what_they_may_is_seen_and_done():
    rows.task()
    stranger = rows.user("stranger")
    mine, other = rows.job(owner=stranger), rows.job()
    listed = said("job", "list", "--user", "stranger")
    assert mine.pk in listed and other.pk not in listed
    assert other.pk in said("job", "list")
    assert rows.ADD not in said("task", "list", "--user", "stranger")
    for words in (
        ["show", other.pk],
        ["logs", other.pk],
        ["watch", other.pk],
        ["cancel", mine.pk, other.pk],
    ):
        with pytest.raises(CommandError, match=f"no job '{other.pk}'"):
            call_command("job", *words, "--user", "stranger")
    with pytest.raises(CommandError, match="no task"):
        call_command("job", "run", rows.ADD, "x=1", "--user", "stranger")
    with pytest.raises(CommandError, match="no task"):
        call_command("task", "show", rows.ADD, "--user", "stranger")
    assert set(Job.objects.values_list("state", flat=True)) == {State.QUEUED}


def test_who_only_sees_may_not_run_or_control():
    viewers = Group.objects.create(name="viewers")
    rows.task().viewers.add(viewers)
    rows.user("viewer", viewers)
    job = rows.job()
    with pytest.raises(CommandError, match="viewer may not run"):
        call_command("job", "run", rows.ADD, "x=1", "--user", "viewer")
    with pytest.raises(CommandError, match="viewer may not cancel"):
        call_command("job", "cancel", job.pk, "--user", "viewer")
    with pytest.raises(CommandError, match="viewer may not retry"):
        call_command("job", "retry", job.pk, "--user", "viewer")


# --- Lists and sheets ---------------------------------------------------------------------


def test_the_list_has_the_filters_of_the_page():
    olivia = rows.user("olivia")
    failed = rows.job(State.FAILED, owner=olivia, tags=["night"], ago=60)
    old = rows.job(State.COMPLETED, queue="slow", ago=7200)
    listed = said("job", "list")
    assert listed.splitlines()[0].split()[:2] == ["id", "state"]
    assert [line.split()[0] for line in listed.splitlines()[1:]] == [failed.pk, old.pk]
    for words, found in {
        ("--state", "failed"): failed,
        ("--queue", "slow"): old,
        ("--tag", "night"): failed,
        ("--owner", "olivia"): failed,
        ("--since", "1h"): failed,
        ("--until", (timezone.now() - timedelta(hours=1)).isoformat()): old,
        ("--limit", "1"): failed,
        (failed.pk,): failed,
    }.items():
        lines = [json.loads(line) for line in said("job", "list", *words, "--json").split("\n")]
        assert [line["id"] for line in lines] == [found.pk], words
    for wrong in (["--since", "once"], ["--limit", "0"], ["--state", "lost"]):
        with pytest.raises(CommandError):
            call_command("job", "list", *wrong)


def test_all_of_a_job_is_shown_without_secrets():
    job = rows.job(
        State.FAILED,
        params={"x": 1, "token": {"$secret": "sealed"}},
        error_type="ValueError",
        error="no",
        traceback="Traceback: here",
    )
    rows.artifact(job, "table.csv")
    shown = said("job", "show", job.pk)
    assert "ValueError: no" in shown and "Traceback: here" in shown and "table.csv" in shown
    assert "sealed" not in shown
    assert json.loads(said("job", "show", job.pk, "--json"))["error"]["message"] == "no"


def test_tasks_are_listed_and_shown_with_what_they_take():
    rows.task(description="Add two numbers.")
    rows.task("gone.task", missing_at=timezone.now())
    assert re.search(r"gone\.task .* missing", said("task", "list"))
    assert "gone.task" not in said("task", "list", "numbers")
    shown = said("task", "show", rows.ADD)
    assert "Add two numbers." in shown
    assert re.search(r"x +integer +needed", shown) and re.search(r"y +integer +0", shown)
    about = json.loads(said("task", "show", rows.ADD, "--json"))
    assert about["parameters"]["required"] == ["x"] and about["policy"]["priority"] == 5
    assert json.loads(said("task", "show", "gone.task", "--json"))["policy"] is None
