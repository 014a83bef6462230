"""How long a running job has run beside what is usual for its task and what is allowed."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from jobs.reading.runs import Runs

_NEAR = 14  # percent of the line; two words nearer than this would overlap


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
        return "end" if self.x > 90 else "middle"


@dataclass(frozen=True)
class Pace:
    full: float
    """Seconds that the whole line stands for."""
    elapsed: float
    ticks: list[Tick]

    @property
    def now(self) -> float:
        return round(min(100 * self.elapsed / self.full, 100), 1)

    @property
    def words(self) -> str:
        told = ", ".join(f"{tick.name} {tick.seconds:.0f} s" for tick in self.ticks)
        return _("Ran %(seconds)d s: %(told)s") % {"seconds": self.elapsed, "told": told}


def pace(elapsed: float, runs: Runs, limit: float | None) -> Pace | None:
    """The line, when there is anything to compare with."""
    marks = [(_("usual"), runs.usual), (_("longest"), runs.longest), (_("limit"), limit)]
    known = [(name, seconds) for name, seconds in marks if seconds]
    if not known:
        return None
    furthest = max(seconds for _name, seconds in known)
    # A limit far beyond all runs would press them into a corner: then it is left out.
    if limit and runs.longest and limit > 8 * runs.longest and elapsed < limit / 2:
        known.remove((_("limit"), limit))
        furthest = runs.longest
    full = max(furthest, elapsed * 1.15) * (1 if limit == furthest else 1.15)
    return Pace(full, elapsed, _apart([_tick(n, s, full, s == limit) for n, s in known]))


def _tick(name: str, seconds: float, full: float, is_limit: bool) -> Tick:
    return Tick(round(min(100 * seconds / full, 99.8), 1), name, seconds, is_limit)


def _apart(ticks: list[Tick]) -> list[Tick]:
    """Without the marks that would lie on one before them."""
    kept: list[Tick] = []
    for tick in ticks:
        if all(abs(tick.x - other.x) >= _NEAR for other in kept):
            kept.append(tick)
    return kept
