"""The page on which a schedule is fired out of its turn, as it is or with other parameters."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django_celery_beat.models import PeriodicTask

from jobs import permissions, registry
from jobs.execution.asked import TICKET, ticket, ticket_id
from jobs.execution.order import MOST_REASON
from jobs.params import Invalid, Unreadable
from jobs.scheduling.entries import run_now
from jobs.scheduling.form.asked import PREFIX, Asked

from .page import page, person, show


class FireForm(forms.Form):
    """The parameters of a schedule, as they are kept; what nobody touches stays so."""

    def __init__(self, entry: PeriodicTask, data: QueryDict | None = None) -> None:
        self.asked = Asked(entry.task, entry)
        initial = {PREFIX + name: value for name, value in self.asked.initial.items()}
        super().__init__(data, initial=initial)
        self.fields |= {PREFIX + name: field for name, field in self.asked.fields.items()}
        self.fields["reason"] = forms.CharField(
            label=lazy("Reason"), required=False, max_length=MOST_REASON,
            help_text=lazy("Kept with the job."),
        )  # fmt: skip

    def take(self, invalid: Invalid) -> None:
        """Errors of parameters on their fields."""
        for name, problems in invalid.fields.items():
            field = PREFIX + name if PREFIX + name in self.fields else None
            told = problems if field or not name else [f"{name}: {each}" for each in problems]
            self.add_error(field, told)


@page("POST")
def fire(request: HttpRequest, schedule_id: int) -> HttpResponse:
    """One job of it, now; POST asks for it."""
    user = person(request)
    entry = permissions.schedule(user, "manage", schedule_id)
    _refuse_who_may_not_run(user, entry.task)
    form = FireForm(entry, request.POST if request.method == "POST" else None)
    sent = request.POST.get(TICKET, "")
    if form.is_bound and (job_id := _fired(form, entry, user, ticket_id(sent, user))):
        return redirect("jobs:job", job_id)
    context = {"section": "schedules", "entry": entry, "form": form, "ticket": ticket(user)}
    return show(request, "jobs/fire.html", context, 422 if form.errors else 200)


def _refuse_who_may_not_run(user: permissions.Person, task: str) -> None:
    if not user.is_superuser and not permissions.tasks(user, "run").filter(pk=task).exists():
        raise PermissionDenied


def _fired(
    form: FireForm, entry: PeriodicTask, user: permissions.Person, job_id: str
) -> str | None:
    """The id of the job; None when `form` now holds errors. Sent twice it is the same one."""
    mine = permissions.jobs(user).filter(pk=job_id)
    if mine.exists():
        return job_id
    if not form.is_valid():
        return None
    given: dict[str, Any] = {"params": form.asked.changed(form), "job_id": job_id}
    try:
        run_now(entry, by=user, reason=form.cleaned_data["reason"].strip(), **given)
    except Invalid as invalid:
        form.take(invalid)
    except Unreadable:
        told = _("A secret cannot be read: SECRET_KEY has changed. Enter it anew.")
        form.add_error(None, told)
    except registry.UnknownTask:
        form.add_error(None, _("Nothing here knows its task."))
    except IntegrityError:
        if not mine.exists():
            raise
    return None if form.errors else job_id
