"""Set-ups that are known to lose or double work, or to let strangers in, are refused.

`manage.py check --deploy` shows them (with `--database default` also those that need a
connection), and worker, beat and web do not start with one. Migrations, the shell and
tests are never blocked: no check is part of Django's ordinary run.
"""

import sys
from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeAlias

from django.core.checks import CheckMessage, Tags, register
from django.core.checks.messages import ERROR

from . import celery, servers, site

Role: TypeAlias = Literal["site", "web", "worker", "beat"]

STATIC: tuple[Callable[[], Iterable[CheckMessage]], ...] = (
    site.databases, site.time_zones, site.hosts, site.origins, site.order, site.layer,
    celery.content, celery.application, celery.broker, celery.results, celery.scheduler,
)  # fmt: skip
# What no worker needs: it would have to load all pages for that.
OF_PAGES: tuple[Callable[[], Iterable[CheckMessage]], ...] = (site.caller, site.pages)
CONNECTED: tuple[Callable[[], Iterable[CheckMessage]], ...] = (
    servers.sqlite_journal,
    servers.tables,
    servers.broker,
)


@register("jobs", deploy=True)
def check_settings(**kwargs: Any) -> list[CheckMessage]:
    return [message for check in STATIC for message in check()]


@register("jobs", deploy=True)
def check_pages(**kwargs: Any) -> list[CheckMessage]:
    return [message for check in OF_PAGES for message in check()]


@register("jobs", Tags.database, deploy=True)
def check_servers(**kwargs: Any) -> list[CheckMessage]:
    return [message for check in CONNECTED for message in check()]


def problems(pool: str = "") -> list[CheckMessage]:
    """All errors of this set-up; `pool` is the worker's, where there is one."""
    found = [*check_settings(), *check_servers(), *celery.pool(pool)]
    return [
        message for message in found if message.level >= ERROR and not message.is_silenced()
    ]


def refuse_bad_setup(role: Role, pool: str = "") -> None:
    """End this process, saying why, when its set-up has an error.

    Raises SystemExit: Celery logs and forgets every other exception of a signal's receiver.
    """
    found = problems(pool)
    if found:
        reasons = "\n".join(f"  {error.id}: {error.msg} {error.hint or ''}" for error in found)
        sys.exit(f"Error: the {role} does not start with this set-up.\n{reasons}")


def connect() -> None:
    """Have workers and beats ask before they start."""
    from celery.signals import beat_init, worker_init

    worker_init.connect(_worker_starts, dispatch_uid="jobs.checks", weak=False)
    beat_init.connect(_beat_starts, dispatch_uid="jobs.checks", weak=False)


def _worker_starts(sender: Any = None, **kwargs: Any) -> None:
    pool = sender.pool_cls
    refuse_bad_setup("worker", pool if isinstance(pool, str) else pool.__module__)


def _beat_starts(**kwargs: Any) -> None:
    refuse_bad_setup("beat")
