"""What Django's own settings must be, as far as text tells."""

from collections.abc import Iterator
from typing import Any

from channels.layers import channel_layers
from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import connections
from django.urls import NoReverseMatch, reverse

from jobs.conf import configuration


def databases() -> Iterator[CheckMessage]:
    vendor = connections["default"].vendor
    if vendor == "sqlite":
        yield from _sqlite(connections["default"].settings_dict.get("OPTIONS", {}))
    elif vendor != "postgresql":
        yield Error(
            f"The database {vendor} cannot give the guarantees that jobs need.",
            hint="Use PostgreSQL, or SQLite on one machine.",
            id="jobs.E001",
        )


def _sqlite(options: dict[str, Any]) -> Iterator[CheckMessage]:
    """WAL without IMMEDIATE is worse than neither: 6062 errors in 6 s against 676 and 0."""
    wanted = '"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL; …"'
    is_wal = "journal_mode=wal" in options.get("init_command", "").lower().replace(" ", "")
    if not is_wal or str(options.get("transaction_mode", "")).upper() != "IMMEDIATE":
        yield Error(
            "SQLite answers “database is locked” under load with these options.",
            hint=f'Set {wanted} and "timeout": 20 in OPTIONS of the database.',
            id="jobs.E002",
        )


def time_zones() -> Iterator[CheckMessage]:
    if not settings.USE_TZ:
        yield Error(
            "USE_TZ is off: schedules and times of jobs would be ambiguous.",
            hint="Set USE_TZ = True.",
            id="jobs.E003",
        )


def hosts() -> Iterator[CheckMessage]:
    if "*" in settings.ALLOWED_HOSTS and not settings.DEBUG:
        yield Error(
            "ALLOWED_HOSTS accepts every name.",
            hint="List the names by which people reach this site.",
            id="jobs.E004",
        )


def origins() -> Iterator[CheckMessage]:
    listed = {*settings.CSRF_TRUSTED_ORIGINS, *getattr(settings, "TRUSTED_ORIGINS", ())}
    for origin in sorted(origin for origin in listed if "*" in origin):
        yield Error(
            f"The origin {origin} lets in pages that nobody has named.",
            hint="List origins exactly: scheme, host and port.",
            id="jobs.E005",
        )


def order() -> Iterator[CheckMessage]:
    """Ours replaces what beat and results register with the admin, so it comes later."""
    names = [config.name for config in apps.get_app_configs()]
    for name in ("django_celery_beat", "django_celery_results"):
        if name not in names[: names.index("jobs")]:
            yield Error(
                f"{name} must stand before jobs in INSTALLED_APPS.",
                hint="Otherwise its admin pages let view-only staff run tasks.",
                id="jobs.E006",
            )


def caller() -> Iterator[CheckMessage]:
    name = "jobs.web.acting.ActingPerson"
    if name not in settings.MIDDLEWARE:
        yield Warning(
            "Jobs that a view asks for belong to nobody.",
            hint=f"Put {name} into MIDDLEWARE, after the AuthenticationMiddleware.",
            id="jobs.W017",
        )


def pages() -> Iterator[CheckMessage]:
    try:
        reverse("jobs:home")
    except NoReverseMatch:
        yield Warning(
            "This site shows none of our pages, and has no API.",
            hint='Put path("…", include("jobs.urls")) into its urls.',
            id="jobs.W018",
        )


def layer() -> Iterator[CheckMessage]:
    alias = configuration().channel_layer
    backend = channel_layers.configs.get(alias, {}).get("BACKEND", "")
    pubsub = "channels_redis.pubsub.RedisPubSubChannelLayer"
    if not backend:
        yield Error(
            f"There is no channel layer {alias!r}: pages could only poll.",
            hint=f"Set CHANNEL_LAYERS[{alias!r}] to {pubsub}.",
            id="jobs.E007",
        )
    elif backend.startswith("channels_redis.core."):
        yield Error(
            "The core channel layer drops messages in a burst, and redis-py 8 closes its"
            " idle sockets after 5 s.",
            hint=f"Use {pubsub}.",
            id="jobs.E008",
        )
    elif "InMemory" in backend:
        yield Error(
            "The in-memory channel layer does not reach other processes: nothing that a"
            " worker says would come to a page.",
            hint=f"Use {pubsub}.",
            id="jobs.E009",
        )
