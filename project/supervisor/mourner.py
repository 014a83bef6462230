"""The supervisor's end of the undertaker: tells it who lives."""

import subprocess
import sys
import uuid
from pathlib import Path

from project.supervisor import undertaker


class Mourner:
    """Keeps an undertaker running and its list true."""

    def __init__(self, lock: int) -> None:
        self.run = uuid.uuid4().hex
        # It holds the lock too: nobody starts anew before the dead are gone.
        self.lock = lock
        self.lines: dict[str, str] = {}
        self.process = self._hire()

    def watch(self, group: int, *, may_flush: bool) -> None:
        self.lines[str(group)] = line = f"{'ask' if may_flush else 'end'} {group}"
        self._tell(line)

    def forget(self, group: int) -> None:
        self.lines.pop(str(group), None)
        self._tell(f"forget {group}")

    def remove(self, folder: Path) -> None:
        """A temporary folder that must go at the end."""
        self.lines[str(folder)] = line = f"remove {folder}"
        self._tell(line)

    def close(self) -> None:
        """Let it finish its work, and wait for that."""
        if self.process.stdin:
            self.process.stdin.close()
        self.process.wait(undertaker.POLITE_SECONDS + 2)

    def _hire(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-I", str(Path(undertaker.__file__)), self.run],
            stdin=subprocess.PIPE,
            text=True,
            bufsize=1,
            start_new_session=True,
            pass_fds=[self.lock],
        )

    def _tell(self, line: str) -> None:
        assert self.process.stdin
        try:
            self.process.stdin.write(line + "\n")
        except BrokenPipeError:  # somebody killed it: a new one learns the whole list
            self.process.wait()
            self.process = self._hire()
            assert self.process.stdin
            self.process.stdin.write("\n".join([*self.lines.values(), ""]))
