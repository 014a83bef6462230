"""Turns: whoever waits is passed over by nobody twice, whatever comes in which order."""

from collections import Counter

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs import enqueue
from jobs.dispatch import policy
from jobs.dispatch.admission import admit
from jobs.execution.finish import finish
from jobs.execution.outcome import Ending
from jobs.models import Job
from jobs.states import State
from tests import turn_tasks as tasks

pytestmark = pytest.mark.django_db
NAME = tasks.one_by_one.name
# Somebody comes with so many jobs, or (nobody) the next one has its turn.
STEPS = st.lists(st.none() | st.tuples(st.sampled_from("abcd"), st.integers(1, 4)), max_size=15)


class Waiting:
    """Of each customer who waits, how often others went before since his last turn."""

    def __init__(self) -> None:
        self.jobs = Counter[str]()
        self.passed_by: dict[str, Counter[str]] = {}

    def come(self, customer: str, count: int) -> None:
        jobs = [enqueue(NAME, {"customer": customer}) for _ in range(count)]
        admit(NAME, {job.line for job in jobs})
        self.jobs[customer] += count
        self.passed_by.setdefault(customer, Counter())

    def go(self, customer: str) -> None:
        for other, passed in self.passed_by.items():
            if other != customer:
                passed[customer] += 1
                assert passed[customer] <= 1, f"{customer} went before {other} twice"
        self.jobs[customer] -= 1
        del self.passed_by[customer]
        if self.jobs[customer]:
            self.passed_by[customer] = Counter()


@settings(deadline=None, max_examples=25, suppress_health_check=[*HealthCheck])
@given(steps=STEPS)
def test_nobody_waits_for_more_than_one_turn_of_each_other(steps):
    policy.forget()
    with transaction.atomic():
        waiting, running = Waiting(), None
        for step in [*steps, *[None] * 60]:
            if step is not None:
                waiting.come(*step)
            else:
                finish(Job.objects.admitted(NAME), Ending(State.FAILED, "over"))
                running = None
                admit(NAME)
            if running is None and (running := _running()) is not None:
                waiting.go(running)
        assert not +waiting.jobs
        transaction.set_rollback(True)


def _running() -> str | None:
    return Job.objects.admitted(NAME).values_list("fair_key", flat=True).first()
