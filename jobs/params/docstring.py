"""What a docstring says: of the task, and of each parameter (Google's and Sphinx' way)."""

import inspect
import re
from dataclasses import dataclass, field

_SECTION = re.compile(r"^(args|arguments|parameters|params|keyword args):\s*$", re.IGNORECASE)
_ENTRY = re.compile(r"^(\s+)\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)$")
_PARAM = re.compile(r"^:param\s+(?:[\w.\[\]|, ]+\s+)?\*{0,2}(\w+)\s*:\s*(.*)$")
_TYPE = re.compile(r"^:type\s")


@dataclass
class Described:
    """A docstring read: the text without what it says of parameters, and that by name."""

    text: str = ""
    parameters: dict[str, str] = field(default_factory=dict)


def described(docstring: str | None) -> Described:
    """Read a docstring; what is not understood stays in the text."""
    reader = _Reader()
    for line in inspect.cleandoc(docstring or "").splitlines():
        reader.read(line)
    return Described(
        re.sub(r"\n{3,}", "\n\n", "\n".join(reader.text)).strip(),
        {name: " ".join(words).strip() for name, words in reader.parameters.items()},
    )


class _Reader:
    def __init__(self) -> None:
        self.text: list[str] = []
        self.parameters: dict[str, list[str]] = {}
        self.in_section = False
        self.indent = ""
        self.current: list[str] | None = None

    def read(self, line: str) -> None:
        if not line.strip():
            self.current = None
            self.text.append("")
        elif line[0].isspace() and (self.in_section or self.current is not None):
            self._inside(line)
        else:
            self._outside(line)

    def _inside(self, line: str) -> None:
        entry = _ENTRY.match(line) if self.in_section else None
        if entry and (not self.indent or entry[1] == self.indent):
            self.indent = entry[1]
            self.current = self.parameters[entry[2]] = [entry[3]]
        elif self.current is not None:
            self.current.append(line.strip())

    def _outside(self, line: str) -> None:
        self.in_section = bool(_SECTION.match(line))
        self.indent, self.current = "", None
        if param := _PARAM.match(line):
            self.current = self.parameters[param[1]] = [param[2]]
        elif not self.in_section and not _TYPE.match(line):
            self.text.append(line)
