"""Some lines of a log, of all that it has: those that are bad enough, or say something."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
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
        return self._is_of(line.level) and self._is_said_in(line.text)

    def among(self, piece: lines.Piece) -> Iterator[int]:
        """The numbers of those of it that are meant. Most pieces do not hold the words at all,
        and to ask that of a piece takes no longer than of a few of its lines."""
        first, stored = piece
        if self.words and not self._is_said_in("\n".join(line[-1] for line in stored)):
            return
        for number, (_at, level, text) in enumerate(stored, first):
            if self._is_of(level) and self._is_said_in(text):
                yield number

    def _is_of(self, level: str) -> bool:
        return not self.level or _rank(level) >= _rank(self.level)

    def _is_said_in(self, text: str) -> bool:
        return self._folded in lines.plain(text).casefold()

    @cached_property
    def _folded(self) -> str:
        return self.words.casefold()


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
    for piece in lines.pieces(job):
        numbers += islice(wanted.among(piece), MOST_HITS + 1 - len(numbers))
        if len(numbers) > MOST_HITS or monotonic() > end:
            return Hits(numbers[:MOST_HITS], is_more=True)
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
