"""What hangs on a job: tries that ended badly, what was done to it, its files."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from jobs.models import Artifact, Attempt, Event

from . import shown
from .paging import BoundedFormSet
from .rules import ReadOnlyInline


class AttemptInline(ReadOnlyInline):
    model = Attempt
    formset = BoundedFormSet
    fields = readonly_fields = (
        "number", "worker", "started_at", "finished_at", "reason", "error_type", "error",
    )  # fmt: skip


class EventInline(ReadOnlyInline):
    model = Event
    formset = BoundedFormSet
    fields = readonly_fields = ("at", "verb", "actor_name", "reason", "change")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("actor")

    @admin.display(description=_("by"))
    def actor_name(self, event: Event) -> str:
        return event.actor.get_username() if event.actor else shown.NOTHING

    @admin.display(description=_("change"))
    def change(self, event: Event) -> str:
        change = {"before": event.before, "after": event.after}
        return shown.json({name: value for name, value in change.items() if value is not None})


class ArtifactInline(ReadOnlyInline):
    model = Artifact
    formset = BoundedFormSet
    fields = readonly_fields = ("download", "kind", "bytes", "content_type", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("thumbnail")

    @admin.display(description=_("file"))
    def download(self, file: Artifact) -> str:
        return shown.link(file.name, "jobs:artifact", file.job_id, file.pk)

    @admin.display(description=_("size"))
    def bytes(self, file: Artifact) -> str:
        return filesizeformat(file.size)
