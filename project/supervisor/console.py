"""The one terminal: every line says, in a colour of its own, which process wrote it."""

import os
import sys
from collections.abc import Iterable

COLOURS = {"redis": 35, "web": 36, "worker": 32, "beat": 33, "batuta": 34}
WIDTH = max(map(len, COLOURS))


class Console:
    def __init__(self) -> None:
        self.out = sys.stdout
        self.coloured = self.out.isatty() and not os.environ.get("NO_COLOR")

    def say(self, text: str) -> None:
        """Something that the supervisor itself has to tell."""
        self.lines("batuta", text.splitlines())

    def lines(self, name: str, lines: Iterable[str]) -> None:
        prefix = f"{name:<{WIDTH}} | "
        if self.coloured:
            prefix = f"\x1b[{COLOURS.get(name, 37)}m{prefix}\x1b[0m"
        try:
            self.out.write("".join(f"{prefix}{line}\n" for line in lines))
            self.out.flush()
        except (BrokenPipeError, ValueError):
            # Whoever read us is gone (`make start | head`): the site runs on, unheard.
            self.out = open(os.devnull, "w")  # noqa: SIM115 - open until the end
