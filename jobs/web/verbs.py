"""The one view that carries out what a person does to a job from its page. Each verb is a
plain form; the page shows what became of it live."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from jobs import permissions, registry
from jobs.dispatch.unique import NotUnique
from jobs.execution import control
from jobs.execution.many import AGAIN
from jobs.execution.order import MOST_REASON, Order
from jobs.models import Job
from jobs.params import Invalid
from jobs.reading.verbs import VERBS

from .page import page, person


@page("POST")
@require_POST
def act(request: HttpRequest, job_id: str, verb: str) -> HttpResponse:
    """Carry a verb out on one job."""
    job = permissions.job(person(request), "control", job_id)
    order = Order(request.user, request.POST.get("reason", "").strip()[:MOST_REASON])
    if verb in AGAIN:
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
    except NotUnique as wrong:
        messages.warning(request, wrong.reason)
    except Invalid:
        messages.warning(request, _("Its parameters fit the task no longer: edit them."))
    except registry.UnknownTask:
        messages.warning(request, _("Nothing here knows its task."))
    except ValueError as wrong:
        messages.warning(request, str(wrong))
    return redirect("jobs:job", job.pk)
