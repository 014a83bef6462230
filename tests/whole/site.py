"""The whole site as processes, on the database and the broker of this test run."""

import json
import os
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from jobs import registry
from jobs.execution.worker import follow_registry
from jobs.models import Job
from jobs.states import State
from tests.waiting import eventually

from .broker import Broker
from .process import PATIENCE_SECONDS, Process
from .proxy import free_port
from .rabbit import Rabbit

# Shorter than in production, so that a test sees a rescue within seconds.
LEASE_SECONDS = 4.0
TIMES = {
    "JOBS_LEASE_SECONDS": str(LEASE_SECONDS),
    "JOBS_RENEW_SECONDS": "1",
    "JOBS_RELAY_SECONDS": "0.2",
    "JOBS_RING_AGAIN_SECONDS": "5",
}
CELERY = [sys.executable, "-m", "celery", "-A", "project"]


class Site:
    """A worker (prefork, 2), beat with the relay, and the web; more workers on demand."""

    def __init__(self, broker: Broker | Rabbit, folder: Path) -> None:
        self.broker = broker
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = os.environ | TIMES | {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": database_url(),
            "REDIS_URL": broker.redis_url,
            "PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
        }  # fmt: skip
        self.processes: dict[str, Process] = {}

    # Its processes.

    def start(self) -> "Site":
        worker = self.process("worker", [*CELERY, *worker_options("prefork", "main", 2)])
        beat = self.process("beat", [*CELERY, "beat", "-l", "INFO", "--pidfile="])
        web = self.process("web", [sys.executable, "manage.py", "web"])
        for process in (worker, beat, web):
            process.start()
        worker.wait_for("ready.")
        eventually(lambda: web.is_alive and self._listens(), PATIENCE_SECONDS)
        beat.wait_for("beat: Starting")
        return self

    def start_worker(
        self,
        *,
        pool: str = "prefork",
        name: str = "extra",
        queue: str = "",
        slots: int = 2,
        options: tuple[str, ...] = (),
        waits: bool = True,
        **environment: str,
    ) -> Process:
        """One more worker, which answers (if one `waits`); it takes from `queue` (default:
        its name) only."""
        command = [*CELERY, *worker_options(pool, name, slots), "-Q", queue or name, *options]
        worker = self.process(name, command, **environment).start()
        if waits:
            worker.wait_for("ready.")
        return worker

    @property
    def worker(self) -> Process:
        return self.processes["worker"]

    @property
    def beat(self) -> Process:
        return self.processes["beat"]

    @property
    def web(self) -> Process:
        return self.processes["web"]

    def stop(self, *names: str) -> None:
        """End the named processes, or all of them."""
        for name in names or list(self.processes):
            self.processes.pop(name).stop()

    def revive(self) -> None:
        """What a test killed runs again, what it started besides is gone."""
        for name in set(self.processes) - {"worker", "beat", "web"}:
            self.stop(name)
        signs = {"worker": "ready.", "beat": "beat: Starting", "web": ""}
        dead = [p for p in self.processes.values() if not p.is_alive]
        for process in dead:
            process.start()
        for process in dead:
            process.wait_for(signs[process.name])
        eventually(self._listens, PATIENCE_SECONDS)

    def run(self, code: str, *, ours: bool = True, ends_by: int = 0) -> str:
        """Run Python in a process of its own: with this site set up, or (not `ours`) as a
        program that has Celery and nothing of us. What it printed; it must end well, or
        by the signal `ends_by`."""
        setup = "import django; django.setup(); from project.celery import app\n"
        environment = dict(self.environment)
        if not ours:
            setup = ""
            environment.pop("DJANGO_SETTINGS_MODULE")
        done = subprocess.run(
            [sys.executable, "-c", setup + code],
            env=environment,
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == -ends_by, done.stderr
        return done.stdout.strip()

    # What the tests ask of it.

    def login(self, user: User) -> dict[str, str]:
        """The cookies of a browser in which `user` has signed in."""
        browser = Client()
        browser.force_login(user)
        return {name: morsel.value for name, morsel in browser.cookies.items()}

    def job(self, job_id: Any) -> Job:
        """The row as it is now; takes an id, a job or an AsyncResult."""
        return Job.objects.get(pk=key(job_id))

    def reaches(self, job_id: Any, *states: State, within: float = 30.0) -> Job:
        """The row, once it is in one of `states`."""

        def reached() -> Job:
            job = self.job(job_id)
            assert job.state in states, f"{job.task_id} is {told(job)}"
            return job

        return eventually(reached, within)

    def ends(self, job_id: Any, state: State = State.COMPLETED, within: float = 30.0) -> Job:
        """The row, once the job is over, which must be in `state`."""
        job = eventually(lambda: (row := self.job(job_id)).is_final and row, within)
        assert job.state == state, told(job)
        return job

    def settle(self) -> None:
        """Nothing waits or runs any more, so that the tables can be emptied."""
        Job.objects.live().move(State.CANCELLED)

    def follow_registry(self) -> None:
        """The rows of the tasks, which emptying the tables took away."""
        registry.discover()
        follow_registry()

    def process(self, name: str, command: list[str], **environment: str) -> Process:
        process = Process(name, command, self.environment | environment, self.folder)
        self.processes[name] = process
        return process

    def _listens(self) -> bool:
        with closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def worker_options(pool: str, name: str, slots: int) -> list[str]:
    return [
        "worker", "-l", "INFO", "--pool", pool, "-c", str(slots), "-n", f"{name}@tests",
        "--without-gossip", "--without-mingle",
    ]  # fmt: skip


def key(job: Any) -> str:
    return str(getattr(job, "id", job))


def told(job: Job) -> str:
    """What a failing test says of a job."""
    facts = job.facts() | {"error": job.error, "result": job.result}
    return f"{job.state}: {json.dumps(facts, default=str)}\n{job.traceback}"


def database_url() -> str:
    """The database of this test run, for another process."""
    place = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{place['NAME']}"
    who = f"{place['USER']}:{place['PASSWORD']}@" if place["USER"] else ""
    return f"postgres://{who}{place['HOST']}:{place['PORT'] or 5432}/{place['NAME']}"
