"""What keeps a job in its row, before any worker could take it."""

from collections.abc import Iterator

from django.db.models import Q
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from jobs import permissions
from jobs.models import Event, Job, JobQuerySet
from jobs.states import State, WaitingFor

from .check import Case, Check, Link, called, joined, told

ERROR_CHARS = 300
MOST_STEPS = 5
# What is let go by the relay when its moment has come, and by nobody else.
BY_RELAY = frozenset({WaitingFor.TIME, WaitingFor.TASK, WaitingFor.BROKER})


def is_misfit(job: Job) -> bool:
    """Whether it is held for what it was given."""
    return job.waiting_for == WaitingFor.START and bool(job.field_errors)


def start(case: Case) -> Iterator[Check]:
    job = case.job
    if job.waiting_for != WaitingFor.START:
        return
    if is_misfit(job):
        yield Check(
            _("Its parameters do not fit the task"),
            _("edit them, then start it: %(names)s") % {"names": _misfits(job)},
            False,
            "i-alert",
            because=_("Its parameters no longer fit its task."),
            links=(Link(_("Edit"), reverse("jobs:edit", args=[job.pk])),),
        )
    yield Check(
        _("Nobody has started it"),
        joined(_held_by(case), _("its owner and the managers of its task can start it")),
        False,
        "i-user",
        because=_("It is held until a person starts it."),
        verb="start",
    )


def _held_by(case: Case) -> str:
    if whose := told(case.last("hold", "misfit")):
        return _("held %(whose)s") % {"whose": whose}
    owner = case.job.owner
    if owner is None or is_misfit(case.job):
        return ""
    return _("asked for with hold by %(name)s") % {"name": called(owner)}


def _misfits(job: Job) -> str:
    """album: Enter a whole number. · …"""
    found = [(name, text) for name, texts in (job.field_errors or {}).items() for text in texts]
    return " · ".join(f"{name}: {text}" if name else text for name, text in found)


def pause(case: Case) -> Iterator[Check]:
    if case.job.state != State.PAUSED:
        return
    event = case.last("pause")
    kept = _("its checkpoint is kept, it goes on from there")
    if case.job.checkpoint is None:
        kept = _("it has no checkpoint, it begins anew") if case.job.attempt else ""
    yield Check(
        _("It is paused"),
        joined(told(event), kept, _("no worker is held")),
        False,
        "s-paused",
        at=event.at if event else None,
        because=_("It is paused until a person resumes it."),
        verb="resume",
    )


def attempt(case: Case) -> Iterator[Check]:
    if case.job.state != State.RETRYING:
        return
    last = case.attempts[0] if case.attempts else None
    why = ""
    if last is not None:
        why = joined(": ".join(filter(None, [last.error_type, last.error])), last.reason)
    yield Check(
        _("Attempt %(n)s failed") % {"n": case.job.attempt},
        Truncator(why).chars(ERROR_CHARS),
        None,
        "s-retrying",
        at=last.finished_at if last else None,
    )


def task(case: Case) -> Iterator[Check]:
    """A job that is in its queue already runs, whatever became of its task."""
    row = case.task
    if row is None:
        detail = _("no worker that told of its tasks has it")
        yield Check(_("Its task is not known here"), detail, None, "i-alert")
    elif row.missing_at is not None or row.error:
        detail = _("the code that was started last does not have it, or cannot be imported")
        yield Check(_("Its task is missing"), detail, False, "i-alert", row.missing_at,
                    because=_("Its task is missing from the code."))  # fmt: skip
    elif row.enabled:
        yield Check(_("Its task is enabled"), "", True, "i-check")
    elif case.job.state == State.RETRYING or case.job.waiting_for in BY_RELAY:
        yield _disabled(case)
    elif case.job.state == State.QUEUED:
        detail = _("that holds back new jobs; this one was in its queue before")
        yield Check(_("Its task is disabled"), detail, None, "i-lock")


