"""The monkey: every few seconds it hurts something, and later heals it."""

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from django.db import Error as DatabaseError
from django.db import connection, connections

from jobs.models import Leader

from .server import Private, Queue
from .stage import BEATS, LEASE_SECONDS, WORKERS, Stage

PAUSE_SECONDS = (2.0, 5.0)
# Longer than a leader may be silent.
LEADER_NAP_SECONDS = 1.5 * LEASE_SECONDS
# Characters of the log of a process that ended by itself.
LAST_WORDS = 3000


@dataclass(frozen=True)
class Fault:
    """Wall-clock seconds; `healed_at` is when whatever it hurt was started again."""

    kind: str
    target: str
    at: float
    healed_at: float


class Monkey:
    def __init__(self, stage: Stage, server: Private | None, queue: Queue, seed: int) -> None:
        self.stage, self.server, self.queue = stage, server, queue
        self.dice = random.Random(seed)
        self.faults: list[Fault] = []
        self.ended: list[str] = []
        self._busy: dict[str, tuple[float, Callable[[], object]]] = {}
        self._next_at = time.monotonic() + self.dice.uniform(*PAUSE_SECONDS)

    def round(self) -> None:
        """Heal what is due, and hurt if it is time to."""
        self._heal(time.monotonic())
        self._revive()
        if time.monotonic() >= self._next_at:
            self._next_at = time.monotonic() + self.dice.uniform(*PAUSE_SECONDS)
            self._hurt()

    def heal_all(self) -> None:
        self._heal(float("inf"))
        self._revive()

    def _revive(self) -> None:
        """What ended by itself is started again, as a supervisor does, and told of."""
        for name, process in self.stage.processes.items():
            if name not in self._busy and not process.is_alive:
                self.ended.append(f"{name}:\n{process.news()[-LAST_WORDS:]}")
                process.start()

    def _heal(self, until: float) -> None:
        for target, (at, heal) in list(self._busy.items()):
            if at <= until:
                del self._busy[target]
                heal()

    def _hurt(self) -> None:
        kinds = self._kinds()
        kind = self.dice.choices(list(kinds), [weight for weight, _ in kinds.values()])[0]
        kinds[kind][1](kind)

    def _kinds(self) -> dict[str, tuple[int, Callable[[str], None]]]:
        kinds: dict[str, tuple[int, Callable[[str], None]]] = {
            "worker killed": (5, self.kill_worker),
            "pool child killed": (5, self.kill_child),
            "worker stopped past its lease": (4, self.stop_worker),
            "worker told to end": (3, self.end_worker),
            "leading beat killed": (2, self.kill_leader),
            "leading beat stopped past its term": (1, self.stop_leader),
            "client killed": (1, self.kill_client),
            "queue emptied": (2, self.purge),
        }
        if self.server is not None:
            kinds |= {
                "broker killed, data lost": (3, self.kill_broker),
                "broker emptied": (3, self.flush),
                "broker hangs": (1, self.stop_broker),
            }
        if connection.vendor == "postgresql":
            kinds["database connections cut"] = (3, self.cut_database)
        return kinds

    # Workers.

    def kill_worker(self, kind: str) -> None:
        if name := self._free(WORKERS):
            self.stage[name].kill()
            self._note(kind, name, self.dice.uniform(0, 2), self.stage[name].start)

    def kill_child(self, kind: str) -> None:
        name = self._free(WORKERS)
        children = self.stage.pool_of(name) if name else []
        if children:
            with suppress(ProcessLookupError):
                os.kill(self.dice.choice(children), signal.SIGKILL)
                self._note(kind, name)

    def stop_worker(self, kind: str) -> None:
        if name := self._free(WORKERS):
            process = self.stage[name]
            process.signal_all(signal.SIGSTOP)
            nap = LEASE_SECONDS + self.dice.uniform(1, 4)
            self._note(kind, name, nap, lambda: process.signal_all(signal.SIGCONT))

    def end_worker(self, kind: str) -> None:
        """As a deployment does; what does not end in time is killed."""
        if name := self._free(WORKERS):
            process = self.stage[name]
            process.signal(signal.SIGTERM)

            def replace() -> None:
                process.kill()
                process.start()

            self._note(kind, name, self.dice.uniform(3, 6), replace)

    # Beats and the client.

    def kill_leader(self, kind: str) -> None:
        if name := self._leader():
            self.stage[name].kill()
            self._note(kind, name, self.dice.uniform(0, 4), self.stage[name].start)

    def stop_leader(self, kind: str) -> None:
        if name := self._leader():
            process = self.stage[name]
            process.signal_all(signal.SIGSTOP)
            self._note(
                kind, name, LEADER_NAP_SECONDS, lambda: process.signal_all(signal.SIGCONT)
            )

    def kill_client(self, kind: str) -> None:
        if self._free(["client"]):
            self.stage["client"].kill()
            self._note(kind, "client", 0.5, self.stage["client"].start)

    # What they stand on.

    def kill_broker(self, kind: str) -> None:
        if self.server is not None and self._free(["broker"]):
            self.server.kill()
            self._note(kind, "broker", self.dice.uniform(0, 4), self.server.start)

    def stop_broker(self, kind: str) -> None:
        if self.server is not None and self._free(["broker"]):
            server = self.server
            server.signal(signal.SIGSTOP)
            nap = self.dice.uniform(1, 4)
            self._note(kind, "broker", nap, lambda: server.signal(signal.SIGCONT))

    def flush(self, kind: str) -> None:
        if self.server is not None and self._free(["broker"]):
            self.server.flush()
            self._note(kind, "broker")

    def purge(self, kind: str) -> None:
        if self._free(["broker"]):
            self.queue.purge()
            self._note(kind, "broker")

    def cut_database(self, kind: str) -> None:
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            self._note(kind, "database")

    def _free(self, names: "tuple[str, ...] | list[str]") -> str:
        """One of the names that nothing happens to already."""
        free = [name for name in names if name not in self._busy]
        return self.dice.choice(free) if free else ""

    def _leader(self) -> str:
        holder = self._holder()
        for name in BEATS:
            if name not in self._busy and holder.endswith(f":{self.stage[name].pid}"):
                return name
        return ""

    def _holder(self) -> str:
        try:
            return Leader.objects.values_list("holder", flat=True).first() or ""
        except DatabaseError:
            connections.close_all()
            return ""

    def _note(
        self,
        kind: str,
        target: str,
        nap: float = 0.0,
        heal: Callable[[], object] | None = None,
    ) -> None:
        now = time.time()
        self.faults.append(Fault(kind, target, now, now + nap))
        if heal is not None:
            self._busy[target] = (time.monotonic() + nap, heal)
