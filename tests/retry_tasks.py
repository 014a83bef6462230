"""Tasks that are tried again in each of the ways that Celery and we offer."""

from typing import Any

from celery import Task, current_app, shared_task
from celery.exceptions import Reject

from jobs import task


class Temporary(Exception):
    """May go well the next time."""


class Hopeless(Temporary):
    """Will not."""


def _raise(kind: str) -> None:
    kinds: dict[str, Any] = {
        "temporary": Temporary("not now"),
        "hopeless": Hopeless("never"),
        "other": KeyError("other"),
        "reject": Reject("not mine"),
    }
    raise kinds[kind]


OPTIONS: dict[str, Any] = {
    "autoretry_for": (Temporary,),
    "dont_autoretry_for": (Hopeless,),
    "retry_backoff": 3,
    "retry_backoff_max": 10,
    "retry_jitter": False,
    "max_retries": 3,
}


@task(**OPTIONS)
def ours(kind: str = "temporary") -> None:
    _raise(kind)


@shared_task(**OPTIONS)
def plain(kind="temporary"):  # type: ignore[no-untyped-def]
    _raise(kind)


class InAClass(Task):
    """The same options as attributes of a class."""

    name = "tests.retry_tasks.InAClass"
    autoretry_for = (Temporary,)
    dont_autoretry_for = (Hopeless,)
    retry_backoff = 3
    retry_backoff_max = 10
    retry_jitter = False
    max_retries = 3

    def run(self, kind="temporary"):  # type: ignore[no-untyped-def]
        _raise(kind)


in_a_class = current_app.register_task(InAClass())


@task(autoretry_for=(Temporary,), default_retry_delay=7, max_retries=1)
def fixed() -> None:
    raise Temporary


@task(autoretry_for=(Temporary,), retry_kwargs={"max_retries": 5, "countdown": 4})
def by_keywords() -> None:
    raise Temporary


@task(autoretry_for=(Temporary,), retry_backoff=True, retry_backoff_max=8, max_retries=None)
def jittered() -> None:
    raise Temporary


@task(autoretry_for=(Exception,), default_retry_delay=0)
def whatever(kind: str) -> None:
    _raise(kind)


@task(bind=True, max_retries=1)
def once_more(self: Any, bound: int) -> None:
    """Ask for another bound than the task's own."""
    raise self.retry(exc=Temporary("by hand"), max_retries=bound, countdown=0)


@task(bind=True, max_retries=3, default_retry_delay=0)
def refuse_in_a_broad_try(self: Any, requeue: bool = False) -> None:
    """Seed 002: the refusal is caught by the very `except` that tries again."""
    try:
        raise Reject("the data are wrong", requeue=requeue)
    except Exception as error:
        raise self.retry(exc=error) from error


@task(bind=True, max_retries=3)
def later_and_lower(self: Any) -> str:
    """Seed 002: an address that fails goes down in priority; here with other limits too."""
    if self.request.retries:
        return "done"
    options = {"priority": 1, "time_limit": 50, "soft_time_limit": 40, "expires": 600}
    raise self.retry(countdown=1, **options)
