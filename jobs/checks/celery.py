"""What Celery's settings must be, as far as text tells."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import celery as stock
from django.core.checks import CheckMessage, Error, Warning
from django.db import connections
from django.utils.module_loading import import_string

from jobs.conf import CONTENT_TYPE
from jobs.execution.app import Celery

BACKEND = "jobs.execution.backend:DatabaseBackend"
SCHEDULER = "jobs.scheduling.scheduler:DatabaseScheduler"


def _conf() -> Any:
    return stock.current_app.conf


def content() -> Iterator[CheckMessage]:
    accepted = {*_conf().accept_content, *(_conf().result_accept_content or ())}
    others = sorted(accepted - {"json", "application/json", CONTENT_TYPE})
    used = {_conf().task_serializer, _conf().result_serializer, _conf().event_serializer}
    if others or used != {"json"}:
        yield Error(
            f"Celery handles {', '.join(others or sorted(used))}: whoever reaches the broker"
            " could run code in a worker.",
            hint="Accept and use json only: CELERY_ACCEPT_CONTENT, CELERY_TASK_SERIALIZER,"
            " CELERY_RESULT_SERIALIZER.",
            id="jobs.E010",
        )


def application() -> Iterator[CheckMessage]:
    if not isinstance(stock.current_app._get_current_object(), Celery):
        yield Error(
            "The Celery app is not ours: calls of tasks would not become jobs.",
            hint="from jobs.execution.app import Celery; app = Celery(…), and import it in"
            " the __init__ of the site's package.",
            id="jobs.E011",
        )


def broker() -> Iterator[CheckMessage]:
    url = str(_conf().broker_write_url or _conf().broker_url or "")
    if url.startswith(("memory:", "filesystem:", "sqla", "django:")):
        yield Error(
            f"The broker {url.partition(':')[0]} reaches no other machine or process.",
            hint="Use Redis, Valkey or RabbitMQ.",
            id="jobs.E012",
        )
    if url.startswith("rediss:") and _believes_anybody(url):
        yield Warning(
            "The certificate of the broker is not looked at: anybody in between may be it.",
            hint="Add ssl_cert_reqs=required to its URL (and ssl_ca_certs, a file).",
            id="jobs.W026",
        )
    patience = (_conf().broker_transport_options or {}).get("socket_timeout")
    if url.startswith(("redis", "rediss", "unix", "valkey")) and not patience:
        yield Warning(
            "A Redis that hangs would block every publisher for ever.",
            hint='Set CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, …}.',
            id="jobs.W013",
        )


def _believes_anybody(url: str) -> bool:
    """What kombu does with a URL that says nothing of it."""
    asked = parse_qs(urlsplit(url).query).get("ssl_cert_reqs", ["none"])[0].lower()
    return asked.removeprefix("cert_") == "none" and not _conf().broker_use_ssl


def results() -> Iterator[CheckMessage]:
    if not _is(_conf().result_backend, BACKEND):
        yield Error(
            "The result backend is not ours: jobs would never end.",
            hint=f'Set CELERY_RESULT_BACKEND = "{BACKEND}".',
            id="jobs.E014",
        )


def scheduler() -> Iterator[CheckMessage]:
    if not _is(_conf().beat_scheduler, SCHEDULER):
        yield Error(
            "Beat's scheduler is not ours: two beats would do everything twice, and nothing"
            " would bring lost jobs back.",
            hint=f'Set CELERY_BEAT_SCHEDULER = "{SCHEDULER}".',
            id="jobs.E015",
        )


def pool(name: str) -> Iterator[CheckMessage]:
    """`name` is the module of a worker's pool, or empty outside a worker."""
    if ("gevent" in name or "eventlet" in name) and connections["default"].vendor == "sqlite":
        yield Error(
            "With SQLite a lock stops all green threads of a worker at once.",
            hint="Use the prefork or threads pool, or PostgreSQL.",
            id="jobs.E016",
        )


def _is(given: Any, ours: str) -> bool:
    """Whether a dotted name or class is ours, or derives from it."""
    if given == ours:
        return True
    wanted = import_string(ours.replace(":", "."))
    try:
        found = import_string(given.replace(":", ".")) if isinstance(given, str) else given
    except ImportError:
        return False
    return isinstance(found, type) and issubclass(found, wanted)
