"""Every `JOBS_*` setting: its type, default and meaning. Nothing else reads them."""

from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Literal

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils import translation

# The content type of our messages; a worker without Batuta refuses it.
CONTENT_TYPE = "application/x-batuta"
# Ours; the same as in pyproject.toml, which is not there where we are installed.
VERSION = "0.1.0"


@dataclass(frozen=True)
class Configuration:
    """The settings of this app, read once; the site sets them with the prefix JOBS_."""

    lease_seconds: float = 12.0
    """How long a worker may be silent before its jobs are given to another."""

    renew_seconds: float = 3.0
    """How often a worker renews the leases of its jobs."""

    relay_seconds: float = 1.0
    """How often the relay looks for jobs to ring, release or expire."""

    ring_again_seconds: float = 15.0
    """A queued job that nobody took is rung again after this time, then doubling."""

    deaf_seconds: float = 30.0
    """So long a worker with a free slot may take nothing of what waits before it is deaf."""

    deaf_workers: Literal["restart", "flag"] = "restart"
    """Whether a deaf worker ends by itself, for its supervisor to start it again."""

    outstanding_per_queue: int = 500
    """How many jobs of one queue may have a message in the broker at once."""

    foreign_messages: Literal["adopt", "refuse", "ignore"] = "adopt"
    """What becomes of a message that no job of ours stands behind."""

    exclude: tuple[str, ...] = ()
    """Patterns of task names that stay plain Celery, e.g. `("legacy.*",)`."""

    log_max_lines: int = 100_000
    """Lines of log kept for one job; the rest is cut with a visible mark."""

    log_line_max_chars: int = 8_192
    """Length at which a log line is cut."""

    log_max_chars: int = 50_000_000
    """Characters of log kept for one attempt."""

    result_max_bytes: int = 1_000_000
    """Largest JSON result that is stored; a larger one fails the job."""

    checkpoint_max_bytes: int = 1_000_000
    """Largest JSON checkpoint that is stored."""

    params_max_bytes: int = 1_000_000
    """Largest JSON of parameters that is accepted."""

    errors_kept: int = 1_000
    """Errors of `job.error()` listed for one job; the count is exact."""

    artifact_max_bytes: int = 500_000_000
    """Largest file that a job may be given or may attach."""

    artifacts_max_bytes: int = 2_000_000_000
    """How much a job may attach in all, over all its attempts."""

    max_lost: int = 3
    """How many workers one job may lose before it is failed for good."""

    api_requests_per_minute: int = 600
    """Requests to the API that each web process takes of one person."""

    max_concurrent_jobs: int = 0
    """How many jobs run at once on the whole site; 0 for as many as its workers can."""

    base_template: str = "jobs/base.html"
    """The template that our pages extend."""

    socket_path: str = "/ws"
    """The path at which the site opens our sockets, for its pages."""

    channel_layer: str = "default"
    """Alias of the channel layer that carries live messages."""


@cache
def configuration() -> Configuration:
    """The settings as they stand; raises ImproperlyConfigured for a wrong one."""
    known = {field.name: field for field in fields(Configuration)}
    given: dict[str, Any] = {}
    for name in known:
        key = f"JOBS_{name.upper()}"
        if hasattr(settings, key):
            given[name] = getattr(settings, key)
    conf = Configuration(**given)
    if conf.renew_seconds * 3 > conf.lease_seconds:
        raise ImproperlyConfigured(
            "JOBS_LEASE_SECONDS must be at least three times JOBS_RENEW_SECONDS."
        )
    if conf.api_requests_per_minute < 1:
        raise ImproperlyConfigured("JOBS_API_REQUESTS_PER_MINUTE must be 1 or more.")
    if conf.max_concurrent_jobs < 0:
        raise ImproperlyConfigured("JOBS_MAX_CONCURRENT_JOBS must be 0 or more.")
    return conf


def as_the_site_speaks() -> translation.override:
    """For words that are stored where a person acts: all who read them later share them."""
    return translation.override(settings.LANGUAGE_CODE)


def _forget(*, setting: str, **kwargs: Any) -> None:
    if setting.startswith("JOBS_"):
        configuration.cache_clear()


setting_changed.connect(_forget)
