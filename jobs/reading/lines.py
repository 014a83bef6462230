"""The lines of a job's log, as pages and downloads need them."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from django.db.models import F, Max, Min

from jobs.models import Job, LogChunk

SHOWN = 200
MOST = 1_000
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Line(NamedTuple):
    number: int
    at: str
    """ISO 8601, UTC."""
    level: str
    text: str


Piece: TypeAlias = tuple[int, list[list[str]]]
"""The number of a line; of it and of those that follow what is stored: time, level, text."""


@dataclass
class Page:
    """Consecutive lines; `total` is the number of the last line that exists."""

    lines: list[Line]
    total: int
    hits: int | None = None
    """How many lines there are of those that were asked for, if not all were."""
    is_more: bool = False
    """Whether there may be more of them than were counted."""

    @property
    def first(self) -> int:
        return self.lines[0].number if self.lines else self.total + 1

    @property
    def last(self) -> int:
        return self.lines[-1].number if self.lines else 0

    @property
    def missing_before(self) -> int:
        """How many lines lie before the first one here."""
        return max(self.first - 1, 0)

    @property
    def missing_after(self) -> int:
        return max(self.total - self.last, 0) if self.lines else 0


def page(job: Job, *, around: int | None = None, before: int | None = None) -> Page:
    """The last lines, those around a number, or those before one."""
    total = last_number(job)
    end = min(total, before - 1 if before else around + SHOWN // 2 if around else total)
    return Page(after(job, max(end - SHOWN, 0), end=end), total)


def after(
    job: Job,
    number: int,
    *,
    limit: int = MOST,
    end: int | None = None,
    wanted: Callable[[Line], bool] | None = None,
) -> list[Line]:
    """The lines after `number`, at most `limit`, none after `end`; only those `wanted`."""
    found: list[Line] = []
    for line in walk(job, number):
        if len(found) == limit or (end is not None and line.number > end):
            break
        if wanted is None or wanted(line):
            found.append(line)
    return found


def last_number(job: Job) -> int:
    """The number of the last line that is stored; 0 when there is none."""
    chunk = job.log_chunks.order_by("-first").values("first", "count").first()
    return chunk["first"] + chunk["count"] - 1 if chunk else 0


def sections(job: Job) -> dict[int, tuple[int, int]]:
    """For each attempt that wrote something, its first line and its last."""
    end = Max(F("first") + F("count") - 1)
    of_each = job.log_chunks.order_by().values("attempt").annotate(begin=Min("first"), end=end)
    return {row["attempt"]: (row["begin"], row["end"]) for row in of_each}


def as_text(
    job: Job, attempt: int = 0, wanted: Callable[[Line], bool] | None = None
) -> Iterator[bytes]:
    """The whole log, or that of one attempt, or only the lines `wanted`, without its
    colours, a chunk at a time."""
    for chunk in _chunks(job, 0):
        if attempt and chunk.attempt != attempt:
            continue
        of_it = (line for line in _lines(chunk) if wanted is None or wanted(line))
        text = "".join(f"{line.at} {line.level:<8} {line.text}\n" for line in of_it)
        yield plain(text).encode("utf-8", "replace")


def plain(text: str) -> str:
    """Without the colours of a terminal."""
    return _COLOUR.sub("", text) if "\x1b" in text else text


def pieces(job: Job) -> Iterator[Piece]:
    """All lines as they are stored, in order, a few in memory at a time."""
    stored = job.log_chunks.order_by("first").values_list("first", "lines")
    yield from stored.iterator(chunk_size=20)


def walk(job: Job, number: int = 0) -> Iterator[Line]:
    """All lines after `number`."""
    for chunk in _chunks(job, number):
        yield from (line for line in _lines(chunk) if line.number > number)


def _lines(chunk: LogChunk) -> Iterator[Line]:
    for number, line in enumerate(chunk.lines, chunk.first):
        yield Line(number, *line)


def _chunks(job: Job, number: int) -> Iterable[LogChunk]:
    """Chunks that hold lines after `number`, in order, a few in memory at a time."""
    wanted = job.log_chunks.filter(first__gt=number + 1 - F("count")).order_by("first")
    return wanted.iterator(chunk_size=20)
