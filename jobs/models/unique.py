"""UniqueKey: which job stands for all that are like it, so that two who ask at the same
moment meet in one row."""

from django.db import connections, models, router
from django.utils.translation import gettext_lazy as _

from .job import Job


class UniqueKeyQuerySet(models.QuerySet["UniqueKey"]):
    def take(self, key: str, job_id: str) -> str:
        """The id of the job that stands for `key`: `job_id`, when there was none. Whoever
        asks for the same key waits until the transaction ends that this is part of."""
        using = router.db_for_write(self.model)
        quote = connections[using].ops.quote_name
        table = quote(self.model._meta.db_table)
        with connections[using].cursor() as cursor:
            # The UPDATE changes nothing that matters: it locks the row, and tells it.
            cursor.execute(
                f"INSERT INTO {table} (key, job_id, repeats) VALUES (%s, %s, 0) "
                f"ON CONFLICT (key) DO UPDATE SET repeats = {table}.repeats + 1 "
                "RETURNING job_id",
                [key, job_id],
            )
            return str(cursor.fetchone()[0])

    def give(self, key: str, job_id: str) -> None:
        """From now on it is another job that stands for it."""
        self.filter(key=key).update(job=job_id, repeats=0)


class UniqueKey(models.Model):
    """The digest of a task and of what its jobs have in common."""

    key = models.CharField(max_length=64, primary_key=True)
    # No constraint: it is taken before there is a job, and a job may be gone.
    job = models.ForeignKey(
        Job, models.CASCADE, db_constraint=False, related_name="unique_keys"
    )
    # How often a job was asked for that became none because of this one.
    repeats = models.PositiveIntegerField(default=0)

    objects = UniqueKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("unique key")
        verbose_name_plural = _("unique keys")

    def __str__(self) -> str:
        return self.key
