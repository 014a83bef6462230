"""A side of the comparison: a Django and Celery project in processes of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BASE = Path(__file__).resolve().parents[2]
PROCESSES = 2
# The same for every side. Prefetch 1 is what Batuta's site sets for itself.
WORKER = [
    "worker", "--pool", "prefork", "--concurrency", str(PROCESSES), "--prefetch-multiplier",
    "1", "--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat",
]  # fmt: skip
# How many tasks may use one connection where reuse is on; larger than any run.
REUSE = "1000000"


@dataclass(frozen=True)
class Kind:
    """What runs on a side."""

    name: str
    app: str
    package: str
    results: str = ""


OURS = Kind("batuta", "project", "tests.bench.ours")
STOCK = Kind("stock", "tests.bench.stock", "tests.bench.stock", "django-db")
BARE = Kind("bare", "tests.bench.stock", "tests.bench.stock", "disabled")
ON_REDIS = Kind("redis", "tests.bench.stock", "tests.bench.stock", "redis")


class Died(Exception):
    """A side did not do what was asked; the text is the end of its log."""


class Side:
    """Its client runs all the time; workers and other processes only when wanted."""

    def __init__(self, kind: Kind, environment: dict[str, str], folder: Path) -> None:
        self.kind = kind
        self.folder = folder
        self.log = folder / f"{kind.name}.log"
        self.environment = {
            **os.environ,
            **environment,
            "DJANGO_SETTINGS_MODULE": f"{kind.package}.settings",
            "BENCH_REUSE": "0",
        }
        self._client = self._open_client()
        self.tell("migrate")

    def _open_client(self) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.bench.client", f"{self.kind.package}.rows"]
        return subprocess.Popen(
            command,
            cwd=BASE,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log.open("a"),
            text=True,
        )

    def tell(self, verb: str, **arguments: Any) -> Any:
        """Have the client do something; its answer."""
        assert self._client.stdin and self._client.stdout
        self._client.stdin.write(json.dumps({"do": verb, **arguments}) + "\n")
        self._client.stdin.flush()
        answer = self._client.stdout.readline()
        if not answer:
            raise Died(self.last_words())
        return json.loads(answer)

    @contextmanager
    def worker(self, *, reuse: bool = False, **environment: str) -> Iterator["Process"]:
        """A Celery worker, until the end of the block."""
        command = [sys.executable, "-m", "celery", "-A", self.kind.app, *WORKER]
        environment["BENCH_REUSE"] = REUSE if reuse else "0"
        with self.process(command, **environment) as worker:
            yield worker

    @contextmanager
    def process(self, command: list[str], **environment: str) -> Iterator["Process"]:
        process = Process(self, command, environment)
        try:
            yield process
        finally:
            process.end()

    def close(self) -> None:
        assert self._client.stdin
        self._client.stdin.close()
        self._client.wait(30)

    def last_words(self) -> str:
        return f"{self.kind.name}:\n{self.log.read_text()[-4000:]}"


@contextmanager
def died_if_late(side: Side) -> Iterator[None]:
    """What is waited for in vain inside is told with the log of the side."""
    try:
        yield
    except AssertionError as error:
        raise Died(f"{error}\n{side.last_words()}") from error


class Process:
    """One process of a side; what it writes goes to the side's log."""

    def __init__(self, side: Side, command: list[str], environment: dict[str, str]) -> None:
        self.side = side
        log = side.log.open("a")
        self._process = subprocess.Popen(
            command, cwd=BASE, env=side.environment | environment, stdout=log, stderr=log
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def check(self) -> None:
        """Raises Died when it does not run any more."""
        if self._process.poll() is not None:
            raise Died(self.side.last_words())

    def kill(self) -> None:
        """With all that it started, as a machine that loses its power does."""
        for process in (self._process.pid, *children_of(self._process.pid)):
            os.kill(process, signal.SIGKILL)
        self._process.wait()

    def end(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def children_of(process: int) -> list[int]:
    """All that it started, and what those started; Linux only."""
    found = [process]
    for each in found:
        tasks = Path(f"/proc/{each}/task")
        for task in tasks.iterdir() if tasks.exists() else ():
            found += [int(child) for child in (task / "children").read_text().split()]
    return found[1:]
