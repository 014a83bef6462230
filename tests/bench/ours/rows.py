"""What the client needs to know of Batuta's rows."""

from django_celery_results.models import TaskResult

from jobs.dispatch.publisher import publisher
from jobs.execution import control
from jobs.models import Job
from jobs.states import State
from project.celery import app

__all__ = ["act", "app", "empty", "finished", "let_out", "row"]


def let_out() -> None:
    """Wait until the messages of all jobs are in the broker."""
    publisher().drain()


def finished() -> int:
    """How many jobs have their whole history: the row, and the TaskResult."""
    results = TaskResult.objects.filter(status="SUCCESS").count()
    return min(results, Job.objects.filter(state=State.COMPLETED).count())


def row(job: str) -> Job:
    return Job.objects.get(pk=job)


def act(verb: str, job: str) -> None:
    if not getattr(control, verb)(Job.objects.filter(pk=job), control.Order()):
        raise AssertionError(f"{verb} changed nothing of {job}")


def empty() -> None:
    Job.objects.all().delete()
    TaskResult.objects.all().delete()
