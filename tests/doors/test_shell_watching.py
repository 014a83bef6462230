"""A job followed from a shell, as a terminal, a pipe and a machine see it."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from jobs.management import watching
from jobs.models import Job
from jobs.states import State
from tests.doors import rows

pytestmark = pytest.mark.django_db


class Terminal(io.StringIO):
    def isatty(self):
        return True


def said(*words, out=None, **more):
    out = out or io.StringIO()
    call_command(*words, stdout=out, **more)
    return out.getvalue().rstrip("\n")


def code(*words, out=None):
    """The exit code of a command that waits for jobs, and what it printed."""
    out = out or io.StringIO()
    errors = io.StringIO()
    try:
        call_command(*words, stdout=out, stderr=errors)
    except SystemExit as end:
        return end.code, out.getvalue() + errors.getvalue()
    return 0, out.getvalue() + errors.getvalue()


def progress(current, total=10, **more):
    return {"percent": 100 * current / total, "current": current, "total": total, **more}


@pytest.fixture
def story(monkeypatch):
    """Between two looks at the rows the next change is made; the tenth look fails."""

    def tell(job, *changes):
        left = iter(changes)

        def change(seconds):
            Job.objects.filter(pk=job.pk).update(**next(left))

        monkeypatch.setattr(watching.time, "sleep", change)

    return tell


ENDED = {"state": "completed", "finished_at": timezone.now(), "lease": None}
ENDED |= {"lease_expires_at": None}


@pytest.mark.parametrize(
    ("state", "ends_with"),
    [("completed", 0), ("completed_with_errors", 0), ("failed", 1), ("cancelled", 3),
     ("expired", 3), ("skipped", 3)],
)  # fmt: skip
def test_the_exit_code_tells_how_it_ended(state, ends_with):
    job = rows.job(state)
    assert code("job", "watch", job.pk)[0] == ends_with
    assert code("job", "logs", "-f", job.pk)[0] == ends_with
    assert code("job", "watch", rows.job(State.COMPLETED).pk, job.pk)[0] == ends_with


def test_in_a_terminal_one_line_is_painted_again(story, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    job = rows.job(State.RUNNING, progress=progress(5, step="resize", rate=2.0, eta_seconds=75))
    story(job, {"progress": progress(10)}, ENDED)
    ends_with, shown = code("job", "watch", job.pk, out=Terminal())
    first, second, third = shown.split("\x1b[1F")
    assert "████████████            ▏  50 %  5/10  resize  2/s  1:15 left" in first
    assert "100 %" in second and "completed" in third
    assert ends_with == 0 and shown.count("\n") == 3


def test_in_a_pipe_a_line_says_what_is_new(story):
    job = rows.job(State.RUNNING, progress=progress(1))
    news = [{"progress": progress(n)} for n in (1.1, 1.2, 6)]
    story(job, *news, ENDED)
    shown = code("job", "watch", job.pk)[1]
    assert [line.split()[1:3] for line in shown.splitlines()] == [
        ["running", "10"], ["running", "60"], ["completed", "60"],
    ]  # fmt: skip
    assert "\x1b" not in shown


def test_a_machine_gets_a_document_for_each_change(story):
    job = rows.job(State.RUNNING)
    story(job, {"progress": progress(3)}, ENDED | {"result": {"n": 3}, "version": 2})
    documents = [
        json.loads(line) for line in code("job", "watch", job.pk, "--json")[1].split("\n")[:-1]
    ]
    assert [each["state"] for each in documents] == ["running", "running", "completed"]
    assert documents[-1]["result"] == {"n": 3}


def test_a_job_can_be_asked_for_and_watched_at_once(monkeypatch):
    def end(seconds):
        Job.objects.filter(task=rows.ADD, params__x=5).update(**ENDED)

    monkeypatch.setattr(watching.time, "sleep", end)
    ends_with, shown = code("job", "run", rows.ADD, "x=5", "--watch")
    assert ends_with == 0 and "completed" in shown


def test_the_interrupt_ends_the_watching_and_not_the_job(monkeypatch):
    job = rows.job(State.RUNNING)

    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(watching.time, "sleep", interrupt)
    for words in (["watch", job.pk], ["logs", "-f", job.pk]):
        ends_with, shown = code("job", *words)
        assert ends_with == 130 and f"manage.py job watch {job.pk}" in shown
    job.refresh_from_db()
    assert (job.state, job.requested) == (State.RUNNING, "")


def test_a_log_is_followed_to_its_end(monkeypatch):
    job = rows.job(State.RUNNING)
    rows.log(job, *(f"line {n}" for n in range(1, 8)))

    def go_on(seconds):
        rows.log(job, "\x1b[31mlast\x1b[0m", first=8)
        Job.objects.filter(pk=job.pk).update(**ENDED)

    monkeypatch.setattr(watching.time, "sleep", go_on)
    assert len(said("job", "logs", job.pk).splitlines()) == 7
    shown = code("job", "logs", "-f", "--after", "5", job.pk)[1]
    assert [line.split(maxsplit=2)[2] for line in shown.splitlines()] == [
        "line 6", "line 7", "last",
    ]  # fmt: skip
    assert "\x1b[31mlast" in said("job", "logs", job.pk, out=Terminal())


def test_a_job_that_is_deleted_meanwhile_ends_the_watching(monkeypatch):
    job = rows.job()
    monkeypatch.setattr(watching.time, "sleep", lambda seconds: job.delete())
    with pytest.raises(CommandError, match="is gone"):
        call_command("job", "watch", str(job.pk))
