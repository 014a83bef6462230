"""One try of a job in this process. Every write it makes carries its lease: once that
is lost the function may go on, but nothing of it lands."""

import json
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from traceback import format_exc
from typing import Any, Protocol

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import registry, sanitize
from jobs.conf import configuration
from jobs.dispatch.changes import move_and_tell
from jobs.dispatch.loop import beside_the_loop
from jobs.models import Artifact, Job, JobError, JobQuerySet, OneJob
from jobs.params import Invalid
from jobs.states import Requested, State

from . import failing, leaving, parting
from .books import BROKEN, patiently, the_books
from .command import CompletedCommand, run_command
from .context import CurrentJob
from .due import on_clock
from .files import keep_file
from .finish import finish, held, retry_later
from .fit import arguments_of, hold
from .limits import Limits
from .log import Log
from .outcome import Cancelled, Ending, Interruption, LeaseLost, Leaving, Paused, RetryOrder
from .report import Report
from .scratch import make_scratch
from .stack import Whereabouts

PARTINGS = {
    Paused: parting.pause,
    Cancelled: parting.cancel,
    Leaving: parting.go_elsewhere,
}


class Voice(Protocol):
    """Who ships the reports: the reporter thread of this process."""

    def wake(self) -> None: ...

    def end(self, attempt: "RunningAttempt") -> None: ...


