"""A process that a test starts: its log is kept, and nothing of it is left behind."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from tests.waiting import eventually

# How long a process may take to start or to end on a busy machine.
PATIENCE_SECONDS = 60.0


class Process:
    """Runs at the top of the tree, or `at` another place, in a process group of its own."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        at: Path | None = None,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.environment = dict(environment)
        self.at = at or settings.BASE_DIR
        self.path = folder / f"{name}.log"
        self.seen = 0
        self.popen: subprocess.Popen[bytes] | None = None

    def start(self) -> "Process":
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.begun_at = self.path.stat().st_size if self.path.exists() else 0
        with self.path.open("ab") as log:
            self.popen = subprocess.Popen(
                self.command,
                env=self.environment,
                cwd=self.at,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    @property
    def pid(self) -> int:
        assert self.popen is not None, f"{self.name} was not started"
        return self.popen.pid

    @property
    def is_alive(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def says(self, text: str) -> bool:
        """Whether `text` is in the log since the last start."""
        with self.path.open("rb") as log:
            log.seek(self.begun_at)
            said = log.read().decode(errors="replace")
        if not self.is_alive and text not in said:
            raise RuntimeError(f"{self.name} ended before it said {text!r}:\n{said[-4000:]}")
        return text in said

    def wait_for(self, text: str, within: float = PATIENCE_SECONDS) -> None:
        eventually(lambda: self.says(text), within)

    def signal(self, number: int) -> None:
        """To the process alone, not to its children."""
        os.kill(self.pid, number)

    def signal_all(self, number: int) -> None:
        """To the process and all its children."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """End it and all its children at once, as a power cut does."""
        self.signal_all(signal.SIGKILL)
        self._wait()

    def stop(self) -> None:
        """End it in order; whatever is left after that is killed."""
        if self.is_alive:
            self.signal_all(signal.SIGCONT)
            self.signal(signal.SIGTERM)
            try:
                self._wait(10.0)
            except subprocess.TimeoutExpired:
                self.signal(signal.SIGQUIT)
        self.kill()

    def news(self) -> str:
        """What the log says since the last call."""
        if not self.path.exists():
            return ""
        with self.path.open("rb") as log:
            log.seek(self.seen)
            said = log.read()
            self.seen = log.tell()
        return said.decode(errors="replace")

    def children(self) -> list[int]:
        """The processes that it started."""
        return [
            int(child)
            for task in Path(f"/proc/{self.pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]

    def _wait(self, within: float = PATIENCE_SECONDS) -> None:
        if self.popen is not None:
            self.popen.wait(within)
