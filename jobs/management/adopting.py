"""What becomes of a project that takes us on: told before it is done."""

from collections.abc import Iterator
from typing import Any

from celery import current_app
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Model, QuerySet
from django_celery_beat.models import PeriodicTask
from django_celery_results.models import TaskResult

from jobs import registry
from jobs.checks import check_pages, check_servers, check_settings
from jobs.models import Job, Task
from jobs.params import Invalid, Unreadable
from jobs.scheduling.given import asked

APPS = ("django_celery_beat", "django_celery_results", "jobs")


def is_made(model: type[Model]) -> bool:
    """Whether its table is there: a project may take us on before it was ever migrated."""
    return model._meta.db_table in connections[DEFAULT_DB_ALIAS].introspection.table_names()


def rows_of(model: type[Model]) -> QuerySet[Any]:
    rows = model._default_manager.all()
    return rows if is_made(model) else rows.none()


def settings() -> Iterator[str]:
    """What the settings lack; each with what to do."""
    messages = [*check_settings(), *check_pages(), *check_servers()]
    for found in sorted(messages, key=lambda each: str(each.id)):
        if not found.is_silenced():
            yield f"{found.id}: {found.msg} {found.hint or ''}".rstrip()


def migrations() -> list[str]:
    """Those of ours and of Celery's friends that this database has not had."""
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    targets = [key for key in executor.loader.graph.leaf_nodes() if key[0] in APPS]
    return [str(each) for each, _backwards in executor.migration_plan(targets)]


def tasks() -> Iterator[str]:
    """What appears in the catalogue, what is broken, and what stays plain Celery."""
    known = {*rows_of(Task).values_list("pk", flat=True)}
    for definition in registry.all():
        if definition.name not in known:
            yield f"+ {definition.name}"
    for module in registry.broken:
        yield f"! {module} cannot be imported"
    for name in sorted(current_app.tasks):
        if not registry.is_ours(name) and not name.startswith("celery."):
            yield f"  {name} stays plain Celery (JOBS_EXCLUDE)"


def schedules() -> Iterator[str]:
    """Each stored schedule, and what beat of ours makes of it."""
    for entry in rows_of(PeriodicTask).order_by("name").iterator():
        off = "" if entry.enabled else ", which is off"
        yield f"{entry.name}: {entry.task}{off} {_fate(entry)}"
    for name, entry in sorted((current_app.conf.beat_schedule or {}).items()):
        yield f"{name}: {entry['task']} of the settings is written into the table by beat"


def _fate(entry: PeriodicTask) -> str:
    if not registry.makes_jobs(entry.task):
        return "stays plain Celery"
    try:
        asked(entry)
    except registry.UnknownTask:
        return "is kept: no task here has this name, so its jobs would wait, and then fail"
    except (Invalid, Unreadable) as reason:
        return f"is kept, but its jobs would fail: {reason}"
    return "runs as the system: its jobs belong to nobody"


def history() -> list[str]:
    """How many results have no job behind them: those of before."""
    results = rows_of(TaskResult)
    if is_made(Job):
        results = results.exclude(task_id__in=Job.objects.values("pk"))
    count = results.count()
    return [str(count)] if count else []
