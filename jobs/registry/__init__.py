"""What can run: every Celery task of the site, described from its own function."""

from .catalogue import UnknownTask, all, get, has_fallback, is_ours, knows, makes_jobs, shown
from .declare import register, task, watching_coroutines
from .definition import Definition
from .discovery import broken, discover
from .options import CeleryOptions, OurOptions
from .rate import Rate, rate_of
from .retries import Retries
from .unique import Unique

__all__ = [
    "CeleryOptions",
    "Definition",
    "OurOptions",
    "Rate",
    "Retries",
    "Unique",
    "UnknownTask",
    "all",
    "broken",
    "discover",
    "get",
    "has_fallback",
    "is_ours",
    "knows",
    "makes_jobs",
    "rate_of",
    "register",
    "shown",
    "task",
    "watching_coroutines",
]
