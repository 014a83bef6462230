"""What columns are called in the admin, where their names alone would be read."""

from django.apps import apps
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import PeriodicTask

WORDS = {
    "at": _("at"),
    "attempt": _("attempt"),
    "changed_at": _("changed at"),
    "changed_by": _("changed by"),
    "content_type": _("content type"),
    "created_at": _("created at"),
    "depth": _("messages in the broker"),
    "depth_at": _("counted at"),
    "due_at": _("due at"),
    "error": _("error"),
    "error_type": _("error type"),
    "errors_count": _("errors count"),
    "expires_at": _("expires at"),
    "file": _("file"),
    "finished_at": _("finished at"),
    "group_id": _("group id"),
    "heard_at": _("heard at"),
    "ignore_result": _("ignore result"),
    "job": _("job"),
    "kind": _("kind"),
    "lease_expires_at": _("lease expires at"),
    "leaving_at": _("leaving at"),
    "log_lines": _("log lines"),
    "lost": _("lost"),
    "max_retries": _("max retries"),
    "name": _("name"),
    "not_before": _("not before"),
    "note": _("note"),
    "number": _("number"),
    "on_lost": _("on lost"),
    "others": _("others"),
    "owner": _("owner"),
    "parent_id": _("parent id"),
    "pool": _("pool"),
    "priority": _("priority"),
    "queue": _("queue"),
    "queued_at": _("queued at"),
    "reason": _("reason"),
    "requested": _("requested"),
    "retries": _("retries"),
    "ring_at": _("ring at"),
    "rings": _("rings"),
    "root_id": _("root id"),
    "size": _("size"),
    "soft_time_limit": _("soft time limit"),
    "started_at": _("started at"),
    "state": _("state"),
    "subject": _("subject"),
    "task": _("task"),
    "time_limit": _("time limit"),
    "verb": _("verb"),
    "version": _("version"),
    "waiting_for": _("waiting for"),
    "worker": _("worker"),
}


def name_columns() -> None:
    """A column with words of its own keeps them. No model changes by that, nor does a
    migration: Django keeps what was written in the model beside what is shown."""
    for model in apps.get_app_config("jobs").get_models():
        for field in model._meta.fields:
            is_plain = field.verbose_name == field.name.replace("_", " ")
            if is_plain and field.name in WORDS:
                field.verbose_name = WORDS[field.name]
    # django-celery-beat marks all of its columns for translation but this one.
    PeriodicTask._meta.get_field("task").verbose_name = _("Task Name")
