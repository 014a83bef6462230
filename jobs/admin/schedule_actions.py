"""What can be done to several schedules at once: to each by the rule of its own task."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_celery_beat.models import PeriodicTask

from jobs import permissions, registry
from jobs.execution.order import MOST_REASON
from jobs.params import Invalid, Unreadable
from jobs.scheduling.entries import pause, resume, run_now, switch

from .asking import ask, is_agreed
from .rules import OwnRules, person

_MOST_SHOWN = 20


class Note(forms.Form):
    note = forms.CharField(label=gettext_lazy("Why"), max_length=MOST_REASON)


class ScheduleActions(OwnRules):
    actions = ("enable", "disable", "pause", "resume", "run")

    @admin.action(permissions=["change"], description=gettext_lazy("Enable the chosen ones"))
    def enable(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        rows = self._own(request, queryset)
        count = sum(switch(entry, True, by=person(request)) for entry in rows)
        told = ngettext("%d schedule was enabled.", "%d schedules were enabled.", count)
        self.message_user(request, told % count, messages.SUCCESS)

    @admin.action(permissions=["change"], description=gettext_lazy("Disable the chosen ones"))
    def disable(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        rows = self._own(request, queryset)
        count = sum(switch(entry, False, by=person(request)) for entry in rows)
        told = ngettext("%d schedule was disabled.", "%d schedules were disabled.", count)
        self.message_user(request, told % count, messages.SUCCESS)

    @admin.action(permissions=["change"], description=gettext_lazy("Pause the chosen ones…"))
    def pause(
        self, request: HttpRequest, queryset: QuerySet[PeriodicTask]
    ) -> HttpResponse | None:
        """Asked first: the note stands beside them until somebody resumes them."""
        form = Note(request.POST if is_agreed(request) else None)
        rows = self._own(request, queryset)
        if not form.is_valid():
            words = _("Pause")
            context = {"form": form, "title": words, "action": words, "button": words}
            context |= {"names": [entry.name for entry in rows[:_MOST_SHOWN]]}
            context |= {"more": len(rows) - _MOST_SHOWN, "count": len(rows)}
            return ask(self, request, "admin/jobs/task/act.html", context)
        note = form.cleaned_data["note"]
        count = sum(pause(entry, by=person(request), note=note) for entry in rows)
        told = ngettext("%d schedule was paused.", "%d schedules were paused.", count)
        self.message_user(request, told % count, messages.SUCCESS)
        return None

    @admin.action(permissions=["change"], description=gettext_lazy("Resume the chosen ones"))
    def resume(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        rows = self._own(request, queryset)
        count = sum(resume(entry, by=person(request)) for entry in rows)
        told = ngettext("%d schedule was resumed.", "%d schedules were resumed.", count)
        self.message_user(request, told % count, messages.SUCCESS)

    @admin.action(permissions=["change"], description=gettext_lazy("Run the chosen ones now"))
    def run(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        rows = self._own(request, queryset)
        count = sum(self._ran(request, entry) for entry in rows)
        if count:
            told = ngettext("%d job was asked for.", "%d jobs were asked for.", count)
            self.message_user(request, told % count, messages.SUCCESS)

    def _own(self, request: HttpRequest, chosen: QuerySet[PeriodicTask]) -> list[PeriodicTask]:
        """The chosen ones that the person manages; of the others they are told."""
        managed = set(self.changed_by(person(request)).values_list("pk", flat=True))
        rows = list(chosen)
        foreign = [entry.name for entry in rows if entry.pk not in managed]
        if foreign:
            told = _("These are not yours to change: %(names)s")
            names = {"names": ", ".join(foreign)}
            self.message_user(request, told % names, messages.ERROR)
        return [entry for entry in rows if entry.pk in managed]

    def _ran(self, request: HttpRequest, entry: PeriodicTask) -> bool:
        user = person(request)
        problem: Any = ""
        if not user.is_superuser and not _may_run(user, entry.task):
            problem = _("you may not run its task")
        else:
            try:
                run_now(entry, by=user)
            except (Invalid, Unreadable, registry.UnknownTask) as reason:
                problem = reason
        if problem:
            told = _("%(name)s was not run: %(problem)s")
            facts = {"name": entry.name, "problem": problem}
            self.message_user(request, told % facts, messages.ERROR)
        return not problem


def _may_run(user: permissions.Person, task: str) -> bool:
    return permissions.tasks(user, "run").filter(pk=task).exists()
