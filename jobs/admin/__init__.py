"""The door for operators: Django's admin, with our rules instead of its own.

What Celery's friends register there is taken away and registered again: their pages let
anybody who may look run anything (docs of each module say what differs).
"""

from . import events, grants, jobs, results, schedules, tasks, timings, tokens

__all__ = ["events", "grants", "jobs", "results", "schedules", "tasks", "timings", "tokens"]
