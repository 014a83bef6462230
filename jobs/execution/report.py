"""What an attempt has to tell: frames for the sockets, columns and rows for the books."""

import time
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from jobs import sanitize
from jobs.conf import configuration
from jobs.models import Job, JobError, LogChunk

from .progress import Pace, number, percent, seconds_left
from .stall import go_on

if TYPE_CHECKING:
    from .attempt import RunningAttempt

# What a report hears back from the row.
HEARD = ("id", "version", "requested", "stack_asked_at", "stalled_at")
# What says that it has not stalled.
SIGNS = frozenset({"progress", "log_lines"})
Line = tuple[str, str, str]
MESSAGE_MAX_CHARS = 1_000
STEP_MAX_CHARS = 100


class Report:
    """Collects between two flushes; one writer at a time (the attempt's lock)."""

    def __init__(self, attempt: "RunningAttempt") -> None:
        self.attempt = attempt
        self.pace = Pace()
        self.frame_number = 0
        self.errors_count = 0
        self._told: tuple[Any, ...] = (None, None, None, None)
        self._progress: dict[str, Any] | None = None
        self._progress_dirty = False
        self._lines: list[Line] = []
        self._first_line = 0
        self._errors: list[JobError] = []
        self._errors_written = 0
        self._written_now: tuple[int, list[JobError]] = (0, [])
        # The function counts errors while the reporter writes those before them.
        self._counting = Lock()

    def add_error(self, error: JobError) -> None:
        before = self.attempt.job.errors_count
        with self._counting:
            self.errors_count += 1
            if before + self.errors_count <= configuration().errors_kept:
                self._errors.append(error)

    # Frames, for whoever watches.

    def frames(self) -> list[dict[str, Any]]:
        """What changed since the last call, as payloads of the socket protocol."""
        frames = [self._progress_frame()] if self._has_progressed() else []
        first, lines = self.attempt.log.take()
        if lines:
            frames.append(self._log_frame(first, lines))
            self._first_line = self._first_line or first
            self._lines += lines
        return frames

    def _has_progressed(self) -> bool:
        job = self.attempt.current_job
        now = (job.current, job.total, job.message, job.step_name)
        if now == self._told:
            return False
        self._told = now
        return True

    def _progress_frame(self) -> dict[str, Any]:
        current, total, message, step = self._told
        current, total = number(current), number(total)
        if current is not None:
            self.pace.measure(current, time.monotonic())
        rate = self.pace.rate
        self.frame_number += 1
        self._progress = {
            "attempt": self.attempt.job.attempt,
            "n": self.frame_number,
            "percent": percent(current, total),
            "current": current,
            "total": total,
            "message": self._words(message),
            "step": self._words(step),
            "rate": None if rate is None else round(rate, 2),
            "eta_seconds": seconds_left(current, total, rate),
        }
        self._progress_dirty = True
        job = self.attempt.job
        frame = dict(self._progress)
        frame["progress"] = frame.pop("percent")
        return frame | {
            "type": "progress",
            "task_id": job.id,
            "status": job.state,
            "seq": job.version,
        }

    def _log_frame(self, first: int, lines: list[Line]) -> dict[str, Any]:
        return {
            "type": "log",
            "task_id": self.attempt.job.id,
            "attempt": self.attempt.job.attempt,
            "first": first,
            "lines": [[first + place, *line] for place, line in enumerate(lines)],
        }

    def _words(self, value: Any, most: int = MESSAGE_MAX_CHARS) -> str | None:
        if value is None:
            return None
        return sanitize.text(self.attempt.log.mask(str(value)), most)

    def _steps(self) -> list[tuple[float, str | None]]:
        """When each step began, and its name; for the row alone, no frame carries them."""
        begun = tuple(self.attempt.current_job.steps)
        return [(round(at, 2), self._words(name, STEP_MAX_CHARS)) for at, name in begun]

    # Rows, for good.

    def flush(self) -> Job | None:
        """Write what came up, in one transaction with the guarded UPDATE; the row's
        `version` and `requested`, or None when the lease is lost."""
        columns = self._columns()
        if not columns:
            return self.attempt.mine.only(*HEARD).first()
        speaks = bool(columns.keys() & SIGNS)
        if speaks:
            columns["reported_at"] = Now()
        with transaction.atomic():
            rows = self.attempt.mine.update_returning(HEARD, **columns)
            if rows:
                self._insert()
            if rows and speaks and rows[0].stalled_at is not None:
                rows = go_on(self.attempt.mine)
        if not rows:
            return None
        self._written()
        return rows[0]

    def flush_with(self, write: Callable[[dict[str, Any]], object]) -> None:
        """The last report and the final move are one transaction; 0 rows: neither."""
        with transaction.atomic():
            if write(self._columns()):
                self._insert()
        self._written()

    def _columns(self) -> dict[str, Any]:
        columns: dict[str, Any] = {}
        if self._progress_dirty:
            columns["progress"] = {**(self._progress or {}), "steps": self._steps()}
        if self._lines:
            columns["log_lines"] = self._first_line + len(self._lines) - 1
        with self._counting:
            self._written_now = (self.errors_count, list(self._errors))
        if new := self._written_now[0] - self._errors_written:
            columns["errors_count"] = F("errors_count") + new
        return columns

    def _insert(self) -> None:
        job = self.attempt.job
        if self._lines:
            LogChunk.objects.create(
                job_id=job.id,
                attempt=job.attempt,
                first=self._first_line,
                count=len(self._lines),
                lines=self._lines,
            )
        if errors := self._written_now[1]:
            JobError.objects.bulk_create(errors)

    def _written(self) -> None:
        self._progress_dirty = False
        self._lines, self._first_line = [], 0
        with self._counting:
            self._errors_written, errors = self._written_now
            del self._errors[: len(errors)]
