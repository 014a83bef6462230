"""Whether this process lives, and whether the site as a whole can do its work.

Both are open to everybody, and say nothing that a stranger may not know.
"""

import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Lock

import celery
from celery.exceptions import CeleryError
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import RedisError

from jobs.checks.servers import layer_server
from jobs.models import Worker, file_storage
from jobs.reading import beat as office

from . import broker as setup

PATIENCE_SECONDS = 1.6
"""How long an answer may take in all, whatever hangs."""

PING_SECONDS = 0.5
FRESH_SECONDS = 1.0
"""Asked more often than this, the same answer is given again."""

MOST_WORKERS = 50
"""Of how many workers the files are looked at."""

UP, DOWN, NONE, DOUBLED, LATE = "up", "down", "none", "doubled", "late"
RISKY = "risky"


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """This process answers; nothing else is asked."""
    return JsonResponse({"status": "alive"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """The state of each part. 503 only when the database is down: without Redis or
    workers pages still work, and jobs are still accepted."""
    states = _latest.states()
    ready = states["database"] == UP
    well = all(state == UP for state in states.values())
    word = "ready" if well else "degraded" if ready else "unavailable"
    parts = {name: {"state": state} | _told(name, state) for name, state in states.items()}
    return JsonResponse({"status": word, **parts}, status=200 if ready else 503)


def database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return DOWN
    finally:
        connection.close()  # it is this thread's own
    return UP


def redis() -> str:
    """The server that carries live messages."""
    client = layer_server()
    if client is None:
        return NONE
    try:
        with client:
            client.ping()
    except (RedisError, OSError):
        return DOWN
    return UP


def broker() -> str:
    with celery.current_app.connection_for_write() as link:
        try:
            link.ensure_connection(max_retries=1, interval_start=0, timeout=PATIENCE_SECONDS)
        except (*link.connection_errors, OSError):
            return DOWN
    return RISKY if setup.faults() else UP


def workers() -> str:
    try:
        replies = celery.current_app.control.ping(timeout=PING_SECONDS)
    except (CeleryError, RedisError, OSError):
        return DOWN
    return state_of_workers([name for reply in replies for name in reply])


def state_of_workers(names: list[str]) -> str:
    """Up when a worker answered the ping. Beat answers too, under a name of its own."""
    return UP if any(not name.startswith("celerybeat@") for name in names) else NONE


def beat() -> str:
    """Up while the beat that leads comes in time, and no other scheduler fires too."""
    try:
        found = office.beat()
    except DatabaseError:
        return DOWN
    finally:
        connection.close()
    if found.is_doubled:
        return DOUBLED
    return NONE if found.is_silent else LATE if found.is_late else UP


def files() -> str:
    """Up when this process reads what each worker wrote where the files of jobs lie."""
    try:
        told = list(Worker.objects.heard().exclude(marker="")[:MOST_WORKERS])
    except DatabaseError:
        return DOWN
    finally:
        connection.close()
    if not told:
        return NONE
    return UP if all(map(_is_seen, told)) else DOWN


def _is_seen(worker: Worker) -> bool:
    try:
        with file_storage().open(worker.marker_place) as file:
            return bool(file.read(64) == worker.marker.encode())
    # Each storage fails with errors of its own.
    except Exception:
        return False


def _told(name: str, state: str) -> dict[str, str]:
    """In words, where a state alone would not say what to do."""
    told = _DETAILS.get((name, state))
    return {"detail": str(told)} if told else {}


_DETAILS = {
    ("files", DOWN): lazy(
        "Web and workers do not see the same files: uploads would not reach jobs. Give all"
        " of them the same DATA_DIR, or one storage for files (docs/production.md)."
    ),
    ("broker", RISKY): lazy(
        "The broker answers and is not set up safely: the page of workers and"
        " manage.py check --deploy --database default say what is wrong."
    ),
    ("beat", NONE): lazy(
        "Nobody fires schedules: no beat runs, or it does not reach the database. What is due"
        " meanwhile is dealt with by each schedule's rules as soon as one leads."
    ),
    ("beat", LATE): lazy(
        "Schedules are fired more than ten seconds too late: more is due than beat and the"
        " database can do."
    ),
    ("beat", DOUBLED): lazy(
        "Another beat, which is not Batuta's, fires schedules of this database: they run"
        " twice. Stop it, or give it the scheduler of Batuta (docs/schedules.md)."
    ),
}


PROBES: dict[str, Callable[[], str]] = {
    "database": database, "redis": redis, "broker": broker, "workers": workers, "beat": beat,
    "files": files,
}  # fmt: skip


@dataclass
class _Latest:
    """The last answer, and the threads that ask: few of each kind, so that one server
    that hangs keeps no thread from asking another."""

    at: float = -FRESH_SECONDS
    answer: dict[str, str] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)
    pools: defaultdict[str, ThreadPoolExecutor] = field(
        default_factory=lambda: defaultdict(lambda: ThreadPoolExecutor(2, "batuta-readyz"))
    )

    def states(self) -> dict[str, str]:
        with self.lock:
            if time.monotonic() - self.at > FRESH_SECONDS:
                self.answer = self._ask()
                self.at = time.monotonic()
            return self.answer

    def _ask(self) -> dict[str, str]:
        asked = {name: self.pools[name].submit(probe) for name, probe in PROBES.items()}
        wait(asked.values(), PATIENCE_SECONDS)
        return {name: _state(question) for name, question in asked.items()}


def _state(question: "Future[str]") -> str:
    """What was answered; one that hangs, or fails in a new way, is down."""
    if not question.done():
        question.cancel()
        return DOWN
    return DOWN if question.exception() else question.result()


_latest = _Latest()
