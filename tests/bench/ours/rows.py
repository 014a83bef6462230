"""What the client needs to know of Batuta's rows."""

from django_celery_results.models import TaskResult

from jobs.dispatch.publisher import publisher
from jobs.execution import control
from jobs.models import Job
from jobs.states import State
from project.celery import app

from . import history, looks

__all__ = ["act", "app", "empty", "finished", "let_out", "looks_of", "row", "seed"]


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


def seed(jobs: int) -> None:
    history.write(jobs)


def looks_of(tries: int) -> list[tuple[str, str, int, list[float]]]:
    """Of each page and person: queries, and milliseconds of each try."""
    found = []
    for name, who in history.people().items():
        for page in looks.PAGES:
            if seen := looks.look(who, page, tries):
                found.append((name, page, *seen))
    return found
