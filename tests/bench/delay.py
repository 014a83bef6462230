"""What `.delay()` costs its caller: a row and a message later, against a message now."""

from statistics import median

from tests.bench.ground import Ground
from tests.bench.side import OURS, STOCK
from tests.bench.table import Line, Target

CALLS = 200
PAUSE_SECONDS = 0.005


def measure(ground: Ground, rounds: int) -> list[Line]:
    sides = [ground.side(kind) for kind in (OURS, STOCK)]
    found: dict[str, list[float]] = {side.kind.name: [] for side in sides}
    for side in sides:
        side.tell("delays", count=20, pause=PAUSE_SECONDS)  # connections, caches
    for _round in range(rounds):
        for side in sides:
            calls = side.tell("delays", count=CALLS, pause=PAUSE_SECONDS)
            found[side.kind.name].append(median(calls))
    ours, stock = found[OURS.name], found[STOCK.name]
    return [Line("one `.delay()`", "ms", ours, "plain publish", stock, Target(1.5))]
