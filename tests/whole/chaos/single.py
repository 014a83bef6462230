"""One fault at a time, with the settings that a site has when nobody set any: how long
until all is well again. It measures the table of docs/guarantees.md.

usage: python -m tests.whole.chaos.single [--times 5] [--database URL] [--broker URL]
"""

import argparse
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .ground import Ground

PATIENCE_SECONDS = 120.0
AWAY_SECONDS = 10.0


class Faults:
    """Each public method hurts once, heals, and gives the seconds that it took."""

    def __init__(self, ground: Ground) -> None:
        from .stage import Stage

        self.server = ground.server
        self.stage = Stage(ground.folder, ground.environment, 0, times={})
        self.owns_broker = not ground.environment["BROKER_URL"]
        self.go = ground.folder / "go"

    def _can(self, name: str) -> bool:
        """A broker that was given is not ours to kill."""
        hurts_broker = name.startswith("broker")
        return not name.startswith("_") and (self.owns_broker or not hurts_broker)

    def pool_child_killed(self) -> float:
        return self._runs_again_after(lambda name: os.kill(self._child(), signal.SIGKILL))

    def worker_killed(self) -> float:
        return self._runs_again_after(lambda name: self.stage[name].kill())

    def worker_stopped(self) -> float:
        return self._runs_again_after(lambda name: self.stage[name].signal_all(signal.SIGSTOP))

    def worker_told_to_end_with_checkpoints(self) -> float:
        return self._runs_again_after(
            lambda name: self.stage[name].signal(signal.SIGTERM), "step_by_step"
        )

    def leading_relay_killed(self) -> float:
        """Until another one did its work: a job whose time came runs."""
        name = self._leader()
        job = self._ask("wait", countdown=0.5)
        self.stage[name].kill()
        return self._seconds_until_it_runs(job, time.time())

    def broker_away_and_back_without_data(self) -> float:
        """Until a job that was asked for meanwhile runs, from when it was back."""
        self.server.kill()
        job = self._ask("wait")
        time.sleep(AWAY_SECONDS)
        self.server.start()
        return self._seconds_until_it_runs(job, time.time())

    # What they have in common.

    def _runs_again_after(self, hurt: Callable[[str], object], task: str = "wait") -> float:
        job = self._ask(task)
        self._when(job, 1)
        time.sleep(1.0)  # in the middle of its work
        job.refresh_from_db()
        at = time.time()
        hurt(str(job.worker).partition("-")[0])
        return self._seconds_until_it_runs(job, at, attempt=2)

    def _ask(self, task: str, **wish: Any) -> Any:
        from jobs import enqueue

        self.go.unlink(missing_ok=True)
        return enqueue(f"tests.whole.chaos.work.{task}", {"go": str(self.go)}, **wish)

    def _seconds_until_it_runs(self, job: Any, since: float, attempt: int = 1) -> float:
        seconds = self._when(job, attempt) - since
        self.go.touch()
        self._eventually(lambda: type(job).objects.final().filter(pk=job.pk).exists())
        self._heal()
        return max(0.0, seconds)

    def _when(self, job: Any, attempt: int) -> float:
        """When an attempt of the job began, once it has."""
        from .moves import all_moves

        def began() -> float:
            claims = [m for m in all_moves() if m.job == job.pk and m.is_claim]
            return claims[attempt - 1].at if len(claims) >= attempt else 0.0

        return float(self._eventually(began))

    def _child(self) -> int:
        return int(Path(f"{self.go}.pid").read_text())

    def _leader(self) -> str:
        from jobs.models import Leader

        from .stage import BEATS

        def found() -> str:
            holder = Leader.objects.values_list("holder", flat=True).first() or ""
            return next((n for n in BEATS if holder.endswith(f":{self.stage[n].pid}")), "")

        return str(self._eventually(found))

    def _heal(self) -> None:
        """All processes run, none of them is on its way to the end."""
        for name, process in self.stage.processes.items():
            if process.is_alive:
                process.signal_all(signal.SIGCONT)
            if not process.is_alive or "Warm shutdown" in process.news():
                process.stop()
                process.start()
                process.wait_for("ready." if name in ("ada", "bob") else "Starting")

    def _eventually(self, condition: Callable[[], Any]) -> Any:
        from tests.waiting import eventually

        return eventually(condition, PATIENCE_SECONDS, 0.02)


def measure(faults: Faults, times: int) -> None:
    sys.stdout.write(f"{'seconds until all is well':<44}{'p50':>6}{'max':>6}\n")
    faults.stage.start()
    try:
        for name in [name for name in vars(Faults) if faults._can(name)]:
            seconds = sorted(getattr(faults, name)() for _ in range(times))
            words = name.replace("_", " ")
            sys.stdout.write(
                f"{words:<44}{statistics.median(seconds):6.1f}{seconds[-1]:6.1f}\n"
            )
            sys.stdout.flush()
    finally:
        faults.stage.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.whole.chaos.single")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--database", default="", help="a PostgreSQL server; default SQLite")
    parser.add_argument("--broker", default="", help="another broker, e.g. amqp://…")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    folder = Path(tempfile.mkdtemp(prefix="batuta-single-"))
    try:
        with Ground(folder, chosen.database, "embedded", chosen.broker) as ground:
            measure(Faults(ground), chosen.times)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    main()
