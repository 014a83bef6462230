"""The message in the worker's parent process. It mints the lease that the child claims
with, so that the parent can renew it while the child is deaf in a C call, and end the
attempt when the child was killed.

What is no call of a task is refused here: Celery's own code would end the worker, and
with the message given back to the broker, the next one."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from billiard.exceptions import WorkerLostError
from celery.exceptions import Ignore, InvalidTaskError, Reject, Retry
from celery.worker.request import Request
from celery.worker.strategy import default

from jobs import registry
from jobs.dispatch.forks import between_forks

from . import behind
from .mark import new_lease
from .queues import served
from .vitals import tally

logger = logging.getLogger(__name__)

ID_MAX_CHARS = 255


class JobRequest(Request):
    # Celery derives a class per task from this one and overrides `execute_using_pool`
    # and `on_success` in it: what we need must happen in `__init__`.
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().__init__(*args, **kwargs)
            self._be_sound()
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            raise InvalidTaskError(f"its headers are of another shape: {error!r}") from error
        self.lease = self._request_dict["lease"] = new_lease()
        self._request_dict["queues"] = served(self._app)

    def _be_sound(self) -> None:
        """What Celery looks at only when it is too late."""
        if not isinstance(self.id, str) or not 0 < len(self.id) <= ID_MAX_CHARS:
            raise ValueError(f"the id {self.id!r}")
        hard, soft = self.time_limits
        if not all(isinstance(limit, int | float | None) for limit in (hard, soft)):
            raise TypeError(f"the limits {self.time_limits!r}")

    def on_failure(self, exc_info: Any, *args: Any, **kwargs: Any) -> Any:
        """With `reject_on_worker_lost` Celery gives the message back and tells nobody that
        the child is dead. The row would then wait for its lease to run out."""
        failure = getattr(exc_info.exception, "exc", exc_info.exception)
        is_put_back = self.task.acks_late and self.task.reject_on_worker_lost
        if is_put_back and isinstance(failure, WorkerLostError):
            self.task.backend.mark_as_failure(self.id, failure, request=self._context)
        if not isinstance(failure, Ignore | Reject | Retry):
            tally.failed += 1
        return super().on_failure(exc_info, *args, **kwargs)

    def _retry_worker_lost(self, *args: Any, **kwargs: Any) -> bool:
        """What becomes of a lost attempt is for its row to say, which counts them."""
        if registry.makes_jobs(self.task.name):
            return False
        return bool(super()._retry_worker_lost(*args, **kwargs))


def strategy(task: Any, app: Any, consumer: Any) -> Callable[..., Any]:
    """What the worker does with each message for `task`: as Celery, if it can be read."""
    handle = default(task, app, consumer)

    def judge(message: Any, *args: Any, **kwargs: Any) -> Any:
        tally.heard += 1
        if not _is_call(_payload(message)):
            raise InvalidTaskError("its body is not the arguments of a call")
        if behind.leaves(task.name, message) and _handed_on(message):
            return message.ack_log_error(logger, consumer.connection_errors)
        if _waits_in(consumer.task_buckets[task.name], message):
            # Rung again meanwhile: it would take a place of the worker, and its rate.
            return message.ack_log_error(logger, consumer.connection_errors)
        return handle(message, *args, **kwargs)

    return judge


def _handed_on(message: Any) -> bool:
    """Whether the job was left to a worker of newer code."""
    with between_forks():
        return behind.hand_on(str(message.headers.get("id")))


def _waits_in(bucket: Any, message: Any) -> bool:
    """Whether the job waits in this worker already, for Celery's `rate_limit`."""
    job_id = message.headers.get("id")
    return bucket is not None and any(job_id == each.id for each, _tokens in bucket.contents)


def _payload(message: Any) -> Any:
    try:
        return message.payload
    except Exception as error:  # whatever a decoder raises for what somebody made up
        raise InvalidTaskError(str(error)) from error


def _is_call(payload: Any) -> bool:
    """(args, kwargs, canvas), or the dictionary of Celery's first protocol."""
    if isinstance(payload, Mapping):
        return True
    return (
        isinstance(payload, list | tuple)
        and len(payload) == 3
        and isinstance(payload[0], list | tuple)
        and isinstance(payload[1], Mapping)
        and isinstance(payload[2], Mapping | None)
    )
