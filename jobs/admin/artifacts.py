"""Files that jobs made or were given: to look at, and to fetch where our pages give them."""

from django.contrib import admin
from django.db.models import QuerySet
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from jobs import permissions
from jobs.models import Artifact, Job

from . import shown
from .rules import ReadOnly, page_of


@page_of(Artifact)
class ArtifactAdmin(ReadOnly):
    list_display = ("name", "download", "kind", "bytes", "content_type", "job_shown",
                    "created_at")  # fmt: skip
    list_filter = ("kind",)
    search_fields = ("name__startswith", "job__id__exact")
    search_help_text = _("The beginning of a name, or the id of a job")
    ordering = ("-created_at",)
    fields = readonly_fields = (
        "name", "download", "kind", "bytes", "content_type", "job_shown", "attempt",
        "created_at",
    )  # fmt: skip

    def seen_by(self, user: permissions.Person) -> QuerySet[Artifact]:
        return permissions.artifacts(user).defer("thumbnail")

    @admin.display(description=_("file"))
    def download(self, file: Artifact) -> str:
        return shown.link(_("Download"), "jobs:artifact", file.job_id, file.pk)

    @admin.display(description=_("size"))
    def bytes(self, file: Artifact) -> str:
        return filesizeformat(file.size)

    @admin.display(description=_("job"))
    def job_shown(self, file: Artifact) -> str:
        return self.to(Job, file.job_id)
