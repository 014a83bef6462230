"""Which queues a worker serves that was told none: the default one, and all that tasks or
routing rules name.

Else a job of `@task(queue="reports")` would wait for ever on a site with one worker. A
worker that was told by `-Q` serves those and no other.
"""

from typing import Any

from celery import current_app, signals

from jobs import registry
from jobs.dispatch.forks import between_forks
from jobs.models import Route, Task


@signals.celeryd_after_setup.connect
def serve_named_queues(instance: Any, **kwargs: Any) -> None:
    queues = instance.app.amqp.queues
    # Celery's own way to know that nobody chose; it has no public one.
    if queues._consume_from is None:
        for name in sorted(_named() - set(queues)):
            queues.select_add(name)


def served(app: Any) -> tuple[str, ...]:
    """The queues that this worker takes jobs from, at this moment."""
    return tuple(sorted(app.amqp.queues.consume_from))


def known() -> set[str]:
    """Every queue that a job may be sent to: named by the code, operators or settings."""
    # Not `amqp.queues`: each process adds to those whatever it ever sent to.
    by_settings = current_app.amqp.Queues(current_app.conf.task_queues)
    return _by_operators() | _by_code() | set(by_settings)


def _named() -> set[str]:
    with between_forks():
        return _by_operators() | _by_code()


def _by_code() -> set[str]:
    return {definition.queue for definition in registry.all() if definition.queue}


def _by_operators() -> set[str]:
    own = Task.objects.exclude(queue="").values_list("queue", flat=True)
    return {*own, *Route.objects.values_list("queue", flat=True)}
