"""Schedules as a month of work leaves them: sound ones, and one of each kind of trouble."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, PeriodicTask, SolarSchedule

from jobs.models import Job, Schedule
from jobs.scheduling import entries
from jobs.states import State
from tests.doors import desk, rows

RUNS = 30
DENSE = "invoice sync"
REASON = "A fire before it has not ended."
How = Callable[[int], dict[str, Any]]


def hang(admin: User, colleague: User, tasks: list[str]) -> dict[str, Job]:
    """The last fires of those that have a page of their own, by what is special there."""
    images, mails, ledger = tasks
    _fired("new digests", mails, every=600, comes=41)
    dense = _dense(admin, colleague, ledger)
    _fired("nightly charges", mails, every=60, comes=12, how=_bad_lately)
    _missed(_fired("nightly ledger", ledger, cron="30 3 * * 1-5", every=86_400, comes=133_000))
    paused = _fired("archive refresh", images, cron="30 2 * * 0", every=604_800, comes=0)
    entries.pause(paused.schedule, by=colleague, note="Until the new disks are in, Tuesday.")
    since = timezone.now() - timedelta(days=9)
    Schedule.objects.filter(pk=paused.schedule_id).update(paused_at=since)
    sunrise = SolarSchedule.objects.create(event="sunrise", latitude=41.15, longitude=-8.61)
    _fired(
        "dawn thumbnails", images, solar=sunrise, every=86_400, comes=59_000, how=_with_errors
    )
    index = _fired("full index", images, cron="0 3 * * 0", every=604_800, comes=45_780)
    rows.job(State.RUNNING, task=images, ago=2520, schedule=index.schedule, owner=admin)
    flawed = _fired("the 31st", ledger, cron="0 0 31 2 *", every=86_400, comes=0)
    why = "Its day never comes: 31 February."
    Schedule.objects.filter(pk=flawed.schedule_id).update(flaw=why)
    entries.event(flawed.schedule, "quarantine", reason=why).save()
    coded = _fired("celery.backend_cleanup", "celery.backend_cleanup", cron="0 4 * * *",
                   every=86_400, comes=49_400)  # fmt: skip
    Schedule.objects.filter(pk=coded.schedule_id).update(key="celery.backend_cleanup")
    return {"fired": dense, "fired-paused": paused, "fired-flawed": flawed}


def _dense(admin: User, colleague: User, task: str) -> Job:
    """Edited, resumed and skipped: all that the page of a schedule has to tell."""
    job = _fired(DENSE, task, cron="*/15 1-2 * * *", every=900, comes=164, how=_overlapping)
    made = job.schedule
    PeriodicTask.objects.filter(pk=made.pk).update(
        description="Provider allows 4 calls an hour."
    )
    policy = {"overlap": "skip", "jitter_seconds": 20, "run_as": admin,
              "blackout": [{"date": "2026-12-25"}]}  # fmt: skip
    Schedule.objects.filter(pk=made.pk).update(**policy)
    entries.pause(made, by=colleague, note="The provider answers 503.")
    entries.resume(made, by=colleague)
    changes = {"before": {"cron": "0,30 1-2 * * *"}, "after": {"cron": "*/15 1-2 * * *"}}
    entries.tell(made, "edit", by=admin, reason="Orders arrive late at night.", **changes)
    _planned(made, 164)
    return job


def _fired(
    name: str, task: str, *, every: float, comes: float, cron: str = "", how: How | None = None,
    **columns: Any,
) -> Job:  # fmt: skip
    """A schedule with its last runs; the newest of them."""
    if cron:
        names = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
        line = dict(zip(names, cron.split(), strict=True))
        columns["crontab"] = CrontabSchedule.objects.create(timezone="Europe/Lisbon", **line)
    if "solar" in columns:
        columns["crontab"] = None
    made = desk.schedule(name, task, **columns)
    _planned(made, comes)
    due = timezone.now() - timedelta(seconds=0.6 * every)
    jobs = [_run(made, due - timedelta(seconds=every * n), n, how) for n in range(RUNS)]
    Job.objects.bulk_create(jobs)
    return jobs[0]


def _run(made: PeriodicTask, due: Any, number: int, how: How | None) -> Job:
    took = timedelta(seconds=8 + 5 * (number * 7 % 4))
    columns = {
        "id": f"{made.pk}-{number}", "task_id": made.task, "schedule": made, "due_at": due,
        "created_at": due + timedelta(milliseconds=340), "started_at": due, "attempt": 1,
        "state": State.COMPLETED, "finished_at": due + took, "worker": "main@node-a",
    }  # fmt: skip
    return Job(**columns | (how(number) if how else {}))


def _bad_lately(number: int) -> dict[str, Any]:
    broken = {"state": State.FAILED, "error_type": "CardDeclined", "error": "No money."}
    return broken if number < 9 or number == 20 else {}


def _overlapping(number: int) -> dict[str, Any]:
    skipped = {"state": State.SKIPPED, "started_at": None, "reason": REASON, "attempt": 0}
    late = {"state": State.COMPLETED, "tags": ["caught up"]}
    return {0: skipped, 7: skipped, 8: late, 16: skipped}.get(number, {})


def _with_errors(number: int) -> dict[str, Any]:
    return {"state": State.COMPLETED_WITH_ERRORS, "errors_count": 2} if not number else {}


def _missed(job: Job) -> None:
    told = {"reason": "Nobody was there at its time.", "tags": ["missed"]}
    lost = {"state": State.SKIPPED, "started_at": None, "attempt": 0, **told}
    newest = _run(job.schedule, timezone.now() - timedelta(hours=9), RUNS, lambda n: lost)
    newest.insert()
    edge = {"from": newest.due_at.isoformat(), "until": newest.due_at.isoformat()}
    after = {"count": 1, "caught_up": 0, "is_more": False, **edge}
    entries.event(job.schedule, "misfire", after=after).save()


def _planned(made: PeriodicTask, comes: float) -> None:
    due = timezone.now() + timedelta(seconds=comes) if comes else None
    Schedule.objects.filter(pk=made.pk).update(due_at=due, fire_at=due)
    Schedule.objects.filter(pk=made.pk).update(stale_at=None)
