"""No-op jobs a second through one worker, with everything that is kept of each."""

from pathlib import Path

from tests.bench import ledger
from tests.bench.ground import Ground
from tests.bench.side import BARE, OURS, STOCK, Side, died_if_late
from tests.bench.table import Line, Target
from tests.waiting import eventually

PATIENCE_SECONDS = 120


def measure(ground: Ground, rounds: int, count: int) -> list[Line]:
    sides = [ground.side(kind) for kind in (OURS, STOCK, BARE)]
    found: dict[tuple[str, bool], list[float]] = {}
    for _round in range(rounds):
        for reuse in (False, True):
            for side in sides:
                rate = jobs_a_second(side, count, reuse=reuse)
                found.setdefault((side.kind.name, reuse), []).append(rate)
    return [line for reuse in (False, True) for line in _lines(found, reuse=reuse)]


def jobs_a_second(
    side: Side, count: int, *, reuse: bool, task: str = "bench.noop", **environment: str
) -> float:
    """A full queue and a fresh worker; from the first start to the last."""
    book = side.folder / "ledger"
    book.unlink(missing_ok=True)
    side.tell("fill", count=count, task=task)
    environment[ledger.VARIABLE] = str(book)
    with side.worker(reuse=reuse, **environment) as worker:

        def all_ran() -> bool:
            worker.check()
            return ledger.length(book) >= count

        with died_if_late(side):
            eventually(all_ran, within=PATIENCE_SECONDS, every=0.02)
            if side.kind is not BARE:
                eventually(lambda: side.tell("finished") == count, every=0.1)
    return _rate(book, count)


def _rate(book: Path, count: int) -> float:
    if ledger.length(book) != count:
        raise AssertionError(f"{ledger.length(book)} runs of {count} jobs")
    return (count - 1) / ledger.seconds(book)


def _lines(found: dict[tuple[str, bool], list[float]], *, reuse: bool) -> list[Line]:
    what = "no-op jobs" + (", connections reused" if reuse else "")
    ours, stock, bare = (found[kind.name, reuse] for kind in (OURS, STOCK, BARE))
    return [
        Line(what, "1/s", ours, "stock, same history", stock, Target(1.5, at_least=True)),
        Line(what, "1/s", ours, "stock, no results", bare),
    ]
