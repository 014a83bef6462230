"""A worker, the relay's leader, and a job that falls silent twice."""

from jobs.models import Event, Job
from jobs.states import State
from tests.waiting import eventually
from tests.watched_tasks import fall_silent


def stalls(job: Job) -> int:
    return Event.objects.filter(job=job, verb="stall").count()


def test_a_silent_job_is_flagged_until_it_speaks_and_ends_well(site, tmp_path):
    waits = [tmp_path / name for name in ("first", "second")]
    asked = fall_silent.delay([*map(str, waits)])
    job = site.reaches(asked, State.RUNNING)
    assert job.stall_after.total_seconds() == 2
    for number, wait in enumerate(waits, start=1):
        eventually(lambda: site.job(job).stalled_at is not None, 30)
        assert stalls(job) == number
        assert site.job(job).state == State.RUNNING
        wait.touch()
        eventually(lambda: site.job(job).stalled_at is None, 30)
    done = site.ends(job)
    assert (done.attempt, stalls(job)) == (1, 2)