def _disabled(case: Case) -> Check:
    edits = Event.objects.filter(task=case.job.task_id, job=None, verb="edit")
    newest = edits.select_related("actor").order_by("-at", "-id")[:20]
    event = next((e for e in newest if (e.after or {}).get("enabled") is False), None)
    return Check(
        _("Its task is disabled"),
        joined(told(event), _("a manager of the task can enable it")),
        False,
        "i-lock",
        at=event.at if event else None,
        because=_("Its task is disabled."),
    )


def time(case: Case) -> Iterator[Check]:
    job = case.job
    if job.state == State.PAUSED:
        return
    if not case.is_early:
        detail = "" if job.not_before else _("no time was set before which it may not start")
        yield Check(_("Its time has come"), detail, True, "i-check", job.not_before)
        return
    words, because = _("Its time has not come"), _("It waits for its time.")
    if job.state == State.RETRYING:
        words = _("The next attempt is not due yet")
        because = _("Attempt %(n)s failed; another follows.") % {"n": job.attempt}
    yield Check(words, _set_by(case), False, "i-clock", job.not_before, because=because)


def _set_by(case: Case) -> str:
    edits = (event for event in case.events if event.verb == "edit")
    event = next((event for event in edits if "not_before" in (event.after or {})), None)
    return _("set %(whose)s") % {"whose": whose} if (whose := told(event)) else ""


def _before(job: Job) -> tuple[str, JobQuerySet]:
    live = Job.objects.live()
    if job.backfill_id is not None and not job.attempt:
        going = live.filter(backfill=job.backfill_id).exclude(waiting_for=job.waiting_for)
        return _("Its backfill lets only so many run at once"), going
    if job.due_at is not None and not job.attempt:
        earlier = live.filter(Q(due_at__lt=job.due_at) | ~Q(waiting_for=job.waiting_for))
        told = _("The runs of its schedule before it have not ended")
        return told, earlier.filter(schedule=job.schedule_id, backfill=None)
    steps = live.filter(parent_id=job.pk) if job.root_id else live.filter(root_id=job.pk)
    return _("What took its place has not ended"), steps


def upstream(case: Case) -> Iterator[Check]:
    """Of a fire, those before it come first; of a task that replaced itself, what took its
    place."""
    job = case.job
    if job.waiting_for != WaitingFor.UPSTREAM:
        return
    what, steps = _before(job)
    seen = permissions.jobs(case.user).filter(pk__in=steps.exclude(pk=job.pk).values("pk"))
    links = tuple(
        Link(f"{step.task_id}: {step.get_state_display()}", reverse("jobs:job", args=[step.pk]))
        for step in seen.order_by("created_at").only("id", "task", "state")[:MOST_STEPS]
    )
    yield Check(
        what,
        "" if links else _("none of its steps is in a place where you may see it"),
        False,
        "i-flow",
        because=_("It waits for the jobs before it."),
        links=links,
    )


def broker(case: Case) -> Iterator[Check]:
    if case.job.waiting_for == WaitingFor.BROKER:
        yield Check(
            _("The broker did not answer when it was to be told of this job"),
            _("the job is safe in the database and goes out when the broker is back"),
            False,
            "i-bolt",
            because=_("The broker cannot be reached."),
        )


def relay(case: Case) -> Iterator[Check]:
    """Who lets go what is due."""
    job = case.job
    needed = job.state == State.RETRYING or job.waiting_for in BY_RELAY
    if case.has_relay and (needed or job.state == State.QUEUED):
        detail = _("it lets go what is due, and rings again for what was lost")
        yield Check(_("The relay is at work"), detail, True, "i-check")
    elif needed:
        yield no_relay(case)


def no_relay(case: Case) -> Check:
    detail = _("it lets go what is due and rings again for what was lost: start beat")
    at = case.relay.renewed_at if case.relay else None
    return Check(_("No relay is at work"), detail, False, "i-beat", at,
                 because=_("No relay is at work: nothing that is due is let go."))  # fmt: skip
