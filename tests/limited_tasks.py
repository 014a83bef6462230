"""Tasks with limits of their own."""

from celery import shared_task

from jobs import task


@task(soft_time_limit=30, time_limit=40)
def limited() -> None:
    """Has time enough."""


@task(expires=60)
def perishable() -> None:
    """Is of no use after a minute."""


@shared_task(expires=60)
def plainly_perishable() -> None:
    """The same in plain Celery."""
