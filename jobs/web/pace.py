"""How long a running job has run beside what is usual for its task and what is allowed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from jobs.reading.runs import Runs

# How much of the line the words of a mark cover, in percent: on a desk, on a phone.
DESK, PHONE = 14.0, 29.0


@dataclass(frozen=True)
class Tick:
    """A mark on the line: where, its name, and the seconds it stands for."""

    x: float
    name: str
    seconds: float
    is_limit: bool = False
    is_optional: bool = False

    @property
    def anchor(self) -> str:
        """Which end of its words stands at the mark; they must not leave the line."""
        if self.x < PHONE / 2:
            return "start"
        return "end" if self.x > 100 - PHONE / 2 else "middle"

    def span(self, width: float) -> tuple[float, float]:
        """From where to where its words go, `width` being what they cover."""
        left = self.x - width * {"start": 0, "middle": 0.5, "end": 1}[self.anchor]
        return left, left + width

    def is_free(self, others: Iterable["Tick"], width: float) -> bool:
        """Whether its words lie on none of the others'."""
        left, right = self.span(width)
        spans = [other.span(width) for other in others]
        return all(right <= begin or end <= left for begin, end in spans)


@dataclass(frozen=True)
class Pace:
    full: float
    """Seconds that the whole line stands for."""
    elapsed: float
    ticks: list[Tick]

    @property
    def begin(self) -> Tick | None:
        """Where the attempt began, if there is room for its words."""
        *_marks, last = _apart([*self.ticks, Tick(0, "", 0)])
        return None if last in self.ticks else last

    @property
    def now(self) -> float:
        return round(min(100 * self.elapsed / self.full, 100), 1)

    @property
    def words(self) -> str:
        told = ", ".join(f"{tick.name} {tick.seconds:.0f} s" for tick in self.ticks)
        return _("Ran %(seconds)d s: %(told)s") % {"seconds": self.elapsed, "told": told}


def pace(elapsed: float, runs: Runs, limit: float | None) -> Pace | None:
    """The line, when there is anything to compare with."""
    most = (_("p95"), runs.p95) if runs.p95 else (_("longest"), runs.longest)
    marks = [(_("usual"), runs.usual), most, (_("limit"), limit)]
    known = [(name, seconds) for name, seconds in marks if seconds]
    if not known:
        return None
    furthest = max(seconds for _name, seconds in known)
    # A limit far beyond all runs would press them into a corner: then it is left out.
    if limit and runs.longest and limit > 8 * runs.longest and elapsed < limit / 2:
        known.remove((_("limit"), limit))
        furthest = runs.longest
    full = max(furthest, elapsed * 1.15) * (1 if limit == furthest else 1.15)
    ticks = [_tick(name, seconds, full, seconds == limit) for name, seconds in known]
    return Pace(full, elapsed, _apart(ticks))


def _tick(name: str, seconds: float, full: float, is_limit: bool) -> Tick:
    return Tick(round(min(100 * seconds / full, 99.8), 1), name, seconds, is_limit)


def _apart(ticks: list[Tick]) -> list[Tick]:
    """Without the marks whose words would lie on those of one before them; those that
    would on a phone only are left out there."""
    kept: list[Tick] = []
    for tick in ticks:
        if tick.is_free(kept, DESK):
            shown = [other for other in kept if not other.is_optional]
            kept.append(replace(tick, is_optional=not tick.is_free(shown, PHONE)))
    return kept
