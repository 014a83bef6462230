"""Many people at many pages, and jobs that change all the time."""

import random
import time
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.db.models import F

from jobs.dispatch.changes import FACTS, tell_on_commit
from jobs.models import Job, Task
from jobs.states import State

TOGETHER = 20


def cookies(count: int) -> list[str]:
    """Of so many superusers who have signed in."""
    people = [User(username=f"watcher{n}", is_superuser=True) for n in range(count)]
    return [_cookie(user) for user in User.objects.bulk_create(people)]


def _cookie(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def held() -> str:
    """A job that waits for its start."""
    Task.objects.get_or_create(name="bench.noop", defaults={"title": "noop"})
    return str(Job.objects.create(task_id="bench.noop", state=State.PENDING).pk)


def change(jobs: list[str]) -> list[tuple[str, int]]:
    """Each is in a new version and told of, as by any verb; which version."""
    with transaction.atomic():
        changed = Job.objects.filter(pk__in=jobs).update_returning(
            FACTS, version=F("version") + 1
        )
        for job in changed:
            tell_on_commit(job)
    return [(job.pk, job.version) for job in changed]


def stir(seconds: float, per_second: int) -> list[tuple[str, int, float]]:
    """Change jobs at random, so many a second: each with its version and the moment."""
    dice, found = random.Random(1), []
    ids = list(Job.objects.order_by("pk").values_list("pk", flat=True))
    began = time.monotonic()
    for nth in range(int(seconds * per_second / TOGETHER)):
        time.sleep(max(0.0, began + nth * TOGETHER / per_second - time.monotonic()))
        changed: list[Any] = change(dice.sample(ids, TOGETHER))
        found += [(pk, version, time.monotonic()) for pk, version in changed]
    return found
