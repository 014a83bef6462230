"""Asking why a job does not run, as the page of the job answers it."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jobs.models import Job, Leader, Worker
from jobs.states import State
from jobs.web.sheet import Sheet
from tests.nouns.test_workers import FACTS

from . import rows


@pytest.fixture
def olga() -> Any:
    """She manages the task, and so may do all its verbs."""
    managers = Group.objects.create(name="managers")
    rows.task().managers.add(managers)
    Leader.hold(Leader.RELAY, "beat", 60)
    return rows.user("olga", managers, first_name="Olga", last_name="Quist")


def queued(**columns: Any) -> Job:
    return rows.job(State.QUEUED, **{"ring_at": in_(12), **columns})


def in_(seconds: float) -> Any:
    return timezone.now() + timedelta(seconds=seconds)


def serve(name: str = "main@node", **facts: Any) -> None:
    Worker.tell(name, FACTS | facts)


def why(user: Any, job: Job) -> tuple[str, dict[str, bool | None]]:
    """The headline, and of each check whether it passes."""
    waits = Sheet(user, Job.objects.get(pk=job.pk)).waits
    return waits.headline, {check.words: check.passes for check in waits.checks}


def panel(user: Any, job: Job) -> str:
    client = Client()
    client.force_login(user)
    return client.get(reverse("jobs:job", args=[job.pk]), {"part": "gauge"}).content.decode()


def offers(html: str, job: Job, verb: str) -> bool:
    return reverse("jobs:verb", args=[job.pk, verb]) in html
