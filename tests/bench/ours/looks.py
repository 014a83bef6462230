"""Pages as the server makes them: through all middleware, without the network."""

import time
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from jobs import permissions

from .history import NAMES

PAGES = {
    "home": lambda job: reverse("jobs:home"),
    "jobs": lambda job: reverse("jobs:jobs"),
    "failed jobs": lambda job: reverse("jobs:jobs") + "?state=failed",
    "own jobs": lambda job: reverse("jobs:jobs") + "?owner=me",
    "jobs of a task": lambda job: reverse("jobs:jobs") + f"?task={NAMES[3]}",
    "search of jobs": lambda job: reverse("jobs:jobs") + "?q=address",
    "jobs by parameter": lambda job: reverse("jobs:jobs") + "?q=param.x:>990",
    "jobs by error": lambda job: reverse("jobs:jobs") + "?q=error:nowhere+-tag:none",
    "what is new": lambda job: reverse("jobs:jobs") + "?part=fresh",
    "how a search goes on": lambda job: reverse("jobs:suggest") + "?q=task:team",
    "a job": lambda job: reverse("jobs:job", args=[job]),
    "tasks": lambda job: reverse("jobs:tasks"),
    "a task": lambda job: reverse("jobs:task", args=[NAMES[3]]),
    "jobs of the API": lambda job: reverse("jobs:api:api-root") + "jobs",
    "schedules": lambda job: reverse("jobs:schedules"),
    "a schedule": lambda job: reverse("jobs:schedule", args=[_a_schedule()]),
    "calendar of a week": lambda job: reverse("jobs:calendar") + "?view=week",
    "calendar of a month": lambda job: reverse("jobs:calendar") + "?view=month",
    "time line": lambda job: reverse("jobs:timeline"),
    "schedules of the API": lambda job: reverse("jobs:api:api-root") + "schedules",
    "schedules in the admin": lambda job: reverse(
        "admin:django_celery_beat_periodictask_changelist"
    ),
    "200 workers": lambda job: reverse("jobs:workers"),
    "a worker": lambda job: reverse("jobs:worker", args=["w0@node"]),
    "jobs in the admin": lambda job: reverse("admin:jobs_job_changelist"),
}


def look(who: User, page: str, tries: int) -> tuple[int, list[float]] | None:
    """Queries, and milliseconds of each try; None where the page is not theirs."""
    job = permissions.jobs(who).values_list("pk", flat=True).first() or "none"
    address = PAGES[page](job)
    browser = Client(headers={"host": "localhost"})
    browser.force_login(who)
    statements: list[str] = []
    with connection.execute_wrapper(_noting(statements)):
        if browser.get(address).status_code != 200:
            return None
    return len(statements), [_timed(browser, address) for _try in range(tries)]


def _a_schedule() -> int:
    return PeriodicTask.objects.filter(task=NAMES[3]).values_list("pk", flat=True)[0]


def _noting(statements: list[str]) -> Any:
    def execute(run: Any, sql: str, *rest: Any) -> Any:
        statements.append(sql)
        return run(sql, *rest)

    return execute


def _timed(browser: Client, address: str) -> float:
    began = time.perf_counter()
    answer: Any = browser.get(address)
    assert answer.status_code == 200, answer.status_code
    return (time.perf_counter() - began) * 1000
