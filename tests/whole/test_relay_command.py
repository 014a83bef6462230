"""`manage.py relay` does the relay's work without any beat."""

import signal
import sys

from jobs.models import Leader
from jobs.states import State, WaitingFor
from tests.doors.rows import job
from tests.waiting import eventually

from .site import Site


def test_it_leads_releases_what_is_due_and_resigns_when_it_is_ended(site: Site) -> None:
    site.beat.stop()
    Leader.objects.all().delete()
    due = job(State.PENDING, waiting_for=WaitingFor.TIME, not_before="2026-01-01T00:00Z")
    relay = site.process("relay", [sys.executable, "manage.py", "relay"]).start()
    site.reaches(due.pk, State.QUEUED, State.RUNNING, State.FAILED, State.COMPLETED)
    assert Leader.objects.get(office="relay").holder.endswith(f":{relay.pid}")
    relay.signal(signal.SIGTERM)
    eventually(lambda: not relay.is_alive)
    assert Leader.hold("relay", "somebody else", 5)
