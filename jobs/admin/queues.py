"""Queues: whether they let their jobs go, and who said so; to look at. What is done to them
is done on their pages."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from jobs import permissions
from jobs.models import Job, Queue

from .rules import ReadOnly, page_of, person


@page_of(Queue)
class QueueAdmin(ReadOnly):
    list_display = ("name", "flow", "waiting", "depth", "changed_by", "changed_at", "reason")
    list_select_related = ("changed_by",)
    search_fields = ("name",)
    fields = readonly_fields = (
        "name", "flow", "waiting", "depth", "depth_at", "changed_by", "changed_at", "reason",
    )  # fmt: skip

    def seen_by(self, user: permissions.Person) -> QuerySet[Queue]:
        return permissions.queues(user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return permissions.may_control_queues(person(request))

    @admin.display(description=_("jobs"))
    def waiting(self, queue: Queue) -> str:
        query = urlencode({"queue": queue.pk})
        return format_html(
            '<a href="{}?{}">{}</a>', self.address_of(model=Job), query, _("its jobs")
        )
