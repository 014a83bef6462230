"""Running a job, as a row of small steps: take it, prepare, perform, settle."""

import logging
import traceback
from collections.abc import Callable
from typing import Any

from billiard.common import terminate_handler_fired
from billiard.einfo import ExceptionInfo, ExceptionWithTraceback
from celery.app.trace import TraceInfo, trace_ok_t
from celery.exceptions import Ignore, Reject, Retry
from celery.states import IGNORED, REJECTED, RETRY
from django.utils.translation import gettext as _

from jobs import registry
from jobs.dispatch.caller import on_behalf_of
from jobs.models import Job

from .attempt import RunningAttempt
from .books import BROKEN, drop_open_transactions, patiently, the_books
from .capture import listening
from .claim import adopt, claim, is_foreign, is_ignored
from .context import enter, leave
from .mark import new_lease
from .memory import tell_of_growth
from .options import request_from
from .outcome import Exited, RetryOrder
from .queues import served
from .refusal import refusal
from .reporter import reporter
from .result import as_json
from .senseless import refused_message

logger = logging.getLogger(__name__)


def run_job(
    task: Any,
    tracer: Callable[..., Any],
    uuid: str,
    args: Any,
    kwargs: Any,
    message: dict[str, Any],
) -> Any:
    """One message: Celery's tracer runs if, and only if, the job could be taken."""
    message.setdefault("lease", new_lease())  # solo and threads have no JobRequest dict
    message.setdefault("queues", served(task.app))
    if is_foreign(message) and patiently(lambda: is_ignored(uuid)):
        return tracer(uuid, args, kwargs, {**message, "lease": ""})
    job = take(uuid, task.name, args, kwargs, message)
    if job is None:
        return left_alone()
    attempt = RunningAttempt(job, message["lease"], reporter())
    token = enter(attempt)
    reporter().begin(attempt)
    try:
        with on_behalf_of(job.owner_id), listening(attempt.log):
            given = attempt.prepare()
            if given is None:
                return left_alone()
            outcome = tracer(uuid, *given, request_from(job, message))
            settle(attempt, outcome)
            tell_of_growth(job)
    finally:
        reporter().end(attempt)
        leave(attempt, token)
        attempt.close()
    return _bearable(outcome)


def _bearable(outcome: Any) -> Any:
    """At the news of a MemoryError Celery's worker ends itself, with all the other jobs;
    but it was one process of its pool, or one thread, that asked for too much."""
    info = outcome.info
    if info is not None and isinstance(info.retval, MemoryError):
        told = outcome.retval
        error = RuntimeError(f"MemoryError: {info.retval}")
        told.exception = ExceptionWithTraceback(error, told.traceback)
    return outcome


def take(uuid: str, task: str, args: Any, kwargs: Any, message: dict[str, Any]) -> Job | None:
    """Claim the row; a foreign message gets one first. A database that cannot be reached
    leaves the job to the relay, which rings again."""
    try:
        if is_foreign(message) and not adopted(uuid, task, args, kwargs, message):
            return None
        with the_books():
            return claim(uuid, task, message)
    except BROKEN as error:
        logger.error("The job %s cannot be taken: %s", uuid, error)
        return None


def adopted(uuid: str, task: str, args: Any, kwargs: Any, message: dict[str, Any]) -> bool:
    """Whether a foreign message has a row now. Nobody would ring for it again, so we wait
    for a database that is away."""
    if patiently(lambda: adopt(uuid, task, args, kwargs, message)):
        return True
    with the_books():
        refused_message(uuid, task, message.get("hostname") or "")
    return False


def left_alone() -> Any:
    """What Celery's tracer hands back for a task that raised Ignore."""
    try:
        raise Ignore
    except Ignore as ignored:
        return trace_ok_t(ExceptionInfo(internal=True), TraceInfo(IGNORED, ignored), 0.0, None)


def perform(
    attempt: RunningAttempt, function: Callable[..., Any], args: Any, kwargs: Any
) -> Any:
    """Call the function with typed arguments; its result must be fit to be stored."""
    if attempt.unfit is not None:
        raise attempt.unfit
    try:
        _validate(attempt, args, kwargs)
        value = _called(attempt, function)(*args, **kwargs)
    except Exception as error:
        attempt.raised = error
        raise
    except (SystemExit, KeyboardInterrupt) as leaving:
        if terminate_handler_fired():  # it is the process that is told to end
            raise
        attempt.raised = Exited(leaving)
        raise attempt.raised from leaving
    finally:
        drop_open_transactions()
    if attempt.retry_order is not None:  # self.retry(throw=False)
        raise Retry(when=attempt.retry_order.not_before)
    if not attempt.job.ignore_result:
        attempt.result = as_json(value)
    return value


def _called(attempt: RunningAttempt, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, or after its last attempt what the task falls back on."""
    if not attempt.job.falls_back:
        return function
    fallback = registry.get(attempt.job.task_id).fallback
    if fallback is None:  # of an earlier release
        raise RuntimeError(_("Its task has no fallback any more."))
    return fallback


def _validate(attempt: RunningAttempt, args: Any, kwargs: Any) -> None:
    """The task's own `validate` step, which has a state of its own."""
    try:
        validate = registry.get(attempt.job.task_id).validate
    except registry.UnknownTask:
        return
    if validate is None:
        return
    try:
        validate(*args, **kwargs)
    except Exception as error:
        if (refused := refusal(error)) is error:
            raise
        raise refused from error
    attempt.begin_running()


def settle(attempt: RunningAttempt, outcome: Any) -> None:
    """Whatever Celery's tracer did not bring to the backend comes to its end here."""
    info = outcome.info
    if attempt.settled or info is None:
        return
    if info.state == RETRY:
        order = attempt.retry_order or RetryOrder(attempt.job.retries + 1)
        attempt.retry(order, info.retval.exc or info.retval, "")
    elif info.state == REJECTED and getattr(info.retval, "requeue", False):
        attempt.retry(RetryOrder.put_back(attempt.job), info.retval, "")
    elif info.state in (IGNORED, REJECTED):
        _ignored(attempt, info.retval)
    else:
        attempt.fail(info.retval, getattr(outcome.retval, "traceback", ""))


def _ignored(attempt: RunningAttempt, reason: BaseException) -> None:
    """`raise Ignore` by hand: the task says that it told its state itself."""
    if attempt.replacement is not None:
        _hand_over(attempt)
    elif attempt.told_failure is not None:
        attempt.fail(RuntimeError(str(attempt.told_failure)))
    elif isinstance(reason, Reject):
        attempt.fail(reason)
    else:
        attempt.succeed(None)


def _hand_over(attempt: RunningAttempt) -> None:
    try:
        attempt.hand_over()
    except Exception as error:  # what was to come cannot be sent: its arguments, its task
        attempt.fail(error, traceback.format_exc())
