"""Jobs followed from a shell until they end: bars in a terminal, lines in a pipe, JSON for
machines. It reads rows, and so it works wherever the database is reached."""

import json
import shutil
import time
from collections.abc import Sequence
from typing import Any, Protocol

from django.core.management import CommandError
from django.core.management.base import OutputWrapper

from jobs import sanitize
from jobs.models import Job
from jobs.models.shape import job_line, job_shape
from jobs.reading import lines
from jobs.states import SUCCESSFUL, State

from .people import USAGE
from .words import bar, line

POLL_SECONDS = 0.25
DONE, FAILED, STOPPED, INTERRUPTED = 0, 1, 3, 130
"""How a command ends that waited: the job completed; failed; was cancelled, expired or
skipped; nobody waited for it any longer."""

# What a pipe is told again: not each item, but each twentieth of the way.
_STEP_PERCENT = 5
_UP, _CLEAR = "\x1b[{}F", "\x1b[K"


class Shown(Protocol):
    def show(self, jobs: Sequence[Job]) -> None: ...


class Bars:
    """One line for each job, painted over what stood there."""

    def __init__(self, out: OutputWrapper) -> None:
        self.out = out
        self.height = 0

    def show(self, jobs: Sequence[Job]) -> None:
        width = shutil.get_terminal_size().columns - 1
        rows = "".join(f"{bar(job)[:width]}{_CLEAR}\n" for job in jobs)
        self.out.write((_UP.format(self.height) if self.height else "") + rows, ending="")
        self.out.flush()
        self.height = len(jobs)


class Lines:
    """A line for whatever is new."""

    def __init__(self, out: OutputWrapper) -> None:
        self.out = out
        self.told: dict[str, Any] = {}

    def show(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            if self.told.get(job.pk) != (news := self.news(job)):
                self.told[job.pk] = news
                self.out.write(self.said(job))
                self.out.flush()

    def news(self, job: Job) -> Any:
        progress = job.progress or {}
        way = int((progress.get("percent") or 0) // _STEP_PERCENT)
        return job.state, job.requested, job.attempt, progress.get("step"), way

    def said(self, job: Job) -> str:
        return line(job)


class Documents(Lines):
    """A JSON document for each change; the last one is the whole job."""

    def news(self, job: Job) -> Any:
        return job.version, job.progress

    def said(self, job: Job) -> str:
        return json.dumps(job_shape(job) if job.is_final else job_line(job))


def fitting(out: OutputWrapper, *, is_json: bool) -> Shown:
    """What suits the reader at the other end."""
    if is_json:
        return Documents(out)
    return Bars(out) if out.isatty() else Lines(out)


def watch(ids: Sequence[str], shown: Shown, err: OutputWrapper) -> int:
    """Show the jobs until all have ended; the exit code. Ctrl-C ends the watching only."""
    try:
        while True:
            jobs = _rows(ids)
            shown.show(jobs)
            if all(job.is_final for job in jobs):
                return code_of(jobs)
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        return _left(ids, err)


def follow_log(job: Job, out: OutputWrapper, err: OutputWrapper, after: int) -> int:
    """Print the lines of a job's log as they come, until it has ended; the exit code."""
    try:
        while True:
            [job] = _rows([job.pk])  # before its lines: none comes after the end
            after = print_log(job, out, after)
            if job.is_final:
                return code_of([job])
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        return _left([job.pk], err)


def print_log(job: Job, out: OutputWrapper, after: int) -> int:
    """All lines after that number; the number of the last one."""
    while found := lines.after(job, after):
        for each in found:
            text = each.text if out.isatty() else sanitize.without_colours(each.text)
            out.write(f"{each.at} {each.level:<8} {text}")
        after = found[-1].number
    out.flush()
    return after


def code_of(jobs: Sequence[Job]) -> int:
    """The worst of how they ended."""
    states = {State(job.state) for job in jobs}
    if State.FAILED in states:
        return FAILED
    return STOPPED if states - SUCCESSFUL else DONE


def _rows(ids: Sequence[str]) -> list[Job]:
    rows = Job.objects.select_related("owner").in_bulk(ids)
    if gone := [key for key in ids if key not in rows]:
        raise CommandError(f"The job {gone[0]} is gone.", returncode=USAGE)
    return [rows[key] for key in ids]


def _left(ids: Sequence[str], err: OutputWrapper) -> int:
    err.write(
        f"\nNobody watches any more; nothing was cancelled. To watch again:"
        f" manage.py job watch {' '.join(ids)}"
    )
    return INTERRUPTED
