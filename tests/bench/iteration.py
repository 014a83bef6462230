"""What reporting costs the function that reports."""

from tests.bench.ground import Ground
from tests.bench.side import ON_REDIS, OURS, STOCK
from tests.bench.table import Line, Target

STATES = 300


def measure(ground: Ground, rounds: int) -> list[Line]:
    ours, stock, redis = (ground.side(kind) for kind in (OURS, STOCK, ON_REDIS))
    loops: list[dict[str, float]] = []
    on_database: list[float] = []
    on_redis: list[float] = []
    with ours.worker(), stock.worker(), redis.worker():
        for _round in range(rounds):
            loops.append(ours.tell("run", task="bench.iterations"))
            on_database.append(stock.tell("run", task="bench.states", count=STATES))
            on_redis.append(redis.tell("run", task="bench.states", count=STATES))
    found = {name: [loop[name] for loop in loops] for name in loops[0]}
    progress, target = found["progress"], Target(250, unit="ns")
    track = "one iteration of `job.track`"
    call = "one call of `job.progress`"
    return [
        Line(track, "ns", found["track"], "tqdm", found["tqdm"], Target(0.6)),
        Line(track, "ns", found["track"], "a bare loop", found["bare"]),
        Line(call, "ns", progress, "update_state, django-db", on_database, target),
        Line(call, "ns", progress, "update_state, Redis", on_redis, target),
    ]
