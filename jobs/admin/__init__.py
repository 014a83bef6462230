"""The door for operators: Django's admin, with our rules instead of its own.

What Celery's friends register there is taken away and registered again: their pages let
anybody who may look run anything (docs of each module say what differs). A site with an
`AdminSite` of its own calls `register(site)`.
"""

from django.contrib import admin

from . import (
    artifacts,
    backfills,
    events,
    grants,
    jobs,
    queues,
    results,
    saved,
    schedules,
    tasks,
    timings,
    tokens,
    workers,
)
from .columns import name_columns
from .rules import register

name_columns()
register(admin.site)

__all__ = [
    "artifacts", "backfills", "events", "grants", "jobs", "queues", "register", "results",
    "saved", "schedules", "tasks", "timings", "tokens", "workers",
]  # fmt: skip