class RunningAttempt:
    """Between the claim and the end: what the function reported and asked for."""

    def __init__(self, job: Job, lease: str, voice: "Voice") -> None:
        self.job = job
        self.lease = lease
        self.voice = voice
        self.current_job = CurrentJob(self, voice.wake)
        self.log = Log(first=job.log_lines + 1)
        self.log.on_line = self.current_job._report
        self.report = Report(self)
        self.whereabouts = Whereabouts()
        self.checkpoint = job.checkpoint
        # A newer one, to be stored when the function is left.
        self._reached: dict[str, Any] = {}
        self.requested = Requested.NOTHING
        self.lost = False
        self.settled = False
        # Told by `self.retry`, `self.replace` and `update_state("FAILURE")`.
        self.retry_order: RetryOrder | None = None
        self.retry_wish: dict[str, Any] = {}
        self.replacement: Any = None
        self.told_failure: Any = None
        self.raised: Exception | None = None
        self.result: Any = None
        self.unfit: Exception | None = None
        self.limits = Limits(job)
        # Whether the function is called; before that its task's own validation runs.
        self.has_begun = job.state != State.VALIDATING
        self._given: tuple[list[Any], dict[str, Any]] = ([], {})
        self._writing = threading.RLock()

    @property
    def mine(self) -> JobQuerySet:
        """The row, as long as the lease holds."""
        return Job.objects.filter(pk=self.job.pk).held_by(self.lease)

    # What the function is given.

    def prepare(self) -> tuple[list[Any], dict[str, Any]] | None:
        """Typed arguments; None when they do not fit the function any more, and the job
        is held. That nobody here knows its task is raised when it is called, so that
        Celery sees an ordinary failure."""
        try:
            self._given = arguments_of(self)
        except Invalid as unfit:
            self._settle(partial(self._hold, unfit))
            return None
        except registry.UnknownTask as error:
            self.unfit = error
        self._hide_secrets(*self._given)
        return self._given

    def _hold(self, unfit: Invalid, changes: dict[str, Any]) -> bool:
        return hold(self.mine, self.job, unfit, **changes)

    def _hide_secrets(self, args: list[Any], kwargs: dict[str, Any]) -> None:
        """What the function was given in confidence does not stand in its log."""
        with suppress(registry.UnknownTask):
            parameters = registry.get(self.job.task_id).parameters
            by_name = dict(zip(parameters.names, args, strict=False)) | kwargs
            self.log.hide(parameters.secret_texts(by_name))

    def was_given(self, args: Any, kwargs: Any) -> bool:
        """Whether a retry asks for the very arguments that this attempt has."""
        return (list(args), dict(kwargs)) == (list(self._given[0]), dict(self._given[1]))

    @cached_property
    def due_at(self) -> datetime | None:
        return on_clock(self.job)

    @cached_property
    def directory(self) -> Path:
        self._scratch = make_scratch(self.lease)
        return Path(self._scratch.name)

    # What the function does to its job, on its own connection.

    @property
    def tracked(self) -> int:
        """How many items of `track(…, resume=True)` an earlier try did."""
        kept = self.checkpoint
        return int(kept.get("tracked", 0)) if isinstance(kept, dict) else 0

    @beside_the_loop
    def keep_checkpoint(self, value: Any) -> None:
        text = json.dumps(value, allow_nan=False)
        limit = configuration().checkpoint_max_bytes
        if len(text) > limit:
            raise ValueError(
                _("A checkpoint of %(size)d bytes is over the limit of %(limit)d.")
                % {"size": len(text), "limit": limit}
            )
        value = sanitize.json(json.loads(text))

        # In the caller's own transaction, or else patiently: the database may restart.
        def write() -> int:
            return self.mine.update(checkpoint=value)

        if not (write() if self._is_in_transaction else patiently(write)):
            raise LeaseLost
        self.checkpoint = value

    def count_error(self, item: str, message: str) -> None:
        error = JobError(
            job_id=self.job.id,
            attempt=self.job.attempt,
            item=sanitize.text(self.log.mask(item), 1000),
            message=sanitize.text(self.log.mask(message), 10_000),
            at=timezone.now(),
        )
        self.report.add_error(error)
        self.log.add("error", f"{item}: {message}")

    @beside_the_loop
    def attach(
        self,
        file: Path | str | bytes,
        name: str | None,
        content_type: str | None,
        thumbnail: bytes | None,
    ) -> Artifact:
        return keep_file(self, file, name, content_type, thumbnail)

    def run_command(self, argv: Sequence[str], **options: Any) -> CompletedCommand:
        done = run_command(argv, log=self.log, stop=lambda: self.must_stop, **options)
        if self.must_stop:
            self.obey()
        return done

    @property
    def must_stop(self) -> bool:
        """Whether the function is to be left at any safe point."""
        return self.lost or bool(self.requested)

    def obey(self, tracked: int | None = None) -> None:
        """At a safe point: leave the function as somebody asked. Only `track(…,
        resume=True)` tells how much is done; what its caller may roll back is not."""
        if self._is_in_transaction:
            tracked = None
        if tracked is not None:
            self._reached = {"checkpoint": {"tracked": tracked}}
        if self.lost:
            raise LeaseLost
        if self.requested:
            raise {Requested.PAUSE: Paused, Requested.CANCEL: Cancelled}[self.requested]()
        self.limits.strike()
        if tracked is not None:
            self.leave_if_told()

    def leave_if_told(self) -> None:
        """Where nothing would be done twice: go, when the worker has to go."""
        if leaving.is_told() and not self._is_in_transaction:
            raise Leaving

    @property
    def _is_in_transaction(self) -> bool:
        """Whether what the function writes now may still be rolled back."""
        connection = transaction.get_connection()
        by_hand = connection.connection is not None and not connection.autocommit
        return bool(connection.in_atomic_block or by_hand)

    # How it ends: each over the books' connection, patiently, once.

    def begin_running(self) -> None:
        """The task's own validation is over."""
        held = {"requested": self.requested}
        if not patiently(lambda: move_and_tell(self.mine, State.RUNNING, **held)):
            raise LeaseLost
        self.has_begun = True

    def succeed(self, value: Any) -> None:
        errors = self.job.errors_count + self.report.errors_count
        ending = Ending.success(
            value, result=self.result, errors=errors, reason=failing.saved_by(self.job)
        )
        mine = OneJob(held, id=self.job.pk, lease=self.lease)
        try:
            self._settle(lambda changes: finish(mine, ending, **changes))
        except BROKEN:
            raise
        except Exception as error:  # what is to come next cannot be told
            failure = failing.failure_of(self, error, format_exc())
            self._settle(lambda changes: finish(self.mine, failure, **changes))

    def fail(self, exception: BaseException, traceback: object = "") -> None:
        failure = failing.failure_of(self, exception, traceback)
        self._settle(lambda changes: failing.fail(self, failure, **changes))

    def retry(self, order: RetryOrder, exception: BaseException, traceback: object) -> None:
        failure = failing.failure_of(self, exception, traceback)
        self._settle(lambda changes: retry_later(self.mine, order, failure, **changes))

    def hand_over(self) -> None:
        self._settle(lambda changes: parting.make_room(self, **changes))

    def interrupted(self, interruption: Interruption) -> None:
        part = PARTINGS.get(type(interruption))
        if part is None:
            self.settled = True  # another attempt owns the job; nothing of ours may land
        else:
            self._settle(lambda changes: part(self, **self._reached, **changes))

    def _settle(self, write: Callable[[dict[str, Any]], object]) -> None:
        if self.settled:
            return
        self.log.close()
        self.voice.end(self)
        with self._writing:
            patiently(lambda: self.report.flush_with(write))
            self.settled = True

    # What the reporter thread does in between.

    def report_row(self) -> Job | None:
        """Write progress and log into the row and hear what is asked of the job, which is
        returned; None when it is over or the lease is lost."""
        with self._writing:
            if self.settled:
                return None
            with the_books():
                return self._heard(self.report.flush())

    def _heard(self, row: Job | None) -> Job | None:
        if row is not None:
            self.job.version = row.version
            self.requested = Requested(row.requested)
        self.lost = row is None
        is_late = self.limits.are_due
        self.current_job.attention = self.must_stop or leaving.is_told() or is_late
        return row

    def close(self) -> None:
        with suppress(AttributeError):
            self._scratch.cleanup()
