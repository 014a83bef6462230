"""What Celery's canvas does when a part of it does not succeed."""

import pytest
from celery import chain, chord, group
from celery.exceptions import ChordError

from jobs.dispatch.message import ring
from jobs.models import Job
from jobs.states import State
from tests.hostile_tasks import stand_still, tell_error, tell_error_later
from tests.sample_tasks import fail, give_back, leave_line, plain_add, unreachable, xsum
from tests.waiting import eventually


def lines_of(path):
    return path.read_text().splitlines() if path.exists() else []


def all_ended():
    eventually(lambda: not Job.objects.live().exists(), within=30)
    return {job.id: job for job in Job.objects.all()}


def broken(result):
    """How it ended. Celery's `get` would raise the error of a part that has failed by then."""
    failure = result.get(timeout=20, propagate=False)
    assert isinstance(failure, ChordError)
    return failure


def test_a_chain_ends_at_the_step_that_fails(site, tmp_path):
    ledger = tmp_path / "ledger"
    result = chain(plain_add.s(1, 1), fail.si("no"), leave_line.si(str(ledger))).apply_async()
    with pytest.raises(ValueError, match="no"):
        result.get(timeout=20)
    jobs = all_ended()
    assert (jobs[result.id].state, jobs[result.id].attempt) == (State.FAILED, 0)
    assert jobs[result.parent.id].state == State.FAILED
    assert not ledger.exists()


def test_a_link_is_not_followed_after_a_failure(site, tmp_path):
    ledger = tmp_path / "ledger"
    site.ends(fail.apply_async(link=leave_line.si(str(ledger))), State.FAILED)
    assert len(all_ended()) == 1


def test_an_errback_of_the_new_style_is_called_with_the_error(site, tmp_path):
    ledger = tmp_path / "ledger"
    result = fail.apply_async(("no",), link_error=tell_error.s(str(ledger)))
    site.ends(result, State.FAILED)
    eventually(ledger.exists)
    assert lines_of(ledger) == [f"{result.id} ValueError no"]


def test_an_errback_of_the_old_style_is_a_job_with_the_id_of_the_failed_one(site, tmp_path):
    ledger = tmp_path / "ledger"
    result = fail.apply_async(("no",), link_error=tell_error_later.s(str(ledger)))
    site.ends(result, State.FAILED)
    eventually(ledger.exists)
    assert lines_of(ledger) == [result.id]


def test_an_errback_runs_once_after_the_last_try(site, tmp_path):
    ledger = tmp_path / "ledger"
    link = tell_error.s(str(ledger))
    site.ends(
        unreachable.apply_async((str(tmp_path / "tries"),), link_error=link), State.FAILED
    )
    eventually(ledger.exists)
    assert len(lines_of(tmp_path / "tries")) == 3
    assert len(lines_of(ledger)) == 1


def test_the_errback_of_a_chain_is_called_for_whichever_step_fails(site, tmp_path):
    ledger = tmp_path / "ledger"
    steps = chain(plain_add.s(1, 1), fail.si("no"), plain_add.s(1))
    steps.apply_async(link_error=tell_error.s(str(ledger)))
    eventually(ledger.exists)
    all_ended()
    assert [line.split()[1:] for line in lines_of(ledger)] == [["ValueError", "no"]]


def test_the_body_of_a_chord_with_a_failing_part_never_runs(site, tmp_path):
    ledger, errors = tmp_path / "ledger", tmp_path / "errors"
    body = leave_line.si(str(ledger)).on_error(tell_error.s(str(errors)))
    result = chord([plain_add.s(1, 1), fail.si("no"), plain_add.s(2, 2)])(body)
    assert "no" in str(broken(result))
    job = all_ended()[result.id]
    assert (job.state, job.attempt, job.task_id) == (State.FAILED, 0, leave_line.name)
    assert not ledger.exists()
    eventually(errors.exists)
    assert lines_of(errors)[0].split()[:2] == [result.id, "ChordError"]


def test_what_follows_a_broken_chord_fails_too(site, tmp_path):
    ledger = tmp_path / "ledger"
    steps = group(plain_add.s(1, 1), fail.si("no")) | xsum.s() | leave_line.si(str(ledger))
    result = steps.apply_async()
    broken(result)
    states = sorted(job.state for job in all_ended().values())
    assert states == ["completed", "failed", "failed", "failed"]
    assert not ledger.exists()


def test_a_broken_chord_breaks_the_chord_around_it(site):
    inner = chord([plain_add.s(1, 1), fail.si("no")], xsum.s())
    result = chord([inner, plain_add.s(1, 1)])(xsum.s())
    broken(result)
    assert all_ended()[result.id].state == State.FAILED


def test_a_chord_part_that_is_cancelled_before_it_ran_breaks_the_chord(site):
    parts = [plain_add.s(1, 1), plain_add.s(2, 2).set(queue="nobody", expires=1)]
    result = chord(parts)(xsum.s())
    broken(result)
    assert sorted(job.state for job in all_ended().values()) == [
        "completed",
        "expired",
        "failed",
    ]


def test_a_group_with_a_failing_part_keeps_the_others(site):
    result = group(plain_add.s(1, 1), fail.si("no")).apply_async()
    all_ended()
    assert [part.state for part in result.results] == ["SUCCESS", "FAILURE"]


def test_a_chord_part_that_is_delivered_twice_counts_once(site, tmp_path):
    ledger, go, body = tmp_path / "ledger", tmp_path / "go", tmp_path / "body"
    parts = [stand_still.s(str(ledger), str(go)), give_back.s(1)]
    result = chord(parts)(leave_line.si(str(body)))
    quick = Job.objects.get(task=give_back.name)
    site.ends(quick)
    for _ in range(3):
        ring(quick)
        ring(Job.objects.get(task=stand_still.name))
    assert plain_add.delay(1, 1).get(timeout=20) == 2  # the doubles before it are dealt with
    assert not body.exists()
    go.touch()
    assert result.get(timeout=20) == 1
    assert lines_of(ledger) == lines_of(body) == ["x"]
    assert len(all_ended()) == 4
