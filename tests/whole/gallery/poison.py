"""Hostile words wherever a row can hold words: every text column of every table that we show,
found by asking the models, so that a new column is tried as well."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.db.models.signals import pre_save
from django_celery_beat.models import CrontabSchedule

from jobs.models import Job, LogChunk, Worker
from tests.doors import rows
from tests.watched_tasks import BITES, HOSTILE

OSC = "\x1b]8;;javascript:bite()\x07click\x1b]8;;\x07\x1b]0;title\x07\x1b[38;5;1m"
WORDS = f"{HOSTILE} {OSC}"
# What only the code writes, or what leads to the row.
OURS = {
    "file", "digest", "lease", "content_type", "arguments", "options", "marker", "holder",
    "password", "period", "timezone", "codename", "args", "kwargs", "headers", "task",
    "minute", "hour", "day_of_week", "day_of_month", "month_of_year",
}  # fmt: skip
EMPTY_IS_ANOTHER_ROW = {"Task.error", "Grant.tag", "Grant.pattern"}
SHOWN = {"jobs", "auth", "django_celery_beat"}
NUMBERS = count()
STRANGE = {"id": f"a/{HOSTILE}"[:200], "task": f"site.{HOSTILE}"[:200]}
JSON = {
    "tags": list(BITES),
    "params": {WORDS: [WORDS, {WORDS: WORDS}]},
    "result": {WORDS: [WORDS, {WORDS: WORDS}]},
    "field_errors": {"count": [WORDS], WORDS: [WORDS]},
    "progress": {"percent": 40, "message": WORDS, "step": WORDS},
    "queues": [WORDS],
    "before": {WORDS: WORDS},
    "after": {WORDS: WORDS, "queue": WORDS},
}


@contextmanager
def poisoned() -> Iterator[None]:
    """All rows that are made meanwhile; their states and keys stay."""
    pre_save.connect(_poison)
    try:
        yield
    finally:
        pre_save.disconnect(_poison)


def strange_keys(admin: User) -> Job:
    """A job, a task and a worker whose very names are hostile."""
    task = rows.task(STRANGE["task"], title=HOSTILE[:200], error=f"Traceback\n{HOSTILE}")
    Worker.tell(HOSTILE[:200], {"pool": HOSTILE[:60], "slots": 1, "others": 0, "queues": []})
    return rows.job("failed", id=STRANGE["id"], task=task.name, owner=admin, error=HOSTILE)


def poison_cron_lines() -> None:
    """Those that the exhibits do not need any more to be what they are."""
    CrontabSchedule.objects.exclude(hour="*").update(minute=WORDS[:240])


def _poison(sender: Any, instance: Any, **kwargs: Any) -> None:
    if sender._meta.app_label not in SHOWN:
        return
    for field in sender._meta.fields:
        if _is_free(field, instance):
            setattr(instance, field.name, _words(field))
    if isinstance(instance, LogChunk):
        lines = [["2026-08-22T14:12:06Z", WORDS, text] for text in (*BITES, WORDS)]
        instance.lines = lines[: instance.count]


def _is_free(field: Any, row: Any) -> bool:
    is_text = isinstance(field, models.CharField | models.TextField) or field.name in JSON
    is_key = field.primary_key or field.choices or field.is_relation or field.name in OURS
    means_much = f"{type(row).__name__}.{field.name}" in EMPTY_IS_ANOTHER_ROW
    return bool(is_text and not is_key and (getattr(row, field.name) or not means_much))


def _words(field: Any) -> Any:
    if field.name in JSON:
        return JSON[field.name]
    is_own = field.unique or field.name == "name"
    words = f"{next(NUMBERS)} {WORDS}" if is_own else WORDS
    return words[: field.max_length or 4000]
