"""Route: an operators' rule, to which queue the jobs of many tasks go by their names."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import partial

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from jobs.signals import thing_changed

from .queue import Queue


class RouteQuerySet(models.QuerySet["Route"]):
    def replace(self, rules: Iterable[tuple[str, str]]) -> None:
        """Have these, each a pattern and a queue, in this order, and no others."""
        with transaction.atomic():
            self.all().delete()
            self.bulk_create(
                Route(place=place, pattern=pattern, queue=queue)
                for place, (pattern, queue) in enumerate(rules, start=1)
            )
            about = {"topic": "queues", "pk": Queue.ALL}
            transaction.on_commit(partial(thing_changed.send_robust, sender=None, **about))


class Route(models.Model):
    """Of those that mean a task the one with the lowest `place` holds."""

    place = models.PositiveIntegerField(_("place"), unique=True)
    pattern = models.CharField(_("name pattern"), max_length=255, unique=True)
    queue = models.CharField(_("queue"), max_length=255)

    objects = RouteQuerySet.as_manager()

    class Meta:
        verbose_name = _("routing rule")
        verbose_name_plural = _("routing rules")
        ordering = ["place"]

    def __str__(self) -> str:
        return f"{self.pattern} → {self.queue}"

    def means(self, name: str) -> bool:
        """Whether it is about the task of this name."""
        return fnmatchcase(name, self.pattern)
