"""The form of a schedule as Django's admin calls it. What it asks, and how that is judged and
kept, is that of the pages."""

from types import SimpleNamespace
from typing import Any, ClassVar

from django.contrib.admin.helpers import AdminForm
from django_celery_beat.models import PeriodicTask

from jobs import permissions
from jobs.scheduling.form import LOOK, ScheduleForm

from .drawing import escape_help
from .rules import OwnRules


class DeskForm(ScheduleForm):
    """`person` is who fills it; the page sets it on a class made for the request."""

    person: permissions.Person
    # What Django asks of a form of a model, for what is only shown beside it.
    _meta: ClassVar[Any] = SimpleNamespace(labels=None, help_texts=None, model=PeriodicTask)

    def __init__(
        self, data: Any = None, files: Any = None, *, instance: Any = None, initial: Any = None
    ) -> None:
        super().__init__(self.person, data, entry=instance, initial=initial)
        self.instance = instance or PeriodicTask()
        self.is_looking = data is not None and LOOK in data
        escape_help(self.fields)

    def is_valid(self) -> bool:
        """Django stores after it has asked; our verb stores or says why not."""
        if self.is_looking:
            self.look()
            return False
        if not super().is_valid() or not self.save():
            return False
        self.instance = self.entry
        return True


def drawn(page: OwnRules, form: Any, shown: tuple[tuple[Any, Any], ...]) -> AdminForm:
    """Its sections as Django draws fieldsets, then what is `shown` only."""
    asked: list[Any] = [
        (section.title or None, {"fields": section.rows, "classes": (section.key,)})
        for section in form.sections()
    ]
    readonly = [name for _title, options in shown for name in options["fields"]]
    return AdminForm(form, [*asked, *shown], {}, readonly, model_admin=page)
