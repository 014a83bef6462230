"""Plan B with real workers: whatever ended the last attempt."""

import pytest
from celery import chain, group

from jobs import enqueue
from jobs.conf import Configuration
from jobs.states import State
from tests.fallback_tasks import careful, hurried, plan_a
from tests.hostile_tasks import tell_error
from tests.sample_tasks import give_back
from tests.waiting import eventually

MAX_LOST = Configuration.max_lost


@pytest.mark.parametrize(
    ("task", "how", "tries"),
    [(plan_a, "fail", 2), (hurried, "overrun", 1), (plan_a, "die", MAX_LOST + 1)],
)
def test_whatever_ended_the_last_attempt_plan_b_follows(site, task, how, tries):
    job = site.ends(enqueue(task, {"how": how}), within=60)
    assert (job.state, job.result) == (State.COMPLETED, ["b", how, ""])
    assert job.attempts.count() == tries == job.attempt - 1
    assert job.log_chunks.get().attempt == job.attempt


def test_what_comes_next_gets_the_result_of_plan_b(site):
    assert chain(plan_a.s("fail"), give_back.s()).apply_async().get(timeout=30) == [
        "b",
        "fail",
        "",
    ]
    chord = group(plan_a.s("fail"), plan_a.s("well")) | give_back.s()
    assert [one[0] for one in chord.apply_async().get(timeout=30)] == ["b", "a"]


def test_what_a_person_is_to_look_at_fails(site):
    assert site.ends(careful.delay("die"), State.FAILED).falls_back is False


def test_errbacks_are_called_when_the_job_has_failed_and_not_before(site, tmp_path):
    ledger = tmp_path / "ledger"
    saved = plan_a.apply_async(("fail",), link_error=tell_error.s(ledger=str(ledger)))
    assert saved.get(timeout=30)[0] == "b"
    lost = plan_a.apply_async(("both fail",), link_error=tell_error.s(ledger=str(ledger)))
    site.ends(lost, State.FAILED)
    assert eventually(ledger.exists)
    assert eventually(lambda: ledger.read_text()) == f"{lost.id} LookupError neither\n"
