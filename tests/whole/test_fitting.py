"""Across a deploy: jobs that another release asked for, and what a task itself refuses."""

from jobs import enqueue
from jobs.models import Job
from jobs.states import State, WaitingFor
from tests.fitting_tasks import judged, resize, scale

AS_THE_NEXT_RELEASE = """
import os
os.environ["TEST_RELEASE"] = "next"
from jobs.execution import control
from jobs.models import Job
chosen, order = Job.objects.filter(pk="%s"), control.Order()
assert control.edit(chosen, order, params=%s)
assert control.start(chosen, order)
"""


def held(site, job) -> Job:
    row = site.reaches(job, State.PENDING)
    assert (row.waiting_for, row.attempt, row.lease) == (WaitingFor.START, 0, None)
    return row


def test_what_no_longer_fits_after_a_deploy_is_held_edited_and_run(site):
    waiting = [enqueue(resize, {"side": "wide"}, queue="next")]
    waiting += [scale.apply_async((2,), {"factor": 3}, queue="next")]
    fitting = scale.apply_async((2, 3), queue="next")
    site.start_worker(name="next", slots=1, TEST_RELEASE="next")
    assert site.ends(fitting).result == 6
    ours, plain = [held(site, job) for job in waiting]
    assert set(ours.field_errors) == {"side", "tint", "album"}
    assert set(plain.field_errors) == {"factor", "by"}
    for job, params in ((ours, {"side": 2, "album": 5}), (plain, {"x": 2, "by": 6})):
        site.run(AS_THE_NEXT_RELEASE % (job.pk, params))
    assert [site.ends(job).result for job in (ours, plain)] == [10, 12]
    assert [site.job(job).attempt for job in (ours, plain)] == [1, 1]


def test_a_refusal_by_the_task_itself_is_told_by_field(site):
    job = site.ends(enqueue(judged, {"how": "invalid"}), State.FAILED)
    assert job.field_errors == {"how": ["Not so."], "": ["Not at all."]}
    assert (job.attempt, job.retries) == (0, 0)
    assert site.ends(judged.delay("well")).result == "well in attempt 1"
