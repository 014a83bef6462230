"""Events: the book in which nothing is changed."""

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from jobs import permissions
from jobs.models import Event, Job, Task

from . import shown
from .rules import ReadOnly, page_of


@page_of(Event)
class EventAdmin(ReadOnly):
    list_display = ("at", "verb", "actor_name", "about", "reason")
    date_hierarchy = "at"
    search_fields = ("=verb", "subject__startswith", "job__id__exact", "task__name__exact")
    search_help_text = _("A verb, an id, a task, or the beginning of what it is about")
    sortable_by = ("at",)
    fields = readonly_fields = ("at", "verb", "actor_name", "about", "reason", "old", "new")

    def seen_by(self, user: permissions.Person) -> QuerySet[Event]:
        return permissions.events(user).select_related("actor")

    @admin.display(description=_("by"))
    def actor_name(self, event: Event) -> str:
        return event.actor.get_username() if event.actor else shown.NOTHING

    @admin.display(description=_("about"))
    def about(self, event: Event) -> str:
        if event.job_id:
            return self.to(Job, event.job_id)
        if event.subject or not event.task_id:
            return event.subject or shown.NOTHING
        return self.to(Task, event.task_id)

    @admin.display(description=_("before"))
    def old(self, event: Event) -> str:
        return shown.json(event.before)

    @admin.display(description=_("after"))
    def new(self, event: Event) -> str:
        return shown.json(event.after)
