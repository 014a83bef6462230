"""Celery's canvas, every step a job."""

from datetime import UTC, datetime

import pytest
from celery import chain, chord, group

from jobs.models import Job
from jobs.states import State
from tests.hostile_tasks import hand_on, replace_with
from tests.sample_tasks import (
    add,
    ignored,
    leave_line,
    plain_add,
    replace_with_add,
    replace_with_chain,
    succeed_after,
    xsum,
)
from tests.waiting import eventually


def all_ended(site):
    eventually(lambda: not Job.objects.live().exists())
    return list(Job.objects.order_by("created_at"))


def test_a_chain_hands_each_result_to_the_next_step(site):
    result = chain(plain_add.s(1, 2), plain_add.s(3), add.s(y=4)).apply_async()
    assert result.get(timeout=20) == 10
    first, second, third = all_ended(site)
    assert [first.state, second.state, third.state] == [State.COMPLETED] * 3
    assert second.root_id == third.root_id == first.id
    assert (second.parent_id, third.parent_id) == (first.id, second.id)
    assert [result.parent.parent.id, result.parent.id, result.id] == [
        first.id, second.id, third.id
    ]  # fmt: skip


def test_an_immutable_step_takes_only_its_own_arguments(site):
    assert chain(plain_add.s(1, 2), plain_add.si(5, 5)).delay().get(timeout=20) == 10


def test_a_group_is_many_jobs_and_one_result(site):
    result = group(plain_add.s(n, n) for n in range(4)).apply_async()
    assert result.get(timeout=20) == [0, 2, 4, 6]
    assert {job.group_id for job in all_ended(site)} == {result.id}


def test_a_chord_runs_its_body_once_with_the_results_in_order(site):
    result = chord([plain_add.s(n, n) for n in range(5)])(xsum.s())
    assert result.get(timeout=20) == 20
    assert [job.task_id for job in all_ended(site)].count(xsum.name) == 1


def test_a_chord_of_one_part_and_one_of_none_run_their_body(site):
    assert chord([plain_add.s(1, 1)])(xsum.s()).get(timeout=20) == 2
    assert chord([])(xsum.s()).get(timeout=20) == 0


@pytest.mark.parametrize(
    ("canvas", "expected"),
    [
        (group(plain_add.s(1, 1), plain_add.s(2, 2)) | xsum.s(), 6),
        (plain_add.s(1, 1) | group(plain_add.s(1), plain_add.s(2)) | xsum.s(), 7),
        (group(plain_add.s(1, 1), plain_add.s(2, 2)) | xsum.s() | plain_add.s(10), 16),
        (plain_add.s(1, 1) | group(plain_add.s(1), plain_add.s(2)), [3, 4]),
        (
            group(plain_add.s(1, 1), plain_add.s(1, 2)) | group(xsum.s(), xsum.s()) | xsum.s(),
            10,
        ),
        (chord([plain_add.s(1, 1) | plain_add.s(1), plain_add.s(2, 2)], xsum.s()), 7),
        (chord([chord([plain_add.s(1, 1)], xsum.s()), plain_add.s(2, 2)], xsum.s()), 6),
        (
            chord([group(plain_add.s(1, 1), plain_add.s(2, 2)) | xsum.s()] * 2, xsum.s())
            | plain_add.s(1),
            13,
        ),
        (group(chain(plain_add.s(1, 1), plain_add.s(1)), plain_add.s(0, 0)), [3, 0]),
    ],
    ids=str,
)
def test_nested_canvas_gives_what_plain_celery_gives(site, canvas, expected):
    assert canvas.apply_async().get(timeout=30) == expected
    assert {job.state for job in all_ended(site)} == {State.COMPLETED}


def test_values_keep_their_type_from_step_to_step(site):
    moment = datetime(2026, 2, 28, 12, tzinfo=UTC)
    result = chain(hand_on.s(moment), hand_on.s(), hand_on.s()).apply_async()
    assert result.get(timeout=20) == moment
    assert result.parent.get(timeout=5) == moment
    assert site.ends(result).result == "2026-02-28T12:00:00Z"


def test_a_link_runs_once_after_success_with_the_result(site):
    result = plain_add.apply_async((1, 2), link=plain_add.s(10))
    assert result.get(timeout=20) == 3
    first, linked = all_ended(site)
    assert (linked.result, linked.parent_id) == (13, first.id)


def test_the_link_of_a_chain_runs_once_after_its_last_step(site, tmp_path):
    ledger = tmp_path / "ledger"
    chain(plain_add.s(1, 1), plain_add.s(1)).apply_async(link=leave_line.si(str(ledger)))
    assert [job.task_id for job in all_ended(site)] == [plain_add.name] * 2 + [leave_line.name]
    assert ledger.read_text() == "x\n"


def test_a_replaced_task_keeps_its_id_and_its_place(site):
    result = replace_with_add.delay(1, 2)
    assert result.get(timeout=20) == 3
    (job,) = all_ended(site)
    assert (job.id, job.task_id, job.attempt) == (result.id, plain_add.name, 2)


def test_a_task_replaced_by_a_chain_is_over_when_the_chain_is(site):
    result = replace_with_chain.delay(1, 2)
    assert result.get(timeout=20) == 4
    assert site.job(result).result == 4
    assert len(all_ended(site)) == 2


def test_a_replaced_task_keeps_what_comes_after_it(site):
    steps = chain(replace_with_chain.s(1, 2), plain_add.s(10), replace_with_add.s(100))
    assert steps.apply_async().get(timeout=20) == 114
    linked = replace_with_add.apply_async((1, 2), link=plain_add.s(1000))
    assert linked.get(timeout=20) == 3
    assert 1003 in [job.result for job in all_ended(site)]


def test_a_task_replaced_by_a_group_or_a_chord_has_their_result(site):
    assert replace_with.delay(group(plain_add.s(1, 1), plain_add.s(2, 2))).get(timeout=20) == [
        2,
        4,
    ]
    assert replace_with.delay(chord([plain_add.s(1, 1)] * 2, xsum.s())).get(timeout=20) == 4
    steps = chain(replace_with.s(group(plain_add.s(1, 1), plain_add.s(2, 2))), xsum.s())
    assert steps.apply_async().get(timeout=20) == 6
    assert {job.state for job in all_ended(site)} == {State.COMPLETED}


def test_replaced_parts_of_a_chord_count_once(site):
    parts = [replace_with_add.s(1, 1), replace_with_chain.s(2, 2), plain_add.s(3, 3)]
    assert chord(parts)(xsum.s()).get(timeout=20) == 13
    assert chord([replace_with_add.s(1, 1)] * 2)(xsum.s() | plain_add.s(1)).get(timeout=20) == 5


def test_a_part_that_is_retried_counts_once(site, tmp_path):
    parts = [succeed_after.s(2, str(tmp_path / "ledger")), plain_add.s(1, 1)]
    assert chord(parts)(xsum.s()).get(timeout=20) == 5


def test_a_part_whose_result_is_ignored_still_counts(site):
    assert chord([ignored.s(5), plain_add.s(1, 1)])(xsum.s()).get(timeout=20) == 7


def test_maps_and_chunks_of_celery_work_and_make_no_jobs(site):
    assert plain_add.starmap([(1, 1), (2, 2)]).delay().get(timeout=20) == [2, 4]
    chunked = plain_add.chunks([(n, n) for n in range(4)], 2).group().apply_async()
    assert chunked.get(timeout=20) == [[0, 2], [4, 6]]
    assert not Job.objects.exists()
