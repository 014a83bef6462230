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

from jobs.execution.control import Order, pause
from jobs.execution.finish import finish, held
from jobs.execution.mark import new_lease
from jobs.execution.outcome import Ending
from jobs.models import Attempt, Job
from jobs.states import State, WaitingFor
from tests.sample_tasks import plain_add, xsum
from tests.verbs.crashing import ask, take
from tests.verbs.going_on import PAST, forget_all, go_on
from tests.whole.site import database_url

pytestmark = pytest.mark.django_db(transaction=True)


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


def prepare(step):
    """A chord whose second part is done, and its first part as `step` needs it."""
    if step == "ask":
        return {"step": step}
    first, second = ask()
    finish(held(second, running(second)), Ending.success(4))
    chosen = Job.objects.filter(pk=first)
    order = {"step": step, "job": first, "lease": ""}
    if step in ("succeed", "fail", "retry", "lose", "hold", "requeue"):
        order["lease"] = running(first)
    if step == "lose":
        chosen.update(lease_expires_at=Now() - PAST)
    if step == "resume":
        pause(chosen, Order())
    if step == "release":
        chosen.move(State.RETRYING) or chosen.move(State.PENDING, waiting_for=WaitingFor.TIME)
        chosen.update(not_before=Now() - PAST)
    if step == "ring":
        chosen.update(ring_at=Now() - PAST)
    if step == "claim":
        order["lease"] = new_lease()
    return order


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


SOON = ("ask", "claim", "succeed", "lose")
LATER = ("fail", "retry", "hold", "requeue", "cancel", "pause", "resume", "release", "ring")
STEPS = [*SOON, *(pytest.param(step, marks=pytest.mark.long) for step in LATER)]


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_dies_before_any_of_its_statements_leaves_no_mess(crasher, broker, step):
    count = crasher.do(**prepare(step))["statements"]
    go_on()
    assert problems() == {}
    forget_all()
    for number in range(1, count + 2):
        assert crasher.dies(**prepare(step), dies_before=number)
        go_on()
        assert problems(asked=step != "ask") == {}, f"before statement {number} of {count}"
        forget_all()


@pytest.mark.parametrize("step", ["succeed", "fail", "retry"])
def test_an_end_whose_answer_got_lost_is_told_once(crasher, broker, step):
    assert "statements" in crasher.do(**prepare(step), raises_after_commit=True)
    go_on()
    assert problems() == {}
