from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = _("Background jobs")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from jobs import checks
        from jobs.dispatch import usher  # noqa: F401
        from jobs.execution import conflict, queues, worker  # noqa: F401
        from jobs.live import publish, rights
        from jobs.models import edits, mending
        from jobs.models.triggers import freeze_final_rows
        from jobs.workers import remote  # noqa: F401

        checks.connect()
        publish.connect()
        rights.connect()
        post_migrate.connect(freeze_final_rows, sender=self)
        pre_migrate.connect(edits.look_away, sender=self)
        post_migrate.connect(edits.watch, sender=self)
        pre_migrate.connect(mending.look_away, sender=self)
        post_migrate.connect(mending.mend, sender=self)
