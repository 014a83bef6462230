"""Grant: a group is given tasks by what they are called or tagged, not one by one."""

from fnmatch import fnmatchcase
from typing import Any

from django.contrib.auth.models import Group
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

_PATTERN = RegexValidator(
    r"\A[\w.:*?@-]+\Z", _("A pattern is made of the characters of a name, * and ?")
)


class Role(models.TextChoices):
    """What a group is to a task; the values are the names of a task's own groups too."""

    VIEWERS = "viewers", _("viewers")
    RUNNERS = "runners", _("runners")
    MANAGERS = "managers", _("managers")


class GrantQuerySet(models.QuerySet["Grant"]):
    def reach(self) -> None:
        """Make `tasks` those that the pattern or tag means now. Whoever asks what somebody
        may reads these rows, and compares no pattern with thousands of names."""
        with transaction.atomic(using=self.db):
            catalogue = list(Grant.tasks.rel.model._default_manager.values_list("name", "tags"))
            for grant in self:
                grant.tasks.set([name for name, tags in catalogue if grant.means(name, tags)])


class Grant(models.Model):
    """One group, one role, and the tasks of a name pattern (`billing.*`) or of a tag."""

    group = models.ForeignKey(Group, models.CASCADE, verbose_name=_("group"), related_name="+")
    role = models.CharField(_("role"), max_length=8, choices=Role)
    pattern = models.CharField(
        _("name pattern"),
        max_length=255,
        blank=True,
        validators=[_PATTERN],
        help_text=_("billing.* means every task whose name begins with “billing.”"),
    )
    tag = models.CharField(_("tag"), max_length=255, blank=True)
    tasks = models.ManyToManyField(
        "jobs.Task", verbose_name=_("tasks"), related_name="grants", editable=False
    )

    objects = GrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        ordering = ["group__name", "role", "pattern", "tag"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "role", "pattern", "tag"], name="grant_once"
            ),
            models.CheckConstraint(
                name="grant_by_pattern_or_tag",
                condition=Q(pattern="", tag__gt="") | Q(pattern__gt="", tag=""),
                violation_error_message=_("Give either a pattern or a tag."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group}: {self.get_role_display()} · {self.pattern or f'#{self.tag}'}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Kept, and in force: `tasks` follow in the same transaction."""
        with transaction.atomic(using=kwargs.get("using")):
            super().save(*args, **kwargs)
            Grant.objects.filter(pk=self.pk).reach()

    def means(self, name: str, tags: list[Any]) -> bool:
        """Whether a task of this name and these tags is among those given."""
        return self.tag in tags if self.tag else fnmatchcase(name, self.pattern)
