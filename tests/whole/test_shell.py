"""A job asked for and watched from a shell, while a worker runs it."""

import json
import os
import pty
import subprocess
import sys
from contextlib import suppress

from django.conf import settings

from jobs.states import State
from tests.sample_tasks import fail, report

MANAGE = [sys.executable, "manage.py", "job"]


def in_terminal(command, environment):
    """The exit code of a command whose output is a terminal, and what that shows."""
    ours, theirs = pty.openpty()
    shown = b""
    with subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=environment, stdin=theirs, stdout=theirs
    ) as process:
        os.close(theirs)
        with suppress(OSError):  # the other side is closed
            while piece := os.read(ours, 4096):
                shown += piece
    os.close(ours)
    return process.returncode, shown.decode()


def test_a_watched_job_is_a_bar_in_a_terminal_and_its_end_the_exit_code(site):
    environment = site.environment | {"COLUMNS": "160"}
    ends_with, shown = in_terminal(
        [*MANAGE, "run", report.name, "total=30", "--watch"], environment
    )
    assert ends_with == 0, shown
    assert "▕████████████████████████▏  100 %" in shown.rpartition("\x1b[1F")[2]
    failing = subprocess.run(
        [*MANAGE, "run", fail.name, "message=no", "--watch", "--json"],
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        check=False,
    )
    last = json.loads(failing.stdout.splitlines()[-1])
    assert failing.returncode == 1
    assert (last["state"], last["error"]["message"]) == (State.FAILED, "no")
