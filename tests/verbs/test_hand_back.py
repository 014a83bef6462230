"""What leaves as a plain message, what stays, and that nothing is in both places."""

import io

import celery
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from kombu.exceptions import OperationalError

from jobs import enqueue
from jobs.execution.hand_back import LEAVING, hand_back
from jobs.execution.order import Order
from jobs.management.commands import jobs_hand_back
from jobs.models import Event, Job, Leader, Worker
from jobs.params import Invalid
from jobs.registry import UnknownTask
from jobs.states import LIVE, State, WaitingFor
from tests.doors import form_tasks, rows
from tests.sample_tasks import log_in, plain_add

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch):
    """What plain Celery was told to send."""
    told = []
    monkeypatch.setattr(
        celery.Celery, "send_task", lambda app, *named, **options: told.append((named, options))
    )
    return told


def test_a_call_from_code_leaves_as_it_came(sent):
    moment = timezone.now()
    given = {"priority": 9, "expires": moment, "queue": "slow"}
    job = Job.objects.get(pk=plain_add.apply_async((1,), {"y": moment}, **given).id)
    assert hand_back(job, Order())
    [(named, options)] = sent
    assert named[:2] == (plain_add.name, [1]) and named[2] == {"y": moment}
    assert (options["task_id"], options["queue"]) == (job.pk, "slow")
    assert (options["priority"], options["expires"]) == (0, job.expires_at)
    row = Job.objects.get(pk=job.pk)
    assert (row.state, row.is_final) == (State.CANCELLED, True)
    assert Event.objects.get(job=job).verb == "hand_back"
    assert not hand_back(job, Order()) and len(sent) == 1


def test_what_a_form_asked_for_leaves_with_the_types_of_its_task(sent):
    job = enqueue(rows.ADD, {"x": "2"})
    assert hand_back(job, Order())
    assert sent[0][0] == (rows.ADD, [], {"x": 2, "y": 0})


def test_one_that_cannot_be_sent_stays_ours(sent, monkeypatch):
    job = enqueue(rows.ADD, {"x": 2})

    def fail(*named, **options):
        raise OperationalError("gone")

    monkeypatch.setattr(celery.Celery, "send_task", fail)
    with pytest.raises(OperationalError):
        hand_back(job, Order())
    job.refresh_from_db()
    assert job.state == State.QUEUED and not Event.objects.exists()
    with pytest.raises(CommandError, match="broker cannot be reached"):
        call_command("jobs_hand_back", stdout=io.StringIO())


@pytest.mark.parametrize(
    ("task", "columns", "told"),
    [
        (form_tasks.uploads.name, {"params": {"files": [{"$file": "1"}]}}, Invalid),
        ("of.nobody", {"params": {"x": 1}}, UnknownTask),
    ],
)
def test_what_no_plain_message_can_say_stays_and_is_told(sent, task, columns, told):
    job = rows.job(task=task, **columns)
    with pytest.raises(told):
        hand_back(job, Order())
    errors = io.StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("jobs_hand_back", stdout=io.StringIO(), stderr=errors)
    assert end.value.code == 1 and f"{job.pk} stays: " in errors.getvalue()
    assert Job.objects.get().state == State.QUEUED and sent == []


@pytest.mark.parametrize("state", [State.RUNNING, State.PAUSED, State.COMPLETED])
def test_what_was_taken_meanwhile_stays_where_it_is(sent, state):
    seen = rows.job(params={"x": 1})
    Job.objects.all().delete()
    rows.job(state, id=seen.pk)
    assert not hand_back(seen, Order())
    assert (Job.objects.get().state, sent) == (state, [])


def test_a_secret_is_not_laid_open_in_the_broker(sent):
    given = {"user": "ann", "password": "abc", "token": "xyz"}
    by_code = Job.objects.get(pk=log_in.delay(**given).id)
    for job in (enqueue(log_in.name, given), by_code):
        with pytest.raises(Invalid, match="secret"):
            hand_back(job, Order())
    assert sent == [] and set(Job.objects.values_list("state", flat=True)) == {State.QUEUED}


def test_each_of_many_leaves_once_and_what_cannot_stays_behind(sent, monkeypatch):
    monkeypatch.setattr(jobs_hand_back, "_BATCH", 2)
    ids = [enqueue(rows.ADD, {"x": n}).pk for n in range(5)]
    stays = rows.job(task="of.nobody", params={"x": 1})
    told = io.StringIO()
    call_command("jobs_hand_back", "--dry-run", stdout=told)
    assert (told.getvalue(), sent) == ("6 would be handed back\n", [])
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("jobs_hand_back", stdout=out, stderr=io.StringIO())
    assert "5 handed back" in out.getvalue()
    assert len(sent) == 5
    assert sorted(options["task_id"] for _named, options in sent) == sorted(ids)
    assert Job.objects.live().get() == stays


def test_only_what_moves_by_itself_leaves():
    waits = [rows.job(State.PENDING, waiting_for=reason) for reason in WaitingFor]
    others = [rows.job(state) for state in State if state != State.PENDING]
    leaving = set(Job.objects.filter(LEAVING).values_list("state", "waiting_for"))
    assert {state for state, _why in leaving} == {"queued", "retrying", "pending"} < LIVE
    assert {why for _state, why in leaving if why} == {"time", "broker", "slot", "rate"}
    assert len(waits) + len(others) == Job.objects.count()


def test_nothing_leaves_while_somebody_of_ours_works(sent):
    enqueue(rows.ADD, {"x": 2})
    Worker.tell("main@here", {"queues": ["celery"]}, begins=True)
    for name in ("worker main@here", "relay of beat"):
        with pytest.raises(CommandError, match=name):
            call_command("jobs_hand_back", stdout=io.StringIO())
        Worker.leave("main@here")
        Leader.hold(Leader.RELAY, "beat@here", 60)
    assert sent == []
