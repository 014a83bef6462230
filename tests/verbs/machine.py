"""Attempts under random interleavings: who asks, who takes, what the one that holds the
job writes and what those write that were given up long ago. `test_machine` adds the rest."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from celery import chord
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from jobs import enqueue
from jobs.execution import backend, control
from jobs.execution.attempt import RunningAttempt
from jobs.execution.claim import claim
from jobs.execution.control import Order
from jobs.execution.keeper import renew
from jobs.execution.mark import new_lease
from jobs.execution.outcome import Interruption, LeaseLost, Leaving, RetryOrder
from jobs.models import Job
from tests.sample_tasks import plain_add, xsum
from tests.verbs.crashing import QUEUE, message
from tests.verbs.twin import MAX_LOST, Chord, Try, Twin, Twins

HOUR = timedelta(hours=1)
ORDER = Order(reason="as asked")
MOST_LIVE, MOST_JOBS = 4, 14
HOWS = ("now", "now", "held", "later", "while it lasts", "unlucky")
PICK = st.integers(0, 59)


class Voice:
    """Stands in for the reporter thread: here the machine says when it reports."""

    def wake(self) -> None:
        pass

    def end(self, attempt: RunningAttempt) -> None:
        attempt.report.frames()


Can = Callable[["Machine"], object]


def action(can: Can, *, weight: int = 1, **given: Any) -> Callable[[Any], Any]:
    """Something that may happen where `can` says that it would change something."""

    def mark(method: Any) -> Any:
        method.action = (can, weight, given)
        return method

    return mark


def may_ask(machine: "Machine") -> bool:
    live = [job for job in machine.twins if not job.is_final]
    return len(live) < MOST_LIVE and len(machine.twins.jobs) < MOST_JOBS


class Machine(RuleBasedStateMachine):
    """One rule that draws what happens: Hypothesis would leave out half of many rules in
    each run, and so rarely come to a second attempt."""

    def __init__(self) -> None:
        super().__init__()
        self.twins = Twins()
        self.tries: list[Try] = []

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        able = [
            method
            for method in self.actions()
            for _ in range(method.action[1])
            if method.action[0](self)
        ]
        chosen = data.draw(st.sampled_from(able).map(lambda method: method.__name__))
        given = getattr(self, chosen).action[2]
        getattr(self, chosen)(**{name: data.draw(what, name) for name, what in given.items()})

    @classmethod
    def actions(cls) -> list[Any]:
        methods = [getattr(cls, name) for name in sorted(dir(cls))]
        return [method for method in methods if hasattr(method, "action")]

    def job(self, pick: int, fits: Callable[[Twin], object] = bool) -> Twin:
        """Mostly one that `fits`, so that much happens; now and then any other, to which
        nothing may happen."""
        jobs = [job for job in self.twins if fits(job)]
        if not jobs or pick % 6 == 0:
            jobs = list(self.twins)
        return jobs[pick % len(jobs)]

    def is_any(self, fits: Callable[[Twin], object]) -> bool:
        return any(fits(job) for job in self.twins)

    def a_try(self, pick: int, *, goes: bool = False) -> Try:
        chosen = self.tries[pick % len(self.tries)]
        if goes:
            self.tries.remove(chosen)
        return chosen

    # Asking.

    @initialize(hows=st.lists(st.sampled_from(HOWS), min_size=1, max_size=2))
    def ask_first(self, hows: list[str]) -> None:
        for how in ("now", *hows):
            self.ask(how)
        self.take(1, elsewhere=False)

    @action(may_ask, how=st.sampled_from(HOWS))
    def ask(self, how: str) -> None:
        wish = {
            "now": {},
            "held": {"hold": True},
            "later": {"not_before": timezone.now() + HOUR},
            "while it lasts": {"expires_at": timezone.now() + HOUR},
            "unlucky": {},
        }[how]
        job = enqueue("tests.sample_tasks.give_back", {}, queue=QUEUE, **wish)
        twin = self.twins.add(Twin(job.pk, "retry"))
        if how == "held":
            twin.move("pending", "start")
        if how == "later":
            twin.move("pending", "time")
            twin.soon = False
        if how == "while it lasts":
            twin.overdue = False
        if how == "unlucky":
            twin.lost = MAX_LOST - 1
            Job.objects.filter(pk=job.pk).update(lost=twin.lost)

    @action(may_ask)
    def ask_for_two_in_a_row(self) -> None:
        call = plain_add.s(1, 2).set(queue=QUEUE, link=plain_add.s(3).set(queue=QUEUE))
        self.twins.add(Twin(call.apply_async().id, "hold", has_link=True))

    @action(may_ask)
    def ask_for_a_chord(self) -> None:
        parts = [plain_add.s(1, number).set(queue=QUEUE) for number in range(2)]
        result = chord(parts)(xsum.s().set(queue=QUEUE))
        whole = Chord(result.id)
        for part in result.parent.results:
            whole.parts.append(self.twins.add(Twin(part.id, "hold", chord=whole)))

    @action(
        lambda m: may_ask(m) and m.is_any(lambda job: job.is_final and job.was_born), pick=PICK
    )
    def run_again(self, pick: int) -> None:
        job = self.job(pick, lambda job: job.is_final and job.was_born)
        if not (job.is_final and job.was_born):
            return
        again = control.retry(Job.objects.get(pk=job.id), ORDER)
        job.events += 1
        self.twins.add(Twin(again.pk, job.on_lost, queue=job.queue))

    # Taking.

    @action(
        lambda m: m.is_any(lambda job: job.is_free),
        weight=6,
        pick=PICK,
        elsewhere=st.sampled_from([False] * 7 + [True]),
    )
    def take(self, pick: int, elsewhere: bool) -> None:
        self.take_it(self.job(pick, lambda job: job.state == "queued"), elsewhere=elsewhere)

    def take_it(self, job: Twin, *, elsewhere: bool = False) -> None:
        lease = new_lease()
        said = message(lease) | {"queues": ("elsewhere",) if elsewhere else (job.queue,)}
        taken = claim(job.id, Job.objects.values_list("task", flat=True).get(pk=job.id), said)
        assert (taken is not None) == (job.is_free and not elsewhere)
        if taken is not None:
            job.claim(lease)
            attempt = RunningAttempt(taken, lease, Voice())
            self.tries.append(Try(job, lease, attempt, found_errors=job.errors_count))

    # What an attempt does, be it the one or a zombie.

    @action(lambda m: m.tries, weight=4, pick=PICK)
    def report(self, pick: int) -> None:
        a_try = self.a_try(pick)
        a_try.attempt.report.frames()
        a_try.attempt.report_row()
        a_try.is_lost = not a_try.holds
        if a_try.holds:
            a_try.writes()
            a_try.heard = a_try.job.requested
        assert a_try.attempt.lost == a_try.is_lost

    @action(lambda m: m.tries, weight=1, pick=PICK)
    def count_an_error(self, pick: int) -> None:
        a_try = self.a_try(pick)
        a_try.attempt.count_error("item", "is broken")
        a_try.errors += 1
        a_try.unwritten += 1

    @action(lambda m: m.tries, weight=2, pick=PICK, value=st.integers(0, 9), file=st.booleans())
    def keep(self, pick: int, value: int, file: bool) -> None:
        a_try = self.a_try(pick)
        landed = False
        with suppress(LeaseLost):
            if file:
                a_try.attempt.attach(b"content", "file.txt", None, None)
            else:
                a_try.attempt.keep_checkpoint(value)
            landed = True
        assert landed == a_try.holds
        if landed and not file:
            a_try.job.checkpoint = value

    @action(lambda m: m.tries, weight=5, pick=PICK)
    def come_to_a_safe_point(self, pick: int) -> None:
        a_try = self.a_try(pick)
        if not (a_try.is_lost or a_try.heard):
            a_try.attempt.obey()
            return
        self.tries.remove(a_try)
        try:
            a_try.attempt.obey()
        except Interruption as interruption:
            a_try.attempt.interrupted(interruption)
        if a_try.holds and not a_try.is_lost:
            a_try.writes()
            self.twins.change(a_try.job, lambda job: job.obey(a_try.heard))

    @action(
        lambda m: m.tries,
        weight=2,
        pick=PICK,
        how=st.sampled_from(["returns", "returns", "raises", "leaves"]),
    )
    def end(self, pick: int, how: str) -> None:
        a_try = self.a_try(pick, goes=True)
        ways = {
            "returns": lambda: a_try.attempt.succeed(7),
            "raises": lambda: a_try.attempt.fail(ValueError("no")),
            "leaves": lambda: a_try.attempt.interrupted(Leaving()),
        }
        ways[how]()
        if not a_try.holds:
            return
        a_try.writes()
        good = "completed_with_errors" if a_try.found_errors + a_try.errors else "completed"
        if how == "raises":
            a_try.job.bad += 1
        moves = {
            "returns": lambda job: job.move(good),
            "raises": lambda job: job.move("failed"),
            "leaves": lambda job: job.again("queued"),
        }
        self.twins.change(a_try.job, moves[how])

    @action(lambda m: m.tries, weight=2, pick=PICK, later=st.booleans())
    def end_for_a_retry(self, pick: int, later: bool) -> None:
        a_try = self.a_try(pick, goes=True)
        attempt = a_try.attempt
        moment = timezone.now() + HOUR if later else None
        order = RetryOrder(attempt.job.retries + 1, not_before=moment)
        attempt.retry(order, ValueError("no"), "")
        if a_try.holds:
            a_try.writes()
            a_try.job.retries += 1
            a_try.job.soon = not later
            self.twins.change(a_try.job, lambda job: job.again("retrying"))

    # What its worker's main process does.

    @action(
        lambda m: m.tries,
        weight=2,
        pick=PICK,
        how=st.sampled_from(["killed", "too long", "told to end", "terminated"]),
    )
    def die(self, pick: int, how: str) -> None:
        a_try = self.a_try(pick, goes=True)
        of = (a_try.job.id, a_try.lease)
        {
            "killed": lambda: backend.ended_by_parent(*of, WorkerLostError("dead"), ""),
            "too long": lambda: backend.ended_by_parent(*of, TimeLimitExceeded(1), ""),
            "told to end": lambda: backend.given_back_by_parent(*of),
            "terminated": lambda: backend.revoked(*of, backend.TERMINATED),
        }[how]()
        if a_try.holds:
            self.twins.change(a_try.job, lambda job: job.die(how))

    @action(lambda m: m.is_any(lambda job: job.is_over))
    def renew(self) -> None:
        held = [a_try for a_try in self.tries if a_try.holds]
        assert renew([a_try.lease for a_try in self.tries]) == len(held)
        for a_try in held:
            a_try.job.is_over = False
