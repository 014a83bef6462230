"""Messages that a worker can make no sense of. It goes on, and people see what came."""

from typing import Any

from celery.exceptions import NotRegistered
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from jobs import sanitize
from jobs.conf import configuration
from jobs.dispatch.changes import FACTS, tell_on_commit
from jobs.models import Event, Job
from jobs.states import State

from .finish import finish
from .outcome import Ending

# So often may workers not know the task of a job before it is failed for good. Rung later
# and later, that gives a deployment some minutes.
MOST_REFUSALS = 4
UNKNOWN, UNREADABLE = "unknown_task", "unreadable_message"
NAME_MAX_CHARS = 255


def unknown_task(job_id: str, task: str, worker: str) -> None:
    """This worker has no code for the task. Another may have it: the job stays queued and
    says why, until it was refused too often."""
    reason = _("The worker %(worker)s does not know the task %(task)s.") % {
        "worker": worker,
        "task": sanitize.text(task, NAME_MAX_CHARS),
    }
    job = Job.objects.filter(pk=job_id, task=task, state=State.QUEUED)
    with transaction.atomic():
        rows = job.update_returning(FACTS, reason=reason, version=F("version") + 1)
        for row in rows:
            tell_on_commit(row)
            _note(UNKNOWN, worker, reason, job_id=row.pk, task_id=row.task_id)
            if row.events.filter(verb=UNKNOWN).count() >= MOST_REFUSALS:
                finish(job, _as_failure(task, reason))
        if not rows:
            _note(UNKNOWN, worker, reason)


def _as_failure(task: str, reason: str) -> Ending:
    return Ending(State.FAILED, reason, exception=NotRegistered(task))


def unreadable_message(worker: str, error: BaseException | None) -> None:
    """Broken, or in a format that is refused, such as pickle. A job that it may have been
    about is rung again."""
    why = sanitize.text(str(error), 1000) if error else _("it names no task")
    reason = _("A message could not be read: %s") % why
    _note(UNREADABLE, worker, reason)


def _note(verb: str, worker: str, reason: str, **about: Any) -> None:
    """What is about no job of ours is told of only where such messages are welcome: else
    whoever can write to the broker could fill the database."""
    if about or configuration().foreign_messages == "adopt":
        Event.objects.create(verb=verb, subject=worker[:NAME_MAX_CHARS], reason=reason, **about)
