"""Messages that a worker can make no sense of. It goes on, and people see what came."""

import logging
import time
from collections import Counter
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

from . import behind
from .finish import finish
from .outcome import Ending

logger = logging.getLogger(__name__)

# So often may workers not know the task of a job before it is failed for good. Rung later
# and later, that gives a deployment some minutes.
MOST_REFUSALS = 4
UNKNOWN, UNREADABLE, REFUSED = "unknown_task", "unreadable_message", "refused_message"
# Where foreign messages are refused, each process tells of one of a kind in so many seconds:
# else whoever can write to the broker could fill the database.
QUIET_SECONDS = 60.0
_told_at: dict[str, float] = {}
_untold: Counter[str] = Counter()
NAME_MAX_CHARS = 255


def unknown_task(job_id: str, task: str, worker: str) -> None:
    """This worker has no code for the task. Another may have it: the job stays queued and
    says why, until it was refused too often. That does not count while a worker that has
    the code takes from its queue: then it is only a matter of who gets the message."""
    if behind.others_know(job_id, task) and behind.hand_on(job_id):
        return
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


def refused_message(job_id: str, task: str, worker: str) -> None:
    """It came from a program without our code, and may not become a job."""
    reason = _("A message for %(task)s with the id %(id)s is none of ours and was not run.") % {
        "task": sanitize.text(task, NAME_MAX_CHARS),
        "id": sanitize.text(job_id, NAME_MAX_CHARS),
    }
    logger.warning("%s", reason)
    _note(REFUSED, worker, reason)


def _note(verb: str, worker: str, reason: str, **about: Any) -> None:
    """An Event about a job always, about no job of ours as the site treats such messages."""
    word = configuration().foreign_messages
    if not about and (word == "ignore" or (word == "refuse" and _is_too_early(verb))):
        return
    if missed := _untold.pop(verb, 0):
        reason = _("%(reason)s Before it came %(number)d more.") % {
            "reason": reason,
            "number": missed,
        }
    Event.objects.create(verb=verb, subject=worker[:NAME_MAX_CHARS], reason=reason, **about)


def _is_too_early(verb: str) -> bool:
    """Whether one of this kind was told of a moment ago; then this one is only counted."""
    now = time.monotonic()
    if now - _told_at.get(verb, -QUIET_SECONDS) < QUIET_SECONDS:
        _untold[verb] += 1
        return True
    _told_at[verb] = now
    return False
