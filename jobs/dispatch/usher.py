"""Hears that somebody may be let in, and sees to it: at once where a job has just ended, else
in a thread of its own, for no caller is to wait for a gate."""

import logging
import os
import threading
from typing import Any

from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from jobs.models import Line, Task
from jobs.signals import room_changed

from . import policy
from .admission import admit
from .doorman import settle
from .forks import between_forks
from .policy import policy_of

logger = logging.getLogger(__name__)


class Usher(threading.Thread):
    """One per process, started when the first job has to wait. What it is told while it is
    at work is done together afterwards."""

    def __init__(self) -> None:
        super().__init__(name="batuta-usher", daemon=True)
        self.pid = os.getpid()
        self._told: dict[str, tuple[set[str], set[str | None]]] = {}
        self._lock = threading.Condition()

    def tell(self, task: str, line: str | None, key: str | None) -> None:
        with self._lock:
            lines, keys = self._told.setdefault(task, (set(), set()))
            if line is not None:
                lines.add(line)
            keys.add(key)
            self._lock.notify()

    def run(self) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._told)
                told, self._told = self._told, {}
            for task, (lines, keys) in told.items():
                self._see_to(task, lines, keys)

    @staticmethod
    def _see_to(task: str, lines: set[str], keys: set[str | None]) -> None:
        try:
            with between_forks():
                if lines:
                    admit(task, lines, keys)
                else:  # an operator was at it
                    change_over(task)
        except Exception:
            logger.exception("What waits for %s is left to the relay.", task)


def change_over(task: str) -> None:
    """Do as the operator says from now on: what was closed by the limits of before is not."""
    policy.forget()  # read before the commit, perhaps
    Line.objects.reopen(task)
    if policy_of(task).is_limited:
        settle(task)
    if Line.objects.open().filter(task=task).exists():
        admit(task)


_usher: Usher | None = None
_starting = threading.Lock()


def usher() -> Usher:
    """This process's usher; a forked child gets one of its own."""
    global _usher
    with _starting:
        if _usher is None or _usher.pid != os.getpid():
            _usher = Usher()
            _usher.start()
        return _usher


def _forget_after_fork() -> None:
    global _usher, _starting
    _usher, _starting = None, threading.Lock()


os.register_at_fork(after_in_child=_forget_after_fork)


@receiver(post_save, sender=Task)
def look_anew(instance: Task, **kwargs: Any) -> None:
    """An operator may have changed a limit."""
    transaction.on_commit(lambda: usher().tell(instance.pk, None, None))


@receiver(room_changed)
def hear(task: str, line: str | None, key: str | None, **kwargs: Any) -> None:
    """After the commit. Whoever ended a job has a connection at hand, and nobody waits."""
    if line is not None:
        usher().tell(task, line, key)
    else:
        admit(task, keys=(key,))
