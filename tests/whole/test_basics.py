"""The two basic tasks in a real worker."""

from django.db.models.functions import Now

from jobs import enqueue
from jobs.models import Job
from jobs.states import Requested, State

COUNT = "project.tasks.basics.long_running_progress"


def test_every_step_is_reported_and_the_last_one_stays(site):
    job = site.ends(enqueue(COUNT, {"steps": 5, "step_seconds": 0.01}))
    assert job.result == {"steps": 5, "continued_from": 0}
    assert job.progress["message"] == "Step 5 of 5"
    assert (job.progress["current"], job.progress["percent"]) == (5, 100)


def test_a_paused_count_goes_on_from_its_checkpoint(site):
    job = enqueue(COUNT, {"steps": 60, "step_seconds": 0.1})
    row = Job.objects.filter(pk=job.pk)
    site.reaches(job, State.RUNNING)
    row.update(requested=Requested.PAUSE)
    paused = site.reaches(job, State.PAUSED)
    step = paused.checkpoint["step"]
    assert 0 < step < 60
    row.move(State.QUEUED, requested="", ring_at=Now())
    assert site.ends(job).result == {"steps": 60, "continued_from": step}


def test_a_sleeping_task_hears_that_it_is_cancelled(site):
    job = enqueue("project.tasks.basics.task_sleep", {"seconds": 600})
    site.reaches(job, State.RUNNING)
    Job.objects.filter(pk=job.pk).update(requested=Requested.CANCEL)
    site.ends(job, State.CANCELLED)
