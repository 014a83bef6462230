"""Task: what can run, as a row. Code writes one half of it, operators the other."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.contrib.auth.models import Group
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from jobs import sanitize

from .grant import Grant

if TYPE_CHECKING:
    from jobs.registry import Definition


class TaskQuerySet(models.QuerySet["Task"]):
    def follow(self, definitions: Iterable["Definition"], broken: dict[str, str]) -> None:
        """Make the rows say what the code says; operators' edits stay untouched.

        `broken` maps a module that could not be imported to its traceback: it gets a
        row of its own, so that the catalogue shows it. Grants reach what is new.
        """
        rows = [Task.described_by(definition) for definition in definitions]
        rows += [
            Task(name=name, title=name, error=sanitize.text(text))
            for name, text in broken.items()
        ]
        written = ["title", "description", "tags", "error", "missing_at"]
        with transaction.atomic(using=self.db):
            self.bulk_create(
                rows, update_conflicts=True, unique_fields=["name"], update_fields=written
            )
            gone = self.exclude(name__in=[row.name for row in rows])
            gone.filter(error="", missing_at=None).update(missing_at=Now())
            # A row that only ever told of a broken module goes with its cause.
            gone.exclude(error="").delete()
            Grant.objects.reach()


class Task(models.Model):
    """A registered function; carries the operator's policy and who may."""

    name = models.CharField(_("name"), max_length=255, primary_key=True)
    title = models.CharField(_("title"), max_length=255)
    description = models.TextField(_("description"), blank=True)
    tags = models.JSONField(_("tags"), default=list, blank=True)
    error = models.TextField(_("import error"), blank=True, editable=False)
    missing_at = models.DateTimeField(_("missing since"), null=True, editable=False)

    # The operator's half: empty means "as the code says".
    enabled = models.BooleanField(_("enabled"), default=True)
    queue = models.CharField(_("queue"), max_length=255, blank=True)
    priority = models.PositiveSmallIntegerField(_("priority"), null=True, blank=True)
    soft_time_limit = models.FloatField(_("soft time limit (s)"), null=True, blank=True)
    time_limit = models.FloatField(_("time limit (s)"), null=True, blank=True)
    stall_after = models.FloatField(
        _("stalled after (s)"),
        null=True,
        blank=True,
        help_text=_("Without progress or log for so long it is flagged; nothing is ended."),
    )
    max_retries = models.PositiveIntegerField(
        _("max retries"),
        null=True,
        blank=True,
        help_text=_("How often one job is tried again at most; jobs asked for before, too."),
    )

    max_running = models.PositiveIntegerField(
        _("max running"),
        null=True,
        blank=True,
        help_text=_(
            "How many of its jobs run at once, on all workers together; 0: any number."
        ),
    )
    max_running_per_key = models.PositiveIntegerField(
        _("max running per key"),
        null=True,
        blank=True,
        help_text=_("The same for those with one concurrency key; 0: any number."),
    )
    rate = models.CharField(
        _("rate"),
        max_length=32,
        blank=True,
        help_text=_("How many start in how long, like 10/m (s, m, h, d); off: at once."),
    )
    burst = models.PositiveIntegerField(
        _("burst"),
        null=True,
        blank=True,
        help_text=_("How many may start together after a time with none."),
    )

    viewers = models.ManyToManyField(
        Group, verbose_name=_("viewers"), related_name="+", blank=True
    )
    runners = models.ManyToManyField(
        Group, verbose_name=_("runners"), related_name="+", blank=True
    )
    managers = models.ManyToManyField(
        Group, verbose_name=_("managers"), related_name="+", blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def described_by(cls, definition: "Definition") -> "Task":
        """The row (unsaved) that a definition asks for. Its words are the author's: one
        docstring that no database takes must not stop the site."""
        return cls(
            name=definition.name,
            title=sanitize.text(definition.title, 255),
            description=sanitize.text(definition.description),
            tags=sanitize.json(definition.tags),
        )

    @property
    def is_runnable(self) -> bool:
        """Whether new jobs of this task may start at all."""
        return self.enabled and not self.error and self.missing_at is None
