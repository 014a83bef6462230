"""What a run tells: counts, faults and how long the recovery took."""

from collections import Counter
from collections.abc import Iterable, Iterator
from math import ceil

from jobs.models import Job
from jobs.states import ACTIVE, State

from .judge import Account
from .monkey import Fault
from .moves import Move
from .wishes import kind_of

# Faults that take a running job away from whoever ran it.
TAKES_JOBS = ("worker killed", "pool child killed", "worker stopped", "worker told to end")
SHOWN = 10


def lines(
    account: Account, faults: list[Fault], seconds: float, broken: dict[str, list[str]]
) -> Iterator[str]:
    yield f"{seconds:.0f} s · {len(account.labels)} wishes · {len(account.by_job)} jobs"
    yield ""
    yield from _table("jobs", _by_kind(account))
    yield from _faults(faults, account.moves)
    rescues = list(_rescues(account, faults))
    yield _recovery("taken away → in its queue again", [seen for seen, _ in rescues])
    yield _recovery("taken away → runs again", [again for _, again in rescues])
    yield f"attempts that were given up and ended all the same: {_zombies(account)}"
    yield ""
    for rule, breaches in broken.items():
        yield f"{rule:<28} {len(breaches)}"
        yield from (f"    {breach}" for breach in breaches[:SHOWN])


def _by_kind(account: Account) -> dict[str, Counter[str]]:
    kinds: dict[str, Counter[str]] = {}
    for label, jobs in account.by_label.items():
        counts = kinds.setdefault(kind_of(label), Counter())
        for job in jobs:
            counts[job.state] += 1
            counts["attempts"] += job.attempt
            counts["lost"] += job.lost
    return kinds


def _table(title: str, rows: dict[str, Counter[str]]) -> Iterator[str]:
    columns = sorted({column for counts in rows.values() for column in counts})
    yield f"{title:<10}" + "".join(f"{column:>12}" for column in columns)
    for name, counts in sorted(rows.items()):
        yield f"{name:<10}" + "".join(f"{counts[column]:>12}" for column in columns)
    yield ""


def _faults(faults: list[Fault], moves: list[Move]) -> Iterator[str]:
    """Each kind with the time until any worker began a job again."""
    claims = [move.at for move in moves if move.is_claim]
    yield f"{'fault':<36}{'times':>6}   until a job began (p50 / p99 / max s)"
    for kind, times in sorted(Counter(fault.kind for fault in faults).items()):
        ends = [fault.healed_at for fault in faults if fault.kind == kind]
        waits = [min((c for c in claims if c >= end), default=end) - end for end in ends]
        yield f"{kind:<36}{times:>6}   {_spread(waits)}"
    yield ""


def _recovery(title: str, waits: list[float]) -> str:
    return f"{title}: {len(waits)} times, {_spread(waits)} s (p50 / p99 / max)"


def _rescues(account: Account, faults: list[Fault]) -> Iterator[tuple[float, float]]:
    """Of each attempt that was lost, seconds from the fault until the job was in its queue
    again, and until it ran again: that takes a worker that is there, and those before it."""
    hurt = [fault.at for fault in faults if fault.kind.startswith(TAKES_JOBS)]
    for moves in account.by_job.values():
        for number, move in enumerate(moves):
            if move.before in ACTIVE and move.after == State.QUEUED:
                began = max(m.at for m in moves[:number] if m.is_claim)
                taken = min((at for at in hurt if began <= at <= move.at), default=move.at)
                again = [m.at for m in moves[number:] if m.is_claim]
                yield move.at - taken, (again or [move.at])[0] - taken


def _zombies(account: Account) -> int:
    """Functions that came to their end when their attempt was no longer the one."""
    accepted = dict(Job.objects.values_list("pk", "attempt"))
    return sum(
        word == "ended" and attempt < accepted.get(job, attempt)
        for word, job, attempt in account.ledger
    )


def _spread(values: Iterable[float]) -> str:
    found = sorted(values)
    if not found:
        return "–"
    middle, high = found[len(found) // 2], found[ceil(len(found) * 0.99) - 1]
    return f"{middle:.1f} / {high:.1f} / {found[-1]:.1f}"
