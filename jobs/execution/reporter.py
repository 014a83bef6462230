"""The reporter: one thread per worker process that ships what its jobs report.

The first report of a quiet job goes out at once (the function wakes the thread), then
at most ten frames a second, and the last one always. Rows are written once a second;
the same write hears what is asked of the job.
"""

import logging
import os
import threading
import time
from dataclasses import dataclass, field

from django.db import Error as DatabaseError

from jobs.signals import job_reported

from .attempt import RunningAttempt
from .capture import be_deaf
from .stack import answer

logger = logging.getLogger(__name__)

FRAME_SECONDS = 0.1
ROW_SECONDS = 1.0


@dataclass
class Watch:
    """When an attempt last sent a frame and wrote its row (monotonic seconds)."""

    attempt: RunningAttempt
    framed_at: float = 0.0
    written_at: float = field(default_factory=time.monotonic)


class Reporter(threading.Thread):
    def __init__(self) -> None:
        super().__init__(name="batuta-reporter", daemon=True)
        self.pid = os.getpid()
        self.woken = threading.Event()
        self.watches: dict[str, Watch] = {}

    def wake(self) -> None:
        self.woken.set()

    def begin(self, attempt: RunningAttempt) -> None:
        self.watches[attempt.lease] = Watch(attempt)

    def end(self, attempt: RunningAttempt) -> None:
        """The last frame always goes out; called before the attempt settles."""
        if self.watches.pop(attempt.lease, None) is not None:
            send_frames(attempt)

    def run(self) -> None:
        be_deaf()  # what it says of its own troubles is no line of a job
        while True:
            self.woken.wait(self.round(time.monotonic()))
            self.woken.clear()

    def round(self, now: float) -> float:
        """Serve every attempt; seconds until one of them is due again."""
        pause = ROW_SECONDS
        for watch in list(self.watches.values()):
            try:
                pause = min(pause, self.serve(watch, now))
            except Exception:
                # A failing reporter never fails the job; the next round tries again.
                logger.exception("Reporting %s failed.", watch.attempt.job.id)
        return pause

    def serve(self, watch: Watch, now: float) -> float:
        job = watch.attempt.current_job
        if now - watch.framed_at >= FRAME_SECONDS:
            job.idle = False  # reports that come while we look must not be missed
            if send_frames(watch.attempt):
                watch.framed_at = now
            elif not job.tracking:
                job.idle = True
                if send_frames(watch.attempt):  # one slipped in before the flag stood
                    watch.framed_at, job.idle = now, False
        if now - watch.written_at >= ROW_SECONDS:
            watch.written_at = now
            self.write_row(watch.attempt)
        return self.next_due(watch, now)

    def next_due(self, watch: Watch, now: float) -> float:
        row = watch.written_at + ROW_SECONDS - now
        if watch.attempt.current_job.idle:
            return max(0.0, row)
        return max(0.0, min(row, FRAME_SECONDS))

    def write_row(self, attempt: RunningAttempt) -> None:
        try:
            row = attempt.report_row()
            if row is not None and row.stack_asked_at is not None:
                answer(attempt)
        except DatabaseError as error:
            logger.warning("The report of %s waits for the database: %s", attempt.job.id, error)


def send_frames(attempt: RunningAttempt) -> bool:
    """Hand what changed to whoever listens; whether there was anything."""
    with attempt._writing:
        frames = attempt.report.frames()
    if frames:
        job_reported.send_robust(sender=None, job_id=attempt.job.id, frames=frames)
    return bool(frames)


_reporter: Reporter | None = None
_starting = threading.Lock()


def reporter() -> Reporter:
    """This process's reporter, started with its first attempt, after any fork."""
    global _reporter
    if _reporter is None or _reporter.pid != os.getpid():
        with _starting:
            if _reporter is None or _reporter.pid != os.getpid():
                _reporter = Reporter()
                _reporter.start()
    return _reporter


def _forget_after_fork() -> None:
    global _reporter, _starting
    _reporter, _starting = None, threading.Lock()


os.register_at_fork(after_in_child=_forget_after_fork)
