"""The site of the chaos: two workers, two beats, a client, a database and a broker."""

import os
import sys
from pathlib import Path

from tests.whole.process import Process
from tests.whole.site import CELERY

LEASE_SECONDS = 3.0
TIMES = {
    "JOBS_LEASE_SECONDS": str(LEASE_SECONDS),
    "JOBS_RENEW_SECONDS": "1",
    "JOBS_RELAY_SECONDS": "0.3",
    "JOBS_RING_AGAIN_SECONDS": "3",
    # Every third second a worker dies: who is unlucky is no poison.
    "JOBS_MAX_LOST": "50",
}
WORKERS, BEATS = ("ada", "bob"), ("cleo", "dora")


class Stage:
    def __init__(
        self,
        folder: Path,
        environment: dict[str, str],
        seed: int,
        times: dict[str, str] = TIMES,
    ) -> None:
        self.folder = folder
        self.queue = environment["CHAOS_QUEUE"]
        self.book, self.ledger = folder / "book", folder / "ledger"
        self.environment = os.environ | environment | times | {
            "DJANGO_SETTINGS_MODULE": "tests.whole.chaos.settings",
            "CHAOS_BOOK": str(self.book),
            "CHAOS_LEDGER": str(self.ledger),
            "CHAOS_SEED": str(seed),
            "PYTHONUNBUFFERED": "1",
        }  # fmt: skip
        self.processes: dict[str, Process] = {}

    def start(self) -> None:
        for name in WORKERS:
            self._process(name, [*CELERY, *self._worker_options(name)])
        for name in BEATS:
            self._process(name, [*CELERY, "beat", "-l", "INFO", "--pidfile=", "-n", name])
        for process in self.processes.values():
            process.start()
        for name in WORKERS:
            self[name].wait_for("ready.")

    def start_client(self) -> None:
        """The program that asks for jobs."""
        self._process("client", [sys.executable, "-m", "tests.whole.chaos.client"])
        self["client"].start()

    def stop(self) -> None:
        for process in self.processes.values():
            process.stop()

    def __getitem__(self, name: str) -> Process:
        return self.processes[name]

    def pool_of(self, name: str) -> list[int]:
        """The pool's processes of a worker that runs."""
        try:
            return self[name].children() if self[name].is_alive else []
        except OSError:  # it ended between the two questions
            return []

    def labels(self) -> list[str]:
        return self.book.read_text().splitlines() if self.book.exists() else []

    def attempts(self) -> list[tuple[str, str, int]]:
        """(begun or ended, job, attempt), as the functions wrote it."""
        if not self.ledger.exists():
            return []
        lines = [line.split() for line in self.ledger.read_text().splitlines()]
        return [(word, job, int(attempt)) for word, job, attempt in lines]

    def _process(self, name: str, command: list[str]) -> None:
        self.processes[name] = Process(name, command, self.environment, self.folder / "logs")

    def _worker_options(self, name: str) -> list[str]:
        return [
            "worker", "-l", "INFO", "--pool", "prefork", "-c", "2", "-Q", self.queue,
            "-n", f"{name}-{os.getpid()}@chaos", "--without-gossip", "--without-mingle",
        ]  # fmt: skip
