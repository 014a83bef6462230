"""Backfills: to look at. They are asked for, and cancelled, on the pages of their schedule."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from jobs import permissions
from jobs.models import Backfill

from . import shown
from .rules import ReadOnly, page_of


@page_of(Backfill)
class BackfillAdmin(ReadOnly):
    list_display = ("asked_at", "name", "on_page", "which", "asked_by", "finished_at")
    search_fields = ("schedule__name__startswith",)
    search_help_text = _("The beginning of the name of a schedule")
    fields = readonly_fields = (
        "name", "on_page", "since", "until", "which", "first", "concurrency", "reason",
        "asked_by", "asked_at", "run_as", "cancelled_at", "cancelled_by", "cancel_reason",
        "finished_at",
    )  # fmt: skip

    def seen_by(self, user: permissions.Person) -> QuerySet[Backfill]:
        """Those of schedules that were deleted are for superusers."""
        mine = Q(schedule__in=permissions.schedules(user).values("pk"))
        is_all = user.is_active and user.is_superuser
        rows = Backfill.objects.all() if is_all else Backfill.objects.filter(mine)
        return rows.select_related("schedule", "asked_by", "cancelled_by", "run_as")

    @admin.display(description=_("schedule"))
    def name(self, row: Backfill) -> str:
        return row.schedule.name if row.schedule else shown.NOTHING

    @admin.display(description=_("moments"))
    def on_page(self, row: Backfill) -> str:
        if row.schedule_id is None:
            return str(row.count)
        return shown.link(row.count, "jobs:backfilled", row.schedule_id, row.pk)
