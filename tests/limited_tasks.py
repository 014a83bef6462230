"""Tasks with limits of their own."""

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded, TimeLimitExceeded

from jobs import current_job, task


@task(soft_time_limit=30, time_limit=40)
def limited() -> None:
    """Has time enough."""


@task(expires=60)
def perishable() -> None:
    """Is of no use after a minute."""


@shared_task(expires=60)
def plainly_perishable() -> None:
    """The same in plain Celery."""


@task(soft_time_limit=1, time_limit=2, autoretry_for=(TimeLimitExceeded,))
def linger(catch: bool) -> None:
    """Wait at safe points; what is caught does not help in the end."""
    while True:
        try:
            current_job().sleep(600)
        except SoftTimeLimitExceeded:
            if not catch:
                raise
