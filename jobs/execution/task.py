"""The Celery task class under every task: between the message and the function."""

import logging
from collections.abc import Callable
from typing import Any

from celery import Task
from celery.contrib.django.task import DjangoTask
from celery.exceptions import Ignore, Reject, TimeLimitExceeded
from django.db import DatabaseError

from jobs import registry
from jobs.dispatch.loop import beside_the_loop
from jobs.dispatch.policy import edited

from .context import running_attempt
from .options import canvas_of
from .outcome import Interruption
from .pipeline import perform, run_job

logger = logging.getLogger(__name__)

Tracer = Callable[..., Any]
# Whoever raises one of these says that another try makes no sense, or has been arranged.
LAST_WORDS = (Ignore, Reject, TimeLimitExceeded, Interruption)


class JobMixin(Task):
    """Makes jobs of the calls of a task, whatever its own base class is."""

    abstract = True
    Request = "jobs.execution.request:JobRequest"
    Strategy = "jobs.execution.request:strategy"
    _tracer: Tracer | None = None

    # The worker stores the tracer that it built for this task here and calls it with
    # each message. There is no other place before Celery's own signals: a duplicate
    # must be turned away before `task_prerun` tells the world that it runs.
    @property
    def __trace__(self) -> Tracer | None:
        return self._tracer

    @__trace__.setter
    def __trace__(self, tracer: Tracer | None) -> None:
        if tracer is None or not registry.makes_jobs(self.name):
            self._tracer = tracer
            return

        def trace(uuid: str, args: Any, kwargs: Any, request: Any = None) -> Any:
            return run_job(self, tracer, uuid, args, kwargs, request or {})

        self._tracer = trace

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        attempt = None if self.request.called_directly else running_attempt(self.request.id)
        if attempt is None:
            return super().__call__(*args, **kwargs)
        try:
            with registry.watching_coroutines(attempt.whereabouts.follow):
                return perform(attempt, super().__call__, args, kwargs)
        except Interruption as interruption:
            attempt.interrupted(interruption)
            raise Ignore from None
        finally:
            # What `retry(max_retries=…)` leaves behind, Celery would apply to other jobs.
            self.__dict__.pop("override_max_retries", None)

    def retry(
        self,
        args: Any = None,
        kwargs: Any = None,
        exc: Any = None,
        throw: bool = True,
        **how: Any,
    ) -> Any:
        """As Celery's, but for what is said to be final: else `except Exception: raise
        self.retry(…)`, and `autoretry_for=(Exception,)`, would try a Reject again."""
        if isinstance(exc, LAST_WORDS):
            raise exc
        attempt = None if self.request.called_directly else running_attempt(self.request.id)
        if attempt is not None:
            if (most := _operators_word(self.name)) is not None:
                how["max_retries"] = most
            # Celery loses some of them in the options that come from the request.
            attempt.retry_wish = {"max_retries": self.max_retries, **_said(how)}
        return super().retry(args, kwargs, exc, throw, **how)

    def replace(self, sig: Any) -> Any:
        """As Celery's: the new task takes this one's id, place and what comes after."""
        attempt = running_attempt(self.request.id)
        if attempt is not None:
            self.request.update(canvas_of(attempt.job))
        return super().replace(sig)

    def on_replace(self, sig: Any) -> Any:
        attempt = running_attempt(self.request.id)
        if attempt is None:
            return super().on_replace(sig)
        attempt.replacement = sig  # called once this one is over
        raise Ignore("Replaced by new task")


@beside_the_loop
def _operators_word(name: str) -> int | None:
    """How often it is tried again at most, over all that code says; None where that holds."""
    try:
        return edited(name).max_retries
    except DatabaseError as error:  # away: the try must end as the code says
        logger.warning("The policy of %s cannot be read now: %s", name, error)
        return None


def _said(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


class JobTask(JobMixin, DjangoTask):
    """The default base class of tasks."""

    abstract = True


def with_jobs(base: type[Task]) -> type[Task]:
    """`base` with the mixin in front, unless it has it."""
    if issubclass(base, JobMixin):
        return base
    return type(base.__name__, (JobMixin, base), {"abstract": True, "__doc__": base.__doc__})
