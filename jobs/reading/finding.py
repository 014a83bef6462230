"""Some lines of a log, of all that it has: those that are bad enough, or say something."""

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from jobs.models import Job

from . import lines

MOST_HITS = 10_000
PATIENCE_SECONDS = 2.0
MOST_WORDS = 200
LEVELS = ("debug", "info", "warning", "error", "critical")


class Asked(Protocol):
    """What was sent with an address."""

    def get(self, name: str, default: str = "") -> str: ...


@dataclass(frozen=True)
class Wanted:
    """Lines of `level` or worse that hold `words`, case aside; of all when both are empty."""

    level: str = ""
    words: str = ""

    @classmethod
    def of(cls, asked: Asked | Mapping[str, str]) -> "Wanted":
        """From an address; a level that there is not means all."""
        level = asked.get("level", "")
        return cls(level if level in LEVELS else "", asked.get("find", "").strip()[:MOST_WORDS])

    def __bool__(self) -> bool:
        return bool(self.level or self.words)

    def means(self, line: lines.Line) -> bool:
        if self.level and _rank(line.level) < _rank(self.level):
            return False
        return self.words.casefold() in lines.plain(line.text).casefold()


@dataclass(frozen=True)
class Hits:
    """The numbers of the lines that were found, and whether there may be more: so many
    are enough, and so long is looked for them."""

    numbers: list[int]
    is_more: bool = False


def hits(job: Job, wanted: Wanted) -> Hits:
    """Where in the whole log they are, from its beginning."""
    numbers: list[int] = []
    end = monotonic() + PATIENCE_SECONDS
    for count, line in enumerate(lines.walk(job)):
        if len(numbers) == MOST_HITS or (count % 1000 == 999 and monotonic() > end):
            return Hits(numbers, is_more=True)
        if wanted.means(line):
            numbers.append(line.number)
    return Hits(numbers)


def page(job: Job, wanted: Wanted, *, before: int | None = None) -> lines.Page:
    """The last lines of those, or the last before a number."""
    total, found = lines.last_number(job), hits(job, wanted)
    numbers = [number for number in found.numbers if before is None or number < before]
    shown = numbers[-lines.SHOWN :]
    first, last = (shown[0], shown[-1]) if shown else (1, 0)
    of_them = lines.after(job, first - 1, end=last, wanted=wanted.means)
    return lines.Page(of_them, total, hits=len(found.numbers), is_more=found.is_more)


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else LEVELS.index("info")
