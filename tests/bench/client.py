"""One side's own process: asks for jobs and looks at rows, as it is told on stdin.

One JSON object a line: `{"do": name, ...arguments}`; the answer is one line, too.
usage: python -m tests.bench.client MODULE     with `app`, `let_out`, `finished`, `empty`
"""

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import django
from django.core.management import call_command

# So that the publisher's bounded queue is never full: whatever is left over would wait
# for the relay, and no beat runs here.
BATCH = 500


class Client:
    def __init__(self, rows: Any) -> None:
        self.rows = rows
        self.app = rows.app
        self.app.loader.import_default_modules()

    def migrate(self) -> None:
        call_command("migrate", verbosity=0)

    def collect(self) -> None:
        call_command("collectstatic", interactive=False, verbosity=0)

    def ask(self, task: str, **arguments: Any) -> str:
        job_id = str(self.app.tasks[task].delay(**arguments).id)
        self.rows.let_out()
        return job_id

    def run(self, task: str, **arguments: Any) -> Any:
        """Ask for a job, wait for its end and return its result."""
        return self.app.AsyncResult(self.ask(task, **arguments)).get(timeout=120)

    def fill(self, count: int, task: str = "bench.noop") -> None:
        """No rows, and `count` no-ops in the queue."""
        self.rows.empty()
        self.app.control.purge()
        for done in range(count):
            self.app.tasks[task].delay()
            if done % BATCH == 0:
                self.rows.let_out()
        self.rows.let_out()

    def ask_many(self, count: int) -> Any:
        """So many no-ops at once: the seconds, the megabytes, and the messages that wait."""
        return self.rows.ask_many(count)

    def empty(self) -> None:
        self.rows.empty()

    def ask_each(self, task: str, count: int) -> None:
        """So many jobs of it, without parameters."""
        self.rows.enqueue_many(task, ({} for _ in range(count)))

    def next_of_many(self, waiting: int, keys: int, tries: int) -> Any:
        return self.rows.limits.next_of_many(waiting, keys, tries)

    def finished(self) -> int:
        return int(self.rows.finished())

    def delays(self, count: int, pause: float) -> list[float]:
        """Milliseconds for each of `count` calls of `.delay()`, with a pause between."""
        noop = self.app.tasks["bench.noop"]
        found = []
        for _call in range(count):
            time.sleep(pause)
            started = time.perf_counter()
            noop.delay()
            found.append((time.perf_counter() - started) * 1000)
        self.rows.let_out()
        return found

    def act(self, what: str, job: str) -> int:
        """What a person does to a job; the moment at which it began."""
        began = time.monotonic_ns()
        self.rows.act(what, job)
        return began

    def workers(self) -> int:
        """How many answer; beat does so too."""
        told = [name for answer in self.app.control.ping(timeout=1.0) for name in answer]
        return sum(not name.startswith("celerybeat") for name in told)

    def worker_of(self, job: str) -> str:
        return str(self.rows.row(job).worker)

    def is_active(self, job: str) -> bool:
        return bool(self.rows.row(job).is_active)

    def seed(self, jobs: int) -> None:
        """A history of so many jobs, and pages to look at it."""
        self.collect()
        self.rows.seed(jobs)

    def look(self, tries: int) -> Any:
        """How long each page takes for each kind of person."""
        return self.rows.looks_of(tries)

    def write(self, lines: int) -> str:
        """A job that has ended and wrote so many lines; its id."""
        return str(self.rows.write(lines).pk)

    def cookies(self, count: int) -> list[str]:
        """Of so many superusers who have signed in."""
        return list(self.rows.crowd.cookies(count))

    def held(self) -> str:
        return str(self.rows.crowd.held())

    def change(self, jobs: list[str]) -> Any:
        return self.rows.crowd.change(jobs)

    def stir(self, seconds: float, per_second: int) -> Any:
        """Change jobs at random, so many a second."""
        return self.rows.crowd.stir(seconds, per_second)

    def session(self) -> str:
        """The cookie of an admin who is signed in."""
        from django.conf import settings
        from django.contrib.auth.models import User
        from django.test import Client as Browser

        browser = Browser()
        browser.force_login(User.objects.create_superuser("bench"))
        name = settings.SESSION_COOKIE_NAME
        return f"{name}={browser.cookies[name].value}"


def main(module: str) -> None:
    django.setup()
    client = Client(import_module(module))
    for line in sys.stdin:
        asked = json.loads(line)
        verb: Callable[..., Any] = getattr(client, asked.pop("do"))
        print(json.dumps(verb(**asked)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
