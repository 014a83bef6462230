"""What a function sees of its own job: `current_job()`.

Reporting costs an attribute write; the reporter thread does the rest. Outside a job
the same calls do nothing, so that a function stays callable in a shell or a test.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from contextvars import ContextVar
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from jobs.models import Artifact

    from .attempt import RunningAttempt
    from .command import CompletedCommand

Item = TypeVar("Item")

# `sleep` looks for a request at least this often.
NAP_SECONDS = 0.5
# Of an attempt with more steps only the newest are kept.
STEPS_KEPT = 20


class CurrentJob:
    """The running job. Safe points, where a pause or a cancel takes effect, are
    `track`, `checkpoint` and `sleep`."""

    def __init__(self, attempt: "RunningAttempt", wake: Callable[[], None]) -> None:
        self._attempt = attempt
        self._wake = wake
        self.current: Any = None
        self.total: Any = None
        self.message: Any = None
        self.step_name: Any = None
        # When each began (seconds since the epoch), and its name; the reporter copies them.
        self.steps: deque[tuple[float, Any]] = deque(maxlen=STEPS_KEPT)
        # Set by the reporter: it sleeps, so the next report must wake it.
        self.idle = True
        # Set by the reporter: a pause, a cancel, a lost lease or the end of the worker.
        self.attention = False
        # How many `track` loops run; the reporter samples them, they never wake it.
        self.tracking = 0

    @property
    def id(self) -> str:
        return self._attempt.job.id

    @property
    def attempt(self) -> int:
        """The number of this try, from 1; rises with each, so it may fence effects."""
        return self._attempt.job.attempt

    @property
    def task(self) -> str:
        return self._attempt.job.task_id

    @property
    def owner_id(self) -> Any:
        """Primary key of the person that the job belongs to, or None."""
        return self._attempt.job.owner_id

    @property
    def due_at(self) -> datetime | None:
        """The moment of the schedule that this job stands for, on the schedule's clock;
        None for a job that somebody asked for."""
        return self._attempt.due_at

    @property
    def last_checkpoint(self) -> Any:
        """What the last `checkpoint` stored, also by an earlier attempt; or None."""
        return self._attempt.checkpoint

    @property
    def directory(self) -> Path:
        """A private folder for scratch files, removed when the attempt ends."""
        return self._attempt.directory

    def progress(self, current: Any = None, total: Any = None, message: Any = None) -> None:
        """Say how far the job is; None keeps what was said before."""
        if current is not None:
            self.current = current
        if total is not None:
            self.total = total
        if message is not None:
            self.message = message
        if self.idle:
            self.idle = False
            self._wake()

    def track(
        self,
        iterable: Iterable[Item],
        total: int | None = None,
        step: str | None = None,
        resume: bool = False,
    ) -> Iterator[Item]:
        """Loop over `iterable` and report each item done; a safe point before each.

        With `resume` the items that an earlier, paused try did are skipped.
        """
        if step is not None:
            self._begin(step)
        start = self._attempt.tracked if resume else 0
        self.total = len(iterable) if total is None and isinstance(iterable, Sized) else total
        self.current = start
        self.tracking += 1
        self._report()
        done = start - 1
        try:
            for done, item in enumerate(islice(iterable, start, None), start):
                self.current = done
                if self.attention:
                    self._attempt.obey(tracked=done if resume else None)
                yield item
            self.current = done + 1
            if self.total is None:
                self.total = done + 1
        finally:
            self.tracking -= 1
            self._report()

    def _report(self) -> None:
        if self.idle:
            self.idle = False
            self._wake()

    def step(self, name: str) -> None:
        """Name what the job does now; counts start anew."""
        self._begin(name)
        self.current, self.total, self.message = None, None, None
        self._report()

    def _begin(self, step: str) -> None:
        if step != self.step_name:
            self.steps.append((time.time(), step))
        self.step_name = step

    def log(self, text: str, level: str = "info") -> None:
        """Write lines into the log of the job."""
        self._attempt.log.add(level, str(text))

    def error(self, item: Any, message: Any) -> None:
        """Count an error that does not stop the job: it ends `completed_with_errors`."""
        self._attempt.count_error(str(item), str(message))

    def checkpoint(self, value: Any) -> None:
        """Keep `value` (JSON, at most JOBS_CHECKPOINT_MAX_BYTES) for a later attempt, in
        the caller's own transaction; a safe point. Raises ValueError for what is not.

        When the worker was told to end the job leaves here, for another worker."""
        self._attempt.keep_checkpoint(value)
        if self.attention:
            self._attempt.obey()
        self._attempt.leave_if_told()

    def sleep(self, seconds: float) -> None:
        """Sleep, ready to be paused or cancelled."""
        end = time.monotonic() + seconds
        while True:
            if self.attention:
                self._attempt.obey()
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, NAP_SECONDS))

    def attach(
        self,
        file: Path | str | bytes,
        name: str | None = None,
        content_type: str | None = None,
        thumbnail: bytes | None = None,
    ) -> "Artifact":
        """Keep a file (a path, or bytes) as an artifact of the job. `thumbnail` is a
        small PNG or JPEG. Raises ValueError for a file over JOBS_ARTIFACT_MAX_BYTES."""
        return self._attempt.attach(file, name, content_type, thumbnail)

    def run_command(self, argv: Sequence[str], **options: Any) -> "CompletedCommand":
        """Run a program; its output becomes log lines. See `command.run_command`."""
        return self._attempt.run_command(argv, **options)


_current: ContextVar["RunningAttempt | None"] = ContextVar("batuta_attempt", default=None)
_running: dict[str, "RunningAttempt"] = {}
_changing = threading.Lock()


def enter(attempt: "RunningAttempt") -> Any:
    """Make `attempt` the current one of this context; the token for `leave`."""
    with _changing:
        _running[attempt.job.id] = attempt
    return _current.set(attempt)


def leave(attempt: "RunningAttempt", token: Any) -> None:
    _current.reset(token)
    with _changing:
        _running.pop(attempt.job.id, None)


def running_attempt(job_id: str | None = None) -> "RunningAttempt | None":
    """The attempt of this context, or the one of `job_id` in this process.

    A thread that the function started has no context of its own: where just one
    attempt runs in the process (prefork), that one is meant.
    """
    if job_id is not None:
        return _running.get(job_id)
    attempt = _current.get()
    if attempt is None and len(_running) == 1:
        with _changing:
            return next(iter(_running.values()), None)
    return attempt
