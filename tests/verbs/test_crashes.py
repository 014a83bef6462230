"""Each step of the engine is killed before each of its statements; then others go on. No
job may be lost, none stuck, and nothing may come of it twice."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db.models import Count
from django.db.models.functions import Now
from django_celery_results.models import ChordCounter, TaskResult

from jobs import enqueue
from jobs.execution.claim import claim
from jobs.execution.control import Order, pause
from jobs.execution.finish import finish, held
from jobs.execution.mark import new_lease
from jobs.execution.outcome import Ending
from jobs.models import Attempt, Job
from jobs.states import State, WaitingFor
from tests.sample_tasks import plain_add, xsum
from tests.verbs.crashing import QUEUE, ask, message, take
from tests.verbs.going_on import PAST, forget_all, go_on
from tests.whole.site import database_url

pytestmark = pytest.mark.django_db(transaction=True)
ALONE = ("ask", "enqueue", "adopt", "run again")
ATTEMPTS = (
    "succeed",
    "fail",
    "retry",
    "lose",
    "hold",
    "requeue",
    "be killed",
    "be told to end",
)


class Crasher:
    """The program that dies."""

    def __init__(self):
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": database_url(),
            "JOBS_LEASE_SECONDS": "1",
            "JOBS_RENEW_SECONDS": "0.3",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.verbs.crashing"],
            env=environment,
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def do(self, **order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def dies(self, **order):
        """Whether it died; a step may come to its end before, then it dies after it."""
        answer = self.do(**order)
        if "statements" in answer:
            answer = json.loads(self.process.stdout.readline())
        return answer == {"killed": True}


@pytest.fixture(scope="module")
def crasher(django_db_setup, session_broker):
    program = Crasher()
    yield program
    program.process.stdin.close()
    program.process.wait(10)


def running(job_id):
    lease = new_lease()
    assert take(job_id, lease)
    return lease


def ended_job():
    job, lease = enqueue("tests.sample_tasks.add", {"x": 1}, queue=QUEUE), new_lease()
    assert claim(job.pk, job.task_id, message(lease))
    finish(held(job.pk, lease), Ending.success(1))
    return job.pk


def released_soon(chosen):
    chosen.move(State.PENDING, waiting_for=WaitingFor.TIME)
    chosen.update(not_before=Now() - PAST)


# How the job must stand for a step that needs more than a queued or a running one.
BEFORE = {
    "lose": lambda chosen: chosen.update(lease_expires_at=Now() - PAST),
    "resume": lambda chosen: pause(chosen, Order()),
    "release": released_soon,
    "start": lambda chosen: chosen.move(State.PENDING, waiting_for=WaitingFor.START),
    "expire": lambda chosen: chosen.update(expires_at=Now() - PAST),
    "ring": lambda chosen: chosen.update(ring_at=Now() - PAST),
}


def prepare(step):
    """A chord whose second part is done, and its first part as `step` needs it."""
    if step == "run again":
        return {"step": step, "job": ended_job()}
    if step in ALONE:
        return {"step": step, "lease": new_lease()}
    first, second = ask()
    finish(held(second, running(second)), Ending.success(4))
    lease = running(first) if step in ATTEMPTS else new_lease()
    BEFORE.get(step, bool)(Job.objects.filter(pk=first))
    return {"step": step, "job": first, "lease": lease}


def problems(*, asked=True):
    """Whatever is not as it must be."""
    told = TaskResult.objects.values("task_id")
    doubled = TaskResult.objects.values("task_id").annotate(n=Count("pk")).filter(n__gt=1)
    counts = {
        "live": Job.objects.live().count(),
        "without result": Job.objects.final().exclude(pk__in=told).count(),
        "with two results": doubled.count(),
        "chords that count": ChordCounter.objects.count(),
    }
    found = {name: count for name, count in counts.items() if count}
    parts = Job.objects.filter(task=plain_add.name).exclude(group_id="")
    links = Job.objects.filter(task=plain_add.name, group_id="")
    bodies = Job.objects.filter(task=xsum.name)
    if asked or parts.exists():
        good = parts.filter(state=State.COMPLETED).count()
        linked = parts.filter(options__contains="link", state=State.COMPLETED).count()
        wanted = (2, linked, 1)
        there = (parts.count(), links.count(), bodies.count())
        if there != wanted:
            found["parts, links, bodies"] = there
        if (good == 2) != (bodies.filter(state=State.COMPLETED).count() == 1):
            found["body"] = list(bodies.values_list("state", "reason"))
    for job in Job.objects.all():
        bad = Attempt.objects.filter(job=job).count()
        if bad != job.attempt - (job.state == State.COMPLETED):
            found[f"attempts of {job.pk}"] = (bad, job.attempt, job.state)
    return found


# What a verb does to the row of its job, once it did anything.
EFFECTS = {
    "cancel": lambda job: job.state == State.CANCELLED,
    "pause": lambda job: job.state == State.PAUSED,
    "resume": lambda job: job.state != State.PAUSED,
    "start": lambda job: job.state == State.QUEUED,
    "edit": lambda job: job.queue == "celery",
    "fail by hand": lambda job: job.state == State.FAILED,
    "run again": lambda job: job.retried_as.exists(),
}
VERBS = {"fail by hand": "fail", "run again": "retry"}


def is_told_of(order):
    """A verb and its event are one: both, or neither."""
    step = order["step"]
    if step not in EFFECTS:
        return True
    job = Job.objects.get(pk=order["job"])
    told = job.events.filter(verb=VERBS.get(step, step)).count()
    return told == EFFECTS[step](job)


SOON = ("ask", "claim", "succeed", "lose")
LATER = (
    *("fail", "retry", "cancel", "pause", "resume", "release", "ring", "start", "edit"),
    *("fail by hand", "run again", "expire", "hold", "requeue", "be killed", "be told to end"),
    *("adopt", "enqueue"),
)
STEPS = [*SOON, *(pytest.param(step, marks=pytest.mark.long) for step in LATER)]


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_dies_before_any_of_its_statements_leaves_no_mess(crasher, broker, step):
    count = crasher.do(**prepare(step))["statements"]
    go_on()
    assert problems(asked=step not in ALONE) == {}
    forget_all()
    for number in range(1, count + 2):
        order = prepare(step)
        assert crasher.dies(**order, dies_before=number)
        assert is_told_of(order), f"before statement {number} of {count}"
        go_on()
        assert problems(asked=step not in ALONE) == {}, f"before statement {number} of {count}"
        forget_all()


PATIENT = ("succeed", "fail", "retry", "hold", "requeue")


@pytest.mark.parametrize("step", [*SOON, *LATER])
def test_a_step_whose_answer_got_lost_is_done_once(crasher, broker, step):
    """It was written, and who did it hears of an error. An attempt asks again; others leave
    it to whoever comes next."""
    order = prepare(step)
    answer = crasher.do(**order, raises_after_commit=True)
    assert "statements" in answer or step not in PATIENT
    assert is_told_of(order)
    go_on()
    assert problems(asked=step not in ALONE) == {}
