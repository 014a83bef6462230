"""The figures of a run, and the one table in which they are printed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

HEAD = ("what", "unit", "Batuta", "", "compared with", "", "ratio", "target", "")


@dataclass(frozen=True)
class Line:
    """One comparison. `ours` and `theirs` hold one figure for each round, in order, so
    that a ratio compares what was measured within the same seconds."""

    what: str
    unit: str
    ours: Sequence[float] = ()
    against: str = ""
    theirs: Sequence[float] = ()
    target: "Target | None" = None

    @property
    def ratio(self) -> float | None:
        if not (self.ours and self.theirs):
            return None
        pairs = zip(self.ours, self.theirs, strict=True)
        return median(ours / theirs for ours, theirs in pairs)

    def cells(self) -> tuple[str, ...]:
        ratio = "" if self.ratio is None else f"{self.ratio:.2f} ×"
        return (
            self.what, self.unit, _middle(self.ours), _spread(self.ours), self.against,
            _middle(self.theirs), ratio, str(self.target or ""),
            self.target.verdict(self) if self.target else "",
        )  # fmt: skip


@dataclass(frozen=True)
class Target:
    """A bound of the ratio, or of the figure itself where `unit` is given."""

    bound: float
    at_least: bool = False
    unit: str = ""

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g} {self.unit or '×'}"

    def verdict(self, line: Line) -> str:
        value = median(line.ours) if self.unit else line.ratio
        if value is None:
            return ""
        is_met = value >= self.bound if self.at_least else value <= self.bound
        return "reached" if is_met else "MISSED"


def show(lines: Iterable[Line]) -> str:
    rows = [HEAD, *(line.cells() for line in lines)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEAD))]
    rows.insert(1, tuple("-" * width for width in widths))
    return "\n".join(_aligned(row, widths).rstrip() for row in rows)


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    numbers = {2, 3, 5, 6}
    return "  ".join(
        cell.rjust(width) if place in numbers else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(row, widths, strict=True))
    )


def _middle(figures: Sequence[float]) -> str:
    return _short(median(figures)) if figures else ""


def _spread(figures: Sequence[float]) -> str:
    return f"{_short(min(figures))}–{_short(max(figures))}" if len(figures) > 1 else ""


def _short(figure: float) -> str:
    if figure < 10:
        return f"{figure:.2f}"
    return f"{figure:.1f}" if figure < 100 else f"{figure:,.0f}".replace(",", " ")
