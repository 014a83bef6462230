"""Why is it not running? For each reason: what stands over the panel, and what in it."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from jobs.dispatch.policy import forget
from jobs.models import Attempt, Event, Gate, Leader, Task
from jobs.reading.turns import Turn
from jobs.states import State, WaitingFor

from . import rows
from .asking import in_, offers, olga, panel, queued, serve, why

pytestmark = pytest.mark.django_db
__all__ = ["olga"]


# Held in its row.


def test_a_held_job_says_by_whom_and_offers_its_start(olga):
    owner = rows.user("otto", first_name="Otto", last_name="Rank")
    job = rows.job(State.PENDING, waiting_for=WaitingFor.START, owner=owner)
    html = panel(olga, job)
    assert "It is held until a person starts it." in html
    assert "asked for with hold by Otto Rank" in html
    assert offers(html, job, "start")


def test_who_may_only_look_sees_the_reason_and_no_button(olga):
    viewers = Group.objects.create(name="viewers")
    Task.objects.get().viewers.add(viewers)
    job = rows.job(State.PENDING, waiting_for=WaitingFor.START)
    html = panel(rows.user("victor", viewers), job)
    assert "It is held until a person starts it." in html
    assert not offers(html, job, "start")


def test_a_job_that_waits_for_a_slot_names_who_holds_them_and_its_place(olga):
    Task.objects.update(max_running=1)
    forget()
    lined = {"waiting_for": WaitingFor.SLOT, "line": rows.ADD, "lined_at": timezone.now()}
    holder = rows.job(State.RUNNING, admitted_at=timezone.now())
    rows.job(State.PENDING, ago=60, **lined)
    html = panel(olga, rows.job(State.PENDING, **lined))
    assert "It waits for a free slot of its task." in html
    assert "1 of its task run at once" in html and "1 before it" in html
    assert reverse("jobs:job", args=[holder.pk]) in html
    # Who may not see the holder is told of none.
    owner = rows.user("otto")
    own = rows.job(State.PENDING, owner=owner, **lined)
    assert holder.pk not in panel(owner, own)


def test_a_job_that_waits_for_its_rate_says_which_and_when_it_is_due(olga):
    Task.objects.update(rate="6/m")
    forget()
    Gate.objects.create(name=rows.ADD, opens_at=in_(600))
    lined = {"waiting_for": WaitingFor.RATE, "line": rows.ADD, "lined_at": timezone.now()}
    job = rows.job(State.PENDING, **lined)
    html = panel(olga, job)
    assert "It waits for the rate limit of its task." in html
    assert "6/m start, over all workers" in html and "it is the next one" in html
    assert Turn(job).due_at == Gate.objects.get().opens_at


def test_a_job_with_a_time_says_when_and_who_set_it(olga):
    job = rows.job(State.PENDING, waiting_for=WaitingFor.TIME, not_before=in_(3610))
    after = {"not_before": in_(3610).isoformat()}
    Event.objects.create(job=job, verb="edit", actor=olga, after=after, reason="after lunch")
    html = panel(olga, job)
    assert "It waits for its time." in html
    assert "set by Olga Quist: “after lunch”" in html
    assert ">in 1 h</time>" in html


def test_a_job_of_a_disabled_task_says_who_disabled_it(olga):
    task = Task.objects.get()
    task.enabled = False
    task.save()
    about = {"task": task, "verb": "edit", "actor": olga}
    Event.objects.create(**about, after={"enabled": True}, reason="works again")
    Event.objects.create(**about, after={"enabled": False}, reason="double mails")
    Event.objects.create(**about, after={"queue": "slow"}, reason="less noise")
    job = rows.job(State.PENDING, waiting_for=WaitingFor.TASK)
    headline, checks = why(olga, job)
    assert (headline, checks["Its task is disabled"]) == ("Its task is disabled.", False)
    assert "by Olga Quist: “double mails”" in panel(olga, job)


@pytest.mark.parametrize("state", [State.PENDING, State.RETRYING])
def test_what_is_due_of_a_disabled_task_waits_for_the_task(olga, state):
    Task.objects.update(enabled=False)
    columns = {"waiting_for": WaitingFor.TIME} if state == State.PENDING else {"attempt": 1}
    job = rows.job(state, not_before=in_(-5), **columns)
    assert why(olga, job)[0] == "Its task is disabled."


def test_what_is_in_its_queue_already_runs_though_its_task_is_disabled(olga):
    Task.objects.update(enabled=False)
    serve()
    headline, checks = why(olga, queued())
    assert headline == "A worker takes it in a moment."
    assert checks["Its task is disabled"] is None


def test_a_retrying_job_says_why_the_last_attempt_failed_and_when_the_next_begins(olga):
    job = rows.job(State.RETRYING, attempt=2, not_before=in_(41))
    error = {"error_type": "ReadTimeout", "error": "after 30 s"}
    Attempt.objects.create(job=job, number=2, **error)
    headline, checks = why(olga, job)
    assert headline == "Attempt 2 failed; another follows."
    assert checks["The next attempt is not due yet"] is False
    html = panel(olga, job)
    assert "ReadTimeout: after 30 s" in html and "in 4" in html


@pytest.mark.parametrize(
    ("columns", "kept"),
    [
        ({"checkpoint": {"tracked": 4}, "attempt": 1}, "its checkpoint is kept"),
        ({"attempt": 1}, "it has no checkpoint, it begins anew"),
    ],
)
def test_a_paused_job_says_by_whom_and_what_is_kept(olga, columns, kept):
    job = rows.job(State.PAUSED, **columns)
    Event.objects.create(job=job, verb="pause", actor=olga, reason="the disk is full")
    html = panel(olga, job)
    assert "It is paused until a person resumes it." in html
    assert "by Olga Quist: “the disk is full”" in html and kept in html
    assert offers(html, job, "resume")


def test_a_replaced_job_leads_to_the_steps_that_took_its_place(olga):
    job = rows.job(State.PENDING, waiting_for=WaitingFor.UPSTREAM)
    step = rows.job(State.RUNNING, root_id=job.pk, parent_id=job.pk)
    done = rows.job(State.COMPLETED, root_id=job.pk, parent_id=job.pk)
    secret = rows.job(State.QUEUED, task="others.secret", root_id=job.pk)
    html = panel(olga, job)
    assert "It waits for the jobs before it." in html
    assert reverse("jobs:job", args=[step.pk]) in html
    assert done.pk not in html and secret.pk not in html


def test_a_job_that_the_broker_was_not_told_of_says_so(olga):
    job = rows.job(State.PENDING, waiting_for=WaitingFor.BROKER, ring_at=in_(-1))
    headline, checks = why(olga, job)
    assert headline == "The broker cannot be reached."
    assert checks["The relay is at work"] is True


@pytest.mark.parametrize(
    "columns",
    [
        {"state": State.PENDING, "waiting_for": WaitingFor.TIME, "not_before": in_(-5)},
        {"state": State.PENDING, "waiting_for": WaitingFor.TASK},
        {"state": State.RETRYING, "not_before": in_(-5), "attempt": 1},
        {"state": State.QUEUED, "ring_at": in_(-5)},
    ],
)
def test_where_no_relay_is_at_work_that_is_the_reason(olga, columns):
    Leader.resign(Leader.RELAY, "beat")
    serve()
    assert why(olga, rows.job(**columns))[0].startswith("No relay is at work")


def test_a_missing_task_is_told_of_also_to_an_owner_who_may_not_see_the_task(olga):
    rows.task("others.gone", missing_at=timezone.now())
    owner = rows.user("otto")
    job = rows.job(State.PENDING, task="others.gone", waiting_for=WaitingFor.TASK, owner=owner)
    assert why(owner, job)[0] == "Its task is missing from the code."


@pytest.mark.parametrize("waiting_for", ["", *WaitingFor])
def test_each_reason_has_a_sentence_over_the_panel(olga, waiting_for):
    job = rows.job(State.PENDING, waiting_for=waiting_for)
    headline, _checks = why(olga, job)
    assert headline.endswith(".")
    assert headline in panel(olga, job)


def test_nobody_who_reads_it_is_told_what_others_wrote_as_markup(olga):
    evil = "<script>alert(1)</script>"
    job = rows.job(State.PAUSED)
    Event.objects.create(job=job, verb="pause", actor=olga, reason=evil)
    assert evil not in panel(olga, job)
