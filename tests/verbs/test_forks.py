"""No fork while a thread of the worker's main process is inside the database."""

import os
import subprocess
import sys
import threading

import pytest

from jobs.dispatch import forks
from jobs.dispatch.publisher import Publisher
from jobs.models import Job
from jobs.states import State
from tests.doors.rows import job
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


def in_a_thread(function, *given):
    thread = threading.Thread(target=function, args=given)
    thread.start()
    return thread


def test_the_publisher_writes_only_between_forks():
    waiting, publisher = job(), Publisher()
    publisher.rests_until = float("inf")  # as if the broker were away
    with forks._no_fork:
        thread = in_a_thread(publisher.publish, waiting)
        thread.join(0.3)
        assert thread.is_alive()
        assert Job.objects.get().state == State.QUEUED
    eventually(lambda: Job.objects.get().state == State.PENDING)
    thread.join()


FORKING = """
import os, threading, time
from jobs.dispatch import forks
forks.guard_forks()
held, order = threading.Event(), []
def work():
    with forks.between_forks():
        held.set()
        time.sleep(0.3)
        order.append("worked")
threading.Thread(target=work).start()
held.wait()
child = os.fork()
if child == 0:
    with forks.between_forks():  # of its own: nobody holds it
        os._exit(order != ["worked"])
assert os.waitpid(child, 0)[1] == 0
with forks.between_forks():
    print("fine")
"""


def test_a_fork_waits_for_the_database_and_the_child_finds_its_lock_free():
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    code = "import django; django.setup()\n" + FORKING
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip() == "fine", done.stderr
