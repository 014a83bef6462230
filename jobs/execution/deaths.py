"""What is known of a pool process that died: by which signal, how much memory it held, and
whether the kernel ended a process for lack of memory just then.

Nobody tells a process that kills it. The kernel counts whom it killed for memory, for each
container (control group) and for the whole machine; the worker's main process looks at the
counts and at the memory of its running processes whenever it renews their leases.
"""

import re
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

PROC, GROUPS = Path("/proc"), Path("/sys/fs/cgroup")
# So many looks back is "just then": a killed process is missed some seconds later.
LOOKS = 5
KILLED, CRASHED = "9", {"4", "6", "7", "8", "11"}
_HOW = re.compile(r"(?:signal (\d+)(?: \(\w+\))?|exitcode -?\d+)")

_counts: deque[tuple[int | None, int | None]] = deque(maxlen=LOOKS)
_held: dict[str, int] = {}


def look(requests: Iterable[Any] = ()) -> None:
    """Note the kernel's counts, and the memory of the processes that run something."""
    _counts.append(_killed_for_memory())
    held = {each.lease: _megabytes(getattr(each, "worker_pid", None)) for each in requests}
    _held.clear()
    _held.update({lease: size for lease, size in held.items() if size})


def cause_of_death(error: BaseException, lease: str = "") -> str:
    """All that can be said, in sentences."""
    told = _HOW.search(str(error))
    how = told[0] if told else str(error)
    sentences = [_("Its worker process died: %(how)s.") % {"how": how.rstrip(".")}]
    number = told[1] if told else None
    if number == KILLED:
        sentences.append(_who_killed())
    elif number in CRASHED:
        sentences.append(_("It crashed, in compiled code as a rule."))
    elif number is None and told:
        sentences.append(_("It ended itself, by os._exit() for example."))
    if size := _held.get(lease):
        sentences.append(_("It held %(size)d MB when it was last seen.") % {"size": size})
    return " ".join(sentences)


def _who_killed() -> str:
    before, now = (_counts[0] if _counts else (None, None)), _killed_for_memory()
    _counts.clear()
    _counts.append(now)  # one such kill explains one death
    in_group, on_machine = (
        None if old is None or new is None else new > old
        for old, new in zip(before, now, strict=True)
    )
    if in_group:
        return _(
            "The kernel ended a process of this container for lack of memory just then: most"
            " likely this one."
        )
    if on_machine:
        return _(
            "The kernel ended a process of this machine for lack of memory just then: most"
            " likely this one."
        )
    if in_group is None and on_machine is None:
        return _("Somebody killed it, or the kernel for lack of memory: that is not known.")
    return _("Not for lack of memory, says the kernel: somebody or something killed it.")


def _killed_for_memory() -> tuple[int | None, int | None]:
    """How many processes of our container, and of the machine; None where nobody says."""
    return _oom_kills(_group_file()), _oom_kills(PROC / "vmstat")


def _oom_kills(counts: Path) -> int | None:
    try:
        found = re.search(r"^oom_kill (\d+)$", counts.read_text(), re.M)
    except OSError:
        return None
    return int(found[1]) if found else None


def _group_file() -> Path:
    """Where the kernel counts for our control group: version 2, or 1."""
    try:
        lines = (PROC / "self/cgroup").read_text().splitlines()
    except OSError:
        lines = []
    places = {line.split(":", 2)[1]: line.split(":", 2)[2].strip("/") for line in lines}
    of_memory = [place for names, place in places.items() if "memory" in names.split(",")]
    if of_memory:
        inside = GROUPS / "memory" / of_memory[0] / "memory.oom_control"
        return inside if inside.exists() else GROUPS / "memory" / "memory.oom_control"
    inside = GROUPS / places.get("", "") / "memory.events"
    return inside if inside.exists() else GROUPS / "memory.events"


def _megabytes(process: int | None) -> int | None:
    """The memory that a process holds; None where it cannot be seen."""
    if process is None:
        return None
    try:
        status = (PROC / str(process) / "status").read_text()
    except OSError:
        return None
    found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.M)
    return int(found[1]) // 1024 if found else None
