"""The state machine under random interleavings of verbs, claims, leases that run out, the
relay's duties and writes of attempts that were given up. After each step the rows must be
what `twin` says, and at the end nothing may be lost, stuck or doubled."""

from typing import Any

import pytest
from django.db.models import Count, Q
from django.db.models.functions import Now
from django.utils import timezone
from django_celery_results.models import ChordCounter, TaskResult
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, run_state_machine_as_test

from jobs.dispatch.publisher import waits_for_broker
from jobs.dispatch.relay import release_due, ring_due
from jobs.execution import backend, control
from jobs.execution.rescue import expire_due, reap_dead, reap_lost
from jobs.models import Attempt, Event, Job, LogChunk
from jobs.states import State, WaitingFor
from tests.sample_tasks import plain_add, xsum
from tests.verbs.going_on import forget_all, go_on
from tests.verbs.machine import HOUR, ORDER, PICK, Machine, action
from tests.verbs.twin import ACTIVE, SUCCESSFUL, VERBS, WAITING, Twin

pytestmark = pytest.mark.django_db(transaction=True)
SHALLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
# Told as it came: the long one takes the time to make it short.
QUICK = settings(
    phases=[Phase.generate],
    max_examples=36,
    stateful_step_count=45,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=SHALLOW,
)
LONG = settings(
    QUICK,
    phases=[Phase.generate, Phase.shrink],
    max_examples=1500,
    stateful_step_count=80,
    derandomize=False,
)


