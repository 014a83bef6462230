"""A job's way through real processes, as code that calls tasks sees it."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from celery import current_app
from django.contrib.auth.models import User
from django.db import transaction
from django_celery_results.models import TaskResult

from jobs import enqueue
from jobs.models import Job
from jobs.states import State
from tests import hostile_tasks, sample_tasks
from tests.waiting import eventually


def lines_of(path):
    return path.read_text().splitlines() if path.exists() else []


def test_a_job_runs_and_its_result_is_kept(site):
    job = enqueue("tests.sample_tasks.add", {"x": 2, "y": 3})
    assert site.ends(job).result == 5
    assert sample_tasks.add.AsyncResult(job.id).get(timeout=5) == 5
    row = TaskResult.objects.get(task_id=job.id)
    assert (row.status, row.result, row.task_name) == ("SUCCESS", "5", "tests.sample_tasks.add")
    assert row.worker == "main@tests"


def test_a_job_that_raises_fails_with_words_and_a_traceback(site):
    job = site.ends(enqueue("tests.sample_tasks.fail", {"message": "no"}), State.FAILED)
    assert "ValueError" in job.reason
    assert job.error == "no"
    assert "Traceback" in job.traceback
    row = TaskResult.objects.get(task_id=job.id)
    assert row.status == "FAILURE"
    assert "Traceback" in row.traceback
    result = sample_tasks.fail.AsyncResult(job.id)
    with pytest.raises(ValueError, match="no"):
        result.get(timeout=5)


def test_every_way_to_call_a_task_makes_a_job_that_ends(site):
    calls = [
        sample_tasks.plain_add.delay(1, y=2),
        sample_tasks.plain_add.apply_async((1,), {"y": 2}),
        sample_tasks.plain_add.s(1).apply_async((2,)),
        sample_tasks.plain_add.si(1, 2).delay(),
        current_app.send_task("tests.sample_tasks.plain_add", (1, 2)),
        current_app.send_task("tests.sample_tasks.plain_add", kwargs={"x": 1, "y": 2}),
        sample_tasks.add.delay(1, y=2),
        sample_tasks.add_async.delay(1, 2),
    ]
    assert [call.get(timeout=20) for call in calls] == [3] * len(calls)
    assert {site.ends(call).state for call in calls} == {State.COMPLETED}
    assert Job.objects.count() == len(calls)


def test_typed_arguments_arrive_as_they_were_sent(site):
    when, ident, amount = datetime(2026, 2, 28, tzinfo=UTC), UUID(int=7), Decimal("1.10")
    result = sample_tasks.typed.delay(when, ident, amount=amount)
    assert result.get(timeout=20) == ["datetime", "UUID", "Decimal"]


def test_a_task_with_a_base_of_its_own_and_a_class_based_one_end_as_jobs(site):
    own, classy = sample_tasks.with_own_base.delay(), hostile_tasks.double.delay(4)
    assert own.get(timeout=20) == "own"
    assert classy.get(timeout=20) == [8, classy.id]
    assert site.ends(own).attempt == site.ends(classy).attempt == 1


def test_an_own_task_id_is_kept_and_asked_for_twice_it_runs_once(site, tmp_path):
    ledger = tmp_path / "ledger"
    name = f"order 17/{uuid4()}"
    first = sample_tasks.leave_line.apply_async((str(ledger),), task_id=name)
    second = sample_tasks.leave_line.apply_async((str(ledger),), task_id=name)
    assert first.id == second.id == name
    assert first.get(timeout=20) == second.get(timeout=20) == 1
    assert (
        sample_tasks.leave_line.apply_async((str(ledger),), task_id=name).get(timeout=20) == 1
    )
    assert lines_of(ledger) == ["x"]


def test_a_job_whose_result_nobody_wants_ends_like_any_other(site):
    job = site.ends(sample_tasks.ignored.delay(1))
    assert job.result is None
    assert not TaskResult.objects.filter(task_id=job.id).exists()
    once = sample_tasks.plain_add.apply_async((1, 2), ignore_result=True)
    assert site.ends(once).result is None


def test_celery_sees_the_states_of_a_job_that_waits_and_runs(site, tmp_path):
    held = enqueue("tests.sample_tasks.report", {"total": 1}, hold=True)
    assert sample_tasks.report.AsyncResult(held.id).state == "PENDING"
    go = tmp_path / "go"
    result = sample_tasks.report.delay(10, str(go))
    eventually(lambda: (result.info or {}).get("current") == 10)
    assert result.state == "STARTED"
    assert result.info["percent"] == 100.0
    go.touch()
    assert result.get(timeout=20) == 10
    assert result.state == "SUCCESS"


def test_update_state_is_progress_and_never_ends_a_job(site, tmp_path):
    ledger, go = tmp_path / "ledger", tmp_path / "go"
    result = hostile_tasks.tell_states.delay(str(ledger), str(go))
    eventually(lambda: (site.job(result).progress or {}).get("current") == 3)
    job = site.job(result)
    assert (job.state, job.progress["total"], job.progress["message"]) == ("running", 4, "MINE")
    assert not TaskResult.objects.filter(task_id=job.id).exists()
    go.touch()
    assert result.get(timeout=20) == "done"
    assert site.ends(result).result == "done"


def test_a_task_that_tells_failure_and_raises_keeps_its_traceback(site):
    """As a seed task does: `update_state(state="FAILURE", meta=…)`, then `raise`."""
    result = hostile_tasks.tell_failure.delay("raise")
    job = site.ends(result, State.FAILED)
    assert (job.error_type, job.error) == ("KeyError", "'raised'")
    assert "tell_failure" in job.traceback
    assert "tell_failure" in TaskResult.objects.get(task_id=job.id).traceback
    with pytest.raises(KeyError):
        result.get(timeout=5)


def test_a_task_that_tells_failure_and_ignores_has_failed(site):
    job = site.ends(hostile_tasks.tell_failure.delay("ignore"), State.FAILED)
    assert "told" in job.error
    assert TaskResult.objects.get(task_id=job.id).status == "FAILURE"


def test_ignore_and_reject_end_a_job_and_a_requeue_runs_it_again(site, tmp_path):
    ledgers = {how: tmp_path / how for how in ("ignore", "reject", "requeue")}
    results = {
        how: hostile_tasks.leave_by.delay(how, str(path)) for how, path in ledgers.items()
    }
    assert site.ends(results["ignore"]).result is None
    assert site.ends(results["reject"], State.FAILED).error_type == "Reject"
    assert site.ends(results["requeue"]).result == "again"
    assert [len(lines_of(path)) for path in ledgers.values()] == [1, 1, 2]


def test_a_job_of_an_open_transaction_cannot_be_waited_for(site):
    with transaction.atomic():
        result = sample_tasks.add.delay(1, 2)
        with pytest.raises(RuntimeError, match="commits"):
            result.get(timeout=20)
    assert result.get(timeout=20) == 3


def test_a_job_that_was_rolled_back_never_was(site, tmp_path):
    ledger = tmp_path / "ledger"
    with transaction.atomic():
        sample_tasks.leave_line.delay(str(ledger))
        transaction.set_rollback(True)
    assert not Job.objects.exists()
    assert site.ends(sample_tasks.add.delay(1, 1)).result == 2  # whatever came before is done
    assert not ledger.exists()


def test_jobs_that_a_job_asks_for_belong_to_its_owner(site):
    ana = User.objects.create_user("ana")
    parent = enqueue("tests.sample_tasks.ask", {"times": 2}, by=ana)
    children = site.ends(parent).result
    assert len(children) == 2
    for child in map(site.ends, children):
        assert (child.owner_id, child.parent_id, child.root_id) == (
            ana.pk,
            parent.id,
            parent.id,
        )
    assert site.ends(sample_tasks.add.delay(1, 1)).owner_id is None


def test_counted_errors_make_a_job_complete_with_errors(site):
    job = site.ends(
        enqueue("tests.sample_tasks.count_errors", {"items": 3}), State.COMPLETED_WITH_ERRORS
    )
    assert job.errors_count == 3
    assert [error.item for error in job.errors.all()] == ["item 0", "item 1", "item 2"]
    assert TaskResult.objects.get(task_id=job.id).status == "SUCCESS"
