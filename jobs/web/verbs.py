"""What a person may do to a job from its page: which verbs are offered, and the one view
that carries them out. Each is a plain form; the page shows what became of it live."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST

from jobs import permissions, registry
from jobs.execution import control
from jobs.execution.order import MOST_REASON, Order
from jobs.models import Job
from jobs.params import Invalid
from jobs.states import ACTIVE, FINAL, LIVE, WAITING, Requested, State, WaitingFor

from .page import page, person


@dataclass(frozen=True)
class Verb:
    """One verb, and when it makes sense. `asks` is the question before a destructive one;
    without it the verb is carried out at once."""

    name: str
    label: Any
    icon: str
    fits: Callable[[Job], bool]
    asks: Any = ""
    is_aside: bool = False  # offered in the menu, not in the row

    @property
    def does(self) -> str:
        """The label of the button that does it, after the question."""
        return str(self.label).rstrip("…")


def _is_held(job: Job) -> bool:
    return job.state == State.PENDING and job.waiting_for == WaitingFor.START


def _may_pause(job: Job) -> bool:
    still = job.waiting_for in (WaitingFor.START, WaitingFor.UPSTREAM)
    return job.state in LIVE - {State.PAUSED} and not job.requested and not still


def _may_resume(job: Job) -> bool:
    return job.state == State.PAUSED or job.requested == Requested.PAUSE


VERBS = (
    Verb("start", lazy("Start"), "i-play", _is_held),
    Verb("resume", lazy("Resume"), "i-play", _may_resume),
    Verb("pause", lazy("Pause"), "i-pause", _may_pause),
    Verb(
        "cancel",
        lazy("Cancel…"),
        "i-x",
        lambda job: job.state in LIVE and job.requested != Requested.CANCEL,
        lazy("It stops at its next safe point; what it has written so far stays."),
    ),
    Verb(
        "terminate",
        lazy("End now…"),
        "i-x",
        lambda job: job.state in ACTIVE and bool(job.requested),
        lazy("Its process is ended without waiting for a safe point."),
    ),
    Verb(
        "stack",
        lazy("Show its stack"),
        "i-queue",
        lambda job: job.state in ACTIVE,
        is_aside=True,
    ),
    Verb("retry", lazy("Run again"), "i-play", lambda job: job.state in FINAL),
    Verb(
        "continue",
        lazy("Run again from its checkpoint"),
        "i-play",
        lambda job: job.state in FINAL and job.checkpoint is not None,
        is_aside=True,
    ),
    Verb(
        "fail",
        lazy("Mark as failed…"),
        "i-x",
        lambda job: job.state in WAITING,
        lazy("Nobody holds it; it ends as failed, and what comes after it is told so."),
        is_aside=True,
    ),
)
_AGAIN = ("retry", "continue")


def offered(user: permissions.Person, job: Job) -> list[Verb]:
    """The verbs that make sense for the job now and that `user` may use."""
    fitting = [verb for verb in VERBS if verb.fits(job)]
    if not fitting or not permissions.may(user, "control", job):
        return []
    may_run = permissions.tasks(user, "run").filter(pk=job.task_id).exists()
    return [verb for verb in fitting if may_run or verb.name not in _AGAIN]


@page("POST")
@require_POST
def act(request: HttpRequest, job_id: str, verb: str) -> HttpResponse:
    """Carry a verb out on one job."""
    job = permissions.job(person(request), "control", job_id)
    order = Order(request.user, request.POST.get("reason", "").strip()[:MOST_REASON])
    if verb in _AGAIN:
        return _again(request, job, order, from_checkpoint=verb == "continue")
    if verb not in {each.name for each in VERBS}:
        raise Http404
    chosen = permissions.jobs(person(request), "control").filter(pk=job.pk)
    if not getattr(control, verb)(chosen, order):
        messages.warning(request, _("The job had moved on before; nothing was changed."))
    return redirect("jobs:job", job.pk)


def _again(
    request: HttpRequest, job: Job, order: Order, *, from_checkpoint: bool
) -> HttpResponse:
    permissions.task(person(request), "run", job.task_id)
    try:
        return redirect("jobs:job", control.retry(job, order, from_checkpoint=from_checkpoint))
    except Invalid:
        messages.warning(request, _("Its parameters fit the task no longer: edit them."))
    except registry.UnknownTask:
        messages.warning(request, _("Nothing here knows its task."))
    except ValueError as wrong:
        messages.warning(request, str(wrong))
    return redirect("jobs:job", job.pk)
