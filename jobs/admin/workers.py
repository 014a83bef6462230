"""Workers: processes that take jobs, as they last told of themselves; to look at."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from jobs import permissions
from jobs.models import Job, Worker

from . import shown
from .rules import ReadOnly, page_of, person


@page_of(Worker)
class WorkerAdmin(ReadOnly):
    list_display = ("name", "condition", "busy", "pool", "queues_shown", "started_at",
                    "heard_at")  # fmt: skip
    search_fields = ("name",)
    fields = readonly_fields = (
        "name", "condition", "busy", "others", "pool", "queues_shown", "host", "pid",
        "version", "celery", "python", "code", "processed", "failed", "prefetched", "load",
        "memory", "clock_offset_seconds", "started_at", "heard_at", "leaving_at", "left_at",
        "lost_at", "deaf_at",
    )  # fmt: skip

    def seen_by(self, user: permissions.Person) -> QuerySet[Worker]:
        held = Job.objects.filter(worker=OuterRef("pk"), lease_expires_at__isnull=False)
        count = held.order_by().values("worker").annotate(n=Count("pk")).values("n")
        return (
            permissions.workers(user)
            .with_health()
            .annotate(running=Coalesce(Subquery(count), 0))
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return permissions.may_control_workers(person(request))

    @admin.display(description=_("condition"))
    def condition(self, worker: Worker) -> Any:
        if worker.left_at is not None:
            return _("ended")
        if not worker.is_heard:
            return shown.bad(_("silent"))
        if not worker.is_connected:
            return shown.bad(_("without its broker"))
        if worker.deaf_at is not None:
            return shown.bad(_("deaf"))
        return _("leaving") if worker.leaving_at else _("takes jobs")

    @admin.display(description=_("busy"))
    def busy(self, worker: Any) -> str:
        query = urlencode({"worker": worker.pk})
        words = f"{worker.running + worker.others} / {worker.slots}"
        return format_html('<a href="{}?{}">{}</a>', self.address_of(model=Job), query, words)

    @admin.display(description=_("queues"))
    def queues_shown(self, worker: Worker) -> str:
        return ", ".join(map(str, worker.queues))
