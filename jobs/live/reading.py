"""What sockets read from the database, always through what the person may see."""

from dataclasses import dataclass
from typing import Any

from django.db.models import F, Min

from jobs import permissions
from jobs.models import Job, LogChunk
from jobs.permissions import Person

from .messages import Message, log, progress, snapshot

LINES_PER_MESSAGE = 500
CHARS_PER_MESSAGE = 100_000
MESSAGES_PER_READ = 10
LONGEST_ID = 255


@dataclass(frozen=True)
class Picture:
    """A job at one moment, as messages."""

    snapshot: Message
    progress: Message | None
    seq: int
    attempt: int
    log_lines: int


@dataclass(frozen=True)
class Standing:
    """Where a job stands, to compare with what a socket was told."""

    seq: int
    log_lines: int
    step: tuple[int, int]
    """The attempt and number of the progress in the row."""


def picture(user: Person, job_id: str) -> Picture | None:
    """The job as `user` may see it; None when there is none for them."""
    if not _may_be_an_id(job_id):
        return None
    job = permissions.jobs(user).select_related("owner").filter(pk=job_id).first()
    if job is None:
        return None
    step = progress(job) if job.progress else None
    return Picture(snapshot(job), step, job.version, job.attempt, job.log_lines)


def standings(user: Person, job_ids: list[str]) -> dict[str, Standing]:
    """Where those of the jobs stand that `user` may still see."""
    rows = permissions.jobs(user).filter(pk__in=job_ids)
    columns = ("pk", "version", "log_lines", "progress__attempt", "progress__n")
    return {
        pk: Standing(version, lines, (attempt or 0, number or 0))
        for pk, version, lines, attempt, number in rows.values_list(*columns)
    }


def is_there(job_id: str) -> bool:
    """Whether the job exists at all, for a watcher who may not see it any more."""
    return Job.objects.filter(pk=job_id).exists()


def last_good_line(job_id: str, line: int, attempt: int) -> int:
    """Up to which line a reader's log still holds, who has it up to `line` of `attempt`.

    Lines that a worker sent and died before it stored them are written anew, under the
    same numbers, by the next attempt.
    """
    later = LogChunk.objects.filter(job=job_id, attempt__gt=attempt)
    first: int | None = later.aggregate(Min("first"))["first__min"]
    return line if first is None else min(line, first - 1)


def lines_after(job_id: str, line: int) -> list[Message]:
    """`log` messages with the stored lines after `line`: some of them, in order."""
    chunks = LogChunk.objects.filter(job=job_id, first__gt=line + 1 - F("count"))
    pieces: list[Message] = []
    for chunk in chunks.order_by("first").iterator(chunk_size=1):
        pieces += _pieces(chunk, line)
        if len(pieces) >= MESSAGES_PER_READ:
            break
    return pieces


def _pieces(chunk: LogChunk, line: int) -> list[Message]:
    """A chunk as messages of a bearable size, without the lines up to `line`."""
    skip = max(0, line + 1 - chunk.first)
    pieces: list[Message] = []
    gathered: list[list[Any]] = []
    chars = 0
    for number, stored in enumerate(chunk.lines[skip:], start=chunk.first + skip):
        gathered.append([number, *stored])
        chars += len(stored[-1])
        if len(gathered) == LINES_PER_MESSAGE or chars >= CHARS_PER_MESSAGE:
            pieces.append(_piece(chunk, gathered))
            gathered, chars = [], 0
    return [*pieces, _piece(chunk, gathered)] if gathered else pieces


def _piece(chunk: LogChunk, lines: list[list[Any]]) -> Message:
    return log(chunk.job_id, chunk.attempt, lines[0][0], lines)


def _may_be_an_id(text: str) -> bool:
    """Text that a database would refuse rather than look up (NUL, surrogates) is no id."""
    is_unicode = text.encode("utf-8", "ignore").decode() == text
    return 0 < len(text) <= LONGEST_ID and is_unicode and "\0" not in text
