"""The Celery app of a site: every call of a task becomes a job.

The hooks sit here and not in a task base class, so that tasks with a base of their own,
class-based ones and calls by name alone are covered too.
"""

from typing import Any

import celery
import django
from django.apps import apps

from jobs import registry
from jobs.conf import CONTENT_TYPE

# The imports inside the methods are late on purpose: a site makes its app while Django
# still reads the settings, and our task class and the rows come after that.


class Celery(celery.Celery):
    """Drop-in for `celery.Celery`; see DESIGN law 12."""

    task_cls = "jobs.execution.task:JobTask"
    amqp_cls = "jobs.execution.declaring:AMQP"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on_after_configure.connect(accept_doorbells)

    def _task_from_fun(
        self, fun: Any, name: str | None = None, base: Any = None, **options: Any
    ) -> Any:
        from .task import with_jobs

        base = with_jobs(base or self.Task)
        return super()._task_from_fun(fun, name=name, base=base, **options)

    def register_task(self, task: Any, **options: Any) -> Any:
        from .task import JobMixin, with_jobs

        instance = task() if isinstance(task, type) else task
        if not isinstance(instance, JobMixin):
            instance.__class__ = with_jobs(type(instance))
        return super().register_task(instance, **options)

    def send_task(self, name: str, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        """As Celery's, but the call becomes a row in the caller's transaction, and the
        message follows on commit."""
        if not registry.makes_jobs(name):
            return super().send_task(name, args, kwargs, **options)
        set_up_django()
        from jobs.dispatch.loop import beside_the_loop

        from .calls import Call

        task_id = beside_the_loop(Call(self, name, args or (), kwargs or {}, options).ask)()
        return self._result_of(task_id, options)

    def _get_backend(self) -> Any:
        set_up_django()
        return super()._get_backend()

    def _result_of(self, task_id: str, options: dict[str, Any]) -> Any:
        result = (options.get("result_cls") or self.AsyncResult)(task_id)
        result.ignored = options.get("ignore_result")
        parent = self.current_worker_task
        if parent and options.get("add_to_parent", True):
            parent.add_trail(result)
        return result


def set_up_django() -> None:
    """A program that has nothing but this app (`celery call`, a script of four lines) may
    call tasks, as with plain Celery; but our rows need Django."""
    if not (apps.ready or apps.loading):
        django.setup()


def accept_doorbells(sender: celery.Celery, **kwargs: Any) -> None:
    """A worker takes what its settings say, and our own messages."""
    sender.conf.accept_content = [*sender.conf.accept_content, CONTENT_TYPE]
