"""What people write on a job from its page: its tags and its note."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from jobs import permissions
from jobs.execution import control
from jobs.execution.order import Order
from jobs.models import Job

from .page import page, person

MOST_TAGS, LONGEST_TAG, LONGEST_NOTE = 50, 100, 2_000


class Words(forms.Form):
    """The words as they are to be, and as they were when the person saw them: only what
    they changed is written, and only if nobody else has changed it."""

    tags = forms.CharField(required=False)
    note = forms.CharField(required=False, max_length=LONGEST_NOTE)
    was_tags = forms.CharField(required=False, empty_value="[]")
    was_note = forms.CharField(required=False, strip=False)

    def clean_tags(self) -> list[str]:
        tags = [tag.strip() for tag in self.cleaned_data["tags"].split(",")]
        tags = list(dict.fromkeys(filter(None, tags)))
        if len(tags) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in tags):
            told = _("At most %(n)d tags, each of at most %(most)d characters.")
            raise ValidationError(told % {"n": MOST_TAGS, "most": LONGEST_TAG})
        return tags

    def changes(self) -> dict[str, Any]:
        """What `control.annotate` takes."""
        given = self.cleaned_data
        return {
            name: given[name]
            for name in ("tags", "note")
            if _written(given[name]) != self._was(name)
        }

    def is_of(self, job: Job) -> bool:
        """Whether the job says of what is to change what the person saw."""
        return all(_written(getattr(job, name)) == self._was(name) for name in self.changes())

    def _was(self, name: str) -> str:
        return _written(self.cleaned_data[f"was_{name}"])


def _written(value: list[str] | str) -> str:
    """As it comes back from a browser, which ends lines in a way of its own."""
    text = json.dumps(value) if isinstance(value, list) else value
    return text.replace("\r\n", "\n").strip()


@page("POST")
@require_POST
def annotate(request: HttpRequest, job_id: str) -> HttpResponse:
    """Change the tags, the note or both, in whatever state the job is."""
    job = permissions.job(person(request), "control", job_id)
    form = Words(request.POST)
    if not form.is_valid():
        messages.warning(
            request, " ".join(str(e) for told in form.errors.values() for e in told)
        )
    elif form.changes() and not _is_written(request, job, form):
        told = _("Somebody has changed these words meanwhile; nothing was written.")
        messages.warning(request, told)
    return redirect("jobs:job", job.pk)


def _is_written(request: HttpRequest, job: Job, form: Words) -> bool:
    """Written, unless somebody else was first."""
    seen = {name: getattr(job, name) for name in form.changes()}
    chosen = permissions.jobs(person(request), "control").filter(pk=job.pk, **seen)
    is_new = form.is_of(job) and control.annotate(chosen, Order(request.user), **form.changes())
    return bool(is_new)


def shown(tags: list[str]) -> dict[str, str]:
    """Tags as a person edits them, and as the form gives them back."""
    return {"text": ", ".join(tags), "json": json.dumps(tags)}
