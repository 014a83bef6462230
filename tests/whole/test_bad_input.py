"""What tasks and callers may do wrong, in every place where a text or a value is kept."""

import json

import pytest
from celery import current_app
from django_celery_results.models import TaskResult

from jobs import enqueue
from jobs.conf import configuration
from jobs.models import Job
from jobs.models.shape import job_shape
from jobs.states import State
from tests.hostile_tasks import HUGE, NASTY, hand_back, hand_on, return_text, say, scream
from tests.sample_tasks import add
from tests.waiting import eventually

WAYS = (
    "message", "step", "log", "level", "print", "error", "checkpoint", "attach", "status",
    "number",
)  # fmt: skip
HARMFUL = ("\x00", "\x07", "\u202e", *map(chr, range(0xD800, 0xD802)))


def texts_in(value):
    """Every text in a row, a list or a dictionary."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from texts_in(key)
            yield from texts_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_in(inner)


def everything_of(job_id):
    """All texts that are kept of a job, wherever."""
    job = Job.objects.get(pk=job_id)
    related = [job.attempts, job.log_chunks, job.errors, job.artifacts, job.events]
    rows = [*Job.objects.filter(pk=job_id).values()]
    rows += TaskResult.objects.filter(task_id=job_id).values()
    rows += [row for rows in related for row in rows.values()]
    json.dumps(job_shape(job), allow_nan=False).encode()
    json.dumps(job.facts()).encode()
    return [text for row in rows for text in texts_in(row)]


def test_nothing_harmful_that_a_task_says_is_kept_as_it_is(site):
    jobs = {way: say.delay("nasty", way) for way in WAYS}
    for way, result in jobs.items():
        job = eventually(lambda result=result: (row := site.job(result)).is_final and row, 30)
        assert job.state in (State.COMPLETED, State.COMPLETED_WITH_ERRORS), (way, job.traceback)
        kept = everything_of(job.id)
        assert not [text for text in kept for harm in HARMFUL if harm in text], way
        assert way in ("number", "level", "attach") or any(
            "<script>" in text for text in kept
        ), way


def test_nothing_endless_that_a_task_says_is_kept_in_full(site):
    jobs = {way: say.delay("huge", way) for way in WAYS}
    for way, result in jobs.items():
        job = eventually(lambda result=result: (row := site.job(result)).is_final and row, 60)
        assert job.is_final and job.attempt == 1, way
        assert job.state != State.FAILED or way == "checkpoint", (way, job.traceback)
        assert max(map(len, everything_of(job.id))) < 200_000, way
    checkpoint = site.job(jobs["checkpoint"])
    assert str(configuration().checkpoint_max_bytes) in checkpoint.error


@pytest.mark.parametrize("kind", ["nasty", "huge"])
def test_the_text_of_an_error_is_kept_harmless_and_bounded(site, kind):
    result = scream.delay(kind)
    job = site.ends(result, State.FAILED)
    assert job.error_type == "ValueError"
    kept = everything_of(job.id)
    assert max(map(len, kept)) < 200_000
    assert not [text for text in kept for harm in HARMFUL if harm in text]
    assert result.state == "FAILURE"
    assert "ValueError" in job.traceback
    with pytest.raises(ValueError):
        result.get(timeout=5)


@pytest.mark.parametrize("kind", ["object", "bytes", "set", "nan", "infinity", "duration"])
def test_a_result_that_is_no_json_fails_the_job_with_words(site, kind):
    job = site.ends(hand_back.delay(kind), State.FAILED)
    assert "result" in job.reason.lower()
    assert job.result is None
    assert TaskResult.objects.get(task_id=job.id).status == "FAILURE"


@pytest.mark.parametrize("kind", ["nasty", "date", "integer"])
def test_an_odd_result_is_kept_as_json(site, kind):
    result = hand_back.delay(kind)
    job = site.ends(result)
    assert job.result is not None
    assert not [text for text in everything_of(job.id) for harm in HARMFUL if harm in text]
    assert result.get(timeout=5) is not None


def test_a_result_is_kept_up_to_its_limit_and_not_beyond(site):
    limit = configuration().result_max_bytes
    fits = enqueue("tests.hostile_tasks.return_text", {"size": limit - 2})
    assert len(site.ends(fits).result) == limit - 2
    over = site.ends(return_text.delay(limit - 1), State.FAILED)
    assert str(limit) in over.reason
    assert site.ends(hand_back.delay("huge"), State.FAILED).result is None


def test_arguments_may_hold_anything_that_celery_sends(site):
    result = hand_on.delay(NASTY.replace("\ud800", ""))
    assert site.ends(result).state == State.COMPLETED
    everything_of(result.id)
    assert site.ends(hand_on.delay({"deep": [{"\x00": "\x00"}]}))
    big = site.ends(hand_on.delay(HUGE), State.FAILED)
    assert max(map(len, map(str, big.params.values()))) < 200_000


def test_arguments_that_nobody_can_send_are_refused_where_they_are_given(site):
    before = Job.objects.count()
    for value in (object(), {1, 2, object()}):
        with pytest.raises((TypeError, ValueError)):
            hand_on.delay(value)
    assert Job.objects.count() == before


def test_an_id_that_no_database_can_hold_is_refused(site):
    for name in ("x" * 256, "a\x00b", "a\ud800b", ""):
        with pytest.raises(ValueError, match="task_id"):
            add.apply_async((1, 1), task_id=name)
    assert not Job.objects.exists()


def test_arguments_that_do_not_fit_the_function_fail_the_job_with_words(site):
    with pytest.raises(TypeError):
        add.delay(1, 2, 3)
    for args, kwargs in [((1, 2, 3), {}), ((), {"z": 1}), (("one",), {"x": 1})]:
        by_name = current_app.send_task("tests.sample_tasks.add", args, kwargs)
        assert site.ends(by_name, State.FAILED).error_type == "TypeError"
