"""Background jobs for people: the door for those who write tasks.

    from jobs import task, current_job

    @task
    def resize(width: int) -> None:
        \"\"\"Resize every picture.\"\"\"
        for picture in current_job().track(pictures()):
            ...

Importable while Django still loads its apps: what needs models is looked up when used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from jobs.params import Email, File, Invalid, Secret
from jobs.registry import register, task

if TYPE_CHECKING:
    from jobs.dispatch.enqueue import enqueue
    from jobs.dispatch.many import enqueue_many
    from jobs.execution.outside import current_job

__all__ = [
    "Email",
    "File",
    "Invalid",
    "Secret",
    "current_job",
    "enqueue",
    "enqueue_many",
    "register",
    "task",
]

_LATER = {
    "current_job": "jobs.execution.outside",
    "enqueue": "jobs.dispatch.enqueue",
    "enqueue_many": "jobs.dispatch.many",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)
