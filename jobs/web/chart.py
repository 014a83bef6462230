"""Bars, one for each hour: what ended well at the bottom, what failed on top."""

from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from jobs.reading.ended import HOURS, Ended, Hour

WIDTH, HEIGHT = 480, 60
_FILLS = ("f-ok", "f-warn", "f-bad")
_LEAST = 1.5
"""So that one failure among thousands is seen."""


@dataclass(frozen=True)
class Box:
    fill: str
    x: float
    y: float
    width: float
    height: float


class Chart:
    def __init__(self, ended: Ended) -> None:
        self.ended = ended

    @property
    def count(self) -> int:
        return sum(self.ended.totals)

    @property
    def most(self) -> int:
        """What the whole height stands for."""
        return self.ended.busiest.count

    @property
    def key(self) -> list[tuple[str, str, int]]:
        """What each colour means, and how many there are of it."""
        words = (_("completed"), _("with errors"), _("failed"))
        return list(zip(_FILLS, words, self.ended.totals, strict=True))

    @property
    def marks(self) -> list[Hour]:
        """The hours that stand below the bars."""
        return self.ended.hours[:: HOURS // 4]

    @cached_property
    def boxes(self) -> list[Box]:
        return [
            box for place, hour in enumerate(self.ended.hours) for box in self._bar(place, hour)
        ]

    def _bar(self, place: int, hour: Hour) -> list[Box]:
        wide, top, boxes = WIDTH / HOURS, float(HEIGHT), []
        for fill, count in zip(_FILLS, hour.counts, strict=True):
            if count:
                height = max(round(count / self.most * (HEIGHT - 2 * _LEAST), 1), _LEAST)
                top = round(top - height, 1)
                boxes.append(Box(fill, place * wide + 2, top, wide - 4, height))
        return boxes
