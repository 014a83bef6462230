"""Time limits: whose, and what is said when one strikes. Expiry and memory likewise."""

from datetime import timedelta

import pytest
from celery import current_app
from celery.exceptions import TimeLimitExceeded
from django.utils import timezone

from jobs import enqueue
from jobs.dispatch import policy
from jobs.execution import memory
from jobs.execution.limits import soft_limit_struck
from jobs.execution.outcome import reason_for
from jobs.models import Event, Job, Task
from jobs.reading.limits import limits
from jobs.registry.options import declare
from jobs.states import State
from tests.doors import rows
from tests.limited_tasks import limited, perishable, plainly_perishable

pytestmark = pytest.mark.django_db


def told(job: Job) -> list[tuple[str, float, str]]:
    return [(each.label, each.seconds, each.whose) for each in limits(job)]


def test_limits_are_told_with_who_set_them():
    assert told(enqueue(limited)) == [
        ("Soft limit", 30, "from the code of its task"),
        ("Hard limit", 40, "from the code of its task"),
    ]
    own = enqueue(limited, soft_time_limit=5)
    assert told(own)[0] == ("Soft limit", 5, "of this job alone")
    called = Job.objects.get(pk=limited.apply_async(time_limit=7).id)
    assert told(called)[1] == ("Hard limit", 7, "of this job alone")
    Task.objects.create(name=limited.name, title="Limited", time_limit=50)
    policy.forget()
    assert told(enqueue(limited))[1] == ("Hard limit", 50, "set for its task by an operator")


def test_without_a_limit_that_of_the_site_holds():
    conf, general = current_app.conf, current_app.conf.task_time_limit
    try:
        conf.task_time_limit = 60
        assert told(rows.job()) == [("Hard limit", 60, "for all jobs of this site")]
        conf.task_time_limit = None
        assert told(rows.job()) == []
    finally:
        conf.task_time_limit = general


def test_a_soft_limit_that_leaves_no_time_is_refused():
    with pytest.raises(ValueError, match="leaves no time"):
        declare(lambda: None, {"soft_time_limit": 10, "time_limit": 10})


def test_what_is_said_when_a_limit_strikes():
    assert reason_for(TimeLimitExceeded(90)) == (
        "It was ended by force after 1m 30s, its hard time limit."
    )
    assert soft_limit_struck(Job(soft_time_limit=2), 3.14159) == (
        "Its soft time limit of 2 s struck; it left after 3.1 s."
    )
    assert (
        soft_limit_struck(Job(), 100.4) == "Its soft time limit struck; it left after 1m 40s."
    )


@pytest.mark.parametrize("task", [perishable, plainly_perishable], ids=lambda task: task.name)
def test_jobs_of_a_task_expire_however_they_are_asked_for(task):
    before = timezone.now()
    asked, called = enqueue(task), Job.objects.get(pk=task.delay().id)
    for job in (asked, called):
        assert before <= job.expires_at - timedelta(seconds=60) <= timezone.now()
    later = timezone.now() + timedelta(days=1)
    assert enqueue(task, expires_at=later).expires_at == later


@pytest.mark.django_db(transaction=True)
def test_a_process_that_grew_too_large_is_told_of(monkeypatch):
    class Worker:
        max_memory_per_child = 1024

    job = rows.job(State.COMPLETED)
    memory.tell_of_growth(job)
    assert not Event.objects.exists()
    monkeypatch.setattr(memory, "_limit_kib", 0)
    memory.limit(Worker())
    memory.tell_of_growth(job)
    event = Event.objects.get(job=job)
    assert (event.verb, event.subject) == ("replaced", "main@node")
    assert "over its limit of 1 MB" in event.reason
