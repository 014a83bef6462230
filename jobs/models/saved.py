"""SavedFilter: a search of the list that a person keeps under a name."""

from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

MOST_SAVED = 100


class SavedFilterQuerySet(models.QuerySet["SavedFilter"]):
    def of(self, user: Any) -> "SavedFilterQuerySet":
        """What this person keeps."""
        return self.filter(owner=user.pk)

    def offered(self, user: Any) -> "SavedFilterQuerySet":
        """What the list offers to this person: own ones, and those that are for all."""
        return self.filter(Q(owner=user.pk) | Q(is_shared=True))

    def at_first(self, user: Any) -> "SavedFilter | None":
        """By which the list opens for this person."""
        return self.of(user).filter(is_default=True).first()

    def keep(self, user: Any, name: str, text: str) -> "SavedFilter | None":
        """Keep a search; one of the same name is replaced. None when there are too many."""
        mine = self.of(user)
        if not mine.filter(name=name).exists() and mine.count() >= MOST_SAVED:
            return None
        return self.update_or_create(owner=user, name=name, defaults={"text": text})[0]


class SavedFilter(models.Model):
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("user"), related_name="+"
    )
    name = models.CharField(_("name"), max_length=60)
    # As it stands in the search field, so that “since:2d” stays two days.
    text = models.TextField(_("search"), blank=True)
    is_shared = models.BooleanField(_("for all"), default=False)
    is_default = models.BooleanField(_("shown at first"), default=False)
    created_at = models.DateTimeField(_("created"), db_default=Now())

    objects = SavedFilterQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_filter_name"),
            models.UniqueConstraint(
                fields=["owner"], condition=Q(is_default=True), name="saved_filter_default"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def rename(self, name: str) -> bool:
        """False when its owner has another of this name."""
        namesakes = SavedFilter.objects.filter(owner=self.owner_id, name=name)
        if namesakes.exclude(pk=self.pk).exists():
            return False
        SavedFilter.objects.filter(pk=self.pk).update(name=name)
        return True

    def set_default(self, is_default: bool) -> None:
        """Show it, and no other, when its owner opens the list."""
        mine = SavedFilter.objects.filter(owner=self.owner_id)
        with transaction.atomic():
            list(mine.order_by("pk").select_for_update())  # two at once: one after the other
            mine.update(is_default=False)
            SavedFilter.objects.filter(pk=self.pk).update(is_default=is_default)

    def share(self, is_shared: bool) -> None:
        """Offer it to all, who find by it what each of them may see."""
        SavedFilter.objects.filter(pk=self.pk).update(is_shared=is_shared)