class Site(Machine):
    """People, the relay and the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, dict[str, Any]] = {}

    @action(
        bool,
        weight=5,
        pick=PICK,
        verb=st.sampled_from([*VERBS, "pause", "resume", "pause", "resume"]),
        all_of_them=st.sampled_from([False] * 7 + [True]),
    )
    def do(self, pick: int, verb: str, all_of_them: bool) -> None:
        one = self.job(pick, VERBS[verb][0])
        self.do_to(list(self.twins) if all_of_them else [one], verb)

    def do_to(self, chosen: list[Twin], verb: str) -> None:
        can, does = VERBS[verb]
        rows = Job.objects.filter(pk__in=[job.id for job in chosen])
        able = [job for job in chosen if can(job)]
        assert getattr(control, verb)(rows, ORDER) == len(able)
        for job in able:
            job.events += 1
            self.twins.change(job, does)

    @action(bool, pick=PICK)
    def move_to_another_queue(self, pick: int) -> None:
        job = self.job(pick)
        changes = job.state in WAITING and job.queue != "celery"
        assert control.edit(Job.objects.filter(pk=job.id), ORDER, queue="celery") == changes
        if changes:
            job.queue, job.events = "celery", job.events + 1

    @action(bool, pick=PICK, later=st.booleans())
    def move_in_time(self, pick: int, later: bool) -> None:
        job = self.job(pick)
        moment = timezone.now() + HOUR if later else None
        changes = job.state in WAITING and (later or job.soon is not None)
        rows = Job.objects.filter(pk=job.id)
        assert control.edit(rows, ORDER, not_before=moment) == changes
        if not changes:
            return
        job.events, job.soon = job.events + 1, False if later else None
        if later and (job.state == "queued" or job.waiting_for == "broker"):
            job.move("pending", "time")
        if not later and job.waiting_for == "time":
            job.move("queued")

    # What takes several steps in a row, and would rarely come by chance.

    @action(lambda m: m.tries, weight=5, pick=PICK)
    def a_zombie_meets_its_heir(self, pick: int) -> None:
        job = self.a_try(pick).job
        if job.state in ACTIVE:
            Job.objects.filter(pk=job.id).update(lease_expires_at=Now() - HOUR)
            job.is_over = True
            self.reap()
        self.take_it(job)

    @action(lambda m: m.tries, weight=3, pick=PICK, verb=st.sampled_from(["resume", "cancel"]))
    def somebody_changes_their_mind(self, pick: int, verb: str) -> None:
        """After the attempt has heard of the pause, and before it obeyed."""
        job = self.a_try(pick).job
        self.do_to([job], "pause")
        self.report(pick)
        self.do_to([job], verb)

    @action(bool, pick=PICK)
    def revoke_as_celery_does(self, pick: int) -> None:
        job = self.job(pick)
        backend.given_up([job.id])
        if job.state in WAITING:
            self.twins.change(job, Twin.cancel)

    # The clock.

    @action(lambda m: m.is_any(lambda job: job.state in ACTIVE), weight=5, pick=PICK)
    def a_lease_runs_out(self, pick: int) -> None:
        job = self.job(pick, lambda job: job.state in ACTIVE)
        if job.state in ACTIVE:
            Job.objects.filter(pk=job.id).update(lease_expires_at=Now() - HOUR)
            job.is_over = True

    @action(lambda m: m.is_any(lambda job: job.soon is False), pick=PICK)
    def a_moment_comes(self, pick: int) -> None:
        job = self.job(pick, lambda job: job.soon is False)
        if job.soon is False and not job.is_final:
            Job.objects.filter(pk=job.id).update(not_before=Now() - HOUR)
            job.soon = True

    @action(lambda m: m.is_any(lambda job: job.overdue is False), pick=PICK)
    def a_deadline_passes(self, pick: int) -> None:
        job = self.job(pick, lambda job: job.overdue is False)
        if job.overdue is False and not job.is_final:
            Job.objects.filter(pk=job.id).update(expires_at=Now() - HOUR)
            job.overdue = True

    # The relay and the broker.

    @action(lambda m: m.is_any(lambda job: job.is_over), weight=3)
    def reap(self) -> None:
        lost = [job for job in self.twins if job.is_over]
        assert reap_lost() == len(lost)
        assert reap_dead() == 0  # all leases were minted by this process
        for job in lost:
            self.twins.change(job, Twin.lose)

    @action(lambda m: m.is_any(lambda job: job.overdue))
    def expire(self) -> None:
        overdue = [job for job in self.twins if job.overdue and job.state in WAITING]
        assert expire_due() == len(overdue)
        for job in overdue:
            self.twins.change(job, lambda job: job.move("expired"))

    @action(lambda m: m.is_any(is_ripe))
    def release(self) -> None:
        due = [job for job in self.twins if is_ripe(job) and job.soon is not False]
        assert release_due() == len(due)
        for job in due:
            job.move("queued")

    @action(bool, pick=PICK)
    def the_broker_is_away(self, pick: int) -> None:
        job = self.job(pick)
        waits_for_broker([Job.objects.get(pk=job.id)])
        if job.state == "queued":
            job.move("pending", "broker")

    @action(lambda m: m.is_any(lambda job: job.waiting_for == "broker"))
    def ring(self) -> None:
        Job.objects.exclude(ring_at=None).update(ring_at=Now() - HOUR)
        ring_due()
        for job in self.twins:
            if job.waiting_for == "broker":
                job.move("queued")

    # What must hold after each step.

    @invariant()
    def the_rows_are_as_they_should_be(self) -> None:
        self._find_links()
        rows = {row["id"]: row for row in Job.objects.values()}
        assert rows.keys() == self.twins.jobs.keys()
        for job in self.twins:
            assert {name: rows[job.id][name] for name in Twin.COMPARED} == job.row()
        ended = {key: row for key, row in rows.items() if row["finished_at"] is not None}
        assert ended.keys() == {job.id for job in self.twins if job.is_final}
        assert set(TaskResult.objects.values_list("task_id", flat=True)) == set(ended)
        for key, before in self.seen.items():
            assert rows[key] == before, "an end is an end"
        self.seen = ended
        self._nobody_is_forgotten()
        assert counts(Attempt) == {job.id: job.bad for job in self.twins if job.bad}
        assert counts(Event) == {job.id: job.events for job in self.twins if job.events}

    def _find_links(self) -> None:
        """The jobs that come of an end have ids of their own."""
        for job in self.twins.linked:
            [link] = Job.objects.filter(parent_id=job.id, task=plain_add.name)
            self.twins.add(Twin(link.pk, "hold"))
        self.twins.linked.clear()

    @staticmethod
    def _nobody_is_forgotten() -> None:
        """Whatever is to be rung has a moment at which the relay does it."""
        rung = Q(state=State.QUEUED) | Q(waiting_for=WaitingFor.BROKER)
        assert not Job.objects.filter(rung, ring_at=None).exists()

    def teardown(self) -> None:
        """All comes to an end, once; the log has no gap, no line of an attempt comes after
        one of the next."""
        try:
            go_on()
            assert not Job.objects.live().exists()
            assert not ChordCounter.objects.exists()
            for job in self.twins:
                if job.has_link:
                    self._is_followed_once(job)
            self._bodies_ran_once()
            for job in self.twins:
                is_whole(job.id)
        finally:
            forget_all()

    @staticmethod
    def _is_followed_once(job: Twin) -> None:
        good = Job.objects.get(pk=job.id).state in SUCCESSFUL
        assert Job.objects.filter(parent_id=job.id).count() == good

    def _bodies_ran_once(self) -> None:
        chords = {job.chord.body: job.chord for job in self.twins if job.chord}
        for body, whole in chords.items():
            parts = Job.objects.filter(pk__in=[part.id for part in whole.parts])
            good = set(parts.values_list("state", flat=True)) <= SUCCESSFUL
            row = Job.objects.get(pk=body)
            assert row.task_id == xsum.name
            assert good or (row.state, row.attempt) == (State.FAILED, 0)


def is_ripe(job: Twin) -> bool:
    return job.state == "retrying" or job.waiting_for == "time"


def counts(model: Any) -> dict[str, int]:
    return dict(model.objects.order_by().values_list("job").annotate(n=Count("pk")))


def is_whole(job_id: str) -> None:
    chunks = list(LogChunk.objects.filter(job=job_id).order_by("first"))
    lines = 0
    for chunk in chunks:
        assert (chunk.first, chunk.count) == (lines + 1, len(chunk.lines))
        lines += chunk.count
    attempts = [chunk.attempt for chunk in chunks]
    assert attempts == sorted(attempts)
    assert Job.objects.get(pk=job_id).log_lines == lines


def test_whatever_happens_in_whatever_order_the_rows_stay_true(broker):
    run_state_machine_as_test(Site, settings=QUICK)


@pytest.mark.long
def test_the_same_for_longer_and_never_in_the_same_order(broker):
    run_state_machine_as_test(Site, settings=LONG)
