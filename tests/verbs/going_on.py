"""What relay, workers and people do until nothing is left to do, in this process."""

from datetime import timedelta

from django.db.models.functions import Now
from django_celery_results.models import ChordCounter, TaskResult

from jobs.dispatch.relay import release_due, ring_due
from jobs.execution.claim import claim
from jobs.execution.control import Order, resume, start
from jobs.execution.finish import finish, held
from jobs.execution.mark import new_lease
from jobs.execution.outcome import Ending
from jobs.execution.rescue import expire_due, reap_lost
from jobs.models import Artifact, Attempt, Event, Job, JobError, LogChunk
from jobs.states import ACTIVE, State
from tests.verbs.crashing import message

PAST = timedelta(hours=1)
ROUNDS = 20


def go_on() -> None:
    for _ in range(ROUNDS):
        live = Job.objects.live()
        live.filter(state__in=ACTIVE).update(lease_expires_at=Now() - PAST)
        live.exclude(not_before=None).update(not_before=Now() - PAST)
        live.exclude(ring_at=None).update(ring_at=Now() - PAST)
        expire_due()
        reap_lost()
        start(live, Order())
        resume(live, Order())
        release_due()
        ring_due()
        for job in Job.objects.filter(state=State.QUEUED, ring_at__gt=Now()):
            lease = new_lease()
            if claim(job.pk, job.task_id, message(lease, "heir@host")):
                finish(held(job.pk, lease), Ending.success(7))
        if not Job.objects.live().exists():
            return


def forget_all() -> None:
    kept = (Attempt, Event, JobError, LogChunk, Artifact)
    for model in (*kept, TaskResult, ChordCounter, Job):
        model.objects.all().delete()
