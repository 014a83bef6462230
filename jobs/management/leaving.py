"""What `manage.py jobs_hand_back` asks before it hands anything back."""

from collections import Counter

from django.db.models.functions import Now

from jobs.execution.hand_back import LEAVING
from jobs.models import Job, Leader, Worker

from .words import standing


def still_running() -> str:
    """Which process of ours could still take a job, "" when there is none."""
    working = Worker.objects.heard().filter(leaving_at=None).values_list("name", flat=True)
    if names := ", ".join(working):
        return f"the worker {names}"
    leads = Leader.objects.filter(office=Leader.RELAY, expires_at__gt=Now()).first()
    return f"the relay of beat ({leads.holder})" if leads else ""


def staying() -> list[tuple[str, int]]:
    """What is not handed back, by what it waits for: how many."""
    rest = Job.objects.live().exclude(LEAVING).only("state", "waiting_for", "requested")
    return Counter(standing(job) for job in rest.iterator()).most_common()
