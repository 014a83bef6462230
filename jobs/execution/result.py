"""What a job hands back: as JSON on its row, and as the TaskResult that Celery reads."""

import json
from functools import cache
from typing import Any

from celery import current_app
from celery.exceptions import TaskRevokedError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connections, router
from django.utils import timezone
from django.utils.translation import gettext as _
from django_celery_results.models import TaskResult

from jobs import registry, sanitize
from jobs.conf import configuration
from jobs.dispatch.typed import dumps, loads
from jobs.models import Job
from jobs.states import CELERY_STATES, SUCCESSFUL, State

from .outcome import ERROR_MAX_CHARS, Ending, UnusableResult, words_of

_UPDATED = [
    "status",
    "task_name",
    "task_kwargs",
    "periodic_task_name",
    "worker",
    "content_type",
    "content_encoding",
    "result",
    "date_started",
    "date_done",
    "traceback",
    "meta",
]


def as_json(value: Any) -> Any:
    """The value as plain JSON for the row; raises UnusableResult with a reason that a
    person understands."""
    if value is None or isinstance(value, bool):
        return value
    try:
        text = json.dumps(value, cls=DjangoJSONEncoder, allow_nan=False)
        dumps(value)  # what AsyncResult.get() will read back
    except (TypeError, ValueError) as error:
        raise UnusableResult(_("The result is not JSON: %(why)s") % {"why": error}) from error
    limit = configuration().result_max_bytes
    if len(text) > limit:
        raise UnusableResult(
            _("The result has %(size)d bytes of JSON, more than the %(limit)d allowed.")
            % {"size": len(text), "limit": limit}
        )
    return sanitize.json(json.loads(text))


def store_task_result(job: Job, ending: Ending) -> None:
    """One upsert. It never takes a result back from a final state, since the guarded
    UPDATE before it happens once."""
    backend = current_app.backend
    value = ending.value
    if ending.state not in SUCCESSFUL:
        error = ending.exception or TaskRevokedError(ending.reason)
        value = _prepared(error)
    content_type, encoding, content = backend.encode_content(value)
    if ending.state not in SUCCESSFUL:
        content = ending.mask(content)
    row = TaskResult(
        task_id=job.id,
        task_name=job.task_id,
        task_kwargs=backend.encode_content(repr(registry.shown(job.task_id, job.params)))[2],
        periodic_task_name=_periodic_task_name(job),
        status=CELERY_STATES[State(ending.state)],
        worker=job.worker[:100],
        content_type=content_type,
        content_encoding=encoding,
        result=content,
        date_started=job.started_at,
        date_done=timezone.now(),
        traceback=ending.traceback or None,
        meta='{"children": []}',
    )
    _upsert(row)


def _prepared(error: BaseException) -> Any:
    """An exception as Celery stores it; of an endless text only the beginning."""
    prepared = current_app.backend.prepare_exception(error, "json")
    if isinstance(prepared, dict) and len(repr(prepared)) > ERROR_MAX_CHARS:
        prepared["exc_message"] = (sanitize.text(words_of(error), ERROR_MAX_CHARS),)
    return prepared


def _upsert(row: TaskResult) -> None:
    """`bulk_create(update_conflicts=True)`, but its SQL is not written anew for each row,
    which takes longer than to run it."""
    using = router.db_for_write(TaskResult)
    columns, sql = _upsert_sql(using)
    connection = connections[using]
    values = [
        column.get_db_prep_save(column.pre_save(row, True), connection) for column in columns
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


@cache
def _upsert_sql(using: str) -> tuple[list[Any], str]:
    quote = connections[using].ops.quote_name
    columns = [column for column in TaskResult._meta.concrete_fields if not column.primary_key]
    names = ", ".join(quote(column.column) for column in columns)
    updates = ", ".join(f"{quote(name)} = EXCLUDED.{quote(name)}" for name in _UPDATED)
    return columns, (
        f"INSERT INTO {quote(TaskResult._meta.db_table)} ({names})"
        f" VALUES ({', '.join(['%s'] * len(columns))})"
        f" ON CONFLICT ({quote('task_id')}) DO UPDATE SET {updates}"
    )


def _periodic_task_name(job: Job) -> str | None:
    if not job.options:
        return None
    headers = loads(job.options).get("headers") or {}
    name = headers.get("periodic_task_name")
    return str(name)[:255] if name else None
