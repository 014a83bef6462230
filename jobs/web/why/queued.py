"""What keeps a queued job from being taken: its message, the workers, those before it."""

from collections.abc import Iterator
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs.execution.senseless import MOST_REFUSALS, UNKNOWN
from jobs.models import Event, Job, Worker
from jobs.reading.waiting import COUNTED, Wait

from .check import Case, Check, Link, joined
from .held import no_relay

MOST_NAMED = 3
# What is to be rung as it is queued has nearly the same moment for both.
AT_ONCE = timedelta(seconds=1)


def message(case: Case) -> Iterator[Check]:
    job = case.job
    if refusals := _refusals(case):
        yield _refused(case, refusals)
    elif job.reason and job.reason not in {attempt.reason for attempt in case.attempts}:
        words = _("It could not be put into its queue")
        yield Check(words, job.reason, False, "i-bolt", job.ring_at,
                    because=_("It could not be put into its queue."))  # fmt: skip
    elif job.ring_at is None or job.ring_at <= timezone.now():
        if not case.has_relay:
            yield no_relay(case)
        yield _due(job)
    elif job.rings:
        words = ngettext(
            "The relay rang %(n)d time for it", "The relay rang %(n)d times for it", job.rings
        )
        detail = _("should that be lost too, it rings again")
        yield Check(words % {"n": job.rings}, detail, True, "i-check", job.ring_at)
    else:
        detail = _("should it be lost, it is rung again")
        yield Check(_("Its message is on its way"), detail, True, "i-check", job.ring_at)


def _due(job: Job) -> Check:
    """Its moment to be rung (again) has come; whether it ever was, the row tells."""
    since = job.queued_at or job.created_at
    if job.rings or (job.ring_at is not None and job.ring_at - since > AT_ONCE):
        detail = _("nobody took its message, which may be lost")
        return Check(_("It is about to be rung again"), detail, None, "i-clock")
    detail = _("only some jobs of a queue have one at once; it goes out in its turn")
    return Check(_("Its message is not out yet"), detail, None, "i-clock")


def _refusals(case: Case) -> list[Event]:
    """Of the time that it has been in its queue, the newest first."""
    since = case.job.queued_at or case.job.created_at
    return [e for e in case.events if e.verb == UNKNOWN and e.at >= since]


def _refused(case: Case, refusals: list[Event]) -> Check:
    told = _("refused %(n)d of %(most)d times, then it fails; start a worker that has the code")
    return Check(
        _("The worker %(name)s does not know its task") % {"name": refusals[0].subject},
        told % {"n": len(refusals), "most": MOST_REFUSALS},
        False,
        "i-alert",
        at=case.job.ring_at,
        because=_("A worker of its queue does not know its task; it is rung again."),
    )


def workers(wait: Wait) -> Iterator[Check]:
    if not wait.taking:
        yield _nobody(wait)
        return
    names = ", ".join(worker.name for worker in wait.taking[:MOST_NAMED])
    words = _("%(names)s takes from its queue") % {"names": names}
    free = {"free": wait.free, "slots": wait.slots}
    detail = _("%(free)d of %(slots)d slots are free") % free if wait.free else ""
    yield Check(words, detail, True, "i-check", wait.taking[0].heard_at)
    if wait.behind:
        yield _behind(wait)
    if not wait.free:
        yield _busy(wait)


def _behind(wait: Wait) -> Check:
    """Some of its workers do not take this one, or none does."""
    names = ", ".join(worker.name for worker in wait.behind[:MOST_NAMED])
    if len(wait.behind) < len(wait.taking):
        words = _("%(names)s runs older code and leaves its task to the others")
        return Check(words % {"names": names}, "", None, "i-worker")
    return Check(
        _("No worker of its queue knows its task as it is now"),
        _("%(names)s runs older code: start a worker with the newest") % {"names": names},
        False,
        "i-worker",
        because=_("No worker of its queue has the code for it."),
    )


def _nobody(wait: Wait) -> Check:
    queue = {"queue": wait.job.queue}
    said = [f"{worker.name} {_gone(worker)}" for worker in wait.serving[:MOST_NAMED]]
    here = [worker for worker in wait.workers if worker.takes]
    if not said:
        said = [_("no worker was told to")]
    if here:
        others = ngettext(
            "%(n)d worker serves other queues", "%(n)d workers serve other queues", len(here)
        )
        said.append(others % {"n": len(here)})
    else:
        said.append(_("no worker runs at all"))
    return Check(
        _("No worker takes from its queue"),
        joined(*said),
        False,
        "i-worker",
        at=wait.serving[0].heard_at if wait.serving else None,
        because=_("Nobody serves the queue “%(queue)s”.") % queue,
    )


def _gone(worker: Worker) -> str:
    if worker.leaving_at is not None:
        return _("was told to end")
    if not worker.is_heard:
        return _("is not heard of any more")
    return _("has lost the broker")


def _busy(wait: Wait) -> Check:
    links = tuple(
        Link(f"{job.worker}: {job.task_id}", reverse("jobs:job", args=[job.pk]), job.started_at)
        for job in wait.shown
    )
    unseen = len(wait.running) - len(links)
    others = sum(worker.others for worker in wait.taking)
    more = ngettext("and %(n)d job more", "and %(n)d jobs more", unseen) % {"n": unseen}
    plain = ngettext(
        "%(n)d function runs that is no job, or no longer one",
        "%(n)d functions run that are no jobs, or no longer",
        others,
    )
    words = ngettext("Its only slot is busy", "All %(n)d slots are busy", wait.slots)
    return Check(
        words % {"n": wait.slots},
        joined(more if unseen > 0 else "", plain % {"n": others} if others else ""),
        False,
        "i-worker",
        because=_("All workers of its queue are busy."),
        links=links,
    )


def line(wait: Wait) -> Iterator[Check]:
    """The order in which the relay rings; what was rung before may still be taken first."""
    before = wait.place.before
    if not before:
        yield Check(_("Nothing in its queue goes first"), "", True, "i-check")
        return
    told = ngettext("%(n)s job goes first", "%(n)s jobs go first", before)
    number = f"{before}+" if before >= COUNTED else before
    words = told % {"n": number}
    detail = _("of higher priority, or asked for earlier")
    yield Check(words, detail, None, "i-queue", because=f"{words}.")
