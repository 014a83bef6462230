"""What must hold at the end, whatever happened: nothing lost, nothing stuck, nothing
twice. Each rule gives the jobs (or labels) that break it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from django.db.models import Count
from django_celery_results.models import ChordCounter, TaskResult

from jobs.models import Attempt, Job
from jobs.states import FINAL, State

from .moves import Move
from .wishes import KINDS, kind_of


@dataclass
class Account:
    """All that is known at the end."""

    labels: list[str]
    moves: list[Move]
    # (begun or ended, job, attempt) as the functions wrote it
    ledger: list[tuple[str, str, int]]
    by_job: dict[str, list[Move]] = field(default_factory=lambda: defaultdict(list))
    by_label: dict[str, list[Job]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for move in self.moves:
            self.by_job[move.job].append(move)
        for job in Job.objects.all():
            self.by_label[str(job.params.get("label", ""))].append(job)


def verdict(account: Account) -> dict[str, list[str]]:
    """Each rule with whatever breaks it."""
    return {
        "lost": [*_never_came(account), *_went_missing(account)],
        "stuck": _not_final(account),
        "doubled": [*_came_twice(account), *_ended_twice(account), *_began_twice(account)],
        "ended wrongly": _ended_wrongly(account),
        "wrong results": _wrong_results(account),
        "moved after the end": _moved_after_the_end(account),
        "attempts that do not rise": _attempts_that_do_not_rise(account),
        "tries without a cause": _without_cause(account),
        "leftovers": _leftovers(),
    }


def _counts(account: Account) -> Iterator[tuple[str, str, int, int]]:
    """(label, task, jobs there are, jobs there must be)"""
    for label in account.labels:
        there = Counter(job.task_id for job in account.by_label[label])
        for task, wanted in KINDS[kind_of(label)].expected.items():
            yield label, task, there[task], wanted


def _never_came(account: Account) -> list[str]:
    """Asked for and not there, a step that did not follow, a body that never ran."""
    return [
        f"{label}: {there} of {wanted} {task}"
        for label, task, there, wanted in _counts(account)
        if there < wanted
    ]


def _went_missing(account: Account) -> list[str]:
    known = set(Job.objects.values_list("pk", flat=True))
    return [f"{job} has no row any more" for job in account.by_job if job not in known]


def _not_final(account: Account) -> list[str]:
    return [_told(job) for job in Job.objects.live()]


def _came_twice(account: Account) -> list[str]:
    return [
        f"{label}: {there} instead of {wanted} {task}"
        for label, task, there, wanted in _counts(account)
        if there > wanted
    ]


def _ended_twice(account: Account) -> list[str]:
    """More than one accepted effect."""
    return [
        f"{job} ended {len(ends)} times"
        for job, moves in account.by_job.items()
        if len(ends := [move for move in moves if move.after in FINAL]) > 1
    ]


def _began_twice(account: Account) -> list[str]:
    """One attempt is one call of the function."""
    begun = Counter((job, attempt) for word, job, attempt in account.ledger if word == "begun")
    return [f"{job} #{attempt} began {n} times" for (job, attempt), n in begun.items() if n > 1]


def _ended_wrongly(account: Account) -> list[str]:
    return [
        _told(job)
        for label in account.labels
        for job in account.by_label[label]
        if job.is_final and job.state not in KINDS[kind_of(label)].ends
    ]


def _wrong_results(account: Account) -> list[str]:
    """A checkpoint that was lost, a part that counted twice or not at all."""
    return [
        f"{_told(job)}: result {job.result!r}"
        for label in account.labels
        for job in account.by_label[label]
        if (kind := KINDS[kind_of(label)]).last == job.task_id and job.result != kind.result
    ]


def _moved_after_the_end(account: Account) -> list[str]:
    return [
        f"{job}: {first.after} → {then.after}"
        for job, moves in account.by_job.items()
        for first, then in pairwise(moves)
        if first.after in FINAL
    ]


def _attempts_that_do_not_rise(account: Account) -> list[str]:
    """Each claim is the next number, and only a claim counts."""
    claims = {
        job: [move.attempt for move in moves if move.is_claim]
        for job, moves in account.by_job.items()
    }
    return [
        f"{job}: attempts {numbers}"
        for job, numbers in claims.items()
        if numbers != list(range(1, len(numbers) + 1))
    ]


def _without_cause(account: Account) -> list[str]:
    """Before each attempt but the first the job was given back, for a retry, for a worker
    that was lost, or for one that was told to end."""
    return [
        _told(job)
        for jobs in account.by_label.values()
        for job in jobs
        if job.attempt > 1 + sum(move.is_given_back for move in account.by_job[job.pk])
        or job.attempt > 1 + job.retries + job.lost + _leavings(job)
    ]


def _leavings(job: Job) -> int:
    return job.attempts.filter(reason__startswith="Its worker was told to end").count()


def _leftovers() -> list[str]:
    """A chord that still counts, an end without its row in the results, an attempt that
    ended badly and is not told of."""
    unwanted = Job.objects.filter(ignore_result=True, state=State.COMPLETED).values("pk")
    told = TaskResult.objects.values("task_id")
    untold = Job.objects.final().exclude(pk__in=unwanted).exclude(pk__in=told)
    twice = TaskResult.objects.values("task_id").annotate(n=Count("pk")).filter(n__gt=1)
    tried = dict(Attempt.objects.values_list("job").annotate(n=Count("pk")))
    return [
        *(f"the chord {chord.group_id} still counts" for chord in ChordCounter.objects.all()),
        *(f"{_told(job)} has no result row" for job in untold),
        *(f"{row['task_id']} has {row['n']} result rows" for row in twice),
        *_unremembered(Job.objects.final(), tried),
    ]


def _unremembered(jobs: Iterable[Job], tried: dict[str, int]) -> Iterator[str]:
    for job in jobs:
        good = job.state in (State.COMPLETED, State.COMPLETED_WITH_ERRORS)
        if tried.get(job.pk, 0) != job.attempt - good:
            yield f"{_told(job)}: {tried.get(job.pk, 0)} bad attempts are told of"


def _told(job: Job) -> str:
    return (
        f"{job.params.get('label')} {job.pk} {job.state} {job.waiting_for}"
        f" attempt {job.attempt} lost {job.lost} rings {job.rings} {job.reason}"
    )
